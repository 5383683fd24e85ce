// SPDX-License-Identifier: Apache-2.0
// What the browser seals, a second implementation (node:crypto, as the vault does
// it with OpenSSL) opens; and not when one of the seven bound fields differs.
import assert from "node:assert/strict";
import { test } from "node:test";
import { aad, openBox, vaultKeys } from "../../../web/mock/vault.mjs";
import { associatedData, fromBase64url, seal, toBase64url } from "../../../web/src/lib/seal.ts";

const binding = { account: "abc", provider: "generic", host: "imap.example.com", port: 993, tls: "implicit", ca: "", user: "jürgen@example.com" };
const fields = ["abc", "generic", "imap.example.com", "993", "implicit", "", "jürgen@example.com"];

test("a sealed password is opened by the vault's key", async () => {
	for (const secret of ["x", "pässwörd 東京 🔑", "a".repeat(4000)]) {
		assert.equal(openBox(await seal(vaultKeys.publicKey, binding, secret), fields), secret);
	}
});

test("each of the seven fields is bound", async () => {
	const box = await seal(vaultKeys.publicKey, binding, "geheim");
	assert.equal(openBox(box, fields), "geheim");
	for (let i = 0; i < fields.length; i++) {
		const changed = fields.with(i, `${fields[i]}x`);
		assert.throws(() => openBox(box, changed), `field ${i}`);
	}
	/* A border between two fields that moves is another binding. */
	assert.throws(() => openBox(box, ["abcg", "eneric", ...fields.slice(2)]));
});

test("every changed byte is noticed", async () => {
	const box = fromBase64url(await seal(vaultKeys.publicKey, binding, "geheim"));
	for (let i = 0; i < box.length; i++) {
		const changed = box.slice();
		changed[i] ^= 1;
		assert.throws(() => openBox(toBase64url(changed), fields), `byte ${i}`);
	}
});

test("two boxes of one secret have nothing in common", async () => {
	const [a, b] = await Promise.all([1, 2].map(() => seal(vaultKeys.publicKey, binding, "geheim")));
	assert.notEqual(a.slice(0, 88), b.slice(0, 88));
});

test("wire format: version, point, nonce, ciphertext and tag", async () => {
	const text = await seal(vaultKeys.publicKey, binding, "12345");
	assert.match(text, /^[A-Za-z0-9_-]+$/);
	const box = fromBase64url(text);
	assert.equal(box[0], 1);
	assert.equal(box[1], 4);
	assert.equal(box.length, 1 + 65 + 12 + 5 + 16);
});

test("associated data: u32 big endian length and UTF-8 of each field", () => {
	assert.deepEqual(Buffer.from(associatedData(binding)), aad(fields));
	assert.equal(Buffer.from(associatedData(binding)).subarray(0, 7).toString("hex"), "00000003616263");
});
