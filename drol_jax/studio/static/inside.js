// @ts-check
// Inside the tracker, in the frame in view: maps over the picture, templates, the memory as a wall of patches.
import { made } from "./panels.js";
import { ask } from "./server.js";

const MAPS = { siamese: "Siamese map", online: "Online map", fused: "Fused map" };
const PAUSE = 250; // milliseconds that the frame must stay in view

/** @typedef {{rows: number, columns: number, steps: string, low: number, high: number, box: number[]}} Heat
 * @typedef {{rows: number, columns: number, pixels: string}} Patch
 * @typedef {{maps: Record<string, Heat>, template: Patch & {frame: number}, short_term: (Patch & {score: number}) | null,
 *   memory: (Patch & {weight: number, label: number[], first: boolean, latest: boolean, of: (Patch & {frame: number}) | null})[]}} Insides */

/** @param {string} text */
const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

/** A map as a picture: clear where it is least, warm and dense where it is largest. By the square, as most of a map lies
 * in its middle and tells little. @param {Heat} map */
function heat({ rows, columns, steps }) {
  const canvas = made("canvas", { width: columns, height: rows });
  const pixels = new ImageData(columns, rows);
  bytes(steps).forEach((value, at) => pixels.data.set([255, 60 + 0.7 * value, 0, (0.8 * value * value) / 255], 4 * at));
  canvas.getContext("2d")?.putImageData(pixels, 0, 0);
  return canvas;
}

/** @param {Patch} patch @param {string} words */
function drawn({ rows, columns, pixels }, words) {
  const canvas = made("canvas", { width: columns, height: rows });
  const image = new ImageData(columns, rows);
  const values = bytes(pixels);
  for (let at = 0; at < rows * columns; at++) image.data.set([values[3 * at], values[3 * at + 1], values[3 * at + 2], 255], 4 * at);
  canvas.getContext("2d")?.putImageData(image, 0, 0);
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", words);
  return canvas;
}

/** @param {HTMLElement} element @param {HTMLDetailsElement} panel @param {() => void} changed */
export function insidePanel(element, panel, changed) {
  const words = made("p", { className: "quiet" });
  words.setAttribute("role", "status");
  const switches = made("div");
  const patches = made("div", { className: "patches" });
  const title = made("h2");
  const wall = made("div", { className: "wall" });
  /** @type {Record<string, HTMLInputElement>} */
  const boxes = {};
  for (const [name, label] of Object.entries(MAPS)) {
    const row = made("label", { className: "switch" });
    boxes[name] = made("input", { type: "checkbox", checked: name === "online" });
    boxes[name].addEventListener("change", changed);
    row.append(boxes[name], `${label} over the picture`);
    switches.append(row);
  }
  const asPictures = { row: made("label", { className: "switch", hidden: true }), box: made("input", { type: "checkbox", checked: true }) };
  asPictures.row.append(asPictures.box, "As pictures, else as features");
  /** @type {Insides | null} */
  let lastTold = null;
  asPictures.box.addEventListener("change", () => lastTold && show(lastTold));
  element.append(switches, words, patches, title, asPictures.row, wall);
  panel.addEventListener("toggle", changed);

  let wanted = "";
  let waiting = 0;
  /** @type {{key: string, frame: number, maps: Record<string, {picture: HTMLCanvasElement, place: number[]}>} | null} */
  let shown = null;
  let current = { frame: -1 };

  /** @param {string} name @param {number} frame @param {string} key */
  async function fetchInsides(name, frame, key) {
    words.textContent = "Looking";
    try {
      /** @type {Insides} */
      const told = await ask(`inside/${frame}?name=${encodeURIComponent(name)}`);
      if (wanted !== key) return;
      const maps = Object.entries(told.maps).map(([map, one]) => [map, { picture: heat(one), place: one.box }]);
      shown = { key, frame, maps: Object.fromEntries(maps) };
      words.textContent = Object.entries(told.maps).map(([map, one]) => `${map} ${one.low} to ${one.high}`).join("; ");
      show(told);
      changed();
    } catch (error) {
      if (wanted !== key) return;
      shown = null;
      patches.replaceChildren();
      wall.replaceChildren();
      title.textContent = "";
      words.textContent = /** @type {Error} */ (error).message;
      changed();
    }
  }

  /** @param {Insides} told */
  function show(told) {
    lastTold = told;
    patches.replaceChildren();
    const pair = [[drawn(told.template, "First template"), `template, frame ${told.template.frame}`]];
    if (told.short_term) pair.push([drawn(told.short_term, "Candidate for the short-term template"), `next short-term, ${told.short_term.score.toFixed(2)}`]);
    for (const [canvas, caption] of pair) {
      const figure = made("figure");
      figure.append(canvas, made("figcaption", { textContent: String(caption) }));
      patches.append(figure);
    }
    title.textContent = told.memory.length ? `Memory: ${told.memory.length} samples` : "";
    asPictures.row.hidden = !told.memory.some((one) => one.of);
    wall.replaceChildren(...told.memory.map((one) => {
      const figure = made("figure", { className: one.first ? "first" : "" });
      const of = asPictures.box.checked ? one.of : null;
      const canvas = drawn(of ?? one, `Sample of weight ${one.weight}`);
      const pen = canvas.getContext("2d");
      if (pen) {
        // Where the label peaks: so many cells off the middle.
        const cell = of ? of.columns / one.columns : 1;
        const place = (/** @type {number} */ middle, /** @type {number} */ off) => Math.round((middle - cell) / 2 + off * cell);
        pen.fillStyle = "#ffffff";
        pen.fillRect(place(canvas.width, one.label[1]), place(canvas.height, one.label[0]), Math.ceil(cell), Math.ceil(cell));
      }
      const born = one.first ? ", of the first frame" : one.of ? `, of frame ${one.of.frame}` : "";
      figure.title = `weight ${one.weight}, label at ${one.label.join(", ")} cells off the middle${born}${one.latest ? ", the latest" : ""}`;
      figure.append(canvas, made("figcaption", { textContent: `${(one.weight * 100).toFixed(1)}%${one.latest ? " *" : ""}` }));
      return figure;
    }));
  }

  return {
    /** Is told what is in view; looks inside a moment later, where the panel is open. @param {string} name @param {number} frame @param {number} version @param {boolean} busy */
    at(name, frame, version, busy) {
      current = { frame };
      const key = `${name} ${frame} ${version}`;
      if (!panel.open || busy || !name) {
        wanted = "";
        if (panel.open) words.textContent = busy ? "The tracker is at work." : "Draw a box first.";
        return;
      }
      if (key === wanted) return;
      wanted = key;
      clearTimeout(waiting);
      waiting = setTimeout(() => fetchInsides(name, frame, key), PAUSE);
    },
    /** The maps that lie over the picture. */
    overlay() {
      if (!panel.open || !shown || shown.frame !== current.frame) return [];
      return Object.entries(shown.maps).filter(([name]) => boxes[name].checked).map(([, map]) => map);
    },
  };
}
