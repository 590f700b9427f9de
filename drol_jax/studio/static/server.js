// @ts-check
// What the page asks of its server, and what the server tells by itself.

/** A track's row: [frame, box or null, confidence, state, verdict, online score, refitted, template].
 * @typedef {[number, number[] | null, number, number, number, number | null, number, number]} Row
 * @typedef {{frame: number, box: number[], template: boolean}} Keyframe
 * @typedef {{name: string, colour: string, between: "track" | "line", keyframes: Keyframe[]}} Target
 * @typedef {{version: number, rows: number, video: {name: string, width: number, height: number, rate: number, frames: number | null},
 *   targets: Target[], setup: {config: string, online: boolean, hyper: Record<string, number>, changed: string[]},
 *   doing: string, at: number | null, trouble: string, undo: boolean, redo: boolean, run: string, compared: string}} View
 * @typedef {{rows: number, tracks: Record<string, Row[]>, beside: Record<string, Row[]>}} Tracks
 */

/** What is wrong, in words for the reader.
 * @param {Response} answer */
async function words(answer) {
  try {
    return (await answer.json()).why ?? `the server answered ${answer.status}`;
  } catch {
    return `the server answered ${answer.status}`;
  }
}

/** JSON from a path; throws with words where it is refused.
 * @param {string} path
 * @param {RequestInit} [how]
 * @returns {Promise<any>} */
export async function ask(path, how) {
  const answer = await fetch(path, how);
  if (!answer.ok) throw new Error(await words(answer));
  return answer.json();
}

/** @param {string} path @param {string} body */
export const post = (path, body) => ask(path, { method: "POST", headers: { "Content-Type": "application/json" }, body });

/** @param {Record<string, unknown>} order */
export const order = (order) => post("order", JSON.stringify(order));

/** Listens to news until the page is left; `told` gets views and new rows, `away` whether the server is there.
 * @param {(view: View, news: [string, ...Row][]) => void} told
 * @param {(away: boolean) => void} away */
export function listen(told, away) {
  let last = Date.now();
  /** @type {EventSource} */
  let source;
  const connect = () => {
    source?.close();
    source = new EventSource("events");
    source.onmessage = (event) => {
      last = Date.now();
      const { view, news } = JSON.parse(event.data);
      away(false);
      told(view, news);
    };
    source.onerror = () => away(true);
  };
  connect();
  // The server speaks every ten seconds at least; a connection that is silent for longer is a dead one.
  setInterval(() => {
    if (Date.now() - last < 25000 && source.readyState !== EventSource.CLOSED) return;
    last = Date.now();
    away(true);
    connect();
  }, 3000);
}
