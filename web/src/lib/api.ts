// SPDX-License-Identifier: Apache-2.0
// The only module that talks to the hub. Every failure becomes a Problem whose
// words can be shown as they are.
import type * as T from "./types.ts";
import { t } from "./i18n.ts";

export class Problem extends Error {
	readonly kind: string;
	readonly status: number;
	readonly detail: string;
	readonly fields: Record<string, string>;
	readonly retryAt: string | null;
	readonly requestId: string;

	constructor(kind: string, status: number, title: string, more: Partial<Problem> = {}) {
		super(title);
		this.kind = kind;
		this.status = status;
		this.detail = more.detail ?? "";
		this.fields = more.fields ?? {};
		this.retryAt = more.retryAt ?? null;
		this.requestId = more.requestId ?? "";
	}

	/* Title and what to do, as one text for people. */
	get words(): string {
		return this.detail ? `${this.message} ${this.detail}` : this.message;
	}
}

/* What the application does when the hub asks for a sign-in or a fresh one. */
export const hooks = {
	signedOut: (): void => {},
	reauthenticate: (): Promise<boolean> => Promise.resolve(false),
};

function retryMoment(response: Response, body: Record<string, unknown>): string | null {
	if (typeof body["retry_at"] === "string") return body["retry_at"];
	const seconds = Number(response.headers.get("Retry-After"));
	return seconds > 0 ? new Date(Date.now() + seconds * 1000).toISOString() : null;
}

async function problemOf(response: Response): Promise<Problem> {
	let body: Record<string, unknown> = {};
	try {
		body = (await response.json()) as Record<string, unknown>;
	} catch {
		// A proxy answered, not the hub: there is nothing more to learn from it.
	}
	const kind = String(body["type"] ?? "").split("/").pop() || (response.status >= 500 ? "internal" : "bad-request");
	const retryAt = response.status === 429 || response.status === 503 ? retryMoment(response, body) : null;
	const title = typeof body["title"] === "string" ? body["title"] : t("error.unexpected");
	return new Problem(kind, response.status, title, {
		detail: typeof body["detail"] === "string" ? body["detail"] : "",
		fields: (body["fields"] as Record<string, string> | undefined) ?? {},
		retryAt,
		requestId: response.headers.get("X-Request-Id") ?? "",
	});
}

async function send(path: string, init: RequestInit): Promise<Response> {
	try {
		return await fetch(`/api/v1${path}`, { credentials: "same-origin", redirect: "error", ...init });
	} catch (cause) {
		if (init.signal?.aborted) throw cause;
		throw new Problem("unreachable", 0, t("error.unreachable"));
	}
}

async function checked(path: string, init: RequestInit): Promise<Response> {
	let response = await send(path, init);
	if (response.ok) return response;
	let problem = await problemOf(response);
	if (problem.kind === "reauth-needed" && (await hooks.reauthenticate())) {
		response = await send(path, init);
		if (response.ok) return response;
		problem = await problemOf(response);
	}
	if (problem.kind === "sign-in-needed") hooks.signedOut();
	throw problem;
}

type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

async function call<R>(method: Method, path: string, body?: unknown, signal?: AbortSignal): Promise<R> {
	const init: RequestInit = { method, signal: signal ?? null };
	if (method !== "GET") {
		init.headers = { "Content-Type": "application/json" };
		init.body = JSON.stringify(body ?? {});
	}
	const response = await checked(path, init);
	const text = await response.text();
	return (text ? JSON.parse(text) : {}) as R;
}

const id = encodeURIComponent;
const query = (values: Record<string, string | number | undefined | null>): string => {
	const all = new URLSearchParams();
	for (const [name, value] of Object.entries(values)) {
		if (value !== undefined && value !== null && value !== "") all.set(name, String(value));
	}
	const text = all.toString();
	return text ? `?${text}` : "";
};

export interface AuditFilter {
	user?: string;
	action?: string;
	from?: string;
	to?: string;
}

export interface SearchRequest {
	q: string;
	sort?: string | undefined;
	cursor?: string | null;
	limit?: number;
}

export interface NewAccount {
	name: string;
	policy: T.Policy;
	owner?: string;
	imap: { provider: string; host: string; port: number; tls: T.TlsMode; user: string; ca: string; private_network?: boolean };
}

export const auth = {
	state: () => call<T.AuthState>("GET", "/auth/state"),
	signIn: (name: string, password: string) => call<{ next: string }>("POST", "/auth/signin", { name, password }),
	totp: (code: string) => call<{ user: T.UserRef }>("POST", "/auth/totp", { code }),
	recovery: (code: string) => call<{ user: T.UserRef; recovery_left: number }>("POST", "/auth/recovery", { code }),
	openLink: (token: string) => call<T.OpenedLink>("POST", "/auth/link/open", { token }),
	enrolPassword: (name: string, display_name: string, password: string) =>
		call<{ totp: T.TotpEnrolment }>("POST", "/auth/enrol/password", { name, display_name, password }),
	enrolConfirm: (code: string) =>
		call<{ recovery_codes: string[]; user: T.UserRef }>("POST", "/auth/enrol/confirm", { code }),
	signOut: () => call("POST", "/auth/signout"),
	signOutEverywhere: () => call("POST", "/auth/signout-everywhere"),
	reauth: (password: string, code: string) => call("POST", "/auth/reauth", { password, code }),
	changePassword: (present: string, next: string) => call("POST", "/auth/password", { present, new: next }),
	newTotp: () => call<{ totp: T.TotpEnrolment }>("POST", "/auth/totp/new"),
	confirmTotp: (code: string) => call("POST", "/auth/totp/new/confirm", { code }),
	newRecoveryCodes: () => call<{ recovery_codes: string[] }>("POST", "/auth/recovery-codes"),
	sessions: () => call<{ sessions: T.Session[] }>("GET", "/auth/sessions"),
	endSession: (session: string) => call("DELETE", `/auth/sessions/${id(session)}`),
	security: () => call<T.Security>("GET", "/auth/security"),
	invite: (name: string, display_name: string, role: T.Role) =>
		call<T.Invite>("POST", "/auth/invites", { name, display_name, role }),
	inviteAgain: (user: string) => call<T.Invite>("POST", `/auth/users/${id(user)}/invite`),
	disable: (user: string) => call("POST", `/auth/users/${id(user)}/disable`),
	enable: (user: string) => call("POST", `/auth/users/${id(user)}/enable`),
};

