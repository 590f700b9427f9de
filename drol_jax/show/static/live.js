// Asks for the newest frame again and again, and shows it.
import { scene } from "./scene.js";
import { states } from "./states.js";
import { timeline } from "./timeline.js";

const $ = (id) => document.getElementById(id);
const SECONDS = 60;
const AGAIN = 1500; // milliseconds between tries where the tracker does not answer

const drawScene = scene($("stage"));
const drawTimeline = timeline($("timeline"));
const showStates = states($("targets"));
const colours = new Map();
const page = crypto.getRandomValues(new Uint32Array(2)).join("-"); // so that the tracker tells each page of its end
let moments = [];
let frame = null;
let picture = null;
let after = 0;

$("span").textContent = `over the last ${SECONDS} seconds of the video`;

const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));
const painted = () => new Promise((done) => requestAnimationFrame(done));

function status(words, className = "") {
  if ($("word").textContent !== words) $("word").textContent = words;
  $("status").className = className;
  if (className) $("rate").textContent = "";
}

async function ask() {
  const scores = $("scores").checked ? "&scores=1" : "";
  const answer = await fetch(`newest?page=${page}&after=${after}${scores}`);
  if (!answer.ok) throw new Error(`status ${answer.status}`);
  const bytes = await answer.arrayBuffer();
  const length = new DataView(bytes).getUint32(0, true);
  const told = JSON.parse(new TextDecoder().decode(new Uint8Array(bytes, 4, length)));
  return { told, jpeg: new Blob([new Uint8Array(bytes, 4 + length)], { type: "image/jpeg" }) };
}

async function take({ told, jpeg }) {
  if (told.newest) {
    const fresh = await createImageBitmap(jpeg);
    picture?.close();
    [frame, picture, after] = [told.newest, fresh, told.newest.serial];
    for (const { name, colour } of frame.targets) colours.set(name, colour);
    moments = moments.concat(told.past).filter(([time]) => time >= frame.time - SECONDS);
    draw();
  }
  if (told.ended) status("Tracking has ended", "ended");
  else {
    status("Running");
    // Apart from the word, which screen readers tell at every change.
    $("rate").textContent = told.rate ? `${told.rate.toFixed(1)} frames/s` : "";
  }
}

function draw() {
  if (!frame) return;
  $("wait").hidden = true;
  $("stage").parentElement.style.setProperty("--aspect", `${frame.size[0]} / ${frame.size[1]}`);
  drawScene(frame, picture);
  drawTimeline(moments, SECONDS, colours);
  showStates(frame.targets);
  $("place").textContent = `frame ${frame.number}, ${frame.time.toFixed(2)} s`;
  $("maps").hidden = frame.maps === 0;
}

async function run() {
  for (;;) {
    if (document.hidden) {
      await new Promise((done) => document.addEventListener("visibilitychange", done, { once: true }));
      continue;
    }
    try {
      const news = await ask();
      await take(news);
      if (news.told.ended) {
        $("scores").disabled = true;
        return;
      }
      await painted();
    } catch {
      status("The tracker does not answer", "away");
      await pause(AGAIN);
    }
  }
}

new ResizeObserver(draw).observe($("stage"));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
run();
