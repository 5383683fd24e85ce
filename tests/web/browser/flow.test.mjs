// SPDX-License-Identifier: Apache-2.0
// The ways through the interface, as a person takes them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { openBox } from "../../../web/mock/vault.mjs";
import { mail, shot, signIn, withPage } from "./harness.mjs";

const fresh = { mock: { owner: false, setupDone: false }, signedIn: false };

test("set-up from the link to the first account", async () => {
	await withPage(fresh, async (page, mock, base) => {
		await page.goto(`${base}/setup#setup-token`);
		await page.getByLabel("Your full name").fill("Mara Lindqvist");
		await page.getByLabel("Name to sign in with").fill("mara.lindqvist");
		await page.getByLabel("Password", { exact: true }).fill("short");
		await page.getByRole("button", { name: "Continue" }).click();
		await page.getByText("Use at least 10 characters").waitFor();
		assert.equal(new URL(page.url()).hash, "", "the token left the address bar");
		await page.getByLabel("Password", { exact: true }).fill("correct horse battery");
		await page.keyboard.press("Enter");
		await page.getByRole("img", { name: "QR code" }).waitFor();
		await page.getByLabel("Type the code").fill("999999");
		await page.keyboard.press("Enter");
		await page.getByText("Is the clock of your telephone right?").waitFor();
		await page.getByLabel("Type the code").fill("123 456");
		await page.keyboard.press("Enter");
		await page.getByRole("list", { name: "Recovery codes" }).waitFor();
		assert.equal(await page.getByRole("list", { name: "Recovery codes" }).getByRole("listitem").count(), 10);
		await page.getByRole("button", { name: "Continue" }).click({ force: true });
		await page.getByText("Keep the codes first.").waitFor();
		await page.getByLabel("I keep these codes").check();
		await page.getByRole("button", { name: "Continue" }).click();
		await page.getByLabel("Your own domains").fill("Halden.example.com, example.org");
		await page.getByLabel("Time zone").selectOption("Europe/Oslo");
		await page.getByRole("radio", { name: /^Open/ }).check();
		await page.getByRole("radio", { name: /^Shared/ }).check();
		await page.getByRole("button", { name: "Continue" }).click();
		await page.getByRole("button", { name: "Add account" }).click();
		await page.getByRole("heading", { name: "Which mailbox?" }).waitFor();
		const { own_domains, time_zone, account_policy_default, outside_channels, setup_done } = mock.state.settings;
		assert.deepEqual({ own_domains, time_zone, account_policy_default, outside_channels, setup_done }, { own_domains: ["halden.example.com", "example.org"], time_zone: "Europe/Oslo", account_policy_default: "open", outside_channels: "shared", setup_done: true });
	});
});

test("an ended link says so, for whom it concerns", async () => {
	await withPage({ signedIn: false }, async (page, mock, base) => {
		await page.goto(`${base}/invite#used`);
		await page.getByText("This invitation was already used").waitFor();
		await page.getByRole("button", { name: "Go to the sign-in page" }).click();
		await page.getByRole("heading", { name: "Sign in" }).waitFor();
	});
});

test("sign-in: wrong password, wrong code, recovery code, the way back", async () => {
	await withPage({ signedIn: false }, async (page, mock, base) => {
		await page.goto(`${base}/search?q=delivery&open=${mail(1)}`);
		await page.getByLabel("Name").fill("mara.lindqvist");
		await page.getByLabel("Password", { exact: true }).fill("wrong");
		await page.keyboard.press("Enter");
		await page.getByText("Name or password is not right.").waitFor();
		await page.getByLabel("Name").fill("throttled");
		await page.keyboard.press("Enter");
		await page.getByText(/Too many tries\. You can try again at \d\d:\d\d/).waitFor();
		await signIn(page);
		await page.getByRole("heading", { name: "Re: Propellerwelle 4711" }).waitFor();
		assert.equal(new URL(page.url()).searchParams.get("open"), mail(1));
		/* Ended from elsewhere: the next request leads to the sign-in, which keeps the search. */
		mock.state.signedIn = false;
		await page.getByLabel("Search mail").fill("invoice");
		await page.keyboard.press("Enter");
		await page.getByText("You were signed out.").waitFor();
		await page.getByLabel("Name").fill("mara.lindqvist");
		await page.getByLabel("Password", { exact: true }).fill("correct horse battery");
		await page.keyboard.press("Enter");
		await page.getByRole("button", { name: "Use a recovery code instead" }).click();
		await page.getByLabel("Recovery code").fill("7KQM-2F9T-XRHA-C3WD-8NPL-V4JA");
		await page.keyboard.press("Enter");
		await page.getByText("3 recovery codes are left.").waitFor();
		await page.waitForURL(/q=invoice/);
	});
});

