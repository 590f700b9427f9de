// Boxes [x, y, w, h] in pixels of the image: made, moved, resized, hit. Nothing here knows of the page.

export const clamp = (value, low, high) => Math.min(Math.max(value, low), Math.max(low, high));

// A box with two points as corners, cut to the image.
export function between(a, b, [width, height]) {
  const [left, right] = [a.x, b.x].map((x) => clamp(x, 0, width)).sort((p, q) => p - q);
  const [top, bottom] = [a.y, b.y].map((y) => clamp(y, 0, height)).sort((p, q) => p - q);
  return [left, top, right - left, bottom - top];
}

// The box moved, whole, within the image.
export function moved([x, y, w, h], dx, dy, [width, height]) {
  return [clamp(x + dx, 0, width - w), clamp(y + dy, 0, height - h), w, h];
}

// The box with the sides that a handle names ("n", "se", ...) moved by dx and dy; no side gets shorter than `least`.
export function resized([x, y, w, h], handle, dx, dy, [width, height], least) {
  let [left, top, right, bottom] = [x, y, x + w, y + h];
  if (handle.includes("w")) left = clamp(left + dx, 0, right - least);
  if (handle.includes("e")) right = clamp(right + dx, left + least, width);
  if (handle.includes("n")) top = clamp(top + dy, 0, bottom - least);
  if (handle.includes("s")) bottom = clamp(bottom + dy, top + least, height);
  return [left, top, right - left, bottom - top];
}

// The handle under a point, "in" for the inside, null outside. `reach` is how near to a side counts.
export function hit([x, y, w, h], point, reach) {
  const near = (value, side) => Math.abs(value - side) <= reach;
  if (point.x < x - reach || point.x > x + w + reach || point.y < y - reach || point.y > y + h + reach) return null;
  // The inside of a small box stays free to take hold of.
  const inner = (value, start, side) => value > start + side / 4 && value < start + side * 3 / 4;
  if (inner(point.x, x, w) && inner(point.y, y, h)) return "in";
  const pick = (value, low, side, names) => {
    if (near(value, low) && Math.abs(value - low) <= Math.abs(value - low - side)) return names[0];
    return near(value, low + side) ? names[1] : "";
  };
  return (pick(point.y, y, h, "ns") + pick(point.x, x, w, "we")) || "in";
}
