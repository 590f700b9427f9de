// @ts-check
// Pictures of frames: fetched ahead, kept for a while, played in time.

const KEPT = 160; // pictures
const AHEAD = 12;
const AT_ONCE = 4;
const BESIDE = 2; // ahead of a frame that stands still
const MOVING = 2; // at once, while the view moves from frame to frame
const JSON_BODY = { "Content-Type": "application/json" };
const AGAIN = 2000; // milliseconds after a picture that could not be had

export class Player {
  /** @param {(frame: number) => void} moved is told of the frame that is to be shown
   * @param {() => void} loaded is told that a picture has come */
  constructor(moved, loaded) {
    this.moved = moved;
    this.loaded = loaded;
    /** @type {Map<number, ImageBitmap>} */
    this.pictures = new Map();
    /** @type {Map<number, AbortController>} */
    this.under = new Map();
    /** @type {Set<number>} */
    this.failed = new Set();
    this.frame = 0;
    this.frames = 1;
    this.rate = 25;
    this.width = 1280;
    this.playing = false;
    this.serial = 0;
    /** @type {number | null} */
    this.lastFollowed = null; // that was asked for
    /** @type {number | null} */
    this.followed = null; // what the tracker has reached: shown as soon as its picture has come
  }

  /** Another video, or pictures of another size. @param {number} frames @param {number} rate */
  restart(frames, rate) {
    this.serial++;
    for (const asked of this.under.values()) asked.abort();
    for (const picture of this.pictures.values()) picture.close();
    this.pictures.clear();
    this.under.clear();
    this.failed.clear();
    Object.assign(this, { frames, rate });
  }

  /** The picture of the frame, or of one near it until that has come. */
  get picture() {
    const exact = this.pictures.get(this.frame);
    if (exact) return exact;
    let best = null;
    let away = Infinity;
    for (const [frame, picture] of this.pictures) {
      if (Math.abs(frame - this.frame) < away) [best, away] = [picture, Math.abs(frame - this.frame)];
    }
    return best;
  }

  /** @param {number} frame */
  go(frame) {
    const to = Math.min(Math.max(Math.round(frame), 0), Math.max(0, this.frames - 1));
    if (to !== this.frame) {
      this.frame = to;
      this.moved(to);
    }
    this.want();
  }

  /** Goes along with the tracker, which waits for this page: a frame is in view once its picture is there.
   * @param {number | null} frame that the tracker has reached; null ends it */
  follow(frame) {
    this.followed = frame;
    if (frame === null || frame === this.lastFollowed || this.under.has(frame) || this.under.size >= MOVING) return;
    this.lastFollowed = frame;
    this.load(frame); // also where it is here already: the tracker waits for the question
  }

  /** Fetches the frame in view first, then those that follow. What was asked for is waited for: the server makes it
   * anyway, and orders that pile up there while the view moves on would keep the last one waiting. */
  want() {
    if (this.followed !== null) {
      this.follow(this.followed);
      return;
    }
    const there = this.pictures.has(this.frame);
    const [ahead, most] = !there ? [0, MOVING] : this.playing ? [AHEAD, AT_ONCE] : [BESIDE, 1];
    const last = Math.min(this.frame + ahead, this.frames - 1);
    for (let frame = this.frame; frame <= last && this.under.size < most; frame++) {
      if (!this.pictures.has(frame) && !this.under.has(frame) && !this.failed.has(frame)) this.load(frame);
    }
  }

  /** @param {number} frame */
  async load(frame) {
    const asked = new AbortController();
    const serial = this.serial;
    this.under.set(frame, asked);
    try {
      const answer = await fetch(`picture/${frame}?width=${this.width}`, { signal: asked.signal });
      if (!answer.ok) throw new Error(`status ${answer.status}`);
      const picture = await createImageBitmap(await answer.blob());
      if (serial !== this.serial) return picture.close();
      this.pictures.get(frame)?.close();
      this.pictures.set(frame, picture);
      this.forget();
      this.loaded();
      if (this.followed !== null) {
        if (Math.abs(this.followed - frame) < Math.abs(this.followed - this.frame)) this.go(frame);
        requestAnimationFrame(() => fetch(`shown/${frame}`, { method: "POST", headers: JSON_BODY, body: "{}" }).catch(() => {}));
      }
    } catch {
      if (serial !== this.serial) return;
      // Not there: asked for again in a while, where it is still wanted.
      this.failed.add(frame);
      setTimeout(() => {
        this.failed.delete(frame);
        this.want();
      }, AGAIN);
    }
    this.under.delete(frame);
    this.want();
  }

  forget() {
    for (const [frame, picture] of this.pictures) {
      if (this.pictures.size <= KEPT) return;
      if (frame === this.frame) continue;
      picture.close();
      this.pictures.delete(frame);
    }
  }

  /** Plays from the frame in view; a frame whose picture has not come is waited for. */
  play() {
    if (this.playing) return this.stop();
    if (this.frame >= this.frames - 1) this.go(0);
    this.playing = true;
    let [last, owed] = [performance.now(), 0];
    /** @param {number} now */
    const tick = (now) => {
      if (!this.playing) return;
      owed = Math.min(owed + ((now - last) * this.rate) / 1000, 3);
      last = now;
      let steps = Math.floor(owed);
      while (steps > 0 && !this.pictures.has(this.frame + steps)) steps--;
      if (steps > 0) {
        owed -= steps;
        this.go(this.frame + steps);
      } else this.want();
      if (this.frame >= this.frames - 1) return this.stop();
      requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);
    this.moved(this.frame);
  }

  stop() {
    this.playing = false;
    this.moved(this.frame);
  }
}
