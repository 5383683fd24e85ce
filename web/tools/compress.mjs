// SPDX-License-Identifier: Apache-2.0
// Writes .br and .gz beside every file of dist/ (or THREADS_WEB_DIST), so that the
// hub never compresses.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const dist = process.env.THREADS_WEB_DIST ?? new URL("../dist/", import.meta.url).pathname;
let plain = 0;
let small = 0;
for (const entry of readdirSync(dist, { recursive: true, withFileTypes: true })) {
	if (!entry.isFile() || /\.(br|gz)$/.test(entry.name)) continue;
	const path = join(entry.parentPath, entry.name);
	const bytes = readFileSync(path);
	const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
	const br = brotliCompressSync(bytes, { params });
	writeFileSync(`${path}.br`, br);
	writeFileSync(`${path}.gz`, gzipSync(bytes, { level: 9 }));
	plain += bytes.length;
	small += br.length;
}
console.log(`dist: ${(plain / 1024).toFixed(0)} kB, ${(small / 1024).toFixed(1)} kB as brotli`);
