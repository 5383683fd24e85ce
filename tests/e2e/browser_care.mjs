// SPDX-License-Identifier: Apache-2.0
// Care of accounts: a wrong password, pause, sync, edit, delete, the sample, imports.
import { addMailbox, ca } from "./browser_setup.mjs";
import { base, check, ctl, env, getIn, look, note, pause, same, until } from "./browser_world.mjs";

const account = (page, id) => getIn(page, `/accounts/${id}`);
const count = async (page, q) => (await getIn(page, `/search?q=${encodeURIComponent(q)}`)).count;
const idle = (page, id) => until("an idle account", async () => ((await account(page, id)).activity === "idle" ? true : null));

export async function wrongPassword(alice) {
	const { page } = alice;
	const { done } = await addMailbox(page, "carol@lab.test", "not her password", env.IMAPS_PORT, false);
	const refused = page.getByText("did not accept the user name or the password").first();
	await refused.waitFor();
	done();
	check("the live test says that the password is refused", true);
	await look(page, "account-add-refused");
	const draft = (await getIn(page, "/accounts")).accounts.find((a) => a.name === "carol@lab.test");
	alice.carol = draft.id;
	await page.goto(`${base}/accounts`);
	await page.getByRole("link", { name: "carol@lab.test" }).waitFor();
	await look(page, "accounts");
	await page.getByRole("link", { name: "carol@lab.test" }).click();
	await refused.waitFor();
	check("the account's page says so, too", true);
	await look(page, "account-refused");
	const now = await account(page, alice.carol);
	same("it stays a draft", now.state, "draft");
	check("no secret is kept", now.imap.secret !== "set", now.imap.secret);
	check("the error has a next step", now.error?.next_step?.length > 10, JSON.stringify(now.error));

	await page.getByLabel("Password, better an app password").fill("carol-pw");
	await page.getByRole("button", { name: "Save and test" }).click();
	await page.getByLabel("Certificate of the authority").fill(ca());
	await page.getByRole("button", { name: "Save and test" }).click();
	await page.getByText("The sign-in works.").waitFor();
	await until("the mail of the mended account", async () => (await account(page, alice.carol)).messages === 3);
	check("with the right password it collects", true);
}

export async function pauseAndSync(alice) {
	const { page } = alice;
	await page.goto(`${base}/accounts/${alice.account}`);
	await page.getByRole("button", { name: "Pause" }).click();
	await page.getByRole("button", { name: "Go on" }).waitFor();
	same("a pause is kept by the hub", (await account(page, alice.account)).state, "paused");
	await idle(page, alice.account);
	await look(page, "account-paused");
	const before = (await account(page, alice.account)).last_ok;
	await page.getByRole("button", { name: "Go on" }).click();
	await page.getByRole("button", { name: "Sync now" }).waitFor();
	await until("the pass after the pause", async () => (await account(page, alice.account)).last_ok !== before);
	/* Read before the click: a pass without news is over in milliseconds. */
	const synced = (await account(page, alice.account)).last_ok;
	await page.getByRole("button", { name: "Sync now" }).click();
	await until("the pass after Sync now", async () => (await account(page, alice.account)).last_ok !== synced);
	check("go on and sync now make a pass each", true);
	same("and nothing is stored twice", (await account(page, alice.account)).messages, 226);
	await look(page, "account-healthy");
}

export async function editAndDelete(alice) {
	const { page } = alice;
	await page.goto(`${base}/accounts/${alice.carol}`);
	await page.getByLabel("Server", { exact: true }).fill("mail.example.com");
	await page.getByText("The stored password becomes void.").waitFor();
	await look(page, "account-edit-void");
	await page.getByRole("button", { name: "Take back the change" }).click();
	await page.getByLabel("Name of the account").fill("Carol, old mailbox");
	await page.getByRole("button", { name: "Save", exact: true }).click();
	await page.getByRole("heading", { name: "Carol, old mailbox" }).waitFor();
	same("a new name is kept, and the secret with it", [(await account(page, alice.carol)).name, (await account(page, alice.carol)).imap.secret], ["Carol, old mailbox", "set"]);
	await page.getByRole("button", { name: "Delete", exact: true }).click();
	await page.getByRole("radio", { name: "Keep the 3 messages" }).check();
	await look(page, "account-delete");
	await page.getByRole("button", { name: "Delete the account" }).click();
	await page.getByText("Carol, old mailbox is being removed.").waitFor();
	await until("the account to go", async () => !(await getIn(page, "/accounts")).accounts.some((a) => a.type === "imap" && a.id === alice.carol));
	same("deleted with its messages kept: they are found", await count(page, "walrus"), 3);
	const kept = (await getIn(page, "/accounts")).accounts.find((a) => /^Carol, old mailbox/.test(a.name));
	check("what was kept stands in the list as an import", kept?.type === "import" && kept.messages === 3, JSON.stringify(kept));
	await page.goto(`${base}/accounts/${kept.id}`);
	await page.getByRole("button", { name: "Delete", exact: true }).click();
	await page.getByRole("radio", { name: "Erase its messages too" }).check();
	await page.getByText("Type the name first.").waitFor();
	await page.getByLabel("Type the name to confirm").fill(kept.name);
	await look(page, "account-erase");
	await page.getByRole("button", { name: "Delete and erase" }).click();
	await until("the messages to go", async () => (await count(page, "walrus")) === 0);
	check("deleted with its messages: nothing is found", true);
	check("other mail is untouched", (await count(page, "zanzibar")) === 1);
}

