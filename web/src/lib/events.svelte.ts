// SPDX-License-Identifier: Apache-2.0
// "Look again" from the hub: one stream of server-sent events per browser. The
// tab that holds the lock keeps the stream and tells the others.
import { urls } from "./api.ts";

export type What = "messages" | "accounts" | "imports" | "users" | "status";
type Listener = () => void;

class Events {
	lost = $state(false); // the stream is down; the browser tries again by itself
	private readonly listeners = new Map<What, Set<Listener>>();
	private readonly channel = new BroadcastChannel("threads-events");
	private source: EventSource | null = null;
	private release: (() => void) | null = null;
	private running = false;
	private timer: ReturnType<typeof setTimeout> | undefined;
	private delay = 2000;

	constructor() {
		this.channel.onmessage = (event: MessageEvent<What>) => this.ring(event.data);
	}

	/* Calls back on each change of that kind; returns the way to stop. */
	on(what: What, listener: Listener): () => void {
		const set = this.listeners.get(what) ?? new Set();
		set.add(listener);
		this.listeners.set(what, set);
		return () => set.delete(listener);
	}

	start(): void {
		if (this.running) return;
		this.running = true;
		if (!navigator.locks) {
			this.open();
			return;
		}
		void navigator.locks.request("threads-events", async () => {
			if (!this.running) return;
			this.open();
			await new Promise<void>((resolve) => (this.release = resolve));
		});
	}

	stop(): void {
		this.running = false;
		this.lost = false;
		clearTimeout(this.timer);
		this.source?.close();
		this.source = null;
		this.release?.();
		this.release = null;
	}

	private open(): void {
		const source = new EventSource(urls.events);
		this.source = source;
		source.onopen = () => {
			if (this.lost) for (const what of this.listeners.keys()) this.ring(what);
			this.lost = false;
			this.delay = 2000;
		};
		source.onerror = () => {
			this.lost = true;
			if (source.readyState !== EventSource.CLOSED || !this.running) return;
			this.timer = setTimeout(() => this.open(), this.delay);
			this.delay = Math.min(this.delay * 2, 60000);
		};
		source.addEventListener("changed", (event) => {
			const what = (JSON.parse((event as MessageEvent<string>).data) as { what: What }).what;
			this.ring(what);
			this.channel.postMessage(what);
		});
	}

	private ring(what: What): void {
		for (const listener of this.listeners.get(what) ?? []) listener();
	}
}

export const events = new Events();
