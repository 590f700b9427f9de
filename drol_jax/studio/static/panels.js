// @ts-check
// The panels beside the picture: targets, settings, what to write, what to open.
import { ask } from "./server.js";
import { STATES } from "./tracks.js";

/** @typedef {import("./server.js").Target} Target @typedef {import("./server.js").View} View */

/** A new element with some properties. @template {keyof HTMLElementTagNameMap} K @param {K} tag
 * @param {Partial<HTMLElementTagNameMap[K]>} [parts] @returns {HTMLElementTagNameMap[K]} */
export const made = (tag, parts = {}) => Object.assign(/** @type {any} */ (document.createElement(tag)), parts);

/** The list of targets. @param {HTMLElement} element
 * @param {{choose: (name: string) => void, change: (name: string, parts: Record<string, string>) => void, remove: (name: string) => void}} acts */
export function targetList(element, acts) {
  /** @type {Map<string, {row: HTMLElement, colour: HTMLInputElement, name: HTMLInputElement, state: HTMLElement}>} */
  const rows = new Map();

  /** @param {Target} target */
  function fresh(target) {
    const row = made("li");
    const colour = made("input", { type: "color", title: "Colour" });
    const name = made("input", { type: "text", maxLength: 60, autocomplete: "off", spellcheck: false });
    const away = made("button", { type: "button", textContent: "✕" });
    const state = made("span", { className: "state number" });
    name.setAttribute("aria-label", "Name of the target");
    colour.setAttribute("aria-label", `Colour of ${target.name}`);
    away.setAttribute("aria-label", `Remove ${target.name}`);
    colour.addEventListener("change", () => acts.change(target.name, { colour: colour.value }));
    name.addEventListener("change", () => {
      const wanted = name.value.trim();
      if (wanted && wanted !== target.name) acts.change(target.name, { new_name: wanted });
      else name.value = target.name;
    });
    name.addEventListener("keydown", (event) => event.key === "Enter" && name.blur());
    name.addEventListener("focus", () => acts.choose(target.name));
    away.addEventListener("click", () => acts.remove(target.name));
    row.addEventListener("click", (event) => event.target !== away && acts.choose(target.name));
    row.append(colour, name, away, state);
    element.append(row);
    return { row, colour, name, state };
  }

  /** @param {Target[]} targets @param {Target | null} chosen @param {(target: Target) => import("./tracks.js").Known | null} known */
  return (targets, chosen, known) => {
    for (const [name, { row }] of rows) {
      if (targets.some((target) => target.name === name)) continue;
      row.remove();
      rows.delete(name);
    }
    for (const target of targets) {
      if (!rows.has(target.name)) rows.set(target.name, fresh(target));
      const parts = /** @type {NonNullable<ReturnType<typeof rows.get>>} */ (rows.get(target.name));
      const told = known(target);
      parts.row.classList.toggle("chosen", target === chosen);
      if (document.activeElement !== parts.name) parts.name.value = target.name;
      if (parts.colour.value !== target.colour) parts.colour.value = target.colour;
      parts.state.textContent = !told ? "nothing known here"
        : told.drawn ? "drawn here" : told.line ? "on the line between drawn boxes"
        : `${STATES[told.state]}, ${Math.round((told.confidence ?? 0) * 100)}%`;
      parts.state.classList.toggle("away", Boolean(told && !told.box));
    }
  };
}

/** Sliders of the tracker's scalars. @param {HTMLElement} element @param {(name: string, value: number) => void} set
 * @param {Record<string, [number, number]>} limits */
export function sliders(element, limits, set) {
  /** @type {Map<string, {row: HTMLElement, input: HTMLInputElement, output: HTMLElement}>} */
  const rows = new Map();
  for (const [name, [least, most]] of Object.entries(limits)) {
    const whole = name.endsWith("interval");
    const row = made("label", { className: "slider" });
    const input = made("input", { type: "range", min: String(least), max: String(most), step: whole ? "1" : String((most - least) / 200) });
    const output = made("output", { className: "number" });
    row.append(made("span", { textContent: name.replaceAll("_", " ") }), output, input);
    input.addEventListener("input", () => (output.textContent = input.value));
    input.addEventListener("change", () => set(name, Number(input.value)));
    element.append(row);
    rows.set(name, { row, input, output });
  }
  /** @param {View["setup"]} setup */
  return (setup) => {
    for (const [name, { row, input, output }] of rows) {
      row.classList.toggle("changed", setup.changed.includes(name));
      if (document.activeElement === input && input.matches(":active")) continue;
      input.value = String(setup.hyper[name]);
      output.textContent = String(Number(setup.hyper[name].toPrecision(4)));
    }
  };
}

/** The dialog that opens videos and projects. @param {(path: string) => void} chosen */
export function opener(chosen) {
  const dialog = /** @type {HTMLDialogElement} */ (document.getElementById("opener"));
  const entries = /** @type {HTMLElement} */ (document.getElementById("entries"));
  const place = /** @type {HTMLElement} */ (document.getElementById("opener-place"));

  /** @param {string} folder */
  async function show(folder) {
    const told = await ask(`folders?folder=${encodeURIComponent(folder)}`);
    place.textContent = told.folder;
    entries.replaceChildren();
    if (folder) entry("‹ all folders", () => show(""));
    for (const { name, path, kind } of told.entries) {
      if (kind === "folder") entry(`${name}/`, () => show(path));
      else entry(kind === "images" ? `${name}/ (images)` : name, () => {
        dialog.close();
        chosen(path);
      });
      if (kind === "images") entry(`look into ${name}/`, () => show(path));
    }
    if (!told.entries.length) entries.append(made("li", { className: "quiet", textContent: "Nothing to open here." }));
  }

  /** @param {string} words @param {() => void} act */
  function entry(words, act) {
    const button = made("button", { type: "button", textContent: words });
    button.addEventListener("click", act);
    const row = made("li");
    row.append(button);
    entries.append(row);
  }

  return async () => {
    const { entries: places } = await ask("folders?folder=");
    await show(places.length === 1 ? places[0].path : "");
    dialog.showModal();
  };
}
