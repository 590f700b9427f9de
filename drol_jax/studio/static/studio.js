// @ts-check
// The studio: the picture with the targets' boxes, the timeline, and what the buttons do.
import { moved, resized } from "./boxes.js";
import { chart } from "./chart.js";
import { comparePanel } from "./compare.js";
import { listen as gestures } from "./gestures.js";
import { insidePanel } from "./inside.js";
import { painter } from "./paint.js";
import { opener, made, sliders, targetList } from "./panels.js";
import { Player } from "./player.js";
import { ask, listen, order, post } from "./server.js";
import { tour } from "./tour.js";
import { overlap, STATES, TrackStore, VERDICTS } from "./tracks.js";
import { View } from "./view.js";

/** @typedef {import("./server.js").View} Told
 * @typedef {{name: string, colour: string, box: number[], fresh?: boolean, given?: number[]}} Item */

const $ = (/** @type {string} */ id) => /** @type {any} */ (document.getElementById(id));
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const LEAST = 2;
const LARGEST = 4096; // pixels of a picture
const WORDS = 120; // milliseconds between two times that the words are set while it plays
const COMMIT = 500; // milliseconds after the last key that moved a box

/** @type {Told} */
let told = await ask("state");
const setup = await ask("setup");
const store = new TrackStore();
let rows = 0;
let follows = false; // the view goes along with the tracker
let chosenName = "";
let asked = false;
let shownVideo = "";
let committing = 0;

const canvas = $("stage");
const view = new View(canvas, [told.video.width, told.video.height]);
const player = new Player(() => changed(), () => changed());
const timeline = chart($("chart"));
const showTargets = targetList($("targets"), {
  choose: (name) => choose(name),
  change: (name, parts) => send({ order: "change", name, ...parts }).then((done) => {
    if (done && parts.new_name) choose(parts.new_name);
  }),
  remove: (name) => send({ order: "remove", name }),
});
const showSliders = sliders($("sliders"), setup.sliders, (name, value) => send({ order: "set", hyper: { [name]: value } }));
const showInside = insidePanel($("inside"), $("inside-panel"), () => changed());
const compare = comparePanel((what) => send(what));
const showOpener = opener((path) => send({ order: "open", path }));

const target = () => told.targets.find((one) => one.name === chosenName) ?? null;
const frames = () => Math.max(told.video.frames ?? 1, 1);

// What the gestures see: the boxes of this frame.
const scene = {
  size: /** @type {[number, number]} */ ([told.video.width, told.video.height]),
  least: LEAST,
  /** @type {Item[]} */
  items: [],
  /** @type {Item | null} */
  chosen: null,
  /** @param {Item | null} item */
  choose(item) {
    this.chosen = item;
    choose(item?.name ?? "");
  },
  /** A new box is the chosen target's where that has none in this frame, else a new target's. @param {number[]} box */
  add(box) {
    const one = target();
    const free = one && !this.items.some((item) => item.name === one.name) ? one : null;
    /** @type {Item} */
    const item = { name: free?.name ?? freeName(), colour: free?.colour ?? "#ffffff", box, fresh: true };
    this.items.push(item);
    this.chosen = item;
    changed();
    return item;
  },
  /** @param {Item} item */
  remove(item) {
    this.items = this.items.filter((other) => other !== item);
    if (this.chosen === item) this.chosen = null;
    changed();
  },
  changed: () => changed(),
};
const paint = painter(canvas, view, () => player.picture);

function freeName() {
  const taken = new Set([...told.targets, ...scene.items].map((one) => one.name));
  for (let number = 1; ; number++) if (!taken.has(`target ${number}`)) return `target ${number}`;
}

/** @param {string} name */
function choose(name) {
  chosenName = name;
  scene.chosen = scene.items.find((item) => item.name === name) ?? null;
  changed();
}

/** Sends an order; what is wrong is told. @param {Record<string, unknown>} what */
async function send(what) {
  try {
    const answer = await order(what);
    trouble("");
    return answer;
  } catch (error) {
    trouble(error instanceof TypeError ? "The studio does not answer." : /** @type {Error} */ (error).message);
    refresh();
    return null;
  }
}

/** @param {string} words */
function trouble(words) {
  write("trouble", words);
}

