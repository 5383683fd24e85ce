// SPDX-License-Identifier: Apache-2.0
// Serves the built interface with the headers of the hub.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const dist = process.env.THREADS_WEB_DIST ?? new URL("../dist/", import.meta.url).pathname;
const assets = new Map(); // read once: a build that goes on meanwhile does not disturb
for (const entry of readdirSync(dist, { recursive: true, withFileTypes: true })) {
	const path = join(entry.parentPath, entry.name);
	if (entry.isFile()) assets.set(path.slice(join(dist, "/").length), readFileSync(path));
}
const appPolicy =
	"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self'; connect-src 'self'; font-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types svelte-trusted-html";
const framePolicy = (images) =>
	`default-src 'none'; style-src 'unsafe-inline'; img-src ${images}; form-action 'none'; base-uri 'none'; frame-ancestors 'self'; sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox`;
const types = { html: "text/html; charset=utf-8", js: "text/javascript", css: "text/css", svg: "image/svg+xml", json: "application/json" };

export function page(request, response, url) {
	const named = url.pathname.slice(1);
	const file = /\.\w+$/.test(named) ? named : "index.html";
	if (!assets.has(file)) {
		response.writeHead(404).end();
		return;
	}
	const frame = /^mailframe(-images)?\.html$/.exec(named);
	const br = assets.has(`${file}.br`) && /\bbr\b/.test(request.headers["accept-encoding"] ?? "");
	response.writeHead(200, {
		"Content-Type": types[file.split(".").pop()] ?? "application/octet-stream",
		"Content-Security-Policy": frame ? framePolicy(frame[1] ? "'self' data: https: http:" : "'self' data:") : appPolicy,
		"X-Content-Type-Options": "nosniff",
		"Referrer-Policy": "no-referrer",
		"Cross-Origin-Opener-Policy": "same-origin",
		...(br ? { "Content-Encoding": "br" } : {}),
	});
	response.end(assets.get(br ? `${file}.br` : file));
}