test("search with chips and keys, open, details, back", async () => {
	await withPage({}, async (page, mock, base) => {
		await page.goto(`${base}/search`);
		await page.getByRole("heading", { name: "260 results" }).waitFor();
		await page.keyboard.press("/");
		await page.keyboard.type("delivery from:tom ");
		assert.equal(await page.locator(".tok").count(), 1);
		await page.keyboard.type("has:");
		await page.getByRole("option", { name: "has:attachment" }).waitFor();
		await page.keyboard.press("ArrowDown");
		await page.keyboard.press("Enter");
		assert.equal(await page.locator(".tok").count(), 2);
		assert.equal(new URL(page.url()).searchParams.get("q"), "from:tom has:attachment delivery");
		/* Backspace at the start selects the last chip, again removes it. */
		await page.keyboard.press("Home");
		await page.keyboard.press("Backspace");
		assert.equal(await page.locator(".tok--selected").count(), 1);
		await page.keyboard.press("Backspace");
		assert.equal(new URL(page.url()).searchParams.get("q"), "from:tom delivery");
		await page.keyboard.press("Escape");
		await page.keyboard.press("Escape");
		await page.keyboard.press("j");
		await page.keyboard.press("Enter");
		await page.locator(".read__title").waitFor();
		assert.equal(await page.evaluate(() => document.activeElement.className), "read__title", "focus goes to the title");
		const first = new URL(page.url()).searchParams.get("open");
		await page.keyboard.press("j");
		await page.waitForFunction((id) => new URL(location.href).searchParams.get("open") !== id, first);
		await page.keyboard.press("d");
		await page.getByRole("heading", { name: "Why can I see this?" }).waitFor();
		await page.keyboard.press("Escape");
		await page.keyboard.press("Escape");
		await page.getByText("Choose a result to read it here.").waitFor();
		await page.waitForFunction(() => document.activeElement?.matches("[data-row]"));
		/* The back button restores the message. */
		await page.goBack();
		await page.goBack();
		await page.locator(".read__title").waitFor();
	});
});

test("a long list: only rows in view exist, more pages come, positions are told", async () => {
	await withPage({}, async (page, mock, base) => {
		await page.goto(`${base}/search`);
		await page.getByRole("heading", { name: "260 results" }).waitFor();
		assert.ok((await page.locator(".hit").count()) < 40);
		assert.equal(await page.locator(".hit").first().getAttribute("aria-setsize"), "260");
		await page.locator(".hit__link").first().focus();
		for (let i = 0; i < 8; i++) {
			await page.keyboard.press("End");
			await page.waitForTimeout(150);
		}
		await page.waitForFunction(() => [...document.querySelectorAll(".hit")].some((hit) => hit.getAttribute("aria-posinset") === "260"));
		assert.ok((await page.locator(".hit").count()) < 60);
	});
});

test("new mail waits behind a chip and moves nothing", async () => {
	await withPage({}, async (page, mock, base) => {
		await page.goto(`${base}/search`);
		await page.getByRole("heading", { name: "260 results" }).waitFor();
		const top = await page.locator(".hit__link").first().getAttribute("href");
		await page.waitForFunction(() => true);
		await page.waitForTimeout(300);
		mock.state.messages.unshift({ ...mock.state.messages[0], id: mail(90001), subject: "Just arrived", conversation_id: "x" });
		mock.ring("messages");
		const chip = page.getByRole("button", { name: "1 new" });
		await chip.waitFor();
		assert.equal(await page.locator(".hit__link").first().getAttribute("href"), top);
		await chip.click();
		await page.getByText("Just arrived").waitFor();
	});
});

test("one stream of events for two tabs", async () => {
	await withPage({}, async (page, mock, base) => {
		await page.goto(`${base}/accounts`);
		const second = await page.context().newPage();
		await second.goto(`${base}/accounts`);
		await second.getByText("Need you").waitFor();
		await page.waitForTimeout(300);
		assert.equal(mock.state.streams.size, 1);
		mock.state.accounts[0].name = "renamed@halden.example.com";
		mock.ring("accounts");
		for (const tab of [page, second]) await tab.getByText("renamed@", { exact: false }).first().waitFor();
		/* The tab with the stream goes: the other takes over. */
		await page.goto("about:blank");
		await second.waitForTimeout(500);
		assert.equal(mock.state.streams.size, 1);
		await page.goto(`${base}/accounts`);
	});
});