/** Boxes that were drawn or moved become the target's, in the frame they were shown in. */
async function commit() {
  clearTimeout(committing);
  committing = 0;
  const frame = shownFrame;
  for (const item of scene.items) {
    const box = item.box.map((side) => Math.round(side * 100) / 100);
    const same = item.given && box.every((side, at) => Math.abs(side - /** @type {number[]} */ (item.given)[at]) < 0.006);
    if (same || box[2] < LEAST || box[3] < LEAST) continue;
    item.given = box;
    chosenName = item.name;
    await send({ order: "draw", name: item.name, frame, box, template: $("template").checked });
  }
}

/** The boxes of the frame in view, from what is known. One that was moved by keys and not yet sent is sent first. */
function refresh() {
  if (committing) commit();
  shownFrame = player.frame;
  scene.items = told.targets.flatMap((one) => {
    const known = store.at(one, player.frame);
    return known?.box ? [{ name: one.name, colour: one.colour, box: [...known.box], given: known.box }] : [];
  });
  scene.chosen = scene.items.find((item) => item.name === chosenName) ?? null;
  changed();
}

let dragging = false;
let shownFrame = -1;

function changed() {
  if (asked) return;
  asked = true;
  requestAnimationFrame(() => {
    asked = false;
    if (player.frame !== shownFrame && !dragging) {
      refresh();
      asked = false;
    }
    show();
  });
}

/** Pictures are had as large as they are shown: then they need not be scaled. */
function measure() {
  const [density, width] = [window.devicePixelRatio || 1, told.video.width];
  const pixels = (/** @type {number} */ scale) => Math.max(16, Math.min(LARGEST, Math.round(scale * width * density)));
  player.sized(pixels(view.least), Math.min(width, pixels(view.scale ?? 1)));
}

function show() {
  measure();
  const busy = told.doing !== "";
  const one = target();
  const known = one && store.at(one, player.frame);
  if (player.picture) {
    const beside = told.targets.flatMap(({ name, colour }) => {
      const row = store.beside.get(name)?.get(player.frame);
      return row?.[1] ? [{ name: told.targets.length > 1 ? `${name}: ${told.compared}` : told.compared, colour, box: row[1], dashed: true }] : [];
    });
    const shown = scene.items.map((item) => {
      const of = told.targets.find((other) => other.name === item.name);
      const state = of && store.at(of, player.frame);
      const sure = !state || state.drawn || state.line || state.confidence === null ? "" : ` ${Math.round(state.confidence * 100)}%`;
      return Object.assign(item, { label: `${item.name}${sure}`, dashed: state?.state === 2, dim: state?.state === 1 });
    });
    paint([...beside, ...shown], scene.chosen, showInside.overlay());
  }
  timeline.draw({ frames: frames(), frame: player.frame, at: told.at !== null && busy ? told.at : null, targets: told.targets, chosen: one, store });
  if (document.activeElement !== $("frame") && $("frame").value !== String(player.frame)) $("frame").value = String(player.frame);
  const stopgap = player.standsIn;
  write("coarse", stopgap === null ? "" : stopgap === player.frame ? "Small picture" : `Nearest picture at hand: frame ${stopgap}`);
  // While it plays the page keeps up with the pictures, and the words with the reader.
  if (player.playing && performance.now() - worded < WORDS) return;
  worded = performance.now();
  showWords(busy, one, known);
}

let worded = 0;

/** All that stands beside the picture. @param {boolean} busy @param {import("./server.js").Target | null} one
 * @param {import("./tracks.js").Known | null} known */
