// SPDX-License-Identifier: Apache-2.0
// Pure parts of the reader and the texts: marks, quoted text, links, plural forms.
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { test } from "node:test";
import { format, rich, t } from "../../../web/src/lib/i18n.ts";
import { markRuns, wordPattern } from "../../../web/src/lib/highlight.ts";
import { kindOfBytes } from "../../../web/src/lib/mailfile.ts";
import { messages } from "../../../web/src/lib/messages.ts";
import { linkRuns, textBlocks } from "../../../web/src/lib/plaintext.ts";
import { Pace } from "../../../web/src/lib/progress.ts";

const marked = (text, ...words) =>
	markRuns(text, wordPattern(words))
		.map(([run, match]) => (match ? `[${run}]` : run))
		.join("");

const marks = [
	["a word", "the delivery date", ["delivery"], "the [delivery] date"],
	["whole words only", "deliverydate", ["delivery"], "deliverydate"],
	["prefix", "deliveries, delivered", ["deliver*"], "[deliveries], [delivered]"],
	["accents and case", "Herr MÜLLER kam", ["muller"], "Herr [MÜLLER] kam"],
	["accent in the query", "Herr Muller kam", ["müller"], "Herr [Muller] kam"],
	["decomposed accents", "Mu\u0308ller!", ["müller"], "[Mu\u0308ller]!"],
	["phrase over spacing", "the exact\n words", ["exact words"], "the [exact\n words]"],
	["CJK inside a sentence", "第二軸の納期は12月", ["納期"], "第二軸の[納期]は12月"],
	["ligature", "oﬃce", ["office"], "[oﬃce]"],
	["special characters are words, not patterns", "a.b a+b", ["a.b"], "[a.b] [a+b]"],
	["nothing to mark", "text", ["***"], "text"],
];
for (const [name, text, words, want] of marks) test(`mark: ${name}`, () => assert.equal(marked(text, ...words), want));

test("plain text: paragraphs, quoted text with its attribution, signature", () => {
	const blocks = textBlocks("Hello\n\nyes.\n\nOn 1 May 2026 Anna wrote:\n> one\n> two\n\nBelow.\n-- \nTom\nHalden");
	assert.deepEqual(
		blocks.map((b) => [b.kind, b.lines]),
		[["text", 3], ["quote", 3], ["text", 1], ["signature", 2 + 1]],
	);
	assert.equal(blocks[1].text, "On 1 May 2026 Anna wrote:\none\ntwo");
});

test("links: only http, https and mailto, without the sentence's end", () => {
	const hrefs = (text) => linkRuns(text).filter((r) => r.href).map((r) => r.href);
	assert.deepEqual(hrefs("see https://example.org/a?b=1, and (http://x.test/y)."), ["https://example.org/a?b=1", "http://x.test/y"]);
	assert.deepEqual(hrefs("javascript:alert(1) data:text/html,x file:///etc"), []);
	assert.equal(linkRuns("a https://example.org b").map((r) => r.text).join(""), "a https://example.org b");
});

test("kind of a mail file by its first bytes", () => {
	const kind = (text, name = "x") => kindOfBytes(new TextEncoder().encode(text), name);
	assert.equal(kind("From a@b Mon Nov 2\nSubject: x\n\n"), "mbox");
	assert.equal(kind("Received: by x\r\n\tfor y\r\nSubject: z\r\n\r\nbody"), "eml");
	assert.equal(kind("!BDN\0\0\0"), "unknown");
	assert.equal(kind("PK\x03\x04"), "unknown");
	assert.equal(kind("just some text\nwithout a header"), "unknown");
});

test("plural forms and numbers", () => {
	assert.equal(format("{n, plural, =0 {none} one {# mail} other {# mails}}", { n: 0 }), "none");
	assert.equal(format("{n, plural, =0 {none} one {# mail} other {# mails}}", { n: 1 }), "1 mail");
	assert.equal(format("{n, plural, one {# mail} other {# mails from {who}}}", { n: 1200, who: "Ann" }).replace(/\D/g, ""), "1200");
	assert.equal(format("{a} and {b}", { a: "x", b: "{a}" }), "x and {a}");
});

test("a value never opens a mark", () => {
	assert.deepEqual(rich("users.link3", { name: "<b>x</b>" })[0], { tag: "b", text: "Who opens it first becomes <b>x</b>." });
});

test("every area's texts are there, each in one area only", async () => {
	const folder = new URL("../../../web/src/messages/", import.meta.url);
	const areas = await Promise.all(readdirSync(folder).map((name) => import(new URL(name, folder))));
	const keys = areas.flatMap((area) => Object.values(area).flatMap((texts) => Object.keys(texts)));
	assert.deepEqual(keys.sort(), Object.keys(messages).sort());
});

test("every text has balanced braces and marks, and no forbidden word", () => {
	for (const [key, text] of Object.entries(messages)) {
		assert.doesNotThrow(() => t(key, { n: 2, name: "x" }), key);
		assert.equal((text.match(/</g) ?? []).length, (text.match(/<(\w+)>[^<]*<\/\1>/g) ?? []).length * 2, key);
		assert.doesNotMatch(text, /\bplease\b|!|\boops\b|exception|\bnull\b|\btoken\b|\bUID\b/i, key);
	}
});

test("time left of an upload: only after five seconds", () => {
	const pace = new Pace(0, 0);
	pace.note(2000, 2000);
	assert.equal(pace.left(10000), null);
	pace.note(6000, 6000);
	assert.equal(Math.round(pace.left(10000)), 4);
});
