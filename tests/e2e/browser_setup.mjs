// SPDX-License-Identifier: Apache-2.0
// From the set-up link to a mail that is read; a second person who sees only their own.
import { execFileSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { drawing } from "./browser_mail.mjs";
import { allIds, Authenticator, base, check, ctl, env, fetchIn, getIn, link, look, note, same, shotPath, tracker, until } from "./browser_world.mjs";

const sha = (data) => createHash("sha256").update(data).digest("hex");
export const password = { alice: "alice has a long passphrase", bob: "bob has another passphrase" };
export const ca = () => readFileSync(`${env.LAB}/tls/ca.pem`, "utf8");

async function connectApp(page, who) {
	await page.getByRole("img", { name: "QR code" }).waitFor();
	const secret = (await page.locator(".keytext").innerText()).replace(/\s/g, "");
	who.app = new Authenticator(secret);
	return secret;
}

/* Set-up of the owner, by the link that the operator gets. */
export async function setUp(alice) {
	const { page } = alice;
	const url = link(ctl("setup-link"));
	check("setup-link gives a link of this hub", url?.startsWith(`${base}/setup#`), url);
	await page.goto(url);
	await page.getByLabel("Your full name").fill("Alice Arden");
	await page.getByLabel("Name to sign in with").fill("alice");
	await page.getByLabel("Password", { exact: true }).fill("short");
	await look(page, "setup-1-password");
	await page.getByRole("button", { name: "Continue" }).click();
	await page.getByText("Use at least 10 characters").waitFor();
	same("the token left the address bar", new URL(page.url()).hash, "");
	await page.getByLabel("Password", { exact: true }).fill(password.alice);
	await page.keyboard.press("Enter");
	const secret = await connectApp(page, alice);
	check("the authenticator's key has 160 bit", /^[A-Z2-7]{32}$/.test(secret), secret);
	await look(page, "setup-2-authenticator");
	const scanned = execFileSync("zbarimg", ["-q", "--raw", shotPath("setup-2-authenticator-1440-light")], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
	same("the QR code on the screen holds the same key", new URL(scanned).searchParams.get("secret"), secret);
	await page.getByLabel("Type the code").fill("000000");
	await page.keyboard.press("Enter");
	await page.getByText("Is the clock of your telephone right?").waitFor();
	await page.getByLabel("Type the code").fill(await alice.app.code());
	await page.keyboard.press("Enter");
	const codes = page.getByRole("list", { name: "Recovery codes" }).getByRole("listitem");
	await codes.first().waitFor();
	alice.codes = (await codes.allInnerTexts()).map((text) => /[A-Z0-9]{4}(?:-[A-Z0-9]{4}){5}/.exec(text)?.[0]);
	same("ten recovery codes", new Set(alice.codes).size, 10);
	await look(page, "setup-3-recovery-codes");
	await page.getByLabel("I keep these codes").check();
	await page.getByRole("button", { name: "Continue" }).click();
	await page.getByLabel("Name of your organisation").fill("Halden Shipyard");
	await page.getByLabel("Your own domains").fill("lab.test");
	await look(page, "setup-4-organisation");
	await page.getByRole("button", { name: "Continue" }).click();
	await page.getByRole("button", { name: "Add account" }).waitFor();
	await look(page, "setup-5-first-account");
	await page.getByRole("button", { name: "Add account" }).click();
	await page.getByRole("heading", { name: "Which mailbox?" }).waitFor();
	check("set-up leads to the first account", true);
}

/* The form of a new mailbox, up to the live test. Gives back what the browser sent. */
export async function addMailbox(page, address, secret, port, shot, inside = true) {
	const sent = [];
	const listen = (request) => sent.push({ method: request.method(), url: request.url(), body: request.postData() ?? "" });
	page.on("request", listen);
	if (new URL(page.url()).pathname !== "/accounts/add") await page.goto(`${base}/accounts/add`);
	await page.getByLabel("E-mail address").fill(address);
	if (shot) await look(page, "account-add-1-address");
	await page.keyboard.press("Enter");
	await page.getByLabel("Server", { exact: true }).fill("localhost");
	await page.getByLabel("Port").fill(String(port));
	await page.getByText("The server has a certificate of its own authority").click();
	await page.getByLabel("Certificate of the authority").fill(ca());
	await page.getByLabel("Password, better an app password").fill(secret);
	const own = page.getByLabel("This server is in our own network");
	if (inside) await own.check();
	if (shot) await look(page, "account-add-2-server");
	await page.getByRole("button", { name: "Test the sign-in" }).click();
	return { sent, done: () => page.off("request", listen) };
}

export async function firstMailbox(alice) {
	const { page } = alice;
	const { sent, done } = await addMailbox(page, "alice@lab.test", "alice-pw", env.SLOW_PORT, true);
	await page.getByText("The sign-in works.").waitFor();
	await look(page, "account-add-3-test");
	await page.getByRole("button", { name: "Continue" }).click();
	await page.getByLabel(/^INBOX/).waitFor();
	same("junk, trash and drafts are left out", await page.getByRole("checkbox", { checked: false }).count(), 3);
	await look(page, "account-add-4-folders");
	await page.getByRole("button", { name: "Start collecting" }).click();
	await page.getByRole("heading", { name: "alice@lab.test" }).waitFor();
	done();
	const boxes = sent.filter((request) => request.url.endsWith("/secret"));
	same("one sealed box left the browser", boxes.length, 1);
	check("it is a box", JSON.parse(boxes[0]?.body ?? "{}").box?.length > 100, boxes[0]?.body);
	check("the password left it nowhere", sent.length > 5 && sent.every(({ url, body }) => !`${url}${body}`.includes("alice-pw")));
	alice.account = new URL(page.url()).pathname.split("/").pop();
	await page.getByRole("region", { name: "Progress" }).getByText(/^\d+ %$/).waitFor();
	check("progress is shown in numbers", true);
	await look(page, "account-sync");
	await until("the first sync", async () => (await getIn(page, `/accounts/${alice.account}`)).messages >= 226, 90000);
	await page.getByRole("region", { name: "Progress" }).waitFor({ state: "detached" });
	same("all messages of the chosen folders are here", (await getIn(page, `/accounts/${alice.account}`)).messages, 226);
}

export async function searchAndRead(alice) {
	const { page } = alice;
	await page.goto(`${base}/search`);
	await page.getByLabel("Search mail").fill("flange*");
	await page.keyboard.press("Enter");
	/* Until the answer is there, the list shows the newest mails. */
	await page.getByRole("heading", { name: "1 result" }).waitFor();
	check("the search finds one mail", await until("one row", async () => (await page.locator(".hit__link").count()) === 1));
	await page.locator(".hit__link").click();
	const frame = page.frameLocator("iframe.mailframe");
	await frame.getByText("Payable within 30 days.").waitFor();
	const sandbox = await page.locator("iframe.mailframe").getAttribute("sandbox");
	check("the mail stands in a frame that may run no script", sandbox && !sandbox.includes("allow-scripts"), sandbox);
	await page.getByText("1 image from the internet is blocked.").waitFor();
	check("a remote image is blocked, with words", true);
	check("quoted text is folded", !(await frame.getByText("Could you send the invoice again?").isVisible()));
	await frame.getByText("Quoted text").click();
	check("and opens", await frame.getByText("Could you send the invoice again?").isVisible());
	check("the words of the search are marked", (await frame.locator("mark").count()) >= 1);
	await look(page, "reader-html");

	const waiting = page.waitForEvent("download");
	await page.getByRole("link", { name: "drawing 4711.pdf" }).click();
	const file = await waiting;
	same("the attachment keeps its name", file.suggestedFilename(), "drawing 4711.pdf");
	same("and every byte", sha(readFileSync(await file.path())), sha(drawing));

	await page.getByRole("link", { name: "Message details" }).first().click();
	await page.getByRole("heading", { name: "Why can I see this?" }).waitFor();
	await page.locator(".hdrs").waitFor();
	check("the headers are shown", (await page.locator(".hdrs").innerText()).includes("<invoice@lab.test>"));
	await look(page, "reader-details");
	const saving = page.waitForEvent("download");
	await page.locator(".details").getByRole("link", { name: "Save as .eml" }).click();
	same("the raw mail is byte for byte what the server has", sha(readFileSync(await (await saving).path())), sha(readFileSync(`${env.MAIL}/alice/invoice.eml`)));
	await page.getByRole("button", { name: "Look at it" }).click();
	await page.locator("pre.raw").getByText("Message-ID: <invoice@lab.test>").waitFor();
	await look(page, "reader-raw");
	await page.keyboard.press("Escape");
	same("meanwhile the sender's server saw nothing", tracker.hits, []);
}

/* ---------------------------------------------------------------- the second person */

export async function inviteBob(alice, bob) {
	const { page } = alice;
	await page.goto(`${base}/users`);
	await page.getByRole("button", { name: "Invite user" }).click();
	const dialog = page.getByRole("dialog");
	await dialog.getByLabel("Your full name").fill("Bob Birk");
	await dialog.getByLabel("Name to sign in with").fill("bob");
	await look(page, "users-invite");
	await page.getByRole("button", { name: "Make the link" }).click();
	await dialog.getByText("Shown only now.").waitFor();
	await look(page, "users-invite-link");
	const url = link(await dialog.locator("code").innerText());
	await page.keyboard.press("Escape");
	check("the invitation is a link of this hub", url?.startsWith(`${base}/invite#`), url);
	bob.invitation = url;
	await bob.page.goto(url);
	await bob.page.getByRole("heading", { name: "Welcome to Threads" }).waitFor();
	await look(bob.page, "invite-1-password");
	await bob.page.getByLabel("Password", { exact: true }).fill(password.bob);
	await bob.page.keyboard.press("Enter");
	await connectApp(bob.page, bob);
	await bob.page.getByLabel("Type the code").fill(await bob.app.code());
	await bob.page.keyboard.press("Enter");
	const codes = bob.page.getByRole("list", { name: "Recovery codes" }).getByRole("listitem");
	await codes.first().waitFor();
	bob.codes = (await codes.allInnerTexts()).map((text) => /[A-Z0-9]{4}(?:-[A-Z0-9]{4}){5}/.exec(text)?.[0]);
	await bob.page.getByLabel("I keep these codes").check();
	await bob.page.getByRole("button", { name: "Continue" }).click();
	await bob.page.waitForURL(/\/search/);
	await bob.page.getByText("No messages yet").waitFor();
	check("the invited user is in and sees nothing yet", true);
	await look(bob.page, "search-nothing-yet");
}

/* His server is this machine: he cannot allow that himself, an administrator can. */
export async function bobsMailbox(alice, bob) {
	const { page } = bob;
	const { sent, done } = await addMailbox(page, "bob@lab.test", "bob-pw", env.IMAPS_PORT, false, false);
	await page.getByText("an address inside a private network").first().waitFor();
	check("an address inside our network is refused, in words", true);
	await look(page, "account-add-private");
	await page.getByRole("button", { name: "Back" }).click();
	check("an ordinary user cannot allow it", await page.getByLabel("This server is in our own network").isDisabled());
	const his = (await getIn(alice.page, "/accounts")).accounts.find((a) => a.name === "bob@lab.test");
	await alice.page.goto(`${base}/accounts/${his.id}`);
	await alice.page.getByLabel("This server is in our own network").check();
	await look(alice.page, "account-allow-private");
	await alice.page.getByRole("button", { name: "Save and test" }).click();
	await until("the permission", async () => (await getIn(alice.page, `/accounts/${his.id}`)).imap.private_network);
	await page.getByRole("button", { name: "Test the sign-in" }).click();
	await page.getByText("The sign-in works.").waitFor();
	done();
	check("the password of the second mailbox is sealed, too", sent.every(({ url, body }) => !`${url}${body}`.includes("bob-pw")));
	await page.getByRole("button", { name: "Continue" }).click();
	await page.getByRole("button", { name: "Start collecting" }).click();
	await page.getByRole("heading", { name: "bob@lab.test" }).waitFor();
	bob.account = new URL(page.url()).pathname.split("/").pop();
	await until("the mail of the second mailbox", async () => (await getIn(page, `/accounts/${bob.account}`)).messages >= 32, 60000);
}

const unlike = (answer) => {
	const { date, "x-request-id": id, ...headers } = answer.headers;
	return JSON.stringify({ status: answer.status, headers, body: answer.body });
};
const randomId = () => Array.from(randomBytes(26), (byte) => "abcdefghijklmnopqrstuvwxyz234567"[byte & 31]).join("");

/* What the rule gives each of the two, and that the rest is not there at all. */
export async function visibility(alice, bob) {
	const mine = await allIds(alice.page);
	const his = await allIds(bob.page);
	const shared = his.filter((id) => mine.includes(id));
	same("the second user finds exactly the mail of his own mailbox", his.length, 32);
	same("one message lies in both mailboxes", shared.length, 1);
	same("and it is the answer that went from one to the other", (await getIn(bob.page, `/messages/${shared[0]}`)).subject, "Re: Crane plan for quay seven");
	same("words of other people's mail find nothing", (await getIn(bob.page, "/search?q=zanzibar")).count, 0);
	same("control: the owner finds them", (await getIn(alice.page, "/search?q=zanzibar")).count, 1);
	const conversation = (await getIn(bob.page, `/messages/${shared[0]}`)).conversation_id;
	same("the conversation shows him the one message he may see", (await getIn(bob.page, `/conversations/${conversation}`)).messages.map((m) => m.id), shared);
	same("control: the owner sees both", (await getIn(alice.page, `/conversations/${conversation}`)).messages.length, 2);

	const strange = mine.filter((id) => !his.includes(id));
	note(`${strange.length} foreign messages`);
	const kinds = [(id) => `/messages/${id}`, (id) => `/messages/${id}/html`, (id) => `/messages/${id}/headers`, (id) => `/messages/${id}/raw`, (id) => `/messages/${id}/attachments/${randomId()}`];
	const wrong = [];
	let asked = 0;
	for (const kind of kinds) {
		const want = unlike(await fetchIn(bob.page, kind(randomId())));
		if (!want.startsWith('{"status":404,')) wrong.push(want);
		const paths = [...strange, ...Array.from({ length: 10 }, randomId)].map(kind);
		const answers = await bob.page.evaluate(
			(all) =>
				Promise.all(
					all.map(async (path) => {
						const answer = await fetch(`/api/v1${path}`);
						return { status: answer.status, headers: Object.fromEntries(answer.headers), body: await answer.text() };
					}),
				),
			paths,
		);
		asked += answers.length;
		answers.forEach((answer, i) => unlike(answer) !== want && wrong.push(`${paths[i]}: ${unlike(answer)} for ${want}`));
	}
	check(`each of ${asked} answers about other people's mail is the same 404 as for ids that nobody has`, asked > 1000 && !wrong.length, `${wrong.length}: ${wrong[0]}`);
	const first = (await getIn(alice.page, `/messages/${(await getIn(alice.page, "/search?q=1187")).hits[0].id}`));
	const places = [`/messages/${first.id}/attachments/${first.attachments[0].id}`, `/conversations/${first.conversation_id}`, `/accounts/${alice.account}`, `/accounts/${alice.account}/folders`, `/accounts/${alice.account}/ledger`];
	const others = await Promise.all(places.map((path) => fetchIn(bob.page, path)));
	const unknown = await Promise.all(places.map((path) => fetchIn(bob.page, path.replace(/[a-z2-7]{26}/g, randomId))));
	same("the same for attachments, conversations and accounts", others.map(unlike), unknown.map(unlike));
	same("control: the owner gets each of them", (await Promise.all(places.map((path) => fetchIn(alice.page, path)))).map((a) => a.status), places.map(() => 200));
	await bob.page.goto(`${base}/search?open=${strange[0]}`);
	await bob.page.getByText("This message is not here").waitFor();
	check("the page says that the message is not here", true);
	await look(bob.page, "reader-missing");
}