function showWords(busy, one, known) {
  showTargets(told.targets, one, (other) => store.at(other, player.frame));
  showSliders(told.setup);
  $("online").checked = told.setup.online;
  showTracker(told.setup.config);
  write("hint", !told.targets.length ? "Drag a box around each target."
    : one && !known?.box ? `A box drawn now is ${one.name}'s.` : "A box drawn now is a new target.");
  $("here").hidden = !one;
  if (one) {
    write("here-name", `${one.name} in frame ${player.frame}`);
    write("here-told", described(known));
    $("fix").disabled = !known?.box || known.drawn;
    $("undraw").disabled = !known?.drawn;
    $("line").checked = one.between === "line";
  }
  $("undo").disabled = !told.undo;
  $("redo").disabled = !told.redo;
  for (const id of ["forward", "backward"]) $(id).hidden = busy;
  for (const id of ["pause", "cancel"]) $(id).hidden = !busy;
  for (const id of ["forward", "backward"]) $(id).disabled = !told.targets.length;
  write("play", player.playing ? "⏸︎" : "▶︎");
  $("play").setAttribute("aria-label", player.playing ? "Stop" : "Play");
  write("of", `of ${frames() - 1}`);
  compare.show(told, store);
  $("chart").setAttribute("aria-valuemax", String(frames() - 1));
  $("chart").setAttribute("aria-valuenow", String(player.frame));
  write("read", one ? `${one.name}: ${described(known)}` : "");
  write("read-beside", one ? besides(one, known) : "");
  showInside.at(one?.name ?? "", player.frame, told.version, busy);
}

/** Words that are the same are not written again: the browser would lay out the page anew. @param {string} id @param {string} words */
function write(id, words) {
  if ($(id).textContent !== words) $(id).textContent = words;
}

/** The tracker that is used, among those whose weights are at hand. @param {string} config */
function showTracker(config) {
  const names = setup.trackers.includes(config) ? setup.trackers : [config, ...setup.trackers];
  if ($("config").options.length !== names.length) {
    $("config").replaceChildren(...names.map((/** @type {string} */ name) => made("option", { value: name, textContent: name })));
  }
  if (document.activeElement !== $("config")) $("config").value = config;
}

/** @param {import("./tracks.js").Known | null} known */
function described(known) {
  if (!known) return "nothing is known in this frame";
  if (known.drawn) return "drawn by hand";
  if (known.line) return "on the straight line between two drawn boxes";
  return toldOf(/** @type {import("./server.js").Row} */ (known.row));
}

/** @param {import("./server.js").Row} row */
function toldOf([, , confidence, state, verdict, online, refitted, template]) {
  const parts = [`${STATES[state]}, confidence ${Math.round(confidence * 100)}%`];
  if (verdict >= 0) parts.push(`verdict ${VERDICTS[verdict]}${online === null ? "" : `, online peak ${online.toFixed(2)}`}`);
  if (refitted) parts.push("refitted");
  if (template) parts.push("short-term template");
  return parts.join("; ");
}

/** What the track that is compared with tells in this frame. @param {import("./server.js").Target} one @param {import("./tracks.js").Known | null} known */
function besides(one, known) {
  const row = store.beside.get(one.name)?.get(player.frame);
  if (!row) return "";
  const both = known?.box && row[1] ? `; overlap ${overlap(known.box, row[1]).toFixed(2)}` : "";
  return `${told.compared}: ${toldOf(row)}${both}`;
}

/** @param {1 | -1} direction */
async function track(direction) {
  player.playing && player.stop();
  await commit();
  const names = $("who").value === "one" && target() ? [chosenName] : [];
  follows = true;
  await send({ order: "track", names, frame: player.frame, direction });
}

/** @param {Told} fresh @param {[string, ...import("./server.js").Row][]} news */
async function take(fresh, news) {
  const was = told;
  told = fresh;
  const video = `${fresh.video.name} ${fresh.video.width} ${fresh.video.height}`;
  if (video !== shownVideo) begin(video);
  player.frames = frames();
  $("title").textContent = fresh.video.name;
  status(fresh.doing ? `${fresh.doing}${fresh.at === null ? "" : ` frame ${fresh.at}`}` : "Ready");
  if (fresh.trouble && fresh.trouble !== was.trouble) trouble(fresh.trouble);
  if (fresh.rows !== rows) {
    rows = fresh.rows;
    store.take(await ask("tracks"));
  } else store.add(news);
  if (follows && fresh.doing) player.follow(fresh.at);
  else if (follows) {
    leave();
    if (fresh.at !== null) player.go(fresh.at);
  }
  if (!chosenName || !fresh.targets.some((one) => one.name === chosenName)) chosenName = fresh.targets.at(-1)?.name ?? "";
  if (!dragging && !(committing && player.frame === shownFrame)) refresh();
}

