// SPDX-License-Identifier: Apache-2.0
// Choices of this browser: theme and density (kept here so that the first paint
// has them), and the single-key shortcuts (kept with the user at the hub).
export type Theme = "system" | "light" | "dark";

function read(key: string): string | null {
	try {
		return localStorage.getItem(key);
	} catch {
		return null;
	}
}

function keep(key: string, value: string | null): void {
	try {
		if (value === null) localStorage.removeItem(key);
		else localStorage.setItem(key, value);
	} catch {
		// Storage is switched off: the choice holds for this page.
	}
}

class Prefs {
	theme = $state<Theme>((read("theme") as Theme | null) ?? "system");
	compact = $state(read("density") === "compact");
	singleKeys = $state(read("single-keys") !== "off");

	private systemDark = $state(false);

	constructor() {
		const media = matchMedia("(prefers-color-scheme: dark)");
		this.systemDark = media.matches;
		media.addEventListener("change", () => (this.systemDark = media.matches));
	}

	setTheme(theme: Theme): void {
		this.theme = theme;
		keep("theme", theme === "system" ? null : theme);
		if (theme === "system") delete document.documentElement.dataset["theme"];
		else document.documentElement.dataset["theme"] = theme;
	}

	get dark(): boolean {
		return this.theme === "system" ? this.systemDark : this.theme === "dark";
	}

	setCompact(compact: boolean): void {
		this.compact = compact;
		keep("density", compact ? "compact" : null);
		if (compact) document.documentElement.dataset["density"] = "compact";
		else delete document.documentElement.dataset["density"];
	}

	setSingleKeys(on: boolean): void {
		this.singleKeys = on;
		keep("single-keys", on ? null : "off");
	}
}

export const prefs = new Prefs();
