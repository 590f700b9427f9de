// Boxes are drawn on the first frame and sent to the tracker.
import { moved, resized } from "./boxes.js";
import { listen } from "./gestures.js";
import { painter } from "./paint.js";
import { list } from "./targets.js";
import { View } from "./view.js";

const $ = (id) => document.getElementById(id);
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

const setup = await (await fetch("setup")).json();
const picture = new Image();
picture.src = "picture.jpg";
await picture.decode();

const canvas = $("stage");
canvas.parentElement.style.setProperty("--aspect", setup.height / setup.width);
const view = new View(canvas, [setup.width, setup.height]);
let asked = false;
let entered = 0;

const scene = {
  size: [setup.width, setup.height],
  least: Math.min(setup.least, setup.width, setup.height),
  longest: setup.longest,
  items: [],
  chosen: null,
  choose(item) {
    this.chosen = item;
    this.changed();
  },
  add(box) {
    const colour = setup.colours[(setup.first + entered++) % setup.colours.length];
    const item = { box, colour, name: freeName() };
    this.items.push(item);
    this.choose(item);
    return item;
  },
  remove(item) {
    this.items = this.items.filter((other) => other !== item);
    if (this.chosen === item) this.chosen = this.items.at(-1) ?? null;
    this.changed();
  },
  trouble(item) {
    const name = item.name.trim();
    if (!name) return "A target has no name.";
    if (setup.taken.includes(name)) return `The name ${name} is taken by another target.`;
    const same = this.items.filter((other) => other.name.trim() === name);
    return same.length > 1 ? `Two targets are named ${name}.` : "";
  },
  changed() {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      show();
    });
  },
};

const paint = painter(canvas, view, picture);
const showList = list($("targets"), scene);

function freeName() {
  const taken = new Set([...setup.taken, ...scene.items.map((item) => item.name.trim())]);
  for (let number = 1; ; number++) if (!taken.has(`target ${number}`)) return `target ${number}`;
}

function show() {
  paint(scene.items, scene.chosen);
  showList();
  const trouble = scene.items.map((item) => scene.trouble(item)).find((words) => words) ?? "";
  $("none").hidden = scene.items.length > 0;
  $("start").disabled = scene.items.length === 0 || trouble !== "";
  tell(trouble);
}

function tell(words) {
  if ($("trouble").textContent !== words) $("trouble").textContent = words;
}

function addInMiddle() {
  const { width, height } = view.room;
  const middle = view.toImage({ x: width / 2, y: height / 2 });
  const side = Math.max(scene.least, Math.min(setup.width, setup.height, 0.25 * Math.min(width, height) / view.scale));
  scene.add(moved([middle.x - side / 2, middle.y - side / 2, side, side], 0, 0, scene.size));
  canvas.focus({ preventScroll: true });
}

function key(event) {
  if (event.altKey || event.metaKey) return false;
  const { chosen, items } = scene;
  if (ARROWS[event.key] && chosen) {
    const [dx, dy] = ARROWS[event.key].map((step) => step * (event.ctrlKey ? 10 : 1));
    chosen.box = event.shiftKey
      ? resized(chosen.box, "se", dx, dy, scene.size, scene.least)
      : moved(chosen.box, dx, dy, scene.size);
    $("told").textContent = `${chosen.name}: ${chosen.box.map(Math.round).join(", ")}`;
  } else if ((event.key === "Delete" || event.key === "Backspace") && chosen) scene.remove(chosen);
  else if (event.ctrlKey) return false;
  else if (event.key === "n" || event.key === "N") addInMiddle();
  else if ((event.key === "[" || event.key === "]") && items.length) {
    const step = event.key === "]" ? 1 : -1;
    scene.choose(items[(Math.max(0, items.indexOf(chosen)) + step + items.length) % items.length]);
    $("told").textContent = `${scene.chosen.name} chosen`;
  } else if (event.key === "+" || event.key === "=") view.zoom(1.4);
  else if (event.key === "-") view.zoom(1 / 1.4);
  else if (event.key === "0") view.fit();
  else return false;
  return true;
}

async function start() {
  $("start").disabled = true;
  const round = (value) => Math.round(value * 100) / 100;
  const targets = scene.items.map(({ name, box }) => ({ name: name.trim(), box: box.map(round) }));
  try {
    const answer = await fetch("boxes", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ targets }),
    });
    const told = answer.headers.get("Content-Type") === "application/json" ? await answer.json() : {};
    if (answer.ok) return done(told);
    show();
    tell(`Not started: ${told.error ?? `the server answered ${answer.status}`}.`);
  } catch {
    show();
    tell("The tracker does not answer. See in the terminal whether it still waits for boxes.");
  }
}

function done({ started, next }) {
  $("work").hidden = true;
  document.querySelector("header").hidden = true;
  $("many").textContent = started === 1 ? "One target is followed." : `${started} targets are followed.`;
  if (next) {
    const address = new URL(next);
    address.hostname = location.hostname; // the name by which this device knows the machine
    $("next").href = address.href;
    $("next").hidden = false;
  }
  $("done").hidden = false;
  $("done").focus();
}

canvas.addEventListener("keydown", (event) => {
  if (!key(event)) return;
  event.preventDefault();
  scene.changed();
});
$("add").addEventListener("click", addInMiddle);
$("start").addEventListener("click", start);
for (const [id, act] of [["in", () => view.zoom(1.4)], ["out", () => view.zoom(1 / 1.4)], ["fit", () => view.fit()]]) {
  $(id).addEventListener("click", () => {
    act();
    scene.changed();
  });
}
listen(canvas, view, scene);
new ResizeObserver(() => {
  if (view.follows) view.fit();
  else view.settle();
  show();
}).observe(canvas);