export async function removeSample(alice) {
	const { page } = alice;
	const sample = (await getIn(page, "/accounts")).accounts.find((a) => a.type === "sample");
	check("the sample mailbox has at least 200 messages", sample.messages >= 200, sample.messages);
	await page.goto(`${base}/accounts/${sample.id}`);
	await page.getByRole("button", { name: "Remove the sample mail" }).waitFor();
	await look(page, "account-sample");
	await page.goto(`${base}/accounts`);
	await page.getByRole("button", { name: "Remove the sample mail" }).click();
	await page.getByText("The sample mail is being removed.").waitFor();
	await until("the sample to go", async () => !(await getIn(page, "/accounts")).accounts.some((a) => a.type === "sample"), 40000);
	same("one click removed the sample mail", await count(page, ""), 226);
}

/* ---------------------------------------------------------------- import */

/* Two files with 200 mails, one of them with an attachment that needs several pieces. */
function archives() {
	const one = (i, more = "") =>
		`From a@example.org Mon Nov  2 10:00:00 2026\nMessage-ID: <up${i}@lab.test>\nDate: Mon, 02 Nov 2026 10:${String(i % 60).padStart(2, "0")}:00 +0000\nFrom: Nora <nora@example.org>\nTo: Alice Arden <alice@lab.test>\nSubject: Uploaded ${i}\nMIME-Version: 1.0\n${more || `\nThe word is marzipan, number ${i}.\n`}\n`;
	const filler = Buffer.alloc(14 * 1024 * 1024, 7).map((_, i) => (i * 31 + (i >> 9)) & 255);
	const heavy = `Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\nThe word is marzipan, heavy.\n--b\nContent-Type: application/octet-stream; name=photos.bin\nContent-Transfer-Encoding: base64\nContent-Disposition: attachment; filename=photos.bin\n\n${filler.toString("base64").replace(/.{76}/g, "$&\n")}\n--b--\n`;
	const all = Array.from({ length: 200 }, (_, i) => one(i, i === 50 ? heavy : ""));
	return [
		{ name: "spring.mbox", mimeType: "application/mbox", buffer: Buffer.from(all.slice(0, 100).join("")) },
		{ name: "autumn.mbox", mimeType: "application/mbox", buffer: Buffer.from(all.slice(100).join("")) },
	];
}

function killRoles(names) {
	const { roles } = JSON.parse(ctl("status", "--json"));
	const found = roles.filter((role) => names.includes(role.role) && role.pid > 0);
	for (const role of found) process.kill(role.pid, "SIGKILL");
	return found.map((role) => role.role);
}

export async function importFiles(alice) {
	const { page, context } = alice;
	await page.goto(`${base}/import`);
	await look(page, "import-1-empty");
	await page.setInputFiles("input[type=file]", archives());
	await page.getByText("autumn.mbox").waitFor();
	await page.getByLabel("Name of the import").fill("Old laptop");
	await look(page, "import-2-files");
	const wire = await context.newCDPSession(page);
	await wire.send("Network.enable");
	await wire.send("Network.emulateNetworkConditions", { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: 2.5 * 1024 * 1024 });
	const pieces = [];
	const listen = (request) => request.method() === "PUT" && pieces.push(Number(new URL(request.url()).searchParams.get("offset")));
	page.on("request", listen);
	await page.getByRole("button", { name: /^Import 2 files/ }).click();
	await page.getByRole("progressbar").first().waitFor();
	await until("the first piece", () => pieces.length >= 2);
	await look(page, "import-3-uploading");
	const killed = killRoles(["http", "api"]);
	check("http and api were killed during the upload", killed.includes("http") && killed.filter((r) => r === "api").length === 2, killed);
	await until("another piece", () => pieces.length >= 3, 40000);
	await pause(400);
	killRoles(["http"]);
	await page.getByText("Import is complete").waitFor({ timeout: 90000 });
	page.off("request", listen);
	await wire.send("Network.emulateNetworkConditions", { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: -1 });
	await wire.detach();
	note(`pieces asked for at ${pieces.join(", ")}`);
	await page.getByText("Read 200: 200 stored, 0 duplicate, 0 excluded, 0 failed.").waitFor();
	check("the import of two files is complete all the same", true);
	await look(page, "import-4-done");
	same("every uploaded mail is found", await count(page, "marzipan"), 200);
	const { hits } = await getIn(page, '/search?q=marzipan+has:attachment');
	same("and the one with the large file is whole", (await getIn(page, `/messages/${hits[0]?.id}`)).attachments.map((a) => a.size), [14 * 1024 * 1024]);
	await page.goto(`${base}/import`);
	await page.getByRole("heading", { name: "Earlier imports" }).waitFor();
	await look(page, "import-5-earlier");
}
