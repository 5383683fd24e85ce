// SPDX-License-Identifier: Apache-2.0
// Theme and density before the first paint, so that nothing flashes. Loaded in
// <head> as a classic script; the application changes them in lib/prefs.svelte.ts.
"use strict";
(() => {
	const root = document.documentElement;
	const load = (key) => {
		try {
			return localStorage.getItem(key);
		} catch {
			return null; // storage is switched off: the system's theme it is
		}
	};
	const theme = load("theme");
	if (theme === "light" || theme === "dark") root.dataset.theme = theme;
	if (load("density") === "compact") root.dataset.density = "compact";
})();
