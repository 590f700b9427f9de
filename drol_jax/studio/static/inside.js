// @ts-check
// Inside the tracker, in the frame in view: maps over the picture, templates, the memory as a wall of patches.

/** @param {HTMLElement} element @param {HTMLDetailsElement} panel @param {() => void} changed */
export function insidePanel(element, panel, changed) {
  return {
    /** @param {string} name @param {number} frame @param {number} version @param {boolean} busy */
    at(name, frame, version, busy) {},
    /** @param {any} view @returns {{picture: CanvasImageSource, place: number[]}[]} */
    overlay(view) {
      return [];
    },
  };
}
