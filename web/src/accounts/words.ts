// SPDX-License-Identifier: Apache-2.0
// What an account's state means, in words, and where it stands in the list.
import { ago, until } from "../lib/format.ts";
import { t } from "../lib/i18n.ts";
import type { Account } from "../lib/types.ts";

export type Need = "need" | "working" | "waiting" | "healthy";

/* A password was handed in and is being tried. */
const testing = (account: Account): boolean =>
	account.state === "draft" && (account.imap?.secret === undefined ? account.activity !== "idle" : account.imap.secret === "set");

export function needOf(account: Account): Need {
	if (account.state === "deleting") return "working";
	if (account.state === "error" || (account.state === "draft" && account.error && !testing(account))) return "need";
	if (account.error) return "waiting"; // the hub tries again by itself
	if (account.state === "draft" || account.state === "paused" || account.state === "waiting") return "waiting";
	return account.progress || account.activity === "importing" || account.activity === "syncing" || account.activity === "listing" ? "working" : "healthy";
}

export interface StateWords {
	kind: "ok" | "warn" | "error" | "working" | "off";
	icon: string;
	title: string;
	text: string;
}

function working(account: Account): StateWords {
	if (account.state === "deleting") return { kind: "working", icon: "sync", title: t("account.deleting"), text: t("account.deletingWords") };
	const importing = account.activity === "importing" || account.type !== "imap";
	const title = importing ? t("account.importing") : account.activity === "listing" ? t("account.counting") : account.last_ok ? t("account.syncing") : t("account.firstSync");
	return { kind: "working", icon: "sync", title, text: account.progress?.words ?? "" };
}

function waiting(account: Account): StateWords {
	if (account.error && account.state === "active") {
		return { kind: "warn", icon: "warn", title: account.error.words, text: account.error.next_step || t("account.troubleWords") };
	}
	if (account.state === "paused") return { kind: "off", icon: "pause", title: t("account.paused"), text: t("account.pausedWords") };
	if (testing(account)) return { kind: "working", icon: "sync", title: t("account.testing"), text: "" };
	if (account.state === "draft") return { kind: "off", icon: "key", title: t("account.draft"), text: t("account.draftWords") };
	return { kind: "off", icon: "clock", title: t("account.waiting"), text: account.progress?.words ?? t("account.waitingWords") };
}

function healthy(account: Account): StateWords {
	const kind = "ok";
	const icon = "okc";
	if (account.type !== "imap") return { kind, icon, title: t("account.complete"), text: account.type === "sample" ? t("account.sampleWords") : "" };
	const last = account.last_message ? t("account.lastMail", { time: ago(account.last_message) }) : account.last_ok ? t("account.lastOk", { time: ago(account.last_ok) }) : "";
	return { kind, icon, title: t("account.upToDate"), text: last };
}

export function stateOf(account: Account): StateWords {
	const need = needOf(account);
	if (need === "need") {
		const error = account.error;
		const since = error?.since ? t("account.since", { time: until(error.since) }) : "";
		return { kind: "error", icon: "xc", title: error?.words ?? t("account.failed"), text: [since, error?.next_step].filter(Boolean).join(" ") };
	}
	return need === "working" ? working(account) : need === "waiting" ? waiting(account) : healthy(account);
}

export function kindOf(account: Account, me: string | undefined): string {
	const type = account.type === "imap" ? t("account.imap") : account.type === "sample" ? t("account.sample") : t("account.import");
	const mine = account.mine || account.owner.id === me;
	return mine ? t("account.kindOwn", { type }) : t("account.kindOf", { type, owner: account.owner.name });
}
