// SPDX-License-Identifier: Apache-2.0
// Build of the single page application. No inline script or style may appear in
// the output: the hub serves it under a strict Content-Security-Policy.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig, type Plugin } from "vite";

/* The theme must be set before the first paint, so it cannot wait for the
 * module script: a small classic script of its own, with its hash in the name. */
function themeScript(): Plugin {
	const source = readFileSync(new URL("./src/theme.js", import.meta.url), "utf8");
	const hash = createHash("sha256").update(source).digest("base64url").slice(0, 8);
	const fileName = `assets/theme-${hash}.js`;
	return {
		name: "threads-theme-script",
		buildStart() {
			this.emitFile({ type: "asset", fileName, source });
		},
		transformIndexHtml: () => [
			{ tag: "script", attrs: { src: `/${fileName}` }, injectTo: "head-prepend" },
		],
	};
}

export default defineConfig({
	plugins: [svelte(), themeScript()],
	build: {
		outDir: process.env["THREADS_WEB_DIST"] ?? "dist",
		emptyOutDir: true,
		target: ["chrome123", "firefox120", "safari17.5"],
		modulePreload: { polyfill: false },
		assetsInlineLimit: 0,
		sourcemap: false,
		reportCompressedSize: false,
		chunkSizeWarningLimit: 400,
	},
});
