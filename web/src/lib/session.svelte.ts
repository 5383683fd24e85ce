// SPDX-License-Identifier: Apache-2.0
// Who is signed in, and what happens when the session ends or must be renewed.
import { auth, hooks, hub, Problem } from "./api.ts";
import { setTimeZone } from "./format.ts";
import { prefs } from "./prefs.svelte.ts";
import { link, router } from "./router.svelte.ts";
import type { AuthState, Me } from "./types.ts";

class SessionState {
	ready = $state(false);
	auth = $state<AuthState | null>(null);
	me = $state<Me | null>(null);
	problem = $state<Problem | null>(null);
	ended = $state(false); // signed out by time or from elsewhere, not by the user
	reauthAsked = $state<((done: boolean) => void) | null>(null);

	get audits(): boolean {
		return this.administers || this.me?.role === "auditor";
	}

	get administers(): boolean {
		return this.me?.role === "owner" || this.me?.role === "admin";
	}

	/* Asks the hub who we are; the pages follow from the answer. */
	async load(): Promise<void> {
		try {
			this.auth = await auth.state();
			this.me = this.auth.signed_in ? await hub.me() : null;
			this.problem = null;
			if (this.me) this.adopt(this.me);
		} catch (error) {
			this.problem = error instanceof Problem ? error : new Problem("internal", 0, String(error));
		}
		this.ready = true;
	}

	adopt(me: Me): void {
		this.me = me;
		this.ended = false;
		setTimeZone(me.time_zone);
		if (me.settings.theme && me.settings.theme !== prefs.theme) prefs.setTheme(me.settings.theme);
		if (me.settings.single_key_shortcuts !== undefined) prefs.setSingleKeys(me.settings.single_key_shortcuts);
	}

	/* To the sign-in page, with the way back. */
	leave(ended: boolean): void {
		this.ended = ended;
		this.me = null;
		if (this.auth) this.auth = { ...this.auth, signed_in: false, user: null, pending: null };
		const here = router.path + router.search;
		const back = ended && !/^\/(signin|setup|invite|reset)?$/.test(router.path) ? here : null;
		router.go(link("/signin", { next: back }));
	}

	/* Where to go after a sign-in: only a path of our own. */
	goOn(): void {
		const next = router.params.get("next") ?? "";
		router.go(/^\/(?!\/)[^\\]*$/.test(next) && !next.startsWith("/api/") ? next : "/search", true);
	}
}

export const session = new SessionState();

hooks.signedOut = () => {
	if (session.me) session.leave(true);
};
hooks.reauthenticate = () =>
	new Promise((resolve) => {
		session.reauthAsked?.(false);
		session.reauthAsked = (done) => {
			session.reauthAsked = null;
			resolve(done);
		};
	});
