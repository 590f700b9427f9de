// The picture with its boxes on a canvas, sharp on every screen.

const KNOBS = [[0, 0], [0.5, 0], [1, 0], [0, 0.5], [1, 0.5], [0, 1], [0.5, 1], [1, 1]];

// A function that draws items [{box, colour, name}] over the picture; the chosen one has knobs. Items may have a label
// in place of their name, and be dashed or dim. `picture` may also be a function that gives the one of the moment;
// `over` are pictures [{picture, place}] between it and the boxes, in their places of the image.
export function painter(canvas, view, picture) {
  const pen = canvas.getContext("2d");
  return (items, chosen, over = []) => {
    const { width, height } = view.room;
    const density = window.devicePixelRatio || 1;
    const [columns, rows] = [Math.round(width * density), Math.round(height * density)];
    if (canvas.width !== columns || canvas.height !== rows) Object.assign(canvas, { width: columns, height: rows });
    pen.setTransform(density, 0, 0, density, 0, 0);
    pen.clearRect(0, 0, width, height);
    drawPicture(pen, typeof picture === "function" ? picture() : picture, view, density);
    pen.save();
    pen.beginPath();
    pen.rect(...view.placed([0, 0, view.width, view.height]));
    pen.clip();
    for (const { picture: map, place } of over) pen.drawImage(map, ...view.placed(place));
    pen.restore();
    for (const item of items) if (item !== chosen) outline(pen, view.placed(item.box), item, width, height);
    if (!chosen) return;
    const box = view.placed(chosen.box);
    outline(pen, box, chosen, width, height);
    for (const [right, down] of KNOBS) knob(pen, box[0] + right * box[2], box[1] + down * box[3], chosen.colour);
  };
}

// A picture that has the very size it is shown in is laid on whole pixels, which takes a tenth of the time of scaling it.
function drawPicture(pen, picture, view, density) {
  const [x, y, w, h] = view.placed([0, 0, view.width, view.height]).map((side) => side * density);
  const exact = picture.width === Math.round(w) && Math.abs(picture.height - h) <= 1;
  pen.imageSmoothingEnabled = !exact && view.scale < 3;
  if (!exact) return pen.drawImage(picture, x / density, y / density, w / density, h / density);
  pen.setTransform(1, 0, 0, 1, 0, 0);
  pen.drawImage(picture, Math.round(x), Math.round(y));
  pen.setTransform(density, 0, 0, density, 0, 0);
}

function outline(pen, [x, y, w, h], item, width, height) {
  pen.setLineDash(item.dashed ? [8, 6] : []);
  pen.globalAlpha = item.dim ? 0.65 : 1;
  for (const [colour, line] of [["#101010", 4], [item.colour, 2]]) {
    Object.assign(pen, { strokeStyle: colour, lineWidth: line });
    pen.strokeRect(x, y, w, h);
  }
  pen.setLineDash([]);
  pen.globalAlpha = 1;
  const inside = x < width && y < height && x + w > 0 && y + h > 0;
  if (inside) plate(pen, item.label ?? item.name, x, y, item.colour, width, height);
}

// Words on a dark plate above a point, or below it where there is no room.
export function plate(pen, words, x, y, colour, width, height) {
  pen.font = "600 13px system-ui, sans-serif";
  const wide = Math.min(pen.measureText(words).width + 14, width);
  const left = Math.max(0, Math.min(x - 1, width - wide));
  const top = Math.max(0, Math.min(y - 23 < 0 ? y + 3 : y - 23, height - 20));
  pen.fillStyle = "#101010";
  pen.fillRect(left, top, wide, 20);
  pen.fillStyle = colour;
  pen.fillRect(left, top, 3, 20);
  pen.fillStyle = "#ffffff";
  pen.fillText(words, left + 8, top + 14.5, wide - 12);
}

function knob(pen, x, y, colour) {
  pen.beginPath();
  pen.arc(x, y, 4.5, 0, 7);
  pen.fillStyle = "#ffffff";
  pen.fill();
  Object.assign(pen, { strokeStyle: "#101010", lineWidth: 3 });
  pen.stroke();
  Object.assign(pen, { strokeStyle: colour, lineWidth: 1.5 });
  pen.stroke();
}
