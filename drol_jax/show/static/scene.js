// The newest frame on a canvas: the picture, score maps, boxes, and who is not in sight.
import { plate } from "./paint.js";

const DASH = { occluded: [9, 7] };

// A function that draws a frame {size, targets, scores} and its picture into a canvas, as large as it fits.
export function scene(canvas) {
  const pen = canvas.getContext("2d");
  return (frame, picture) => {
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    const density = window.devicePixelRatio || 1;
    const [columns, rows] = [Math.round(width * density), Math.round(height * density)];
    if (canvas.width !== columns || canvas.height !== rows) Object.assign(canvas, { width: columns, height: rows });
    pen.setTransform(density, 0, 0, density, 0, 0);
    pen.clearRect(0, 0, width, height);
    const zoom = Math.min(width / frame.size[0], height / frame.size[1]);
    const [left, top] = [(width - frame.size[0] * zoom) / 2, (height - frame.size[1] * zoom) / 2];
    const placed = ([x, y, w, h]) => [left + x * zoom, top + y * zoom, w * zoom, h * zoom];
    pen.drawImage(picture, ...placed([0, 0, ...frame.size]));
    pen.save();
    pen.beginPath();
    pen.rect(...placed([0, 0, ...frame.size]));
    pen.clip();
    for (const map of frame.scores) if (map.box) pen.drawImage(heat(map), ...placed(map.box));
    for (const target of frame.targets) if (target.box) outline(target, placed);
    pen.restore();
    for (const target of frame.targets) {
      if (!target.box) continue;
      const [x, y] = placed(target.box);
      const percent = target.confidence === null ? "" : ` ${Math.round(target.confidence * 100)}%`;
      plate(pen, `${target.name}${percent}`, x, y, target.colour, width, height);
    }
    let bottom = top + frame.size[1] * zoom - 24;
    for (const { name, state, colour } of frame.targets.filter((target) => !target.box)) {
      plate(pen, `${name}: ${state}`, left + 5, bottom + 23, colour, width, height);
      bottom -= 24;
    }
  };

  function outline({ box, polygon, colour, state }, placed) {
    pen.globalAlpha = state === "uncertain" ? 0.65 : 1;
    for (const [paint, line] of [["#101010", 5], [colour, 2.5]]) {
      Object.assign(pen, { strokeStyle: paint, lineWidth: line });
      pen.setLineDash(DASH[state] ?? []);
      pen.strokeRect(...placed(box));
      if (!polygon) continue;
      pen.beginPath();
      for (let at = 0; at < polygon.length; at += 2) {
        const [x, y] = placed([polygon[at], polygon[at + 1], 0, 0]);
        if (at) pen.lineTo(x, y);
        else pen.moveTo(x, y);
      }
      pen.closePath();
      pen.lineWidth = line * 0.6;
      pen.stroke();
    }
    pen.setLineDash([]);
    pen.globalAlpha = 1;
  }
}

// A score map as a picture: clear where the score is 0, warm and dense where it is 1.
function heat({ rows, columns, steps }) {
  const values = Uint8Array.from(atob(steps), (letter) => letter.charCodeAt(0));
  const canvas = Object.assign(document.createElement("canvas"), { width: columns, height: rows });
  const pixels = new ImageData(columns, rows);
  values.forEach((value, at) => pixels.data.set([255, 60 + 0.7 * value, 0, value * 0.75], 4 * at));
  canvas.getContext("2d").putImageData(pixels, 0, 0);
  return canvas;
}
