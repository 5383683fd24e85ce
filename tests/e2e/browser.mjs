// SPDX-License-Identifier: Apache-2.0
// The order of the browser test; run by the script "browser" beside it.
import { spawn } from "node:child_process";
import * as setup from "./browser_setup.mjs";
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
	await part("second mailbox", bob.page, () => setup.bobsMailbox(bob));
	await part("visibility", bob.page, () => setup.visibility(alice, bob));
	same("no breach of a Content-Security-Policy in the whole run", breaches, []);
	same("no error in a page", errors, []);
	same("no page scrolls sideways", clipped, []);
} finally {
	await closeBrowser();
	wire.kill();
}
process.exit(finish());
