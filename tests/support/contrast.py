"""Contrast of the words on a page as WCAG 2.2 measures it: 4.5 at the least, 3 for large ones (level AA)."""

from typing import Any

_FAINT = """() => {
  const parse = (words) => {
    const n = (words.match(/[\\d.e-]+/g) || []).map(Number);
    const parts = words.includes("/") ? n.slice(-4) : n.slice(-3);
    const of = words.startsWith("color(srgb") ? parts.map((v, i) => i < 3 ? v * 255 : v) : n;
    return [of[0], of[1], of[2], of.length > 3 ? of[3] : 1];
  };
  const over = (top, below) => [0, 1, 2].map((i) => top[i] * top[3] + below[i] * (1 - top[3])).concat(1);
  const light = (c) => {
    const linear = (v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
    const [r, g, b] = c.slice(0, 3).map((v) => linear(v / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (element) => {
    const layers = [];
    for (let at = element; at; at = at.parentElement) layers.push(parse(getComputedStyle(at).backgroundColor));
    const dark = getComputedStyle(document.documentElement).colorScheme.includes("dark")
      && matchMedia("(prefers-color-scheme: dark)").matches;
    return layers.reverse().reduce((below, top) => over(top, below), dark ? [18, 18, 18, 1] : [255, 255, 255, 1]);
  };
  const found = [];
  for (const element of document.querySelectorAll("body *")) {
    const words = [...element.childNodes].filter((n) => n.nodeType === 3).map((n) => n.data.trim()).join(" ").trim();
    if (!/[\\p{L}\\p{N}]/u.test(words) || !element.checkVisibility()) continue;
    if (element.matches(":disabled, script, style, option")) continue;
    const style = getComputedStyle(element), below = ground(element);
    const colour = over(parse(element instanceof SVGElement ? style.fill : style.color), below);
    const [a, b] = [light(colour), light(below)].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05), size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    if (ratio < (large ? 3 : 4.5)) found.push(`${ratio.toFixed(2)}: ${element.tagName} ${words.slice(0, 40)}`);
  }
  return found;
}"""


def faint(tab: Any) -> list[str]:
    """The words on a tab that lack contrast, each with its ratio."""
    return tab.evaluate(_FAINT)