test("add an account: the password leaves the browser only sealed", async () => {
	await withPage({}, async (page, mock, base) => {
		const sent = [];
		page.on("request", (request) => sent.push(request.postData() ?? ""));
		await page.goto(`${base}/accounts/add`);
		await page.getByLabel("E-mail address").fill("yuki@halden.example.com");
		await page.keyboard.press("Enter");
		await page.getByLabel("Server", { exact: true }).fill("wrong.example.com");
		await page.getByLabel("Password, better an app password").fill("s3cret words");
		await page.getByRole("button", { name: "Test the sign-in" }).click();
		await page.getByText("The password is refused.").waitFor();
		await page.getByRole("button", { name: "Back" }).click();
		await page.getByLabel("Server", { exact: true }).fill("imap.example.com");
		await page.getByRole("button", { name: "Test the sign-in" }).click();
		await page.getByText("The sign-in works.").waitFor();
		await page.getByRole("button", { name: "Continue" }).click();
		await page.getByText("Projects/4711").waitFor();
		await page.getByRole("button", { name: "Start collecting" }).click();
		await page.getByRole("heading", { name: "yuki@halden.example.com" }).waitFor();
		assert.ok(sent.every((body) => !body.includes("s3cret")));
		const { account, box } = mock.state.boxes.at(-1);
		assert.equal(openBox(box, [account, "generic", "imap.example.com", "993", "implicit", "", "yuki@halden.example.com"]), "s3cret words");
		assert.throws(() => openBox(box, [account, "generic", "wrong.example.com", "993", "implicit", "", "yuki@halden.example.com"]));
	});
});

test("edit, pause, delete with typing the name, remove the sample", async () => {
	await withPage({}, async (page, mock, base) => {
		await page.goto(`${base}/accounts`);
		await page.getByRole("link", { name: "mara@halden.example.com" }).click();
		await page.getByLabel("Server", { exact: true }).fill("mail.halden.example.com");
		await page.getByText("The stored password becomes void.").waitFor();
		await page.getByRole("button", { name: "Take back the change" }).click();
		await page.getByRole("button", { name: "Pause" }).click();
		await page.getByRole("button", { name: "Go on" }).waitFor();
		await page.getByRole("button", { name: "Delete" }).click();
		await page.getByRole("radio", { name: "Erase its messages too" }).check();
		await page.getByText("Type the name first.").waitFor();
		await page.getByLabel("Type the name to confirm").fill("mara@halden.example.com");
		await page.getByRole("button", { name: "Delete and erase" }).click();
		await page.getByText("mara@halden.example.com is being removed.").waitFor();
		await page.getByRole("button", { name: "Remove the sample mail" }).first().click();
		await page.getByText("The sample mail is being removed.").waitFor();
		assert.ok(!mock.state.accounts.some((a) => a.type === "sample" || a.name === "mara@halden.example.com"));
	});
});

test("import by upload: in pieces, a broken one goes on, progress, result", async () => {
	await withPage({}, async (page, mock, base) => {
		await page.goto(`${base}/import`);
		const body = Buffer.concat([Buffer.from("From a@example.org Mon Nov 2 2026\nSubject: x\n\nhello\n"), Buffer.alloc(9 * 1024 * 1024, "a\n")]);
		await page.setInputFiles("input[type=file]", [
			{ name: "archive.mbox", mimeType: "application/mbox", buffer: body },
			{ name: "old.pst", mimeType: "application/x", buffer: Buffer.from("!BDN\0\0") },
		]);
		await page.getByText("Threads cannot read this kind of file.").waitFor();
		let failures = 1;
		await page.route("**/files/*?offset=4194304", (route) => (failures-- > 0 ? route.abort() : route.continue()));
		await page.getByRole("button", { name: /^Import 1 file/ }).click();
		await page.getByText("Import is complete").waitFor();
		await page.getByText(/Read 48: 44 stored, 4 duplicate/).waitFor();
		assert.equal(mock.state.imports[0].files[0].received, body.length);
		assert.equal(mock.state.imports[0].files.length, 1);
		await shot(page, "import-done");
	});
});

test("an upload that stopped goes on with the same file after a reload", async () => {
	await withPage({}, async (page, mock, base) => {
		const buffer = Buffer.from("From a@example.org Mon Nov 2 2026\nSubject: x\n\nhello\n");
		mock.state.imports.push({ id: "i1", state: "uploading", account: { id: "a", name: "Old" }, files: [{ id: "f1", name: "a.mbox", size: buffer.length, received: 20 }], read: 0, stored: 0, duplicate: 0, excluded: 0, failed: 0, bytes: 0, bytes_total: buffer.length, rate: 0, seconds_left: null, error: null });
		await page.goto(`${base}/import/i1`);
		await page.getByText("The upload has stopped.").waitFor();
		await page.setInputFiles("input[type=file]", [{ name: "other.mbox", mimeType: "x/y", buffer }]);
		await page.getByText("These are not the same files.").waitFor();
		await page.setInputFiles("input[type=file]", [{ name: "a.mbox", mimeType: "x/y", buffer }]);
		await page.getByText("Import is complete").waitFor();
		assert.ok(mock.state.log.filter((line) => line.startsWith("PUT")).length === 1);
	});
});

