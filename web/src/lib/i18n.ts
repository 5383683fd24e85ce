// SPDX-License-Identifier: Apache-2.0
// Texts with placeholders and plural forms: a small part of ICU MessageFormat.
//   {name}                              a value, as it is
//   {n, number}                         a number in the reader's notation
//   {n, plural, one {# mail} other {# mails}}     forms by Intl.PluralRules; =0 {..} too
//   <a>words</a>                        a mark that <Rich> turns into an element
import { messages, type MessageKey } from "./messages.ts";

export const textLocale = "en";
export type Values = Record<string, string | number>;

/* Dates and numbers follow the reader's region, within the language of the texts. */
function regionalLocale(): string {
	const wanted = typeof navigator === "undefined" ? [] : navigator.languages;
	return wanted.find((tag) => tag.toLowerCase().startsWith(textLocale)) ?? "en-GB";
}

export const locale = regionalLocale();
const plurals = new Intl.PluralRules(textLocale);
const numbers = new Intl.NumberFormat(locale);

export const number = (n: number): string => numbers.format(n);

/* The end of the {..} that opens at `from`, nested ones included. */
function closing(text: string, from: number): number {
	let depth = 0;
	for (let i = from; i < text.length; i++) {
		if (text[i] === "{") depth++;
		else if (text[i] === "}" && --depth === 0) return i;
	}
	throw new Error(`unbalanced braces in "${text}"`);
}

function pluralForm(forms: string, n: number): string {
	const found = new Map<string, string>();
	for (let i = 0; i < forms.length; ) {
		const open = forms.indexOf("{", i);
		if (open < 0) break;
		const close = closing(forms, open);
		found.set(forms.slice(i, open).trim(), forms.slice(open + 1, close));
		i = close + 1;
	}
	return found.get(`=${n}`) ?? found.get(plurals.select(n)) ?? found.get("other") ?? "";
}

function placeholder(inner: string, values: Values): string {
	const [name = "", kind = "", ...rest] = inner.split(",").map((part, i) => (i < 2 ? part.trim() : part));
	const value = values[name] ?? "";
	if (kind === "plural") {
		const n = Number(value);
		return format(pluralForm(rest.join(","), n).replaceAll("#", number(n)), values);
	}
	return kind === "number" || typeof value === "number" ? number(Number(value)) : String(value);
}

export function format(text: string, values: Values = {}): string {
	let out = "";
	let at = 0;
	for (let open = text.indexOf("{"); open >= 0; open = text.indexOf("{", at)) {
		const close = closing(text, open);
		out += text.slice(at, open) + placeholder(text.slice(open + 1, close), values);
		at = close + 1;
	}
	return out + text.slice(at);
}

export function t(key: MessageKey, values: Values = {}): string {
	return format(messages[key], values);
}

export interface RichPart {
	tag: string | null;
	text: string;
}

/* Splits "a <b>bold</b> word" into its plain and marked parts; the values are put
 * in afterwards, so that a value can never open a mark. */
export function rich(key: MessageKey, values: Values = {}): RichPart[] {
	const parts: RichPart[] = [];
	for (const piece of messages[key].split(/(<(\w+)>.*?<\/\2>)/s).filter((_, i) => i % 3 !== 2)) {
		const mark = /^<(\w+)>(.*)<\/\1>$/s.exec(piece);
		if (mark) parts.push({ tag: mark[1] ?? null, text: format(mark[2] ?? "", values) });
		else if (piece) parts.push({ tag: null, text: format(piece, values) });
	}
	return parts;
}

export type { MessageKey };
