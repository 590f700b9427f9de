// @ts-check
// Pictures of frames: fetched ahead, kept for a while, played in time.

const KEPT = 160; // pictures
const AHEAD = 12;
const AT_ONCE = 4;
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
    this.frame = 0;
    this.frames = 1;
    this.rate = 25;
    this.width = 1280;
    this.playing = false;
    this.serial = 0;
  }

  /** Another video, or pictures of another size. @param {number} frames @param {number} rate */
  restart(frames, rate) {
    this.serial++;
    for (const asked of this.under.values()) asked.abort();
    for (const picture of this.pictures.values()) picture.close();
    this.pictures.clear();
    this.under.clear();
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

  /** Fetches the frame in view first, then those that follow; what is no longer wanted is given up. */
  want() {
    const wanted = [this.frame];
    for (let step = 1; step <= (this.playing ? AHEAD : 2); step++) {
      if (this.frame + step < this.frames) wanted.push(this.frame + step);
    }
    for (const [frame, asked] of this.under) if (!wanted.includes(frame)) asked.abort();
    for (const frame of wanted) {
      if (this.under.size >= AT_ONCE && frame !== this.frame) break;
      if (!this.pictures.has(frame) && !this.under.has(frame)) this.load(frame);
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
      if (serial !== this.serial) {
        picture.close();
        return;
      }
      this.pictures.set(frame, picture);
      this.forget();
      this.loaded();
      this.done(frame, asked, 0);
    } catch {
      // Given up, or not there: asked again in a while, where it is still wanted.
      this.done(frame, asked, asked.signal.aborted ? 0 : AGAIN);
    }
  }

  /** @param {number} frame @param {AbortController} asked @param {number} pause milliseconds */
  done(frame, asked, pause) {
    const free = () => {
      if (this.under.get(frame) === asked) this.under.delete(frame);
      this.want();
    };
    if (pause) setTimeout(free, pause);
    else free();
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
