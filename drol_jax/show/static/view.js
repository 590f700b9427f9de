// The part of the image that a canvas shows: zoom and place. Points are {x, y}; canvas points are in CSS pixels.
import { clamp } from "./boxes.js";

const MARGIN = 8;
const CLOSEST = 24; // CSS pixels for one of the image

export class View {
  constructor(canvas, [width, height]) {
    Object.assign(this, { canvas, width, height, scale: 1, x: 0, y: 0, follows: true });
  }

  get room() {
    return { width: this.canvas.clientWidth, height: this.canvas.clientHeight };
  }

  get least() {
    const { width, height } = this.room;
    return Math.max(1e-3, Math.min((width - 2 * MARGIN) / this.width, (height - 2 * MARGIN) / this.height));
  }

  // The whole image; it stays so when the canvas changes its size.
  fit() {
    this.follows = true;
    this.scale = this.least;
    this.settle();
  }

  zoom(factor, at = { x: this.room.width / 2, y: this.room.height / 2 }) {
    const fixed = this.toImage(at);
    this.scale = clamp(this.scale * factor, this.least, Math.max(this.least, CLOSEST));
    this.follows = this.scale === this.least;
    this.x = at.x - fixed.x * this.scale;
    this.y = at.y - fixed.y * this.scale;
    this.settle();
  }

  pan(dx, dy) {
    this.x += dx;
    this.y += dy;
    this.settle();
  }

  // The image never leaves the canvas; where it is smaller it lies in the middle.
  settle() {
    const place = (at, room, size) => (size <= room ? (room - size) / 2 : clamp(at, room - size - MARGIN, MARGIN));
    this.x = place(this.x, this.room.width, this.width * this.scale);
    this.y = place(this.y, this.room.height, this.height * this.scale);
  }

  toImage({ x, y }) {
    return { x: (x - this.x) / this.scale, y: (y - this.y) / this.scale };
  }

  // A box of the image in canvas pixels.
  placed([x, y, w, h]) {
    return [x * this.scale + this.x, y * this.scale + this.y, w * this.scale, h * this.scale];
  }
}
