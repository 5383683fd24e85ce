// SPDX-License-Identifier: Apache-2.0
// Finds the searched words in a text as the hub's search does: without regard to
// case and accents, a word from its start, a phrase with any spacing.
import type { Run } from "./types.ts";

interface Folded {
	text: string;
	at: number[]; // index in the original of each folded character, and its end
}

export function fold(text: string): Folded {
	let folded = "";
	const at: number[] = [];
	let i = 0;
	for (const char of text) {
		for (const c of char.normalize("NFKD").toLowerCase()) {
			if (/\p{M}/u.test(c)) continue;
			folded += c;
			for (let n = 0; n < c.length; n++) at.push(i);
		}
		i += char.length;
	}
	at.push(i);
	return { text: folded, at };
}

const escape = (s: string): string => s.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
const cjk = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}]/u;

/* One pattern for all words, or null when there is nothing to mark. */
export function wordPattern(words: string[]): RegExp | null {
	const parts: string[] = [];
	for (const word of words) {
		const prefix = word.endsWith("*");
		const pieces = fold(word.replace(/\*+$/, "")).text.split(/[^\p{L}\p{N}]+/u).filter(Boolean).map(escape);
		if (!pieces.length) continue;
		const body = pieces.join("[^\\p{L}\\p{N}]+");
		const bounded = !cjk.test(body);
		parts.push(bounded ? `(?<![\\p{L}\\p{N}])${body}${prefix ? "[\\p{L}\\p{N}]*" : "(?![\\p{L}\\p{N}])"}` : body);
	}
	return parts.length ? new RegExp(parts.join("|"), "gu") : null;
}

/* The text in runs, marked and not. */
export function markRuns(text: string, pattern: RegExp | null): Run[] {
	if (!pattern || !text) return text ? [[text, false]] : [];
	const { text: folded, at } = fold(text);
	const runs: Run[] = [];
	let rest = 0;
	for (const match of folded.matchAll(pattern)) {
		const from = at[match.index] ?? 0;
		const to = at[match.index + match[0].length] ?? text.length;
		if (to <= from || from < rest) continue;
		if (from > rest) runs.push([text.slice(rest, from), false]);
		runs.push([text.slice(from, to), true]);
		rest = to;
	}
	if (rest < text.length) runs.push([text.slice(rest), false]);
	return runs;
}

/* Wraps matches below root in <mark> elements. At most `limit`: a page of marks helps nobody. */
export function markTree(root: Element, pattern: RegExp | null, limit = 500): HTMLElement[] {
	const marks: HTMLElement[] = [];
	if (!pattern) return marks;
	const doc = root.ownerDocument;
	const walker = doc.createTreeWalker(root, 4 /* text */);
	const nodes: Text[] = [];
	while (walker.nextNode()) nodes.push(walker.currentNode as Text);
	for (const node of nodes) {
		if (marks.length >= limit) break;
		const runs = markRuns(node.data, pattern);
		if (!runs.some(([, match]) => match) || node.parentElement?.closest("style,title")) continue;
		const pieces = runs.map(([text, match]) => {
			if (!match) return doc.createTextNode(text);
			const mark = doc.createElement("mark");
			mark.textContent = text;
			marks.push(mark);
			return mark;
		});
		node.replaceWith(...pieces);
	}
	return marks;
}
