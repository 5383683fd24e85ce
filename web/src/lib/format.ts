// SPDX-License-Identifier: Apache-2.0
// Times, sizes and durations as people write them (rules: "40 seconds ago" under
// an hour, then the clock, then the date).
import { locale, t, number } from "./i18n.ts";

let zone: string | undefined;

export function setTimeZone(name: string | null): void {
	try {
		new Intl.DateTimeFormat(locale, { timeZone: name ?? undefined });
		zone = name ?? undefined;
	} catch {
		zone = undefined; // a zone that this browser does not know: its own
	}
}

const formats = new Map<string, Intl.DateTimeFormat>();

function dateFormat(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
	const key = `${zone}|${JSON.stringify(options)}`;
	let found = formats.get(key);
	if (!found) {
		found = new Intl.DateTimeFormat(locale, { ...options, timeZone: zone });
		formats.set(key, found);
	}
	return found;
}

const show = (at: Date, options: Intl.DateTimeFormatOptions): string => dateFormat(options).format(at);

/* Days since 1970 in the reader's zone. */
export function dayNumber(at: Date): number {
	const parts = dateFormat({ year: "numeric", month: "numeric", day: "numeric" }).formatToParts(at);
	const of = (type: string): number => Number(parts.find((p) => p.type === type)?.value);
	return Date.UTC(of("year"), of("month") - 1, of("day")) / 86400000;
}

export const clock = (at: Date): string => show(at, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });

export function day(at: Date, now = new Date()): string {
	const sameYear = show(at, { year: "numeric" }) === show(now, { year: "numeric" });
	return show(at, { day: "numeric", month: "short", ...(sameYear ? {} : { year: "numeric" }) });
}

export const longDay = (at: Date): string => show(at, { day: "numeric", month: "long", year: "numeric" });
export const full = (at: Date): string =>
	show(at, { weekday: "long", day: "numeric", month: "long", year: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });

/* In a list under a heading that already names the day. */
export function listTime(iso: string, now = new Date()): string {
	const at = new Date(iso);
	const ago = dayNumber(now) - dayNumber(at);
	return ago === 0 || ago === 1 ? clock(at) : day(at, now);
}

export function messageTime(iso: string, now = new Date()): string {
	const at = new Date(iso);
	const ago = dayNumber(now) - dayNumber(at);
	if (ago === 0) return t("time.today", { time: clock(at) });
	if (ago > 0 && ago < 7) return `${show(at, { weekday: "short" })} ${clock(at)}`;
	return `${day(at, now)}, ${clock(at)}`;
}

export function ago(iso: string, now = new Date()): string {
	const at = new Date(iso);
	const seconds = Math.round((now.getTime() - at.getTime()) / 1000);
	if (seconds < 5) return t("time.now");
	if (seconds < 60) return t("time.seconds", { n: seconds });
	if (seconds < 3600) return t("time.minutes", { n: Math.floor(seconds / 60) });
	if (dayNumber(now) === dayNumber(at)) return t("time.today", { time: clock(at) });
	return messageTime(iso, now);
}

/* The moment at which something ends: the clock today, else with the day. */
export function until(iso: string, now = new Date()): string {
	const at = new Date(iso);
	return dayNumber(at) === dayNumber(now) ? clock(at) : `${day(at, now)}, ${clock(at)}`;
}

/* The heading under which a message stands in a list sorted by time. */
export function groupOf(iso: string, now = new Date()): string {
	const at = new Date(iso);
	const ago_ = dayNumber(now) - dayNumber(at);
	if (ago_ < 0) return t("group.future");
	if (ago_ === 0) return t("group.today");
	if (ago_ === 1) return t("group.yesterday");
	if (ago_ < 7) return t("group.week");
	const month = show(at, { month: "long", year: "numeric" });
	return month === show(now, { month: "long", year: "numeric" }) ? t("group.month") : month;
}

const units = ["B", "KB", "MB", "GB", "TB"];

export function size(bytes: number): string {
	let value = bytes;
	let unit = 0;
	while (value >= 1000 && unit < units.length - 1) {
		value /= 1000;
		unit++;
	}
	const digits = unit > 1 && value < 10 ? 1 : 0;
	return `${new Intl.NumberFormat(locale, { maximumFractionDigits: digits }).format(value)} ${units[unit]}`;
}

export function duration(seconds: number): string {
	const s = Math.max(0, Math.round(seconds));
	if (s < 60) return t("duration.s", { s });
	if (s < 3600) return t("duration.ms", { m: Math.floor(s / 60), s: s % 60 });
	return t("duration.hm", { h: Math.floor(s / 3600), m: Math.floor((s % 3600) / 60) });
}

export const percent = (part: number, whole: number): number =>
	whole > 0 ? Math.min(100, Math.floor((part * 100) / whole)) : 0;

export { number };
