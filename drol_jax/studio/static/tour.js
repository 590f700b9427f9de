// @ts-check
// Three steps for the first visit. That it was seen is remembered in the browser alone.

const STEPS = [
  ["Draw a box", "Drag a box around each target on the picture, in any frame. Names and colours are in the list."],
  ["Track", "Press “Track →”. The curve shows how sure the tracker is of each target; press on it to go to a frame."],
  ["Put right, and go on", "Where a box drifts, pause, drag it right and track again: the tracker learns from your box and goes on from that frame at once."],
];
const SEEN = "drol-studio-tour";

export function tour() {
  const $ = (/** @type {string} */ id) => /** @type {HTMLElement} */ (document.getElementById(id));
  const dialog = /** @type {HTMLDialogElement} */ ($("tour"));
  let step = 0;
  const show = () => {
    [$("tour-title").textContent, $("tour-text").textContent] = STEPS[step];
    $("tour-step").textContent = `${step + 1} of ${STEPS.length}`;
    $("tour-next").textContent = step === STEPS.length - 1 ? "Begin" : "Next";
  };
  const remember = () => {
    try {
      localStorage.setItem(SEEN, "1");
    } catch {
      // Storage may be switched off: the tour then comes again.
    }
  };
  $("tour-next").addEventListener("click", () => {
    step += 1;
    if (step < STEPS.length) return show();
    dialog.close();
  });
  $("tour-skip").addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", remember);
  let seen = null;
  try {
    seen = localStorage.getItem(SEEN);
  } catch {
    seen = null;
  }
  if (seen) return;
  show();
  dialog.showModal();
}
