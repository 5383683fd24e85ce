// SPDX-License-Identifier: Apache-2.0
// The parts of a plain text mail: paragraphs, quoted text, signature; and links in it.

export interface TextBlock {
	kind: "text" | "quote" | "signature";
	text: string;
	lines: number;
}

const attribution = /^(On .{5,200} wrote:|Am .{5,200} schrieb.*:|Le .{5,200} a écrit\s?:|El .{5,200} escribió:|-{3,} ?(Original Message|Ursprüngliche Nachricht|Forwarded message) ?-{3,}|.{5,200}(写道|wrote)[:：])$/u;

function block(kind: TextBlock["kind"], lines: string[]): TextBlock | null {
	const text = lines.join("\n").replace(/^\n+|\s+$/g, "");
	return text ? { kind, text, lines: text.split("\n").length } : null;
}

/* Splits at quoted lines ("> "), their attribution line, and "-- ". */
export function textBlocks(text: string): TextBlock[] {
	const blocks: (TextBlock | null)[] = [];
	const lines = text.replace(/\r\n?/g, "\n").split("\n");
	let kind: TextBlock["kind"] = "text";
	let held: string[] = [];
	let opened = false; // the line before was an attribution, perhaps of two lines
	for (let i = 0; i < lines.length; i++) {
		const line = lines[i] ?? "";
		const quoted = line.startsWith(">");
		const opens = attribution.test(line.trim()) && lines.slice(i + 1, i + 3).some((l) => l.startsWith(">"));
		const next: TextBlock["kind"] =
			line === "-- " || line === "--" ? "signature" : quoted || opens ? "quote" : kind === "quote" && line.trim() && !opened ? "text" : kind;
		opened = opens;
		if (next !== kind) {
			blocks.push(block(kind, held));
			held = [];
			kind = next;
		}
		held.push(kind === "quote" ? line.replace(/^> ?/, "") : line);
	}
	blocks.push(block(kind, held));
	return blocks.filter((b) => b !== null);
}

export const paragraphs = (text: string): string[] => text.split(/\n\s*\n/).filter((p) => p.trim());

export interface LinkRun {
	text: string;
	href: string | null;
}

const linkPattern = /\bhttps?:\/\/[^\s<>"'`]+[^\s<>"'`.,;:!?)\]}]|\bmailto:[^\s<>"']+@[^\s<>"'.,;:]+(?:\.[^\s<>"'.,;:]+)+/gu;

export function linkRuns(text: string): LinkRun[] {
	const runs: LinkRun[] = [];
	let rest = 0;
	for (const match of text.matchAll(linkPattern)) {
		if (match.index > rest) runs.push({ text: text.slice(rest, match.index), href: null });
		runs.push({ text: match[0], href: match[0] });
		rest = match.index + match[0].length;
	}
	if (rest < text.length) runs.push({ text: text.slice(rest), href: null });
	return runs;
}