/** @param {string} video */
function begin(video) {
  clearTimeout(committing);
  committing = 0;
  shownVideo = video;
  Object.assign(view, { width: told.video.width, height: told.video.height });
  scene.size = [told.video.width, told.video.height];
  canvas.parentElement.style.setProperty("--aspect", String(told.video.height / told.video.width));
  view.fit();
  measure();
  player.restart(frames(), told.video.rate);
  player.frame = 0;
  chosenName = "";
  rows = 0;
  player.want();
}

/** @param {string} words @param {boolean} [away] */
function status(words, away = false) {
  write("status", words);
  $("status").classList.toggle("away", away);
}

function addInMiddle() {
  const { width, height } = view.room;
  const middle = view.toImage({ x: width / 2, y: height / 2 });
  const side = Math.max(LEAST, Math.min(scene.size[0], scene.size[1], (0.25 * Math.min(width, height)) / view.scale));
  scene.add(moved([middle.x - side / 2, middle.y - side / 2, side, side], 0, 0, scene.size));
  canvas.focus({ preventScroll: true });
  commit();
}

/** What was moved and not yet sent is the last change. @param {"undo" | "redo"} order */
async function undo(order) {
  await commit();
  await send({ order });
}

function undraw() {
  const one = target();
  if (one && store.at(one, player.frame)?.drawn) send({ order: "undraw", name: one.name, frame: player.frame });
}

/** The view goes along with the tracker no longer. */
function leave() {
  follows = false;
  player.follow(null);
}

/** @param {number} step */
function step(step) {
  player.playing && player.stop();
  leave();
  player.go(player.frame + step);
}

/** Keys of the picture. @param {KeyboardEvent} event */
function pictureKey(event) {
  const arrow = ARROWS[/** @type {keyof typeof ARROWS} */ (event.key)];
  if (event.altKey || event.metaKey) return false;
  if (arrow && scene.chosen) {
    const [dx, dy] = arrow.map((side) => side * (event.ctrlKey ? 10 : 1));
    const { chosen } = scene;
    /** @type {any} */
    const box = chosen.box;
    chosen.box = event.shiftKey ? resized(box, "se", dx, dy, scene.size, LEAST) : moved(box, dx, dy, scene.size);
    $("told").textContent = `${chosen.name}: ${chosen.box.map(Math.round).join(", ")}`;
    clearTimeout(committing);
    committing = setTimeout(commit, COMMIT);
  } else if (event.key === "Delete" || event.key === "Backspace") undraw();
  else return false;
  return true;
}

/** Keys of the whole page. @param {KeyboardEvent} event */
function pageKey(event) {
  if (event.altKey || event.metaKey || $("opener").open || $("tour").open) return false;
  const key = event.key.toLowerCase();
  if (event.ctrlKey) {
    if (key === "z") undo(event.shiftKey ? "redo" : "undo");
    else if (key === "y") undo("redo");
    else return false;
  } else if (key === " ") player.play();
  else if (key === "," || key === "<") step(event.shiftKey ? -10 : -1);
  else if (key === "." || key === ">") step(event.shiftKey ? 10 : 1);
  else if (key === "t") track(1);
  else if (key === "n") addInMiddle();
  else if (key === "[" || key === "]") {
    const at = told.targets.findIndex((one) => one.name === chosenName);
    const next = told.targets[(at + (key === "]" ? 1 : -1) + told.targets.length) % told.targets.length];
    if (next) choose(next.name);
    $("told").textContent = next ? `${next.name} chosen` : "";
  } else if (key === "+" || key === "=") view.zoom(1.4);
  else if (key === "-") view.zoom(1 / 1.4);
  else if (key === "0") view.fit();
  else return false;
  return true;
}

canvas.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
  if (!pictureKey(event)) return;
  event.preventDefault();
  event.stopPropagation();
  changed();
});
document.addEventListener("keydown", (event) => {
  const typing = event.target instanceof HTMLInputElement && event.target.type !== "checkbox" && event.target.type !== "range";
  const pressing = event.key === " " && event.target instanceof Element && event.target.closest("button, summary, select, input");
  if (typing || pressing || !pageKey(event)) return;
  event.preventDefault();
  changed();
});

gestures(canvas, view, scene);
canvas.addEventListener("pointerdown", () => {
  dragging = true;
  player.playing && player.stop();
});
for (const name of ["pointerup", "pointercancel"]) {
  canvas.addEventListener(name, () => {
    dragging = false;
    if (scene.chosen) chosenName = scene.chosen.name;
    commit();
    changed();
  });
}

