"use strict";
// Without this script the page is whole; with it tables sort and search, curves tell their values, strips play.
(() => {
  const made = (tag, words = "", kind = "") => {
    const element = document.createElement(tag);
    element.textContent = words;
    if (kind) element.className = kind;
    return element;
  };

  // Tables: a click on a head sorts, numbers as numbers; what is no number stays last.
  const number = (words) => {
    const found = /^[+-]?(\d+\.?\d*|\.\d+)/.exec(words.trim().replace("\u2212", "-"));
    return found ? parseFloat(found[0]) : NaN;
  };
  const sorted = (table, column, down) => {
    const rows = [...table.tBodies[0].rows];
    const words = (row) => row.cells[column] ? row.cells[column].textContent.trim() : "";
    const numeric = rows.some((row) => !Number.isNaN(number(words(row)))) && column > 0;
    rows.sort((one, other) => {
      const [a, b] = [words(one), words(other)];
      if (!numeric) return (down ? -1 : 1) * a.localeCompare(b, "en", { numeric: true });
      const [x, y] = [number(a), number(b)];
      if (Number.isNaN(x) || Number.isNaN(y)) return Number.isNaN(x) - Number.isNaN(y);
      return down ? y - x : x - y;
    });
    table.tBodies[0].append(...rows);
  };
  const LONG = 8;
  for (const table of document.querySelectorAll(".wide table")) {
    const heads = [...table.tHead.rows[0].cells];
    if (table.tBodies[0].rows.length > 1) {
      heads.forEach((head, column) => {
        const button = made("button");
        button.append(...head.childNodes);
        button.title = "sort";
        head.append(button);
        button.addEventListener("click", () => {
          const down = head.getAttribute("aria-sort") !== (column ? "descending" : "ascending") === Boolean(column);
          for (const other of heads) other.removeAttribute("aria-sort");
          head.setAttribute("aria-sort", down ? "descending" : "ascending");
          sorted(table, column, down);
        });
      });
    }
    if (table.tBodies[0].rows.length > LONG) {
      const field = made("input", "", "search");
      field.type = "search";
      field.placeholder = `search ${table.tBodies[0].rows.length} rows`;
      field.setAttribute("aria-label", "search this table");
      field.addEventListener("input", () => {
        const wanted = field.value.trim().toLowerCase();
        for (const row of table.tBodies[0].rows) row.hidden = !row.cells[0].textContent.toLowerCase().includes(wanted);
      });
      table.parentElement.before(field);
    }
  }

  // What is wider than the page says so, until its end is seen.
  const hint = (box) => {
    const more = box.scrollWidth - box.clientWidth;
    box.classList.toggle("more", more > 4 && box.scrollLeft < more - 4);
  };
  const boxes = document.querySelectorAll(".wide, figure.long");
  for (const box of boxes) {
    const note = made("p", "scroll sideways for more \u2192", "hint");
    box.before(note);
    box.addEventListener("scroll", () => hint(box), { passive: true });
    box.addEventListener("toggle", () => hint(box));
    new ResizeObserver(() => hint(box)).observe(box);
    new MutationObserver(() => { note.hidden = !box.classList.contains("more"); })
      .observe(box, { attributeFilter: ["class"] });
    note.hidden = true;
    hint(box);
  }

  // Curves: values under the pointer, or by arrow keys.
  for (const svg of document.querySelectorAll("svg[data-plot]")) {
    const plot = JSON.parse(svg.dataset.plot);
    const [left, top, right, bottom] = plot.area;
    const figure = svg.parentElement;
    const rule = made("div", "", "rule"), told = made("div", "", "told");
    rule.hidden = told.hidden = true;
    told.setAttribute("role", "status");
    figure.append(rule, told);
    let at = plot.x[0];
    const places = [...new Set(plot.lines.flatMap((line) => line.x))].sort((a, b) => a - b);
    // The nearest place that has a value; without lines any whole one.
    const known = (x) => places.length === 0 ? Math.round(x)
      : places.reduce((best, place) => Math.abs(place - x) < Math.abs(best - x) ? place : best);
    const nearest = (xs) => {
      let best = 0;
      for (let n = 1; n < xs.length; n += 1) if (Math.abs(xs[n] - at) < Math.abs(xs[best] - at)) best = n;
      return best;
    };
    const show = () => {
      const frame = svg.getBoundingClientRect(), around = figure.getBoundingClientRect();
      const share = (at - plot.x[0]) / (plot.x[1] - plot.x[0]);
      const x = frame.left - around.left + figure.scrollLeft + frame.width * (left + share * (right - left));
      rule.style.left = `${x}px`;
      rule.style.top = `${frame.top - around.top + frame.height * top}px`;
      rule.style.height = `${frame.height * (bottom - top)}px`;
      told.replaceChildren(made("b", `${plot.word} ${+at.toPrecision(4)}`));
      for (const line of plot.lines) {
        const n = nearest(line.x), value = line.y[n];
        const row = made("span", `${line.name} ${value === null ? "\u2013" : value}`);
        row.style.setProperty("--line", `var(${line.colour})`);
        told.append(row);
      }
      for (const band of plot.bands) {
        const run = band.runs.find(([start, count]) => at >= start - 0.5 && at < start + count - 0.5);
        if (run) told.append(made("span", `${band.name}: ${run[2]}`));
      }
      rule.hidden = told.hidden = false;
      const side = x - figure.scrollLeft > figure.clientWidth / 2;
      told.style.left = side ? "auto" : `${x + 10}px`;
      told.style.right = side ? `${figure.clientWidth - x + 10}px` : "auto";
      told.style.top = `${frame.top - around.top + 8}px`;
    };
    const hide = () => { rule.hidden = told.hidden = true; };
    const go = (event) => {
      const frame = svg.getBoundingClientRect();
      const share = ((event.clientX - frame.left) / frame.width - left) / (right - left);
      if (share < -0.02 || share > 1.02) return hide();
      at = known(plot.x[0] + Math.min(1, Math.max(0, share)) * (plot.x[1] - plot.x[0]));
      return show();
    };
    svg.addEventListener("pointermove", go);
    svg.addEventListener("pointerdown", go);
    svg.addEventListener("pointerleave", hide);
    svg.tabIndex = 0;
    svg.addEventListener("blur", hide);
    svg.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (step === undefined) return;
      event.preventDefault();
      const n = places.indexOf(known(at)) + step;
      at = places[n] ?? (places.length ? at : Math.min(plot.x[1], Math.max(plot.x[0], Math.round(at) + step)));
      show();
    });
  }

  // Strips: their images one after the other in one place.
  const EACH = 700;
  for (const strip of document.querySelectorAll(".strip")) {
    const cells = [...strip.children];
    if (cells.length < 2) continue;
    const bar = made("div", "", "play"), button = made("button", "\u25b6 Play"), slider = made("input");
    slider.type = "range";
    slider.min = 0;
    slider.max = cells.length - 1;
    slider.value = 0;
    slider.setAttribute("aria-label", "image of the strip");
    const screen = made("div", "", "screen");
    screen.hidden = true;
    bar.append(button, slider);
    strip.before(bar, screen);
    let timer = 0;
    const show = () => {
      screen.replaceChildren(...cells[slider.value].cloneNode(true).childNodes);
      screen.hidden = false;
    };
    const stop = () => {
      clearInterval(timer);
      timer = 0;
      button.textContent = "\u25b6 Play";
    };
    slider.addEventListener("input", () => { stop(); show(); });
    button.addEventListener("click", () => {
      if (timer) return stop();
      button.textContent = "\u25a0 Stop";
      show();
      timer = setInterval(() => {
        slider.value = (Number(slider.value) + 1) % cells.length;
        show();
      }, EACH);
      return undefined;
    });
  }
})();
