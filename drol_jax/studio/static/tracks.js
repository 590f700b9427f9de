// @ts-check
// The targets' tracks on the page: what is known of each in each frame.

/** @typedef {import("./server.js").Row} Row @typedef {import("./server.js").Target} Target
 * @typedef {{box: number[] | null, confidence: number | null, state: number, drawn: boolean, line: boolean, row: Row | undefined}} Known */

export const STATES = ["tracked", "uncertain", "occluded", "lost", "found again", "out of view"];
export const VERDICTS = ["found", "not found", "distractor", "uncertain"];

export class TrackStore {
  constructor() {
    /** @type {Map<string, Map<number, Row>>} */
    this.tracks = new Map();
    /** @type {Map<string, Map<number, Row>>} */
    this.beside = new Map();
    this.version = 0; // grows with every change
  }

  /** @param {import("./server.js").Tracks} told */
  take(told) {
    /** @param {Record<string, Row[]>} rows @returns {Map<string, Map<number, Row>>} */
    const by = (rows) => new Map(Object.entries(rows).map(([name, list]) => [name, new Map(list.map((row) => [row[0], row]))]));
    this.tracks = by(told.tracks);
    this.beside = by(told.beside);
    this.version++;
  }

  /** @param {[string, ...Row][]} news */
  add(news) {
    if (news.length) this.version++;
    for (const [name, ...row] of news) {
      if (!this.tracks.has(name)) this.tracks.set(name, new Map());
      this.tracks.get(name)?.set(row[0], /** @type {Row} */ (row));
    }
  }

  /** What is known of a target in a frame; null where nothing is. @param {Target} target @param {number} frame @returns {Known | null} */
  at(target, frame) {
    const row = this.tracks.get(target.name)?.get(frame);
    const drawn = target.keyframes.find((keyframe) => keyframe.frame === frame);
    if (drawn) return { box: drawn.box, confidence: 1, state: 0, drawn: true, line: false, row };
    if (target.between === "line") {
      const box = between(target.keyframes, frame);
      return box && { box, confidence: 1, state: 0, drawn: false, line: true, row };
    }
    return row ? { box: row[1], confidence: row[2], state: row[3], drawn: false, line: false, row } : null;
  }

  /** Frames, in order, in which a target's track and the one beside it overlap by less than a half, or only one of them
   * has a box. @param {string} name */
  apart(name) {
    const now = this.tracks.get(name) ?? new Map();
    const before = this.beside.get(name) ?? new Map();
    const frames = [...now.keys()].filter((frame) => before.has(frame)).sort((a, b) => a - b);
    return frames.filter((frame) => {
      const [a, b] = [now.get(frame)[1], before.get(frame)[1]];
      return a && b ? overlap(a, b) < 0.5 : Boolean(a) !== Boolean(b);
    });
  }

  /** The first of those; null where there is none. @param {Target} target */
  parting(target) {
    return this.apart(target.name)[0] ?? null;
  }
}

/** @param {number[]} a @param {number[]} b */
export function overlap(a, b) {
  const wide = Math.min(a[0] + a[2], b[0] + b[2]) - Math.max(a[0], b[0]);
  const high = Math.min(a[1] + a[3], b[1] + b[3]) - Math.max(a[1], b[1]);
  if (wide <= 0 || high <= 0) return 0;
  return (wide * high) / (a[2] * a[3] + b[2] * b[3] - wide * high);
}

/** @param {import("./server.js").Keyframe[]} keyframes in the order of frames @param {number} frame */
function between(keyframes, frame) {
  const after = keyframes.find((keyframe) => keyframe.frame > frame);
  const before = keyframes.filter((keyframe) => keyframe.frame < frame).at(-1);
  if (!after || !before) return null;
  const share = (frame - before.frame) / (after.frame - before.frame);
  return before.box.map((side, at) => (1 - share) * side + share * after.box[at]);
}
