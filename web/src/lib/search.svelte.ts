// SPDX-License-Identifier: Apache-2.0
// One search: its results, further pages, and what has arrived since. It lives
// outside the page, so that coming back finds the list as it was.
import { hub } from "./api.ts";
import { groupOf } from "./format.ts";
import type { Hit, SearchResult } from "./types.ts";

export interface Row {
	hit: Hit;
	heading: string | null;
}

class Search {
	hits = $state.raw<Hit[]>([]);
	result = $state.raw<SearchResult | null>(null);
	loading = $state(false); // a first page is on its way
	paging = $state(false);
	error = $state.raw<unknown>(null);
	fresh = $state(0); // how many have arrived that are not shown yet
	key = $state("");
	scroll = 0;
	private q = "";
	private sort = "";
	private next: string | null = null;
	private waiting: SearchResult | null = null;
	private abort: AbortController | null = null;

	/* The hits with the heading that stands above each group of days. */
	rows = $derived.by((): Row[] => {
		let last = "";
		return this.hits.map((hit) => {
			const heading = this.sort === "relevance" ? "" : groupOf(hit.date);
			const row = { hit, heading: heading && heading !== last ? heading : null };
			last = heading;
			return row;
		});
	});

	/* Loads the first page unless this very search is there already. */
	async run(q: string, sort: string, again = false): Promise<void> {
		const key = `${sort}|${q}`;
		if (key === this.key && !again && (this.result || this.loading)) return;
		this.abort?.abort();
		const abort = (this.abort = new AbortController());
		if (key !== this.key) this.scroll = 0;
		this.q = q;
		this.sort = sort;
		this.key = key;
		this.loading = true;
		this.error = null;
		this.fresh = 0;
		try {
			const result = await hub.search({ q, sort: sort || undefined }, abort.signal);
			this.take(result);
		} catch (error) {
			if (abort.signal.aborted) return;
			this.error = error;
		}
		this.loading = false;
	}

	private take(result: SearchResult): void {
		this.result = result;
		this.hits = result.hits;
		this.next = result.next;
		this.waiting = null;
		this.fresh = 0;
	}

	get more(): boolean {
		return this.next !== null;
	}

	async page(): Promise<void> {
		if (!this.next || this.paging || this.loading) return;
		const key = this.key;
		this.paging = true;
		try {
			const result = await hub.search({ q: this.q, sort: this.sort || undefined, cursor: this.next });
			if (key !== this.key) return;
			const known = new Set(this.hits.map((hit) => hit.id));
			this.hits = [...this.hits, ...result.hits.filter((hit) => !known.has(hit.id))];
			this.next = result.next;
		} catch (error) {
			if (key === this.key) this.error = error;
		} finally {
			this.paging = false;
		}
	}

	/* The hub rang: counts what is new, without moving anything. */
	async look(): Promise<void> {
		if (!this.result || this.loading) return;
		const key = this.key;
		try {
			const result = await hub.search({ q: this.q, sort: this.sort || undefined });
			if (key !== this.key || this.loading) return;
			const known = new Set(this.hits.map((hit) => hit.id));
			const fresh = result.hits.filter((hit) => !known.has(hit.id)).length;
			if (!this.hits.length && fresh) this.take(result);
			else {
				this.waiting = fresh ? result : null;
				this.fresh = fresh;
			}
		} catch {
			// The next ring tries again; what is shown stays.
		}
	}

	showFresh(): void {
		if (this.waiting) this.take(this.waiting);
	}

	reset(): void {
		this.abort?.abort();
		this.key = "";
		this.hits = [];
		this.result = null;
		this.next = null;
	}
}

export const search = new Search();

/* Account names for suggestions and filters; looked up once a session. */
class AccountNames {
	list = $state.raw<{ id: string; name: string }[]>([]);
	attention = $state(0);
}

export const accountNames = new AccountNames();
