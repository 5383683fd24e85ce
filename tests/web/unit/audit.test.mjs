// SPDX-License-Identifier: Apache-2.0
// What the hub writes into the audit log has words on its page.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { messages } from "../../../web/src/lib/messages.ts";

const src = new URL("../../../src/", import.meta.url);
const call = /\b(?:audit_add|exchange_audit|control_audit)\(([^;]*);/g;
const action = /"([a-z]+(?:[.-][a-z_]+)*)"/g;

const actionsIn = (text) => [...text.matchAll(call)].flatMap(([, args]) => [...args.matchAll(action)].map(([, name]) => name));
const wordless = (names) => names.filter((name) => !(`audit.action.${name}` in messages));

test("every action of the audit log has words", () => {
	const files = readdirSync(src, { recursive: true }).filter((name) => name.endsWith(".c"));
	const names = files.flatMap((name) => actionsIn(readFileSync(new URL(name, src), "utf8")));
	for (const name of ["account.pause", "account.resume", "message.read", "signin-failed", "backup"]) assert.ok(names.includes(name), `${name} is not found any more`);
	assert.deepEqual(wordless(names), []);
});

test("an action without words is found", () => {
	assert.deepEqual(wordless(actionsIn('rc = audit_add(store, by, "message.read", id,\n\t"planted.here", now, err);')), ["planted.here"]);
});
