// The list of targets beside the picture: a name field, the size and a delete button for each.

// `scene` as in gestures.js, with trouble(item) -> trouble with its name, "" where it is fine.
export function list(element, scene) {
  const rows = new Map();

  function made(item) {
    const row = document.createElement("li");
    const swatch = Object.assign(document.createElement("span"), { className: "swatch" });
    swatch.style.background = item.colour;
    const label = document.createElement("label");
    const input = Object.assign(document.createElement("input"), { value: item.name, maxLength: scene.longest });
    Object.assign(input, { autocomplete: "off", spellcheck: false });
    input.setAttribute("aria-label", "Name of the target");
    input.addEventListener("input", () => {
      item.name = input.value;
      scene.changed();
    });
    input.addEventListener("focus", () => scene.choose(item));
    input.addEventListener("keydown", (event) => event.key === "Enter" && input.blur());
    const size = Object.assign(document.createElement("span"), { className: "size quiet number" });
    label.append(input, size);
    const away = Object.assign(document.createElement("button"), { type: "button", textContent: "✕" });
    away.addEventListener("click", () => scene.remove(item));
    row.addEventListener("click", (event) => event.target !== away && scene.choose(item));
    row.append(swatch, label, away);
    return { row, input, size, away };
  }

  // Shows what the scene holds; fields that somebody types in are left alone.
  return function show() {
    for (const [item, { row }] of rows) {
      if (!scene.items.includes(item)) {
        row.remove();
        rows.delete(item);
      }
    }
    for (const item of scene.items) {
      if (!rows.has(item)) {
        rows.set(item, made(item));
        element.append(rows.get(item).row);
      }
      const { row, input, size, away } = rows.get(item);
      const [x, y, w, h] = item.box.map(Math.round);
      size.textContent = `${w} × ${h} at ${x}, ${y}`;
      away.setAttribute("aria-label", `Delete ${item.name || "this target"}`);
      const trouble = scene.trouble(item);
      input.setAttribute("aria-invalid", String(trouble !== ""));
      input.title = trouble;
      row.classList.toggle("chosen", item === scene.chosen);
    }
  };
}
