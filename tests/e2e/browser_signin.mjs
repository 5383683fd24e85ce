// SPDX-License-Identifier: Apache-2.0
// Sign-in and its care: wrong words, the second step, recovery codes, sessions, a lost
// telephone, a disabled user, used links. Then the whole way once without a mouse.
import { readFileSync } from "node:fs";
import { drawing } from "./browser_mail.mjs";
import { password } from "./browser_setup.mjs";
import { Authenticator, base, check, ctl, fetchIn, getIn, link, look, newPerson, same, until } from "./browser_world.mjs";

async function nameAndPassword(page, name, secret) {
	await page.getByLabel("Name", { exact: true }).fill(name);
	await page.getByLabel("Password", { exact: true }).fill(secret);
	await page.keyboard.press("Enter");
}
const inside = (page) => page.getByLabel("Search mail").waitFor();

/* Signs in with a fresh code, as a person with a browser of their own. */
export async function signedIn(who, name, options) {
	const person = await newPerson(options);
	await person.page.goto(`${base}/signin`);
	await nameAndPassword(person.page, name, password[name]);
	await person.page.getByLabel("Code").fill(await who.app.code());
	await person.page.keyboard.press("Enter");
	await inside(person.page);
	return person;
}

export async function wrongAndRight(bob) {
	const { page, context } = await newPerson();
	await page.goto(`${base}/search?q=lunch`);
	await page.getByRole("heading", { name: "Sign in" }).waitFor();
	await look(page, "signin");
	await nameAndPassword(page, "bob", "this is not it");
	await page.getByText("Name or password is not right.").waitFor();
	await look(page, "signin-wrong");
	await nameAndPassword(page, "nobody", "this is not it");
	await page.getByText("Name or password is not right.").waitFor();
	check("a wrong password and an unknown name get the same words", true);
	await nameAndPassword(page, "bob", password.bob);
	await page.getByLabel("Code").waitFor();
	await look(page, "signin-code");
	await page.getByLabel("Code").fill("123123");
	await page.keyboard.press("Enter");
	await page.getByText("This code does not match.").waitFor();
	const used = bob.app.at(bob.app.last);
	await page.getByLabel("Code").fill(used);
	await page.keyboard.press("Enter");
	await page.getByText(/This code (was already used|does not match)/).waitFor();
	same("a used code is refused", (await getIn(page, "/auth/state")).signed_in, false);
	await page.getByLabel("Code").fill(await bob.app.code());
	await page.keyboard.press("Enter");
	await page.getByText("Lunch at the harbour").first().waitFor();
	check("the second step leads back to the search that was asked for", new URL(page.url()).searchParams.get("q") === "lunch", page.url());
	await context.close();
}

export async function recoveryCode(alice) {
	const { page, context } = await newPerson();
	await page.goto(`${base}/signin`);
	await nameAndPassword(page, "alice", password.alice);
	await page.getByRole("button", { name: "Use a recovery code instead" }).click();
	await page.getByLabel("Recovery code").fill("AAAA-BBBB-CCCC-DDDD-EEEE-FFFF");
	await page.keyboard.press("Enter");
	await page.getByText("This recovery code does not match, or it was already used.").waitFor();
	await look(page, "signin-recovery");
	await page.getByLabel("Recovery code").fill(alice.codes[0].toLowerCase().replaceAll("-", " "));
	await page.keyboard.press("Enter");
	await inside(page);
	await page.goto(`${base}/security`);
	await page.getByText("9 codes are left.").waitFor();
	check("a recovery code signs in, however it is typed, and is counted", true);
	await until("three sessions", async () => (await page.getByRole("row").count()) >= 3);
	await look(page, "security");
	const { sessions } = await getIn(page, "/auth/sessions");
	same("the list of sessions names this one", sessions.filter((s) => s.current).length, 1);
	check("and says which browser it is", sessions.every((s) => /Chrom/.test(s.client)), JSON.stringify(sessions));
	/* The same code again, in another browser. */
	const again = await newPerson();
	await again.page.goto(`${base}/signin`);
	await nameAndPassword(again.page, "alice", password.alice);
	await again.page.getByRole("button", { name: "Use a recovery code instead" }).click();
	await again.page.getByLabel("Recovery code").fill(alice.codes[0]);
	await again.page.keyboard.press("Enter");
	await again.page.getByText("This recovery code does not match, or it was already used.").waitFor();
	check("it works once", true);
	await again.context.close();
	return { page, context };
}

