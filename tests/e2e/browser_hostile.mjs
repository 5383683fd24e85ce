// SPDX-License-Identifier: Apache-2.0
// A mail that tries everything. The control shows that it does harm where nothing
// holds it back; in the reader nothing runs and nothing leaves, until images are
// asked for, and then still nothing runs.
import { attackHtml } from "./browser_mail.mjs";
import { axeFound, base, breaches, check, getIn, look, newPerson, note, same, tracker, until } from "./browser_world.mjs";

const scripts = (hits) => hits.filter((url) => url.startsWith("/ran-"));
const settled = (page) => page.waitForTimeout(1200);
const inFrame = (page, expression) => page.evaluate(`(() => { const doc = document.querySelector("iframe.mailframe").contentDocument; return ${expression}; })()`);

export async function control() {
	const { context, page } = await newPerson();
	tracker.control = attackHtml(tracker.url);
	await page.goto(`${tracker.url}/control`);
	await until("the tracker to be hit", () => tracker.hits.length >= 8 && scripts(tracker.hits).length >= 3);
	await settled(page);
	note(`control: ${tracker.hits.length} hits, scripts: ${scripts(tracker.hits).join(" ")}`);
	check("control: with blocking off the sender's server is hit", tracker.hits.includes("/pixel.gif") && tracker.hits.length >= 10, tracker.hits);
	check("control: and the scripts run", ["/ran-script", "/ran-onload", "/ran-onerror"].every((url) => tracker.hits.includes(url)), tracker.hits);
	same("control: in the page itself", await page.evaluate("window.hacked"), 1);
	await context.close();
	tracker.hits.length = 0;
}

/* What collects breaches of a policy and serious findings does notice them. */
export async function alarms(alice) {
	const { page } = alice;
	await page.goto(`${base}/search`);
	await page.locator(".hit__link").first().waitFor();
	const before = breaches.length;
	await page.evaluate((url) => document.body.append(Object.assign(new Image(), { src: `${url}/breach.gif`, alt: "" })), tracker.url);
	await until("the breach", () => breaches.length >= before + 2);
	check("control: a breach of the policy is noticed by event and in the console", true);
	same("control: and the policy held", tracker.hits, []);
	breaches.length = before;
	await page.evaluate(() => document.querySelector("main").append(document.createElement("select")));
	await look(page, "control-axe");
	check("control: axe-core notices a field without a name", axeFound.length >= 4 && axeFound.every((found) => found.startsWith("control-axe")), axeFound);
	axeFound.length = 0;
	await page.reload();
}

async function open(page) {
	const { hits } = await getIn(page, "/search?q=parcel");
	await page.goto(`${base}/search?q=parcel&open=${hits[0].id}`);
	await page.frameLocator("iframe.mailframe").getByText("your parcel waits at the gate").waitFor();
	await page.getByText("images from the internet are blocked").waitFor();
	await settled(page);
	return hits[0].id;
}

export async function reader(alice) {
	const { page } = alice;
	const before = breaches.length;
	const id = await open(page);
	same("in the reader the sender's server is not hit", tracker.hits, []);
	same("no script of the mail runs", await page.evaluate("window.hacked"), undefined);
	check("the title is ours", /Threads/.test(await page.title()), await page.title());
	same("nothing breaks a policy", breaches.slice(before), []);
	const bad = "script,form,input,button,iframe,object,embed,video,audio,svg,math,link,base,meta[http-equiv],noscript,picture,source";
	same("nothing active is in the frame", await inFrame(page, `doc.body.querySelectorAll(${JSON.stringify(bad)}).length`), 0);
	check("no address of the sender is in the frame", !(await inFrame(page, "doc.documentElement.outerHTML")).includes(tracker.url));
	same("of three links the good one is left", await inFrame(page, `[...doc.querySelectorAll("a[href]")].map((a) => a.href)`), ["https://parcel.example.com/track?id=4711"]);
	const logo = await inFrame(page, `[...doc.querySelectorAll("img[src]")].map((i) => [new URL(i.src).pathname.split("/").slice(0, 5).join("/"), i.naturalWidth])`);
	same("the picture that came with the mail is shown", logo, [[`/api/v1/messages/${id}`, 1]]);
	await look(page, "reader-hostile");

	await page.getByRole("button", { name: "Load once" }).click();
	await until("the images", () => tracker.hits.includes("/pixel.gif"));
	await settled(page);
	note(`after "Load once": ${tracker.hits.join(" ")}`);
	check("asked for, images are loaded, and only images", tracker.hits.every((url) => /\.(gif|png)$/.test(url)), tracker.hits);
	same("still no script ran", [scripts(tracker.hits), await page.evaluate("window.hacked") ?? null], [[], null]);
	same("and nothing broke a policy", breaches.slice(before), []);
	tracker.hits.length = 0;
	await page.goto(`${base}/search`);
	await open(page);
	same("opened again they are blocked again", tracker.hits, []);
}
