// SPDX-License-Identifier: Apache-2.0
// A mail that tries everything: nothing of it runs and nothing leaves the browser,
// until images are asked for. The control shows that the same mail does harm when
// nothing holds it back.
import assert from "node:assert/strict";
import { test } from "node:test";
import { attackHtml } from "../../../web/mock/data.mjs";
import { mail, shot, withPage, withTracker } from "./harness.mjs";

const settled = (page) => page.waitForTimeout(700);
const frameOf = (page, expression) => page.evaluate(`(() => { const doc = document.querySelector("iframe.mailframe").contentDocument; return ${expression}; })()`);

test("control: without the reader the mail runs scripts and calls the tracker", () =>
	withTracker(async (tracker) => {
		tracker.html = attackHtml(tracker.url).replace(/<base[^>]*>|<meta[^>]*>/g, "");
		await withPage({}, async (page) => {
			await page.goto(`${tracker.url}/control`);
			await settled(page);
			assert.ok(tracker.hits.length >= 8, `only ${tracker.hits.length} hits`);
			assert.equal(await page.evaluate("window.hacked"), 1);
		});
	}));

test("in the reader nothing runs and nothing leaves", () =>
	withTracker(async (tracker) => {
	await withPage({ mock: { tracker: tracker.url } }, async (page, mock, base) => {
		await page.goto(`${base}/search?q=parcel&open=${mail(6)}`);
		await page.getByText("images from the internet are blocked").waitFor();
		await settled(page);
		await shot(page, "attack-mail");
		assert.deepEqual(tracker.hits, []);
		assert.equal(await page.evaluate("window.hacked"), undefined);
		assert.notEqual(await page.title(), "hacked");
		const bad = "script,form,input,button,iframe,object,embed,video,audio,svg,math,link,base,meta[http-equiv],noscript,picture,source";
		assert.equal(await frameOf(page, `doc.body.querySelectorAll(${JSON.stringify(bad)}).length`), 0);
		assert.equal(await frameOf(page, `[...doc.querySelectorAll("*")].filter((e) => [...e.attributes].some((a) => /^on/i.test(a.name))).length`), 0);
		assert.equal(await frameOf(page, `doc.documentElement.outerHTML.includes(${JSON.stringify(tracker.url)})`), false);
		assert.match(await frameOf(page, `doc.body.textContent`), /Dear customer, your parcel waits/);
		/* Links: the good one opens outside, the others are no links any more. */
		assert.deepEqual(await frameOf(page, `[...doc.querySelectorAll("a[href]")].map((a) => [a.href, a.target, a.rel])`), [["https://parcel.example.com/track?id=4711", "_blank", "noopener noreferrer nofollow"]]);
		/* The image that came with the mail is shown, from the hub. */
		const inline = await frameOf(page, `[...doc.querySelectorAll("img[src]")].map((i) => [new URL(i.src).pathname, i.naturalWidth])`);
		assert.deepEqual(inline, [[`/api/v1/messages/${mail(6)}/attachments/a00003abcdefghijklmnopqrst`, 1]]);
	});
	}));

test("asked for, images load; scripts still do not run", () =>
	withTracker(async (tracker) => {
	await withPage({ mock: { tracker: tracker.url } }, async (page, mock, base) => {
		await page.goto(`${base}/search?q=parcel&open=${mail(6)}`);
		await page.getByRole("button", { name: "Load once" }).click();
		await settled(page);
		assert.ok(tracker.hits.includes("/pixel.gif"), String(tracker.hits));
		assert.ok(tracker.hits.every((url) => /\.(gif|png)$/.test(url)), String(tracker.hits));
		assert.equal(await page.evaluate("window.hacked"), undefined);
		assert.equal(await page.getByText("images from the internet are blocked").count(), 0);
		/* Only once: opened again, they are blocked again. */
		await page.goto(`${base}/search?q=parcel`);
		const before = tracker.hits.length;
		await page.goto(`${base}/search?q=parcel&open=${mail(6)}`);
		await page.getByText("images from the internet are blocked").waitFor();
		await settled(page);
		assert.equal(tracker.hits.length, before);
	});
	}));

test("an ordinary mail keeps its look; quoted text folds; words are marked", async () => {
	await withPage({}, async (page, mock, base) => {
		await page.goto(`${base}/search?q=delivery&open=${mail(5)}`);
		await page.frameLocator("iframe.mailframe").getByText("Payable within 30 days").waitFor();
		assert.equal(await frameOf(page, `getComputedStyle(doc.querySelector("h2")).color`), "rgb(0, 68, 102)");
		assert.equal(await frameOf(page, `doc.querySelector("th").getAttribute("align")`), "left");
		assert.equal(await frameOf(page, `doc.querySelector("details blockquote") !== null`), true);
		assert.ok((await frameOf(page, `doc.querySelectorAll("mark").length`)) >= 2);
		/* The frame is as high as its content. */
		const [frame, content] = await page.evaluate(() => {
			const f = document.querySelector("iframe.mailframe");
			return [f.clientHeight, f.contentDocument.documentElement.scrollHeight];
		});
		assert.ok(Math.abs(frame - content) <= 34, `${frame} for ${content}`);
		/* Keys work with the focus inside the frame. */
		await page.frameLocator("iframe.mailframe").locator("h2").click();
		await page.keyboard.press("n");
		assert.equal(await frameOf(page, `doc.querySelectorAll("mark.now").length`), 1);
		await page.keyboard.press("u");
		await page.getByText("Choose a result to read it here.").waitFor();
	});
});

test("plain mail: folded quote, signature, safe link", async () => {
	await withPage({}, async (page, mock, base) => {
		await page.goto(`${base}/search?open=${mail(1)}`);
		const quote = page.getByRole("button", { name: "Quoted text, 4 lines" });
		await quote.click();
		await page.getByText("Would it help if we send our own crane?", { exact: false }).last().waitFor();
		assert.equal(await quote.getAttribute("aria-expanded"), "true");
		assert.equal(await page.getByRole("link", { name: "https://plan.nordlicht.example.org/4711" }).getAttribute("rel"), "noopener noreferrer nofollow");
	});
});
