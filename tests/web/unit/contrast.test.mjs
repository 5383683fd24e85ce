// SPDX-License-Identifier: Apache-2.0
// Contrast of the token pairs in both themes, straight from tokens.css.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const css = readFileSync(new URL("../../../web/src/styles/tokens.css", import.meta.url), "utf8").split("@media")[0];
const raw = Object.fromEntries([...css.matchAll(/--([\w-]+):\s*([^;]+);/g)].map((m) => [m[1], m[2].trim()]));

const inner = (value) => {
  const parts = []; let depth = 0, from = 0;
  const body = value.slice(value.indexOf("(") + 1, value.lastIndexOf(")"));
  [...body].forEach((c, i) => {
    if (c === "(") depth++;
    if (c === ")") depth--;
    if (c === "," && !depth) { parts.push(body.slice(from, i)); from = i + 1; }
  });
  return [...parts, body.slice(from)].map((part) => part.trim());
};
const resolve = (name, theme) => {
  let value = raw[name];
  while (value?.startsWith("var(")) value = raw[value.slice(6, -1)];
  if (!value) throw new Error(`no token --${name}`);
  return value.startsWith("light-dark(") ? inner(value)[theme] : value;
};
const luminance = (oklch) => {
  const [L, C, H] = oklch.match(/[\d.]+/g).map(Number);
  const a = C * Math.cos(H * Math.PI / 180), b = C * Math.sin(H * Math.PI / 180);
  const l = (L + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (L - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (L - 0.0894841775 * a - 1.2914855480 * b) ** 3;
  const clip = (x) => Math.min(1, Math.max(0, x));
  const quantise = (x) => { // through 8-bit sRGB, as a screen does
    const v = x <= 0.0031308 ? 12.92 * x : 1.055 * x ** (1 / 2.4) - 0.055;
    const q = Math.round(v * 255) / 255;
    return q <= 0.04045 ? q / 12.92 : ((q + 0.055) / 1.055) ** 2.4;
  };
  const [R, G, B] = [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s,
  ].map(clip).map(quantise);
  return 0.2126 * R + 0.7152 * G + 0.0722 * B;
};
const ratio = (fg, bg, theme) => {
  const [x, y] = [fg, bg].map((n) => luminance(resolve(n, theme))).sort((p, q) => q - p);
  return (x + 0.05) / (y + 0.05);
};

const grounds = ["canvas", "surface", "raised", "sunken", "hover", "selected"];
const pairs = [
  ...["text", "text-2", "text-3"].flatMap((t) => grounds.map((g) => [t, g, 4.5])),
  ...["accent", "ok", "warn", "error", "lv-known", "lv-colleague"].flatMap((t) => ["canvas", "surface", "raised", "selected"].map((g) => [t, g, 4.5])),
  ["on-fill", "fill", 4.5], ["on-fill", "fill-hover", 4.5], ["on-error", "error", 4.5],
  ["on-accent-soft", "accent-soft", 4.5], ["text", "accent-soft", 4.5], ["text-2", "accent-soft", 4.5], ["accent", "accent-soft", 4.5], ["lane-a", "accent-soft", 4.5], ["lane-b", "accent-soft", 4.5],
  ["ok", "ok-soft", 4.5], ["warn", "warn-soft", 4.5], ["error", "error-soft", 4.5], ["lv-known", "lv-known-soft", 4.5], ["lv-colleague", "lv-colleague-soft", 4.5],
  ["text-2", "ok-soft", 4.5], ["text-3", "ok-soft", 4.5], ["text-2", "warn-soft", 4.5], ["text-2", "error-soft", 4.5], ["text", "warn-soft", 4.5],
  ["accent", "error-soft", 4.5], ["accent", "sunken", 4.5],
  ["on-mark", "mark", 4.5], ["on-mark-now", "mark-now", 4.5],
  ["lane-a", "surface", 4.5], ["lane-b", "surface", 4.5],
  ...[1, 2, 3, 4, 5, 6].map((n) => [`on-av-${n}`, `av-${n}`, 4.5]),
  ["line-strong", "raised", 3], ["line-strong", "surface", 3], ["line-strong", "canvas", 3],
  ["hit", "surface", 3], ["hit", "selected", 3], ["text", "button", 4.5], ["text-2", "button", 4.5],
  ["focus", "canvas", 3], ["focus", "surface", 3], ["focus", "raised", 3], ["focus", "selected", 3],
  ["fill", "surface", 3], ["fill", "line", 3], ["fill", "canvas", 3],
];
for (const [fg, bg, need] of pairs) {
	test(`${fg} on ${bg}, at least ${need}`, () => {
		for (const theme of [0, 1]) assert.ok(ratio(fg, bg, theme) >= need, `${["light", "dark"][theme]} ${ratio(fg, bg, theme).toFixed(2)}`);
	});
}
test("the measure itself: black on white is 21", () => {
	raw.black = "oklch(0 0 0)";
	raw.white = "oklch(1 0 0)";
	assert.equal(ratio("black", "white", 0).toFixed(1), "21.0");
});
