// @ts-check
// The tracks beside others: what those are, chosen among an evaluation's runs or kept, and where they part first.
import { made } from "./panels.js";
import { ask } from "./server.js";

const NONE = "Keep the tracks, change a setting, track again: the kept ones stay as dashed lines.";

/** @typedef {import("./server.js").View} View @typedef {import("./tracks.js").TrackStore} TrackStore */

/** @param {(order: Record<string, unknown>) => Promise<unknown>} send */
export function comparePanel(send) {
  const $ = (/** @type {string} */ id) => /** @type {any} */ (document.getElementById(id));
  let asked = "";
  let worded = "";
  /** @type {number | null} */
  let parting = null;

  /** What there is to be compared with goes by the run that is open; more of it may come while it is. @param {string} of */
  async function fill(of) {
    asked = of;
    /** @type {string[]} */
    const names = of ? await ask("beside").catch(() => []) : [];
    $("beside-row").hidden = !names.length;
    const kept = [["", "nothing"], ...names.map((name) => [name, name]), ["kept", "the kept tracks"]];
    $("beside").replaceChildren(...kept.map(([value, textContent]) => made("option", { value, textContent })));
    choose();
  }

  let now = "";
  let choosing = false; // until the server has done it

  function choose() {
    if (choosing) return;
    for (const option of $("beside").options) if (option.value === "kept") option.hidden = option.disabled = now !== "kept";
    $("beside").value = now;
  }

  $("beside").addEventListener("change", async () => {
    const what = $("beside").value;
    choosing = true;
    await send(what ? { order: "beside", what } : { order: "drop" });
    choosing = false;
  });
  $("compare-panel").addEventListener("toggle", () => $("compare-panel").open && fill(asked));
  $("keep").addEventListener("click", () => send({ order: "keep" }));
  $("drop").addEventListener("click", () => send({ order: "drop" }));

  return {
    /** @param {View} told @param {TrackStore} store */
    show(told, store) {
      const of = told.run && `${told.run} ${told.video.name}`;
      now = told.compared;
      if (of !== asked) fill(of);
      else if ($("beside").value !== now) choose();
      $("part").hidden = !now;
      $("drop").hidden = !now || !$("beside-row").hidden;
      const key = JSON.stringify([store.version, now, told.run, told.targets.map(({ name }) => name)]);
      if (key === worded) return;
      worded = key;
      const found = told.targets.map((one) => store.parting(one)).filter((frame) => frame !== null);
      parting = found.length ? Math.min(...found) : null;
      const both = parting === null ? "They overlap by a half or more wherever both are." : `They part in frame ${parting} first.`;
      $("compared").textContent = now ? `${both} ${told.run ? `Solid: ${told.run}. ` : ""}Dashed: ${now}.` : NONE;
      $("part").disabled = parting === null;
    },
    /** First frame in which they part; null where they do not. */
    parting: () => parting,
  };
}