/* Password, new codes, one session ended, all ended. `second` is another session of alice. */
export async function ownSecurity(alice, second) {
	const { page } = second;
	await page.getByLabel("Current password").fill("not the one");
	await page.getByLabel("New password").fill("alice has a newer passphrase");
	await page.getByRole("button", { name: "Change password" }).click();
	await page.getByText("The present password is not right.").waitFor();
	check("a wrong present password is said below its field", true);
	await page.getByLabel("Current password").fill(password.alice);
	await page.getByRole("button", { name: "Change password" }).click();
	await page.getByText("Your password is changed. Your other sessions are signed out.").waitFor();
	password.alice = "alice has a newer passphrase";
	same("the other session has ended", (await fetchIn(alice.page, "/me")).status, 401);
	await alice.page.goto(`${base}/accounts`);
	await alice.page.getByRole("heading", { name: "Sign in" }).waitFor();

	await page.getByRole("button", { name: "Print new codes" }).click();
	const codes = page.getByRole("dialog").getByRole("listitem");
	await codes.first().waitFor();
	alice.codes = (await codes.allInnerTexts()).map((text) => /[A-Z0-9]{4}(?:-[A-Z0-9]{4}){5}/.exec(text)?.[0]);
	await look(page, "security-codes");
	await page.keyboard.press("Escape");
	await page.getByRole("button", { name: "Move to a new telephone" }).click();
	await page.getByRole("img", { name: "QR code" }).waitFor();
	await look(page, "security-telephone");
	alice.app = new Authenticator((await page.locator(".keytext").innerText()).replace(/\s/g, ""));
	await page.getByLabel("Type the code").fill(await alice.app.code());
	await page.getByRole("button", { name: "Check and switch" }).click();
	await page.getByText("The new telephone is connected.").waitFor();
	check("a new telephone is connected", true);

	const third = await signedIn(alice, "alice");
	await page.reload();
	await page.getByRole("button", { name: "Sign out", exact: true }).first().click();
	await until("the other session to end", async () => (await fetchIn(third.page, "/me")).status === 401);
	check("one session is ended from the list", true);
	await third.context.close();
	const fourth = await newPerson();
	await fourth.page.goto(`${base}/signin`);
	await nameAndPassword(fourth.page, "alice", password.alice);
	await fourth.page.getByRole("button", { name: "Use a recovery code instead" }).click();
	await fourth.page.getByLabel("Recovery code").fill(alice.codes[1]);
	await fourth.page.keyboard.press("Enter");
	await inside(fourth.page);
	await page.getByRole("button", { name: "Sign out everywhere" }).click();
	await page.getByRole("heading", { name: "Sign in" }).waitFor();
	same("sign out everywhere ends the others at the next request", (await fetchIn(fourth.page, "/me")).status, 401);
	await fourth.context.close();
	await second.context.close();
}

/* The operator's way back in, and what a used link says. */
export async function lostTelephone(alice) {
	const { page } = alice;
	const url = link(ctl("setup-link", "--user", "alice"));
	check("the operator gets a reset link", url?.startsWith(`${base}/reset#`), url);
	await page.goto(url);
	await page.getByRole("heading", { name: "Set up your sign-in again" }).waitFor();
	await look(page, "reset");
	password.alice = "alice lost her telephone";
	await page.getByLabel("Password", { exact: true }).fill(password.alice);
	await page.keyboard.press("Enter");
	await page.getByRole("img", { name: "QR code" }).waitFor();
	alice.app = new Authenticator((await page.locator(".keytext").innerText()).replace(/\s/g, ""));
	await page.getByLabel("Type the code").fill(await alice.app.code());
	await page.keyboard.press("Enter");
	await page.getByLabel("I keep these codes").check();
	await page.getByRole("button", { name: "Continue" }).click();
	await inside(page);
	same("with a new password and a new app she is in again", (await getIn(page, "/me")).name, "alice");
	const other = await newPerson();
	await other.page.goto(url);
	await other.page.getByRole("heading", { name: "This link has ended" }).waitFor();
	check("a used link says so", true);
	await look(other.page, "link-ended");
	const token = new URL(url).hash.slice(1);
	const answer = await fetchIn(other.page, "/auth/link/open", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ token }) });
	same("with 410 and words", [answer.status, JSON.parse(answer.body).title], [410, "This link has ended or was already used."]);
	await other.context.close();
	await page.goto(`${base}/security`);
	await page.getByRole("heading", { name: "What others did to your sign-in" }).waitFor();
	check("what the operator did is shown to her", true);
	await look(page, "security-notices");
}

