// SPDX-License-Identifier: Apache-2.0
// Single-key commands. They never act in a field, with Ctrl/Alt/Meta, or over a
// dialog, and can be switched off (WCAG 2.1.4). Ctrl+K and "/" work alike.
import { prefs } from "./prefs.svelte.ts";

export type Keymap = Record<string, (event: KeyboardEvent) => void>;

const maps: Keymap[] = [];
let prefix = "";
let prefixTimer: ReturnType<typeof setTimeout> | undefined;

/* Adds commands while a component lives; the latest comes first. */
export function useKeys(map: Keymap): () => void {
	maps.unshift(map);
	return () => {
		const i = maps.indexOf(map);
		if (i >= 0) maps.splice(i, 1);
	};
}

function inField(target: EventTarget | null): boolean {
	const element = target as HTMLElement | null;
	return !!element?.closest?.("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]");
}

function run(name: string, event: KeyboardEvent): boolean {
	for (const map of maps) {
		const command = map[name];
		if (!command) continue;
		event.preventDefault();
		command(event);
		return true;
	}
	return false;
}

export function handleKey(event: KeyboardEvent): void {
	if (event.defaultPrevented || event.isComposing) return;
	const overlay = document.querySelector("dialog[open], .menu--open");
	if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k" && !overlay) {
		run("Ctrl+k", event);
		return;
	}
	if (event.ctrlKey || event.metaKey || event.altKey || overlay || inField(event.target)) return;
	if (event.key === "Escape") {
		run("Escape", event);
		return;
	}
	const arrow = /^Arrow(Up|Down)$/.test(event.key);
	if (!prefs.singleKeys && !arrow) return;
	clearTimeout(prefixTimer);
	const name = prefix + (event.shiftKey && event.key.length === 1 && /[a-z]/i.test(event.key) ? `Shift+${event.key.toLowerCase()}` : event.key);
	prefix = "";
	if (name === "g") {
		prefix = "g ";
		prefixTimer = setTimeout(() => (prefix = ""), 1500);
		return;
	}
	run(name, event);
}
