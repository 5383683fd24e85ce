// SPDX-License-Identifier: Apache-2.0
// The search field's view of a query: operators become chips, the rest stays
// text. The hub parses the query itself (src/query); this only draws it, and
// keeps everything that it does not understand as text.

export const operators = [
	"from",
	"to",
	"subject",
	"has",
	"is",
	"before",
	"after",
	"type",
	"folder",
	"label",
	"account",
	"cc",
	"bcc",
	"with",
	"filename",
	"on",
	"older",
	"newer",
	"larger",
	"smaller",
] as const;
export type Operator = (typeof operators)[number];

export interface Chip {
	name: Operator;
	value: string;
	negated: boolean;
}

export interface QueryParts {
	chips: Chip[];
	text: string;
}

const operatorPattern = /(^|\s)(-?)([a-z]+):("[^"]*"|[^\s"()]+)(?=\s|$)/gi;

const isOperator = (name: string): name is Operator => (operators as readonly string[]).includes(name);

const unquote = (value: string): string => (value.startsWith('"') ? value.slice(1, -1) : value);

/* Whether a place is outside of phrases and brackets: only there an operator is a chip. */
function isOnTop(query: string, at: number): boolean {
	let quoted = false;
	let depth = 0;
	for (let i = 0; i < at; i++) {
		if (query[i] === '"') quoted = !quoted;
		else if (!quoted && query[i] === "(") depth++;
		else if (!quoted && query[i] === ")" && depth) depth--;
	}
	return !quoted && !depth;
}

/* "a OR from:b" is no chip beside "a": such a query stays text, in brackets beside chips. */
const hasAlternatives = (query: string): boolean => [...query.matchAll(/(?<=^|\s)OR(?=\s|$)/g)].some((m) => isOnTop(query, m.index));

export function parseQuery(query: string): QueryParts {
	const chips: Chip[] = [];
	let text = "";
	let rest = 0;
	if (hasAlternatives(query)) return { chips, text: query.replace(/\s+/g, " ").trim() };
	operatorPattern.lastIndex = 0;
	for (let m = operatorPattern.exec(query); m; m = operatorPattern.exec(query)) {
		const name = (m[3] ?? "").toLowerCase();
		const value = unquote(m[4] ?? "");
		if (!isOperator(name) || !value || !isOnTop(query, m.index)) continue;
		text += query.slice(rest, m.index) + " ";
		rest = m.index + m[0].length;
		chips.push({ name, value, negated: m[2] === "-" });
	}
	text += query.slice(rest);
	return { chips, text: text.replace(/\s+/g, " ").trim() };
}

export function chipText(chip: Chip): string {
	const value = /[\s"]/.test(chip.value) ? `"${chip.value.replaceAll('"', "")}"` : chip.value;
	return `${chip.negated ? "-" : ""}${chip.name}:${value}`;
}

export function composeQuery({ chips, text }: QueryParts): string {
	const words = chips.length && hasAlternatives(text) ? `(${text.trim()})` : text.trim();
	return [...chips.map(chipText), words].filter(Boolean).join(" ");
}

export const sameChip = (a: Chip, b: Chip): boolean =>
	a.name === b.name && a.negated === b.negated && a.value.toLowerCase() === b.value.toLowerCase();

/* The query with a chip put in, or taken out if it was there. */
export function toggleChip(query: string, chip: Chip): string {
	const parts = parseQuery(query);
	const without = parts.chips.filter((c) => !sameChip(c, chip));
	const chips = without.length === parts.chips.length ? [...without, chip] : without;
	return composeQuery({ chips, text: parts.text });
}

export const hasChip = (query: string, chip: Chip): boolean =>
	parseQuery(query).chips.some((c) => sameChip(c, chip));

/* The words and phrases to mark in a message: not operators, not excluded ones,
 * but the words of from: and subject: no more than the hub marks them. */
export function wordsToMark(query: string): string[] {
	const { text, chips } = parseQuery(query);
	const words: string[] = [];
	const subjects = chips.filter((c) => c.name === "subject" && !c.negated).map((c) => c.value);
	for (const m of text.matchAll(/(^|\s)(-?)("([^"]*)"?|[^\s"]+)/g)) {
		if (m[2] === "-") continue;
		const word = (m[4] ?? m[3] ?? "").replace(/^[("]+|[)"]+$/g, "");
		const subject = /^subject:(.+)/i.exec(word)?.[1];
		if (subject) subjects.push(subject);
		if (word && word !== "OR" && !/^[a-z]+:/i.test(word)) words.push(word);
	}
	return [...words, ...subjects];
}

/* What stands before the caret, when it could become an operator. */
export interface Typing {
	negated: boolean;
	name: string;
	value: string | null;
	start: number;
}

export function typingAt(text: string, caret: number): Typing {
	const before = text.slice(0, caret);
	const m = /(?:^|\s)(-?)([a-z]*)(?::("[^"]*|[^\s"]*))?$/i.exec(before);
	if (!m) return { negated: false, name: "", value: null, start: caret };
	const start = m.index + (/^\s/.test(m[0]) ? 1 : 0);
	const value = m[3] === undefined ? null : m[3].replace(/^"/, "");
	return { negated: m[1] === "-", name: (m[2] ?? "").toLowerCase(), value, start };
}
