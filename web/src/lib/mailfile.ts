// SPDX-License-Identifier: Apache-2.0
// Which kind of mail file somebody chose: by its first bytes, not by its name.
export type FileKind = "mbox" | "eml" | "unknown";

export function kindOfBytes(head: Uint8Array, name: string): FileKind {
	const text = new TextDecoder("latin1").decode(head);
	if (/^(\r?\n)*From /.test(text)) return "mbox";
	/* A mail begins with header fields; a byte 0 is in none of them. */
	const header = /^(\r?\n)*([!-9;-~]+[ \t]*:.*\r?\n([ \t].*\r?\n)*){1,}/.test(text);
	if (header && !text.slice(0, 512).includes("\0")) return "eml";
	return /\.mbox$/i.test(name) && !head.length ? "mbox" : "unknown";
}

export async function kindOfFile(file: File): Promise<FileKind> {
	return kindOfBytes(new Uint8Array(await file.slice(0, 4096).arrayBuffer()), file.name);
}
