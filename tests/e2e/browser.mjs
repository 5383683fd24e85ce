// SPDX-License-Identifier: Apache-2.0
// The order of the browser test; run by the script "browser" beside it.
import { spawn } from "node:child_process";
import * as care from "./browser_care.mjs";
import * as hostile from "./browser_hostile.mjs";
import * as pages from "./browser_pages.mjs";
import * as setup from "./browser_setup.mjs";
import * as signin from "./browser_signin.mjs";
import { breaches, check, clipped, closeBrowser, env, errors, finish, newPerson, openBrowser, openTracker, part, same } from "./browser_world.mjs";

/* A long wire to the mail server, so that progress can be seen. It ends with this process. */
const wire = spawn(process.execPath, [`${env.THREADS_ROOT}/tests/lab/slowlink.mjs`, env.SLOW_PORT, env.IMAPS_PORT, "1", "700"], { stdio: ["pipe", "ignore", "inherit"] });

await openTracker();
await openBrowser();
const alice = await newPerson();
const bob = await newPerson();
try {
	await part("set-up", alice.page, () => setup.setUp(alice));
	await part("first mailbox", alice.page, () => setup.firstMailbox(alice));
	await part("search and read", alice.page, () => setup.searchAndRead(alice));
	await part("invitation", bob.page, () => setup.inviteBob(alice, bob));
	await part("second mailbox", bob.page, () => setup.bobsMailbox(alice, bob));
	await part("visibility", bob.page, () => setup.visibility(alice, bob));
	await part("control page", null, hostile.control);
	await part("alarms", alice.page, () => hostile.alarms(alice));
	await part("hostile mail", alice.page, () => hostile.reader(alice));
	await part("wrong password", alice.page, () => care.wrongPassword(alice));
	await part("pause and sync", alice.page, () => care.pauseAndSync(alice));
	await part("edit and delete", alice.page, () => care.editAndDelete(alice));
	await part("sample", alice.page, () => care.removeSample(alice));
	await part("import", alice.page, () => care.importFiles(alice));
	await part("pages", alice.page, () => pages.pages(alice));
	await part("sign-in", bob.page, () => signin.wrongAndRight(bob));
	await part("own security", alice.page, async () => signin.ownSecurity(alice, await signin.recoveryCode(alice)));
	await part("lost telephone", alice.page, () => signin.lostTelephone(alice));
	await part("disabled user", alice.page, () => signin.disabled(alice, bob));
	await part("keyboard only", null, () => signin.keyboardOnly(alice));
	pages.accessible();
	same("no breach of a Content-Security-Policy in the whole run", breaches, []);
	same("no error in a page", errors, []);
	same("no page scrolls sideways", clipped, []);
} finally {
	await closeBrowser();
	wire.kill();
}
process.exit(finish());
