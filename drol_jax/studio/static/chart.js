// @ts-check
// The timeline: confidence of each target over all frames, verdicts, refits, drawn boxes; a press goes to a frame.

const LEFT = 44;
const RIGHT = 10;
const TOP = 8;
const BOTTOM = 48; // marks of the chosen target, where tracks part, then numbers of frames
const APART = "#ff7b72";
const VERDICT = ["#3fb950", "#f85149", "#d29922", "#a371f7"];

/** @typedef {import("./server.js").Target} Target @typedef {import("./tracks.js").TrackStore} TrackStore */

/** A function that draws, and one that tells the frame under a point.
 * @param {HTMLCanvasElement} canvas */
export function chart(canvas) {
  let frames = 1;

  const across = (/** @type {number} */ frame) => LEFT + (frame / Math.max(1, frames - 1)) * (canvas.clientWidth - LEFT - RIGHT);

  /** @param {number} x CSS pixels from the left */
  function frameAt(x) {
    return Math.round(((x - LEFT) / Math.max(1, canvas.clientWidth - LEFT - RIGHT)) * (frames - 1));
  }

  /** All but the marks of where one is, which is drawn anew only when something of it has changed. */
  const under = document.createElement("canvas");
  const pen = /** @type {CanvasRenderingContext2D} */ (under.getContext("2d"));
  let drawn = "";

  /** @param {{frames: number, frame: number, at: number | null, targets: Target[], chosen: Target | null, store: TrackStore}} told */
  function draw(told) {
    frames = told.frames;
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    const density = window.devicePixelRatio || 1;
    const size = { width: Math.round(width * density), height: Math.round(height * density) };
    const style = getComputedStyle(canvas);
    const [quiet, edge] = [style.getPropertyValue("--quiet"), style.getPropertyValue("--edge")];
    const looks = told.targets.map(({ name, colour, keyframes }) => [name, colour, keyframes.map(({ frame }) => frame)]);
    const now = JSON.stringify([size, density, frames, quiet, edge, told.store.version, told.chosen?.name, looks]);
    const own = canvas.getContext("2d");
    if (now !== drawn) {
      drawn = now;
      Object.assign(under, size);
      pen.setTransform(density, 0, 0, density, 0, 0);
      base(told, width, height, quiet, edge);
    }
    if (canvas.width !== size.width || canvas.height !== size.height) Object.assign(canvas, size);
    if (!own || !size.width || !size.height) return;
    own.setTransform(1, 0, 0, 1, 0, 0);
    own.clearRect(0, 0, size.width, size.height);
    own.drawImage(under, 0, 0);
    own.setTransform(density, 0, 0, density, 0, 0);
    if (told.at !== null) mark(own, told.at, "#58a6ff", height);
    mark(own, told.frame, "#ffffff", height);
  }

  /** @param {Parameters<typeof draw>[0]} told @param {number} width @param {number} height @param {string} quiet @param {string} edge */
  function base(told, width, height, quiet, edge) {
    const up = (/** @type {number} */ value) => TOP + (1 - value) * (height - BOTTOM - TOP);
    pen.font = "12px system-ui, sans-serif";
    Object.assign(pen, { fillStyle: quiet, strokeStyle: edge, lineWidth: 1, textAlign: "right", textBaseline: "middle" });
    for (const value of [0, 0.5, 1]) {
      pen.fillText(`${value * 100}%`, LEFT - 6, up(value));
      line([[LEFT, up(value)], [width - RIGHT, up(value)]]);
    }
    pen.textBaseline = "bottom";
    const ticks = Math.min(frames - 1, width < 480 ? 3 : 6);
    for (let tick = 0; tick <= ticks; tick++) {
      const frame = Math.round((tick / Math.max(1, ticks)) * (frames - 1));
      pen.textAlign = tick === 0 ? "left" : tick === ticks ? "right" : "center";
      pen.fillText(String(frame), across(frame), height - 4);
    }
    for (const target of told.targets) {
      pen.globalAlpha = !told.chosen || told.chosen === target ? 1 : 0.45;
      curve(told.store.beside.get(target.name), target.colour, up, [4, 4]);
      curve(told.store.tracks.get(target.name), target.colour, up, []);
      for (const { frame } of target.keyframes) diamond(across(frame), up(1), target.colour);
    }
    pen.globalAlpha = 1;
    const rows = told.chosen && told.store.tracks.get(told.chosen.name);
    if (rows) marks(rows, width, height - BOTTOM + 6);
    if (told.chosen) apart(told.store.apart(told.chosen.name), width, height - BOTTOM + 22);
  }

  /** Lines end where a target has no row. At most some points a pixel are drawn: the least and the largest.
   * @param {Map<number, import("./server.js").Row> | undefined} rows @param {string} colour
   * @param {(value: number) => number} up @param {number[]} dash */
  function curve(rows, colour, up, dash) {
    if (!rows?.size) return;
    const sorted = [...rows.values()].sort((a, b) => a[0] - b[0]);
    Object.assign(pen, { strokeStyle: colour, lineWidth: dash.length ? 1.2 : 1.8, lineJoin: "round" });
    pen.setLineDash(dash);
    /** @type {number[][]} */
    let points = [];
    let last = NaN;
    const flush = () => {
      if (points.length > 1) line(points);
      else if (points.length) pen.strokeRect(points[0][0] - 0.5, points[0][1] - 0.5, 1, 1);
      points = [];
    };
    for (const [frame, , confidence] of sorted) {
      if (frame !== last + 1) flush();
      last = frame;
      const point = [across(frame), up(confidence)];
      const before = points.at(-1);
      if (before && point[0] - before[0] < 0.25 && points.length > 1) before[1] = Math.max(before[1], point[1]);
      else points.push(point);
    }
    flush();
    pen.setLineDash([]);
  }

  /** The verdict of each frame as a strip of colours, refits as ticks under it.
   * @param {Map<number, import("./server.js").Row>} rows @param {number} width @param {number} top */
  function marks(rows, width, top) {
    for (const [frame, , , , verdict, , refitted] of rows.values()) {
      if (verdict >= 0) cell(frame, width, top, 7, VERDICT[verdict]);
      if (refitted) {
        pen.fillStyle = "#e6eaee";
        pen.fillRect(across(frame) - 0.75, top + 9, 1.5, 5);
      }
    }
    if ([...rows.values()].some((row) => row[4] >= 0)) word("verdict", top + 4);
  }

  /** Frames in which a target's two tracks part, as a bar. @param {number[]} frames in order @param {number} width @param {number} top */
  function apart(frames, width, top) {
    for (const frame of frames) cell(frame, width, top, 5, APART);
    if (frames.length) word("apart", top + 3);
  }

  /** A frame's place in a strip. @param {number} frame @param {number} width @param {number} top @param {number} high @param {string} colour */
  function cell(frame, width, top, high, colour) {
    const half = Math.max(1, across(1) - across(0)) / 2;
    const [left, right] = [Math.max(LEFT, across(frame) - half), Math.min(width - RIGHT, across(frame) + half + 0.5)];
    pen.fillStyle = colour;
    pen.fillRect(left, top, right - left, high);
  }

  /** What a strip tells, before it. @param {string} words @param {number} middle */
  function word(words, middle) {
    Object.assign(pen, { fillStyle: "#a4aeb8", font: "10px system-ui, sans-serif", textAlign: "right", textBaseline: "middle" });
    pen.fillText(words, LEFT - 6, middle);
  }

  /** @param {CanvasRenderingContext2D} own @param {number} frame @param {string} colour @param {number} height */
  function mark(own, frame, colour, height) {
    Object.assign(own, { strokeStyle: colour, lineWidth: 1.5 });
    own.beginPath();
    own.moveTo(across(frame), 2);
    own.lineTo(across(frame), height - 18);
    own.stroke();
  }

  /** @param {number} x @param {number} y @param {string} colour */
  function diamond(x, y, colour) {
    pen.beginPath();
    for (const [right, down] of [[0, -6], [6, 0], [0, 6], [-6, 0]]) pen.lineTo(x + right, y + down);
    pen.closePath();
    pen.fillStyle = colour;
    pen.fill();
    Object.assign(pen, { strokeStyle: "#14171a", lineWidth: 1.5 });
    pen.stroke();
  }

  /** @param {number[][]} points */
  function line(points) {
    pen.beginPath();
    for (const [x, y] of points) pen.lineTo(x, y);
    pen.stroke();
  }

  return { draw, frameAt };
}
