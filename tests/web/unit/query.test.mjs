// SPDX-License-Identifier: Apache-2.0
// The search field's chips: what becomes one, what stays text, and the way back.
import assert from "node:assert/strict";
import { test } from "node:test";
import { chipText, composeQuery, hasChip, parseQuery, toggleChip, typingAt, wordsToMark } from "../../../web/src/lib/query.ts";

const chip = (name, value, negated = false) => ({ name, value, negated });

const cases = [
	{ name: "empty", query: "", chips: [], text: "" },
	{ name: "words stay text", query: "delivery date", chips: [], text: "delivery date" },
	{ name: "operator", query: "from:anna", chips: [chip("from", "anna")], text: "" },
	{ name: "operator between words", query: "a from:anna b", chips: [chip("from", "anna")], text: "a b" },
	{ name: "negated", query: "-has:attachment x", chips: [chip("has", "attachment", true)], text: "x" },
	{ name: "quoted value", query: 'account:"Archive 2014" x', chips: [chip("account", "Archive 2014")], text: "x" },
	{ name: "upper case operator", query: "FROM:Anna", chips: [chip("from", "Anna")], text: "" },
	{ name: "unknown operator stays text", query: "colour:red", chips: [], text: "colour:red" },
	{ name: "address with a colon stays text", query: "https://example.org/x", chips: [], text: "https://example.org/x" },
	{ name: "operator without a value stays text", query: "from: anna", chips: [], text: "from: anna" },
	{ name: "inside a phrase", query: '"write from:anna today"', chips: [], text: '"write from:anna today"' },
	{ name: "open quote", query: '"open phrase from:x', chips: [], text: '"open phrase from:x' },
	{ name: "two in a row", query: "from:a to:b", chips: [chip("from", "a"), chip("to", "b")], text: "" },
	{ name: "excluded word stays text", query: "-newsletter", chips: [], text: "-newsletter" },
	{ name: "dates", query: "after:2026-10-01 before:2026-11", chips: [chip("after", "2026-10-01"), chip("before", "2026-11")], text: "" },
	{ name: "state, size and age", query: "is:unread larger:5M older:7d", chips: [chip("is", "unread"), chip("larger", "5M"), chip("older", "7d")], text: "" },
	{ name: "alternatives stay text", query: "kettle OR from:anna", chips: [], text: "kettle OR from:anna" },
	{ name: "operators in brackets stay text", query: "(from:a OR from:b) has:attachment", chips: [chip("has", "attachment")], text: "(from:a OR from:b)" },
	{ name: "an operator before brackets stays text", query: "from:(a OR b) x", chips: [], text: "from:(a OR b) x" },
	{ name: "or in small letters is a word", query: "a or from:b", chips: [chip("from", "b")], text: "a or" },
	{ name: "OR in a phrase", query: '"a OR b" from:c', chips: [chip("from", "c")], text: '"a OR b"' },
	{ name: "CJK", query: "subject:納期 東京", chips: [chip("subject", "納期")], text: "東京" },
];
for (const { name, query, chips, text } of cases) {
	test(`parse: ${name}`, () => assert.deepEqual(parseQuery(query), { chips, text }));
	test(`compose and parse again: ${name}`, () => {
		const parts = parseQuery(query);
		assert.deepEqual(parseQuery(composeQuery(parts)), parts);
	});
}

test("a value with a space is quoted, quotes inside are dropped", () => {
	assert.equal(chipText(chip("subject", 'two "odd" words')), 'subject:"two odd words"');
	assert.equal(chipText(chip("from", "anna", true)), "-from:anna");
});

test("toggling puts a chip in and takes it out", () => {
	const file = chip("has", "attachment");
	assert.equal(toggleChip("invoice", file), "has:attachment invoice");
	assert.equal(toggleChip("has:attachment invoice", file), "invoice");
	assert.ok(hasChip("invoice HAS:Attachment", file));
	assert.ok(!hasChip("-has:attachment", file));
});

test("a chip beside alternatives holds for all of them", () => {
	const file = chip("has", "attachment");
	assert.equal(toggleChip("kettle OR from:anna", file), "has:attachment (kettle OR from:anna)");
	assert.equal(toggleChip("has:attachment (kettle OR from:anna)", file), "(kettle OR from:anna)");
});

test("words to mark: no operators, no excluded words", () => {
	assert.deepEqual(wordsToMark('delivery "exact words" -not from:anna subject:offer deliv* OR (open'), ["delivery", "exact words", "deliv*", "open", "offer"]);
});

test("what is being typed at the caret", () => {
	assert.deepEqual(typingAt("deliv fr", 8), { negated: false, name: "fr", value: null, start: 6 });
	assert.deepEqual(typingAt("-from:an", 8), { negated: true, name: "from", value: "an", start: 0 });
	assert.deepEqual(typingAt('account:"Arch 20', 16), { negated: false, name: "account", value: "Arch 20", start: 0 });
	assert.deepEqual(typingAt("delivery ", 9), { negated: false, name: "", value: null, start: 9 });
});
