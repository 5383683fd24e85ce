// SPDX-License-Identifier: Apache-2.0
// The pages that no other part passes by, each in both themes and at two widths.
import { axeFound, axeRuns, base, check, getIn, look, note, same } from "./browser_world.mjs";

export async function pages(alice) {
	const { page } = alice;
	const settled = () => page.waitForTimeout(400);
	const go = async (path, name, act) => {
		await page.goto(base + path);
		await page.locator("h1:visible, h2:visible").first().waitFor();
		await settled();
		await act?.();
		await look(page, name);
	};
	await go("/search", "search", () => page.locator(".hit__link").first().waitFor());
	await go("/search?q=meeting+has%3Aattachment", "search-chips", () => page.locator(".hit__link").first().waitFor());
	await go("/search", "search-suggest", () => page.getByLabel("Search mail").click());
	await go("/search?q=qwertz+from%3Anobody", "search-nothing");
	await go("/search?q=crane+(plan", "search-hint", () => page.locator(".hit__link").first().waitFor());
	const plan = (await getIn(page, "/search?q=pontoon+from%3Aalice")).hits[0];
	await go(`/search?q=pontoon&open=${plan.id}`, "reader-conversation", () => page.locator(".msg__body").getByText("Thursday is good.").waitFor());
	const kobe = (await getIn(page, `/search?q=${encodeURIComponent("納期")}`)).hits[0];
	await go(`/search?q=${encodeURIComponent("納期")}&open=${kobe.id}`, "reader-japanese", () => page.locator(".msg__body").getByText("第二軸").waitFor());
	await go("/accounts", "accounts-all");
	await go("/status", "status");
	await go("/display", "display");
	await go("/nowhere", "missing");
	await go("/accounts", "keys", () => page.keyboard.press("?"));
	await page.keyboard.press("Escape");
	await go("/accounts", "palette", () => page.keyboard.press("Control+k"));
	await page.keyboard.press("Escape");
	const roles = (await getIn(page, "/status")).roles;
	check("the status page knows the roles, all confined", roles.length >= 6 && roles.filter((r) => r.state === "ready").every((r) => r.confined), JSON.stringify(roles));
}

export function accessible() {
	note(`axe-core: ${axeRuns} looks at pages`);
	check("axe-core looked at every page", axeRuns > 100, axeRuns);
	same("axe-core: no serious finding on any page", axeFound, []);
}
