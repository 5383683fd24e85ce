// SPDX-License-Identifier: Apache-2.0
// Chromium against the built interface and the mock server. A missing browser or
// build fails the test. THREADS_SHOTS=DIR keeps screenshots.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { after, before } from "node:test";
import { makeMock } from "../../../web/mock/server.mjs";

const require = createRequire(new URL("../../../web/package.json", import.meta.url));
const { chromium } = require("playwright-core");
const axeSource = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
const shots = process.env.THREADS_SHOTS;

let browser;
before(async () => {
	browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
	if (shots) mkdirSync(shots, { recursive: true });
});
after(() => browser?.close());

async function listen(server) {
	await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
	return server.address().port;
}

/* Runs work(tracker) with a server that counts what reaches it; /control serves `html`. */
export async function withTracker(work) {
	const tracker = { hits: [], html: "" };
	const server = createServer((request, response) => {
		if (request.url === "/control") {
			response.writeHead(200, { "Content-Type": "text/html" }).end(tracker.html);
			return;
		}
		tracker.hits.push(request.url);
		response.writeHead(200, { "Content-Type": "image/gif" });
		response.end(Buffer.from("R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw==", "base64"));
	});
	tracker.url = `http://127.0.0.1:${await listen(server)}`;
	try {
		await work(tracker);
	} finally {
		server.closeAllConnections();
		server.close();
	}
}

/* Runs work(page, mock, base) with a fresh hub, and checks that the page raised
 * no error and no breach of its Content-Security-Policy. */
export async function withPage(options, work) {
	const mock = makeMock(options.mock ?? {});
	mock.state.signedIn = options.signedIn ?? true;
	const base = `http://localhost:${await listen(mock.server)}`;
	const context = await browser.newContext({
		viewport: { width: options.width ?? 1440, height: options.height ?? 900 },
		colorScheme: options.dark ? "dark" : "light",
		permissions: ["clipboard-read", "clipboard-write"],
		reducedMotion: "reduce",
	});
	context.setDefaultTimeout(60000);
	const page = await context.newPage();
	const wrong = [];
	page.on("pageerror", (error) => wrong.push(error.message));
	page.on("console", (message) => {
		if (/Content Security Policy|Trusted|violates/i.test(message.text())) wrong.push(message.text());
	});
	await page.addInitScript(() => {
		addEventListener("securitypolicyviolation", (event) => (globalThis.breaches ??= []).push(event.violatedDirective));
	});
	try {
		await work(page, mock, base);
		assert.deepEqual(await page.evaluate(() => globalThis.breaches ?? []), []);
		assert.deepEqual(wrong, []);
	} finally {
		await context.close();
		mock.server.closeAllConnections();
		mock.server.close();
	}
}

export async function shot(page, name) {
	if (shots) await page.screenshot({ path: `${shots}/${name}.png` });
}

/* axe-core: no violation at all of WCAG 2.2 A and AA and of its best practices.
 * Frames are left out: the mail frame runs no script, and its content is the sender's. */
export async function assertAccessible(page, name) {
	await page.evaluate(axeSource);
	const found = await page.evaluate(async () => {
		const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
		const { violations } = await globalThis.axe.run(document, { iframes: false, runOnly: { type: "tag", values: tags } });
		return violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(" ")).slice(0, 3).join(" | ")}`);
	});
	assert.deepEqual(found, [], name);
}

export async function signIn(page) {
	await page.getByLabel("Name").fill("mara.lindqvist");
	await page.getByLabel("Password", { exact: true }).fill("correct horse battery");
	await page.keyboard.press("Enter");
	await page.getByLabel("Code").fill("123456");
	await page.keyboard.press("Enter");
}

export const mail = (n) => `m${String(n).padStart(5, "0")}abcdefghijklmnopqrst`;