export async function disabled(alice, bob) {
	await bob.page.goto(`${base}/search`);
	await bob.page.locator(".hit__link").first().waitFor();
	const { page } = alice;
	await page.goto(`${base}/users`);
	await page.getByRole("button", { name: "More about Bob Birk" }).click();
	await page.getByRole("menuitem", { name: "Disable" }).click();
	await look(page, "users-disable");
	await page.getByRole("button", { name: "Disable Bob Birk" }).click();
	await page.getByText("Bob Birk is disabled.").waitFor();
	await bob.page.getByLabel("Search mail").fill("lunch");
	await bob.page.keyboard.press("Enter");
	await bob.page.getByText("You were signed out.").waitFor();
	check("disabling ends the session at the next request", true);
	await look(bob.page, "signin-ended");
	await nameAndPassword(bob.page, "bob", password.bob);
	await bob.page.getByText("Name or password is not right.").waitFor();
	check("and the sign-in", true);
	await look(page, "users");
	await page.getByRole("button", { name: "More about Bob Birk" }).click();
	await page.getByRole("menuitem", { name: "Enable again" }).click();
	await until("bob to be active", async () => (await getIn(page, "/users")).users.find((u) => u.name === "bob").state === "active");
	check("it can be undone", true);
}

/* ---------------------------------------------------------------- without a mouse */

async function tabTo(page, what, most = 60) {
	for (let i = 0; i < most; i++) {
		if (await page.evaluate((selector) => document.activeElement?.matches(selector), what)) return;
		await page.keyboard.press("Tab");
	}
	throw new Error(`no way by Tab to ${what}`);
}
export async function keyboardOnly(alice) {
	const { page, context } = await newPerson();
	await page.goto(`${base}/`);
	await page.getByRole("heading", { name: "Sign in" }).waitFor();
	await tabTo(page, "input[name=username]");
	await page.keyboard.type("alice");
	await tabTo(page, "input[name=password]");
	await page.keyboard.type(password.alice);
	await page.keyboard.press("Enter");
	await page.getByLabel("Code").waitFor();
	await tabTo(page, "input[name=code]");
	await page.keyboard.type(await alice.app.code());
	await page.keyboard.press("Enter");
	await page.locator(".hit__link").first().waitFor();
	await page.keyboard.press("/");
	await page.keyboard.type("gasket*");
	await page.keyboard.press("Enter");
	await page.getByRole("heading", { name: "1 result" }).waitFor();
	await tabTo(page, "[data-row]");
	await page.keyboard.press("Enter");
	await page.frameLocator("iframe.mailframe").getByText("Payable within 30 days.").waitFor();
	same("the focus is on the title", await page.evaluate(() => document.activeElement?.className), "read__title");
	const waiting = page.waitForEvent("download");
	await tabTo(page, ".file__name");
	await page.keyboard.press("Enter");
	const bytes = readFileSync(await (await waiting).path());
	check("the attachment is downloaded by keys alone", bytes.equals(drawing));
	await page.keyboard.press("Escape");
	await page.getByText("Choose a result to read it here.").waitFor();
	await until("the focus on the row", () => page.evaluate(() => document.activeElement?.matches("[data-row]")));
	check("and back: the focus is on the row again", true);
	await context.close();
}
