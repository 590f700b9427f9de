// Pointers on the canvas: one draws, moves or resizes a box, two zoom and shift the picture. Mouse, pen and touch alike.
import { between, hit, moved, resized } from "./boxes.js";

const REACH = { mouse: 7, pen: 10, touch: 18 }; // CSS pixels about a side that take hold of it
const STILL = { mouse: 3, pen: 5, touch: 8 }; // CSS pixels that a press may wander and still be a click
const CURSORS = { n: "ns", s: "ns", e: "ew", w: "ew", nw: "nwse", se: "nwse", ne: "nesw", sw: "nesw" };

// `scene` has size, least, items [{box}], chosen; choose(item), add(box) -> item, remove(item), changed().
export function listen(canvas, view, scene) {
  const pointers = new Map();
  let act = null;

  const point = (event) => ({ x: event.offsetX, y: event.offsetY });

  // The chosen box is taken hold of first; of others the smallest one lies on top.
  function under(event) {
    const at = view.toImage(point(event));
    const reach = (REACH[event.pointerType] ?? 10) / view.scale;
    const chosen = scene.chosen && hit(scene.chosen.box, at, reach);
    if (chosen) return { item: scene.chosen, handle: chosen };
    const found = scene.items.filter((item) => hit(item.box, at, reach / 2));
    found.sort((a, b) => a.box[2] * a.box[3] - b.box[2] * b.box[3]);
    return found.length ? { item: found[0], handle: null } : null;
  }

  function begin(event) {
    const grip = under(event);
    const kind = event.button === 1 ? "pan" : grip?.handle ? "edit" : "draw";
    act = { kind, grip, start: point(event), last: point(event), box: grip?.item.box, item: null, began: false };
  }

  // What one pointer began is undone where a second one comes: it was the start of a pinch.
  function undo() {
    if (act?.item) scene.remove(act.item);
    else if (act?.kind === "edit") act.grip.item.box = act.box;
    act = { kind: "pinch", ...spread() };
    scene.changed();
  }

  function spread() {
    const [a, b] = [...pointers.values()];
    return { middle: { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 }, apart: Math.hypot(a.x - b.x, a.y - b.y) || 1 };
  }

  function drag(event) {
    const at = point(event);
    const far = Math.hypot(at.x - act.start.x, at.y - act.start.y) > (STILL[event.pointerType] ?? 5);
    act.began ||= far;
    if (!act.began) return;
    if (act.kind === "pan") {
      view.pan(at.x - act.last.x, at.y - act.last.y);
      act.last = at;
    } else if (act.kind === "edit") {
      const [dx, dy] = [(at.x - act.start.x) / view.scale, (at.y - act.start.y) / view.scale];
      act.grip.item.box = act.grip.handle === "in"
        ? moved(act.box, dx, dy, scene.size)
        : resized(act.box, act.grip.handle, dx, dy, scene.size, scene.least);
    } else {
      const box = between(view.toImage(act.start), view.toImage(at), scene.size);
      if (act.item) act.item.box = box;
      else act.item = scene.add(box);
    }
    scene.changed();
  }

  function end(event, cancelled = false) {
    if (!pointers.delete(event.pointerId)) return;
    if (act?.kind === "pinch") {
      if (pointers.size === 0) act = null;
      return;
    }
    if (act?.item && (cancelled || Math.min(act.item.box[2], act.item.box[3]) < scene.least)) scene.remove(act.item);
    else if (cancelled && act?.kind === "edit") act.grip.item.box = act.box;
    else if (act && !act.began) scene.choose(act.grip?.item ?? null);
    act = null;
    scene.changed();
  }

  canvas.addEventListener("pointerdown", (event) => {
    if (event.button > 1 || pointers.size === 2) return;
    event.preventDefault();
    canvas.focus({ preventScroll: true, focusVisible: false });
    canvas.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, point(event));
    if (pointers.size === 2) undo();
    else begin(event);
  });
  // Else Chromium takes a quick drag for a fling that the next tap, on a button, ends without a click.
  canvas.addEventListener("touchstart", (event) => event.preventDefault(), { passive: false });
  canvas.addEventListener("pointermove", (event) => {
    if (!pointers.has(event.pointerId)) {
      const grip = under(event);
      const shape = grip?.handle === "in" ? "move" : grip?.handle ? `${CURSORS[grip.handle]}-resize` : "";
      canvas.style.cursor = shape || (grip ? "pointer" : "crosshair");
      return;
    }
    pointers.set(event.pointerId, point(event));
    if (act?.kind === "pinch" && pointers.size === 2) {
      const now = spread();
      view.zoom(now.apart / act.apart, act.middle);
      view.pan(now.middle.x - act.middle.x, now.middle.y - act.middle.y);
      Object.assign(act, now);
      scene.changed();
    } else if (act && act.kind !== "pinch") drag(event);
  });
  canvas.addEventListener("pointerup", (event) => end(event));
  canvas.addEventListener("pointercancel", (event) => end(event, true));
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    view.zoom(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.002)), point(event));
    scene.changed();
  }, { passive: false });
}