test("invite: the link is shown once; disabling can be undone", async () => {
	await withPage({}, async (page, mock, base) => {
		await page.goto(`${base}/users`);
		await page.getByRole("button", { name: "Invite user" }).click();
		const dialog = page.getByRole("dialog");
		await dialog.getByLabel("Your full name").fill("Lena Abara");
		await dialog.getByLabel("Name to sign in with").fill("tom.okafor");
		await page.getByRole("button", { name: "Make the link" }).click();
		await dialog.getByText("Somebody has this name already.").waitFor();
		await dialog.getByLabel("Name to sign in with").fill("lena.abara");
		await page.getByRole("button", { name: "Make the link" }).click();
		await dialog.getByText("Shown only now.").waitFor();
		await page.getByRole("button", { name: "Copy link" }).click();
		assert.match(await page.evaluate(() => navigator.clipboard.readText()), /invite#/);
		await page.keyboard.press("Escape");
		assert.equal(await page.getByText("invite#").count(), 0);
		await page.getByRole("button", { name: "More about Ines Ferreira" }).click();
		await page.keyboard.press("Enter");
		await page.getByRole("button", { name: "Disable Ines Ferreira" }).click();
		await page.getByRole("button", { name: "Undo" }).click();
		await page.waitForFunction(() => document.querySelectorAll("tbody tr").length === 6);
		await page.waitForTimeout(200);
		assert.equal(mock.state.users.find((u) => u.name === "ines.ferreira").state, "active");
	});
});

test("own security: password, new codes after a fresh sign-in, sessions", async () => {
	await withPage({}, async (page, mock, base) => {
		mock.state.strong = false;
		await page.goto(`${base}/security`);
		await page.getByLabel("Current password").fill("wrong");
		await page.getByLabel("New password").fill("another good one");
		await page.getByRole("button", { name: "Change password" }).click();
		await page.getByText("The current password is not right.").waitFor();
		await page.getByRole("button", { name: "Print new codes" }).click();
		const dialog = page.getByRole("dialog");
		await dialog.getByLabel("Password", { exact: true }).fill("correct horse battery");
		await dialog.getByLabel("Code").fill("123456");
		await page.keyboard.press("Enter");
		await page.getByRole("list", { name: "Recovery codes" }).waitFor();
		await page.getByRole("button", { name: "I have kept them" }).click();
		await page.getByRole("button", { name: "Sign out", exact: true }).click();
		await page.getByRole("button", { name: "Sign out everywhere" }).click();
		await page.getByRole("heading", { name: "Sign in" }).waitFor();
	});
});

test("single-key commands can be switched off, and never act in a field", async () => {
	await withPage({}, async (page, mock, base) => {
		await page.goto(`${base}/search`);
		await page.getByRole("heading", { name: "260 results" }).waitFor();
		await page.keyboard.press("?");
		await page.getByRole("dialog").getByRole("checkbox").uncheck();
		await page.keyboard.press("Escape");
		await page.keyboard.press("?");
		await page.waitForTimeout(100);
		assert.equal(await page.getByRole("dialog").count(), 0);
		assert.equal(mock.state.own.single_key_shortcuts, false);
		await page.getByLabel("Search mail").fill("");
		await page.keyboard.type("?j/");
		assert.equal(await page.getByLabel("Search mail").inputValue(), "?j/");
		await page.keyboard.press("Escape");
		await page.keyboard.press("Escape");
		await page.keyboard.press("Control+k");
		await page.getByRole("combobox", { name: "Type a place" }).fill("status");
		await page.keyboard.press("Enter");
		await page.getByRole("heading", { name: "Status" }).waitFor();
		assert.equal(await page.title(), "Status · Threads");
	});
});

test("what the disk does to collecting is said with the limit that is set", async () => {
	await withPage({}, async (page, mock, base) => {
		Object.assign(mock.state.status.disk, { percent: 91, stop_percent: 92 });
		await page.goto(`${base}/status`);
		await page.getByText("Collecting and search work.").waitFor();
		await page.getByText("At 92 % collecting stops.").waitFor();
		await page.getByRole("img", { name: /collecting stops at 92 %/ }).waitFor();
		Object.assign(mock.state.status.disk, { percent: 97, stopped: true });
		await page.reload();
		await page.getByText("Search works; collecting waits for room on the disk.").waitFor();
		assert.equal(await page.getByText("Collecting and search work.").count(), 0);
	});
});
