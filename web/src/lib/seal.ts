// SPDX-License-Identifier: Apache-2.0
// Seals a mailbox password in this browser for the vault, the only process that
// can open it. The format is that of src/crypto/seal.h:
//   base64url( 1 | ephemeral P-256 point, 65 bytes | nonce, 12 bytes | ciphertext and tag )
// The seven fields are bound as associated data: with any of them changed the
// box cannot be opened any more.

export interface SealBinding {
	account: string;
	provider: string;
	host: string;
	port: number;
	tls: string;
	ca: string;
	user: string;
}

const text = new TextEncoder();

export function toBase64url(bytes: Uint8Array): string {
	let binary = "";
	for (const byte of bytes) binary += String.fromCharCode(byte);
	return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

export function fromBase64url(value: string): Uint8Array<ArrayBuffer> {
	const binary = atob(value.replaceAll("-", "+").replaceAll("_", "/"));
	return Uint8Array.from(binary, (c) => c.charCodeAt(0));
}

/* Length (u32, big endian) and UTF-8 bytes of each field, in the order fixed everywhere. */
export function associatedData(b: SealBinding): Uint8Array<ArrayBuffer> {
	const fields = [b.account, b.provider, b.host, String(b.port), b.tls, b.ca, b.user].map((f) => text.encode(f));
	const out = new Uint8Array(fields.reduce((sum, field) => sum + 4 + field.length, 0));
	const view = new DataView(out.buffer);
	let at = 0;
	for (const field of fields) {
		view.setUint32(at, field.length);
		out.set(field, at + 4);
		at += 4 + field.length;
	}
	return out;
}

async function boxKey(vaultKey: Uint8Array<ArrayBuffer>): Promise<{ key: CryptoKey; point: Uint8Array<ArrayBuffer> }> {
	const curve = { name: "ECDH", namedCurve: "P-256" };
	const vault = await crypto.subtle.importKey("raw", vaultKey, curve, false, []);
	const own = await crypto.subtle.generateKey(curve, false, ["deriveBits"]);
	const point = new Uint8Array(await crypto.subtle.exportKey("raw", own.publicKey));
	const shared = await crypto.subtle.deriveBits({ name: "ECDH", public: vault }, own.privateKey, 256);
	const base = await crypto.subtle.importKey("raw", shared, "HKDF", false, ["deriveKey"]);
	const derive = { name: "HKDF", hash: "SHA-256", salt: point, info: text.encode("threads-seal-v1") };
	const key = await crypto.subtle.deriveKey(derive, base, { name: "AES-GCM", length: 256 }, false, ["encrypt"]);
	return { key, point };
}

export async function seal(vaultPublicKey: string, binding: SealBinding, secret: string): Promise<string> {
	const { key, point } = await boxKey(fromBase64url(vaultPublicKey));
	const nonce = crypto.getRandomValues(new Uint8Array(12));
	const cipher = { name: "AES-GCM", iv: nonce, additionalData: associatedData(binding), tagLength: 128 };
	const sealed = new Uint8Array(await crypto.subtle.encrypt(cipher, key, text.encode(secret)));
	const box = new Uint8Array(1 + point.length + nonce.length + sealed.length);
	box[0] = 1;
	box.set(point, 1);
	box.set(nonce, 1 + point.length);
	box.set(sealed, 1 + point.length + nonce.length);
	return toBase64url(box);
}
