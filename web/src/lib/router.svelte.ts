// SPDX-License-Identifier: Apache-2.0
// The address of the page as state: path, query, fragment. No library: the
// History API and one click handler.

class Router {
	path = $state(location.pathname);
	search = $state(location.search);
	private held: string;

	constructor() {
		/* One-use tokens stand in the fragment: take them out of the address bar
		 * (and so out of the history) at once. */
		this.held = location.hash.slice(1);
		if (this.held) history.replaceState(history.state, "", location.pathname + location.search);
		addEventListener("popstate", () => this.read());
		addEventListener("hashchange", () => {
			if (!location.hash.slice(1)) return;
			this.held = location.hash.slice(1);
			history.replaceState(history.state, "", location.pathname + location.search);
			location.reload();
		});
		document.addEventListener("click", (event) => this.click(event));
	}

	get params(): URLSearchParams {
		return new URLSearchParams(this.search);
	}

	/* The fragment with which the page was opened; empty at the second call. */
	takeFragment(): string {
		const fragment = this.held;
		this.held = "";
		return fragment;
	}

	go(url: string, replace = false): void {
		const same = url === location.pathname + location.search;
		if (replace || same) history.replaceState(null, "", url);
		else history.pushState(null, "", url);
		this.read();
	}

	private read(): void {
		if (this.path !== location.pathname) this.path = location.pathname;
		if (this.search !== location.search) this.search = location.search;
	}

	private click(event: MouseEvent): void {
		const plain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
		const link = (event.target as Element | null)?.closest?.("a[href]") as HTMLAnchorElement | null;
		if (!plain || event.defaultPrevented || !link || link.target || link.hasAttribute("download")) return;
		if (link.origin !== location.origin || link.pathname.startsWith("/api/")) return;
		if (link.hash && link.pathname === location.pathname) return;
		event.preventDefault();
		this.go(link.pathname + link.search);
	}
}

export const router = new Router();

/* "/search?q=..." with empty values left out. */
export function link(path: string, values: Record<string, string | null | undefined>): string {
	const params = new URLSearchParams();
	for (const [name, value] of Object.entries(values)) if (value) params.set(name, value);
	const text = params.toString();
	return text ? `${path}?${text}` : path;
}
