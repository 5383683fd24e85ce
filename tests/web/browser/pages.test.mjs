// SPDX-License-Identifier: Apache-2.0
// Every page in both themes and at four widths: no finding of axe-core, nothing to
// scroll sideways, no error. With THREADS_SHOTS the pictures are kept to be looked at.
import assert from "node:assert/strict";
import { test } from "node:test";
import { assertAccessible, mail, shot, withPage } from "./harness.mjs";

const account = (n) => `x0000${n}abcdefghijklmnopqrst`;
const click = (selector) => (page) => page.locator(selector).first().click();
const pages = [
	{ name: "signin", path: "/", signedIn: false },
	{ name: "setup", path: "/setup#setup-token", signedIn: false, mock: { owner: false, setupDone: false } },
	{ name: "setup-organisation", path: "/", mock: { setupDone: false } },
	{ name: "invite", path: "/invite#invite-token", signedIn: false },
	{ name: "reset", path: "/reset#reset-token", signedIn: false },
	{ name: "link-ended", path: "/invite#used", signedIn: false },
	{ name: "no-owner", path: "/", signedIn: false, mock: { owner: false } },
	{ name: "search", path: "/search?q=delivery+has:attachment" },
	{ name: "search-suggest", path: "/search", act: click(".sbar__in") },
	{ name: "search-empty", path: "/search?q=Liefertermn+from:anna" },
	{ name: "search-hint", path: "/search?q=delivery+(open" },
	{ name: "reader", path: `/search?q=Liefertermin&open=${mail(1)}` },
	{ name: "reader-html", path: `/search?q=delivery&open=${mail(5)}` },
	{ name: "reader-missing", path: `/search?open=${mail(99999)}` },
	{ name: "details", path: `/search?q=delivery&open=${mail(1)}&pane=details` },
	{ name: "accounts", path: "/accounts" },
	{ name: "account-add", path: "/accounts/add" },
	{ name: "account-sync", path: `/accounts/${account(3)}` },
	{ name: "account-error", path: `/accounts/${account(2)}` },
	{ name: "account-delete", path: `/accounts/${account(1)}`, act: click(".btn--warnout") },
	{ name: "import", path: "/import" },
	{ name: "users", path: "/users" },
	{ name: "users-invite", path: "/users", act: click(".page__act .btn") },
	{ name: "security", path: "/security" },
	{ name: "display", path: "/display" },
	{ name: "status", path: "/status" },
	{ name: "audit", path: "/audit" },
	{ name: "missing", path: "/nowhere" },
	{ name: "keys", path: "/accounts", act: (page) => page.keyboard.press("?") },
	{ name: "palette", path: "/accounts", act: (page) => page.keyboard.press("Control+k") },
];
/* axe at two looks; all six with THREADS_LONG or when pictures are wanted (the
 * contrast of both themes is measured from the tokens by a unit test). */
const everyLook = !!(process.env.THREADS_LONG || process.env.THREADS_SHOTS);
const looks = [
	{ width: 1440, height: 900, dark: false, axe: true },
	{ width: 390, height: 844, dark: true, axe: true },
	{ width: 320, height: 640, dark: false, axe: false },
	{ width: 1440, height: 900, dark: true, axe: everyLook, extra: true },
	{ width: 390, height: 844, dark: false, axe: everyLook, extra: true },
	{ width: 1100, height: 800, dark: false, axe: everyLook, extra: true },
].filter((look) => everyLook || !look.extra);

/* Tables wider than their place, and words of two cells that lie upon each other. */
const crowded = (page) =>
	page.evaluate(() => {
		const meet = (a, b) => a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1;
		const words = (cell) => {
			const found = [];
			for (const texts = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT); texts.nextNode(); ) {
				const range = document.createRange();
				range.selectNodeContents(texts.currentNode);
				found.push(...range.getClientRects());
			}
			return found;
		};
		const wide = [...document.querySelectorAll("table")].filter((table) => table.getBoundingClientRect().right > table.parentElement.getBoundingClientRect().right + 1);
		const met = [...document.querySelectorAll("tbody tr")].filter((row) => {
			const cells = [...row.cells].map(words);
			return cells.some((one, i) => cells.slice(i + 1).some((other) => one.some((a) => other.some((b) => meet(a, b)))));
		});
		return [...wide, ...met].map((element) => element.textContent.slice(0, 60));
	});

for (const { name, path, act, ...options } of pages) {
	test(name, async () => {
		for (const look of looks) {
			await withPage({ ...options, ...look }, async (page, mock, base) => {
				await page.goto(base + path);
				await page.locator("h1:visible, h2:visible").first().waitFor();
				await page.waitForTimeout(250);
				await act?.(page);
				await page.waitForTimeout(act ? 250 : 50);
				const label = `${name}-${look.width}-${look.dark ? "dark" : "light"}`;
				await shot(page, label);
				assert.ok((await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)) <= 0, `${label} scrolls sideways`);
				assert.deepEqual(await crowded(page), [], `${label} is crowded`);
				if (look.axe) await assertAccessible(page, label);
				assert.notEqual(await page.title(), "");
			});
		}
	});
}
