// @ts-check
// Pictures of frames: fetched ahead, kept for a while, played in time.

const KEPT = 160; // pictures
const AHEAD = 32;
const PACK = 8; // pictures of one answer while it plays
const PACKS = 2; // at once
const BESIDE = 2; // ahead of a frame that stands still
const MOVING = 2; // at once, while the view moves from frame to frame
const COARSE = 30; // milliseconds after which a small picture is shown until the right one is there
const STILL = 250; // milliseconds that a frame must stand still to be had as sharp as the view is close
const JSON_BODY = { "Content-Type": "application/json" };
const AGAIN = 2000; // milliseconds after a picture that could not be had

/** @typedef {{frame: number, of: number, picture: ImageBitmap}} Stopgap a picture that stands in for that of `of` */

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
    this.width = 1280; // of pictures: that of the whole image on the screen
    this.close = 1280; // of a picture of a frame that stands still: the larger, the closer the view is
    /** @type {Stopgap | null} */
    this.coarse = null;
    /** @type {Stopgap | null} */
    this.sharp = null;
    this.packs = 0; // answers under way
    this.waiting = 0; // until a coarse picture is asked for
    this.standing = 0; // until a sharp one is
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
    this.coarse?.picture.close();
    this.sharp?.picture.close();
    Object.assign(this, { frames, rate, coarse: null, sharp: null, packs: 0 });
  }

  /** Sizes of pictures, in pixels. @param {number} width of the whole image on the screen @param {number} close of it as
   * near as the view is, which is had of a frame that stands still */
  sized(width, close) {
    if (width === this.width && close === this.close) return;
    Object.assign(this, { width, close });
    if (!this.playing) this.stand();
  }

  /** The frame that the picture on the screen is of, where it is a small one or another frame's; else null. */
  get standsIn() {
    return this.pictures.has(this.frame) || this.coarse?.of !== this.frame ? null : this.coarse.frame;
  }

  /** The picture of the frame; until that has come a small one of it or of one near it, or what is there. */
  get picture() {
    const exact = this.pictures.get(this.frame);
    if (this.sharp?.of === this.frame && this.close > (exact?.width ?? 0)) return this.sharp.picture;
    if (exact) return exact;
    if (this.coarse?.of === this.frame) return this.coarse.picture;
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
    if (this.playing) return this.wantPacks();
    const there = this.pictures.has(this.frame);
    if (there) this.stand();
    else if (!this.waiting) this.waiting = setTimeout(() => this.standIn(), COARSE);
    const [ahead, most] = there ? [BESIDE, 1] : [0, MOVING];
    const last = Math.min(this.frame + ahead, this.frames - 1);
    for (let frame = this.frame; frame <= last && this.under.size < most; frame++) {
      if (!this.pictures.has(frame) && !this.under.has(frame) && !this.failed.has(frame)) this.load(frame);
    }
  }

  /** While it plays frames come several in one answer. */
  wantPacks() {
    const last = Math.min(this.frame + AHEAD, this.frames - 1);
    const wanted = (/** @type {number} */ frame) => frame <= last && !this.pictures.has(frame) && !this.under.has(frame) && !this.failed.has(frame);
    for (let frame = this.frame; frame <= last && this.packs < PACKS; frame++) {
      if (!wanted(frame)) continue;
      let count = 1;
      while (count < PACK && wanted(frame + count)) count++;
      // A few at the far end wait until there are more of them.
      if (count < PACK && frame + count > last && last < this.frames - 1 && frame > this.frame + PACK) return;
      this.loadPack(frame, count);
    }
  }

  /** @param {number} first @param {number} count */
  async loadPack(first, count) {
    const [asked, serial] = [new AbortController(), this.serial];
    for (let at = 0; at < count; at++) this.under.set(first + at, asked);
    this.packs++;
    let next = first;
    /** @type {Promise<void>[]} */
    const coming = [];
    const take = async (/** @type {number} */ frame, /** @type {Blob} */ jpeg) => {
      const picture = await createImageBitmap(jpeg);
      if (serial !== this.serial) return picture.close();
      this.under.delete(frame);
      this.keep(frame, picture);
    };
    try {
      const answer = await fetch(`pictures/${first}?width=${this.width}&count=${count}`, { signal: asked.signal });
      if (!answer.ok || !answer.body) throw new Error(`status ${answer.status}`);
      for await (const jpeg of unpacked(answer.body)) coming.push(take(next++, jpeg));
      await Promise.all(coming);
    } catch {
      // Those that did not come are asked for again.
    }
    if (serial !== this.serial) return;
    this.packs--;
    for (let frame = first; frame < first + count; frame++) {
      if (this.under.get(frame) !== asked) continue;
      this.under.delete(frame);
      this.fail(frame);
    }
    this.want();
  }

  /** @param {number} frame */
  async load(frame) {
    const asked = new AbortController();
    const serial = this.serial;
    this.under.set(frame, asked);
    try {
      const picture = await this.fetched(`picture/${frame}?width=${this.width}`, asked.signal);
      if (serial !== this.serial) return picture.close();
      this.keep(frame, picture);
      if (this.followed !== null) {
        if (Math.abs(this.followed - frame) < Math.abs(this.followed - this.frame)) this.go(frame);
        requestAnimationFrame(() => fetch(`shown/${frame}`, { method: "POST", headers: JSON_BODY, body: "{}" }).catch(() => {}));
      }
    } catch {
      if (serial !== this.serial) return;
      this.fail(frame);
    }
    this.under.delete(frame);
    this.want();
  }

  /** @param {string} path @param {AbortSignal} [signal] */
  async fetched(path, signal) {
    const answer = await fetch(path, { signal });
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    return createImageBitmap(await answer.blob());
  }

  /** @param {number} frame @param {ImageBitmap} picture */
  keep(frame, picture) {
    this.pictures.get(frame)?.close();
    this.pictures.set(frame, picture);
    this.forget();
    this.loaded();
  }

  /** Not there: asked for again in a while, where it is still wanted. @param {number} frame */
  fail(frame) {
    this.failed.add(frame);
    setTimeout(() => {
      this.failed.delete(frame);
      this.want();
    }, AGAIN);
  }

  /** A small picture, of the frame in view or of one before it, until the right one is there. */
  async standIn() {
    const [of, serial] = [this.frame, this.serial];
    const needless = () => serial !== this.serial || this.pictures.has(this.frame) || this.playing || this.followed !== null;
    try {
      if (needless()) return;
      const answer = await fetch(`coarse/${of}`);
      if (!answer.ok) return;
      const frame = Number(answer.headers.get("x-frame"));
      const picture = await createImageBitmap(await answer.blob());
      // One that comes late is still the best while the view moves on, and nothing else has come.
      if (needless()) return picture.close();
      this.coarse?.picture.close();
      this.coarse = { frame, of: this.frame, picture };
      this.loaded();
    } catch {
      // The right one may come all the same.
    } finally {
      this.waiting = 0;
      if (!needless() && this.frame !== of) this.want();
    }
  }

  /** A frame that stands still is had as sharp as the view is close. */
  stand() {
    clearTimeout(this.standing);
    const there = Math.max(this.pictures.get(this.frame)?.width ?? Infinity, this.sharp?.of === this.frame ? this.sharp.picture.width : 0);
    if (this.close <= there) return;
    const [of, serial, width] = [this.frame, this.serial, this.close];
    this.standing = setTimeout(async () => {
      const picture = await this.fetched(`picture/${of}?width=${width}`).catch(() => null);
      if (!picture) return;
      if (serial !== this.serial || of !== this.frame) return picture.close();
      this.sharp?.picture.close();
      this.sharp = { frame: of, of, picture };
      this.loaded();
    }, STILL);
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

/** Pictures of an answer that holds several, as they come: each is four bytes of length, the least first, and a JPEG.
 * @param {ReadableStream<Uint8Array>} body */
async function* unpacked(body) {
  const reader = body.getReader();
  let held = new Uint8Array(0);
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const both = new Uint8Array(held.length + value.length);
    both.set(held);
    both.set(value, held.length);
    held = both;
    while (held.length >= 4) {
      const end = 4 + new DataView(held.buffer, held.byteOffset).getUint32(0, true);
      if (held.length < end) break;
      yield new Blob([held.slice(4, end)], { type: "image/jpeg" });
      held = held.subarray(end);
    }
  }
}
