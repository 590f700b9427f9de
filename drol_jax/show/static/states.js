// The list of targets: name, state in words, confidence as a bar and a number.

const AWAY = new Set(["lost", "out of view"]);

export function states(element) {
  const rows = new Map();

  function made({ colour }) {
    const row = document.createElement("li");
    const part = (tag, className) => Object.assign(document.createElement(tag), { className });
    const parts = [part("span", "swatch"), part("span", "name"), part("span", "number"), part("meter", ""), part("span", "state")];
    parts[0].style.background = colour;
    Object.assign(parts[3], { min: 0, max: 1, low: 0.3, high: 0.6, optimum: 1 });
    row.append(...parts);
    element.append(row);
    return { row, name: parts[1], number: parts[2], meter: parts[3], state: parts[4] };
  }

  return function show(targets) {
    for (const [name, { row }] of rows) {
      if (targets.some((target) => target.name === name)) continue;
      row.remove();
      rows.delete(name);
    }
    for (const target of targets) {
      if (!rows.has(target.name)) rows.set(target.name, made(target));
      const { name, number, meter, state } = rows.get(target.name);
      name.textContent = target.name;
      number.textContent = target.confidence === null ? "–" : `${Math.round(target.confidence * 100)}%`;
      meter.value = target.confidence ?? 0;
      meter.setAttribute("aria-label", `Confidence of ${target.name}`);
      state.textContent = target.state + (target.overlap.length ? `, lies on ${target.overlap.join(", ")}` : "");
      state.classList.toggle("away", AWAY.has(target.state));
    }
  };
}
