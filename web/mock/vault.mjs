// SPDX-License-Identifier: Apache-2.0
// The other side of lib/seal.ts for tests: a vault key, and how it opens a box,
// with node:crypto instead of WebCrypto.
import { createDecipheriv, createECDH, hkdfSync } from "node:crypto";

const ecdh = createECDH("prime256v1");
ecdh.generateKeys();

export const vaultKeys = { publicKey: ecdh.getPublicKey().toString("base64url") };

export function aad(fields) {
	return Buffer.concat(
		fields.flatMap((field) => {
			const bytes = Buffer.from(field, "utf8");
			const length = Buffer.alloc(4);
			length.writeUInt32BE(bytes.length);
			return [length, bytes];
		}),
	);
}

/* The secret of a box, or an exception when anything was changed. */
export function openBox(text, fields) {
	const box = Buffer.from(text, "base64url");
	if (box[0] !== 1) throw new Error("unknown version");
	const point = box.subarray(1, 66);
	const key = Buffer.from(hkdfSync("sha256", ecdh.computeSecret(point), point, "threads-seal-v1", 32));
	const open = createDecipheriv("aes-256-gcm", key, box.subarray(66, 78));
	open.setAAD(aad(fields));
	open.setAuthTag(box.subarray(-16));
	return Buffer.concat([open.update(box.subarray(78, -16)), open.final()]).toString("utf8");
}