export const hub = {
	me: () => call<T.Me>("GET", "/me"),
	changeMe: (change: { display_name?: string; settings?: T.Me["settings"] }) => call<T.Me>("PATCH", "/me", change),
	search: (request: SearchRequest, signal?: AbortSignal) =>
		call<T.SearchResult>("GET", `/search${query({ limit: 50, ...request })}`, undefined, signal),
	message: (message: string, signal?: AbortSignal) =>
		call<T.Message>("GET", `/messages/${id(message)}`, undefined, signal),
	html: async (message: string, signal?: AbortSignal) =>
		(await checked(`/messages/${id(message)}/html`, { signal: signal ?? null })).text(),
	headers: (message: string) => call<T.MessageHeaders>("GET", `/messages/${id(message)}/headers`),
	raw: async (message: string) => (await checked(`/messages/${id(message)}/raw`, {})).blob(),
	conversation: (conversation: string, signal?: AbortSignal) =>
		call<T.Conversation>("GET", `/conversations/${id(conversation)}`, undefined, signal),
	users: () => call<{ users: T.User[] }>("GET", "/users"),
	settings: () => call<T.Settings>("GET", "/settings"),
	changeSettings: (change: Partial<T.Settings>) => call<T.Settings>("PATCH", "/settings", change),
	status: () => call<T.Status>("GET", "/status"),
	audit: (filter: AuditFilter, cursor?: string | null) =>
		call<{ entries: T.AuditEntry[]; next: string | null }>("GET", `/audit${query({ ...filter, cursor })}`),
	auditChain: (again = false) => call<T.AuditChain>("GET", `/audit/chain${again ? "?again=1" : ""}`),
	auditFile: (filter: AuditFilter): string => `/api/v1/audit/file${query({ ...filter })}`,
};

export const accounts = {
	list: () => call<{ accounts: T.Account[]; vault: T.Vault | null }>("GET", "/accounts"),
	get: (account: string) => call<T.Account>("GET", `/accounts/${id(account)}`),
	create: (account: NewAccount) => call<T.Account>("POST", "/accounts", account),
	change: (account: string, change: object) => call<T.Account>("PATCH", `/accounts/${id(account)}`, change),
	secret: (account: string, box: string) => call("PUT", `/accounts/${id(account)}/secret`, { box }),
	folders: (account: string) => call<{ folders: T.Folder[] }>("GET", `/accounts/${id(account)}/folders`),
	ledger: (account: string, cursor?: string | null) =>
		call<{ entries: T.LedgerEntry[]; next: string | null }>("GET", `/accounts/${id(account)}/ledger${query({ cursor })}`),
	act: (account: string, verb: "sync" | "pause" | "resume") => call("POST", `/accounts/${id(account)}/${verb}`),
	remove: (account: string, keep: boolean) => call("DELETE", `/accounts/${id(account)}${query({ keep_messages: keep ? 1 : 0 })}`),
};

export const imports = {
	list: () => call<{ imports: T.Import[] }>("GET", "/imports"),
	get: (id_: string) => call<T.Import>("GET", `/imports/${id(id_)}`),
	create: (account: string, kind: "mbox" | "eml", files: { name: string; size: number }[]) =>
		call<T.Import>("POST", "/imports", { account, kind, files }),
	put: async (import_: string, file: string, offset: number, piece: Blob, signal?: AbortSignal) => {
		const path = `/imports/${id(import_)}/files/${id(file)}?offset=${offset}`;
		const headers = { "Content-Type": "application/octet-stream" };
		const response = await checked(path, { method: "PUT", headers, body: piece, signal: signal ?? null });
		return (await response.json()) as { received: number };
	},
	start: (id_: string) => call("POST", `/imports/${id(id_)}/start`),
	cancel: (id_: string) => call("POST", `/imports/${id(id_)}/cancel`),
};

/* Addresses that the browser itself loads (downloads, inline images). */
export const urls = {
	attachment: (message: string, attachment: string) =>
		`/api/v1/messages/${id(message)}/attachments/${id(attachment)}`,
	inline: (message: string, attachment: string) =>
		`/api/v1/messages/${id(message)}/attachments/${id(attachment)}?inline=1`,
	raw: (message: string) => `/api/v1/messages/${id(message)}/raw`,
	events: "/api/v1/events",
};

/* The words of anything that was thrown. */
export function wordsOf(error: unknown): string {
	if (error instanceof Problem) return error.words;
	return t("error.unexpected");
}
