// SPDX-License-Identifier: Apache-2.0
// What the browser test stands on: TAP, people with a browser of their own, one-time
// codes, the tracker, pictures, axe-core, and every breach of a policy in the whole run.
import { execFileSync } from "node:child_process";
import { createHmac } from "node:crypto";
import { mkdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";

export const env = process.env;
export const base = env.HUB_URL;
const require = createRequire(`${env.THREADS_ROOT}/web/package.json`);
const { chromium } = require("playwright-core");
const axeSource = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const shots = `${env.THREADS_OUT}/shots`;
mkdirSync(shots, { recursive: true });

export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// ---------------------------------------------------------------- TAP

let failed = 0;
let passed = 0;
export function check(name, holds, why = "") {
	if (holds) passed++;
	else failed++;
	console.log(`${holds ? "ok" : "not ok"} browser: ${name}${holds || !why ? "" : ` (${String(why).replace(/\s+/g, " ").slice(0, 700)})`}`);
	return !!holds;
}
export const same = (name, got, want) => check(name, JSON.stringify(got) === JSON.stringify(want), `got ${JSON.stringify(got)}, not ${JSON.stringify(want)}`);
export const note = (text) => console.log(`# ${text}`);

/* One part of the run. What it throws is a failure with a picture; the next part goes on. */
export async function part(name, page, work) {
	const t0 = Date.now();
	try {
		await work();
	} catch (error) {
		check(name, false, error?.message ?? error);
		console.log(String(error?.stack ?? "").split("\n").filter((line) => line.includes("tests/e2e")).map((line) => `# ${line.trim()}`).join("\n"));
		await page?.screenshot({ path: `${shots}/FAILED-${name.replace(/\W+/g, "-")}.png` }).catch(() => {});
	}
	note(`${name}: ${((Date.now() - t0) / 1000).toFixed(1)} s`);
}
export function finish() {
	note(`${passed} passed, ${failed} failed`);
	return failed ? 1 : 0;
}

// ---------------------------------------------------------------- browser

let browser;
export const breaches = [];
export const errors = [];

export async function openBrowser() {
	const args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
	browser = await chromium.launch({ executablePath: env.CHROMIUM ?? "/usr/bin/chromium", args });
}
export const closeBrowser = () => browser?.close();

/* A browser of its own: nothing shared with the others. */
export async function newPerson(options = {}) {
	const context = await browser.newContext({
		viewport: { width: 1440, height: 900 },
		colorScheme: "light",
		reducedMotion: "reduce",
		acceptDownloads: true,
		locale: "en-GB",
		permissions: ["clipboard-read", "clipboard-write"],
		...options,
	});
	context.setDefaultTimeout(60000);
	await context.exposeBinding("threadsBreach", (source, text) => breaches.push(`${source.frame?.url()}: ${text}`));
	await context.addInitScript(() => {
		addEventListener("securitypolicyviolation", (event) => globalThis.threadsBreach(`${event.violatedDirective} ${event.blockedURI}`));
	});
	const page = await context.newPage();
	watch(page);
	context.on("page", watch);
	return { context, page };
}
const watched = new WeakSet();
function watch(page) {
	if (watched.has(page)) return;
	watched.add(page);
	page.on("pageerror", (error) => errors.push(`${page.url()}: ${error.message}`));
	page.on("console", (message) => {
		if (/Content Security Policy|Trusted ?Type|violates/i.test(message.text())) breaches.push(`${page.url()}: ${message.text()}`);
	});
}

// ---------------------------------------------------------------- one-time codes

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
function decode32(text) {
	let bits = "";
	for (const letter of text.replace(/[\s=]/g, "")) bits += alphabet.indexOf(letter).toString(2).padStart(5, "0");
	return Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
}
/* An authenticator app that never shows a used code; the hub takes the step before and after too. */
export class Authenticator {
	last = 0;
	constructor(secret) {
		this.key = decode32(secret);
	}
	at(step) {
		const counter = Buffer.alloc(8);
		counter.writeBigUInt64BE(BigInt(step));
		const digest = createHmac("sha1", this.key).update(counter).digest();
		const start = digest[19] & 15;
		return String((digest.readUInt32BE(start) & 0x7fffffff) % 1000000).padStart(6, "0");
	}
	async code() {
		const now = () => Math.floor(Date.now() / 30000);
		const step = Math.max(this.last + 1, now());
		while (step > now() + 1) await pause(500);
		this.last = step;
		return this.at(step);
	}
}

// ---------------------------------------------------------------- the server of the senders

const gif = Buffer.from("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7", "base64");
export const tracker = { url: `http://127.0.0.1:${env.TRACKER_PORT}`, hits: [], control: "" };
export async function openTracker() {
	const server = createServer((request, response) => {
		if (request.url === "/control") {
			response.writeHead(200, { "Content-Type": "text/html" }).end(tracker.control);
			return;
		}
		tracker.hits.push(request.url);
		response.writeHead(200, { "Content-Type": /\.css$/.test(request.url) ? "text/css" : "image/gif", "Access-Control-Allow-Origin": "*" });
		response.end(/\.css$/.test(request.url) ? "" : gif);
	});
	await new Promise((resolve) => server.listen(Number(env.TRACKER_PORT), "127.0.0.1", resolve));
	server.unref();
}

// ---------------------------------------------------------------- hub

export const ctl = (...args) => execFileSync(`${env.THREADS_BIN}/threadsctl`, ["--data", env.HUB_DATA, ...args], { encoding: "utf8" });
export const link = (text) => /https?:\/\/\S+#[\w-]{40,}/.exec(text)?.[0];

/* fetch() by the page itself, as the interface does it. */
export const fetchIn = (page, path, init = {}) =>
	page.evaluate(
		async ([url, options]) => {
			const answer = await fetch(`/api/v1${url}`, options);
			return { status: answer.status, headers: Object.fromEntries(answer.headers), body: await answer.text() };
		},
		[path, init],
	);
export const getIn = async (page, path) => JSON.parse((await fetchIn(page, path)).body);
export async function allIds(page, q = "") {
	const ids = [];
	let cursor = "";
	do {
		const found = await getIn(page, `/search?limit=200&q=${encodeURIComponent(q)}${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`);
		ids.push(...found.hits.map((hit) => hit.id));
		cursor = found.next;
	} while (cursor);
	return ids;
}
export async function until(what, test, ms = 20000) {
	const end = Date.now() + ms;
	for (;;) {
		const found = await test();
		if (found) return found;
		if (Date.now() > end) throw new Error(`waited in vain: ${what}`);
		await pause(150);
	}
}

// ---------------------------------------------------------------- pictures, axe-core

/* Frames are left out: the mail frame runs no script, and its content is the sender's. */
async function axe(page, name) {
	if (!(await page.evaluate(() => "axe" in globalThis))) await page.evaluate(axeSource);
	const found = await page.evaluate(async () => {
		const { violations } = await globalThis.axe.run(document, { iframes: false, resultTypes: ["violations"] });
		return violations.filter((v) => v.impact === "serious" || v.impact === "critical").map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(" ")).slice(0, 3).join(" | ")}`);
	});
	axeRuns++;
	if (found.length) axeFound.push(`${name}: ${found.join("; ")}`);
}
export let axeRuns = 0;
export const axeFound = [];
export const clipped = [];

const looks = [
	{ width: 1440, height: 900, scheme: "light", axe: true },
	{ width: 1440, height: 900, scheme: "dark", axe: true },
	{ width: 390, height: 844, scheme: "dark", axe: true },
	{ width: 390, height: 844, scheme: "light", axe: true },
];
export async function look(page, name, act) {
	for (const { width, height, scheme, ...want } of looks) {
		const label = `${name}-${width}-${scheme}`;
		await page.setViewportSize({ width, height });
		await page.emulateMedia({ colorScheme: scheme });
		await page.waitForTimeout(120);
		await act?.(page);
		await page.screenshot({ path: `${shots}/${label}.png` });
		if (want.axe) await axe(page, label);
		const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
		if (over > 0) clipped.push(`${label}: ${over} px`);
	}
	await page.setViewportSize({ width: 1440, height: 900 });
	await page.emulateMedia({ colorScheme: "light" });
}
export const shotPath = (name) => `${shots}/${name}.png`;