/** @param {PointerEvent} event */
function scrub(event) {
  player.playing && player.stop();
  leave();
  player.go(timeline.frameAt(event.offsetX));
}
$("chart").addEventListener("pointerdown", (/** @type {PointerEvent} */ event) => {
  $("chart").setPointerCapture(event.pointerId);
  scrub(event);
});
$("chart").addEventListener("pointermove", (/** @type {PointerEvent} */ event) => event.buttons && scrub(event));
$("chart").addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
  const steps = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10, Home: -Infinity, End: Infinity };
  const by = steps[/** @type {keyof typeof steps} */ (event.key)];
  if (by === undefined) return;
  event.preventDefault();
  if (Number.isFinite(by)) step(by);
  else player.go(by < 0 ? 0 : frames() - 1);
});

/** @type {[string, () => unknown][]} */
const buttons = [
  ["first", () => step(-player.frame)], ["back", () => step(-1)], ["next", () => step(1)], ["play", () => player.play()],
  ["forward", () => track(1)], ["backward", () => track(-1)],
  ["pause", () => send({ order: "pause" })], ["cancel", () => send({ order: "cancel" })],
  ["undo", () => undo("undo")], ["redo", () => undo("redo")],
  ["add", addInMiddle], ["undraw", undraw], ["open", showOpener], ["close", () => $("opener").close()],
  ["in", () => view.zoom(1.4)], ["out", () => view.zoom(1 / 1.4)], ["fit", () => view.fit()],
  ["reset", () => send({ order: "set", reset: true })],
  ["fix", () => {
    const item = scene.chosen;
    if (item) send({ order: "draw", name: item.name, frame: player.frame, box: item.box, template: $("template").checked });
  }],
  ["part", () => {
    leave();
    player.go(compare.parting() ?? player.frame);
  }],
  ["save", async () => {
    const done = await send({ order: "save" });
    if (done) status(`Saved ${done.files[0]} in ${done.folder}`);
  }],
  ["export", async () => {
    const formats = [...$("formats").querySelectorAll("input:checked")].map((box) => box.value);
    if (!formats.length) return trouble("Choose something to write.");
    $("written").textContent = "Writing";
    const done = await send({ order: "export", formats });
    $("written").textContent = done ? [`In ${done.folder}: ${done.files.join(", ")}`, ...done.notes].join(". ") : "";
  }],
];
for (const [id, act] of buttons) {
  $(id).addEventListener("click", () => {
    act();
    changed();
  });
}
$("online").addEventListener("change", () => send({ order: "set", online: $("online").checked }));
$("config").addEventListener("change", () => send({ order: "set", config: $("config").value }));
$("line").addEventListener("change", () => send({ order: "change", name: chosenName, between: $("line").checked ? "line" : "track" }));
$("template").addEventListener("change", () => {
  const one = target();
  const drawn = one?.keyframes.find((keyframe) => keyframe.frame === player.frame);
  if (one && drawn) send({ order: "draw", name: one.name, frame: player.frame, box: drawn.box, template: $("template").checked });
});
$("frame").addEventListener("change", () => {
  const to = Number($("frame").value);
  if (Number.isFinite(to)) step(Math.round(to) - player.frame);
  $("frame").blur();
});
$("file").addEventListener("change", async () => {
  const [file] = $("file").files;
  if (!file) return;
  try {
    await post("project", await file.text());
    $("opener").close();
  } catch (error) {
    $("opener-place").textContent = /** @type {Error} */ (error).message;
  }
  $("file").value = "";
});
for (const format of setup.formats) {
  const label = made("label");
  label.append(made("input", { type: "checkbox", value: format, checked: format === "jsonl" || format === "csv" }), format);
  $("formats").append(label);
}
new ResizeObserver(() => {
  if (view.follows) view.fit();
  else view.settle();
  measure();
  changed();
}).observe(canvas);
new ResizeObserver(() => changed()).observe($("chart"));
/** @type {Promise<void>} */
let queue = Promise.resolve();
listen(
  (fresh, news) => (queue = queue.then(() => take(fresh, news)).catch(() => status("The studio does not answer", true))),
  (away) => away && status("The studio does not answer; trying again", true),
);
tour();
