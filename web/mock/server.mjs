// SPDX-License-Identifier: Apache-2.0
// A stand-in for the hub, for work on the web interface and its tests: serves
// dist/ with the headers of the hub and answers the API from memory. Never shipped.
//	sh tools/node.sh mock/server.mjs [port]
// Sign-in: mara.lindqvist, "correct horse battery", code 123456.
import { createServer } from "node:http";
import { pathToFileURL } from "node:url";
import { attackHtml, folders, id, makeAccounts, makeAudit, makeMessages, makeStatus, makeUsers } from "./data.mjs";
import { page } from "./static.mjs";
import { vaultKeys } from "./vault.mjs";

const pixel = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M/wHwAEBgIApD5fRAAAAABJRU5ErkJggg==", "base64");
const qr = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 29 29" shape-rendering="crispEdges"><path d="M0 0h7v7h-7zM1 1v5h5v-5zM2 2h3v3h-3zM22 0h7v7h-7zM23 1v5h5v-5zM24 2h3v3h-3zM0 22h7v7h-7zM1 23v5h5v-5zM2 24h3v3h-3zM9 1h2v1h-2zM12 2h3v2h-3zM9 9h4v1h-4zM15 11h2v5h-2zM20 13h3v2h-3zM8 18h5v1h-5zM18 20h2v4h-2zM24 24h3v3h-3zM12 24h2v3h-2z" fill-rule="evenodd"/></svg>';
const totp = { secret: "GEZDGNBVGY3TQOJQKZQXE5DJNZTUWLTF", uri: "otpauth://totp/x", qr_svg: qr };
const recoveryCodes = Array.from({ length: 10 }, (_, i) => ["7KQM", "2F9T", "XRHA", "C3WD", "8NPL", `V4J${"ABCDEFGHIJ"[i]}`].join("-"));

class Failure extends Error {
	constructor(status, kind, title, more = {}) {
		super(title);
		Object.assign(this, { status, kind, more });
	}
}
const missing = () => new Failure(404, "not-found", "This is not here.");

export function makeMock({ tracker = "http://127.0.0.1:9", owner = true, setupDone = true, messages = 260 } = {}) {
	const state = {
		owner,
		setupDone,
		signedIn: false,
		pending: null,
		link: null,
		strong: true,
		messages: makeMessages(messages),
		accounts: makeAccounts(),
		users: makeUsers(),
		status: makeStatus(),
		audit: makeAudit(makeUsers(), 240),
		chain: { rows: 240, checked: 240, until: "2026-11-21T09:41:00.000Z", fingerprint: "9f2c71abe04d", broken_at: null },
		settings: { own_domains: ["halden.example.com"], time_zone: "Europe/Oslo", account_policy_default: "closed", outside_channels: "private", organisation: "Halden & Brook", everyone_group: false, setup_done: setupDone },
		own: { single_key_shortcuts: true, theme: "system" },
		imports: [],
		streams: new Set(),
		boxes: [],
		log: [],
	};
	const user = () => ({ id: state.users[0].id, name: state.users[0].name, role: state.users[0].role });
	const me = () => ({ ...state.users[0], time_zone: "Europe/Oslo", settings: state.own, setup_done: state.settings.setup_done });
	const ring = (what) => state.streams.forEach((stream) => stream.write(`event: changed\ndata: ${JSON.stringify({ what })}\n\n`));
	const find = (list, wanted) => list.find((item) => item.id === wanted) ?? (() => { throw missing(); })();

	function fold(text) {
		return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
	}
	function runs(text, words) {
		if (!words.length || !text) return [[text, false]];
		const pattern = new RegExp(`(${words.map((w) => w.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|")})`, "gi");
		return text.split(pattern).map((part, i) => [part, i % 2 === 1]).filter(([part]) => part);
	}
	function matches(m, word) {
		const operator = /^(-?)(\w+):"?([^"]*)"?$/.exec(word);
		const whole = fold([m.subject, m.text, m.from.name, m.from.address].join(" "));
		if (!operator) return word.startsWith("-") ? !whole.includes(fold(word.slice(1))) : whole.includes(fold(word.replaceAll('"', "").replace(/\*$/, "")));
		const [, not, name, value] = operator;
		const v = fold(value);
		const tests = {
			from: () => fold(m.from.name + m.from.address).includes(v),
			to: () => fold(JSON.stringify(m.to)).includes(v),
			subject: () => fold(m.subject).includes(v),
			has: () => m.attachments.length > 0,
			before: () => m.date < value,
			after: () => m.date >= value,
			account: () => m.sightings.some((s) => fold(s.account.name) === v),
		};
		return (tests[name]?.() ?? true) !== (not === "-");
	}
	const search = (url) => {
		const q = url.searchParams.get("q") ?? "";
		const limit = Number(url.searchParams.get("limit") ?? 50);
		const from = Number(url.searchParams.get("cursor") ?? 0);
		const words = q.match(/-?\w+:"[^"]*"|-?"[^"]*"|\S+/g) ?? [];
		const plain = words.filter((w) => !/^-|:/.test(w)).map((w) => w.replaceAll('"', "").replace(/\*$/, ""));
		const found = state.messages.filter((m) => words.every((word) => matches(m, word.replace(/[()]/g, ""))));
		const page = found.slice(from, from + limit);
		return {
			hits: page.map((m) => ({
				id: m.id,
				type: "mail",
				date: m.date,
				from: m.from,
				to_summary: m.to.map((p) => p.name).join(", "),
				subject: m.subject,
				subject_marks: runs(m.subject, plain),
				snippet: runs((m.text ?? "").replace(/\s+/g, " ").slice(0, 180), plain),
				attachments: m.attachments.filter((a) => !a.inline).length,
				conversation: { id: m.conversation_id, count: state.messages.filter((o) => o.conversation_id === m.conversation_id).length },
				account: m.sightings[0].account,
			})),
			next: from + limit < found.length ? String(from + limit) : null,
			count: found.length,
			count_capped: false,
			took_ms: 11.4,
			hints: /\((?!.*\))/.test(q) ? ["We searched without the open bracket."] : [],
			tokens: [],
		};
	};

	function enrolled() {
		state.owner = true;
		state.signedIn = true;
		state.pending = null;
	}
	function check(code) {
		if (code !== "123456") throw new Failure(401, "code-refused", "This code does not match.", { detail: "Is the clock of your telephone right?" });
	}
	function strong() {
		if (!state.strong) throw new Failure(403, "reauth-needed", "Confirm that it is you.");
	}
	function liveTest(account) {
		account.activity = "connecting";
		account.error = null;
		setTimeout(() => {
			const bad = account.imap.host.startsWith("wrong");
			account.activity = "idle";
			account.state = bad ? "draft" : "active";
			account.last_ok = bad ? null : new Date().toISOString();
			if (bad) account.error = { kind: "auth", words: "The password is refused.", next_step: "Check it, or make a new app password at the provider.", details: "NO LOGIN", since: new Date().toISOString() };
			ring("accounts");
		}, 1200);
	}
	function runImport(item) {
		item.state = "running";
		const timer = setInterval(() => {
			item.bytes = Math.min(item.bytes_total, item.bytes + item.bytes_total / 4);
			item.read += 12;
			item.stored += 11;
			item.duplicate += 1;
			item.rate = 118;
			item.seconds_left = 3;
			if (item.bytes >= item.bytes_total) {
				item.state = "done";
				clearInterval(timer);
			}
			ring("imports");
		}, 500);
	}

	/* METHOD /path/:x -> answer(params, body, url). */
	const routes = {
		"GET /auth/state": () => ({ owner_exists: state.owner, signed_in: state.signedIn, pending: state.pending, user: state.signedIn ? user() : null, session_expires: null }),
		"POST /auth/signin": (_, body) => {
			if (body.name === "throttled") throw new Failure(429, "throttled", "Too many tries.", { retry_at: new Date(Date.now() + 600000).toISOString() });
			if (body.name !== "mara.lindqvist" || body.password !== "correct horse battery") throw new Failure(401, "sign-in-failed", "Name or password is not right.");
			state.pending = "totp";
			return { next: "totp" };
		},
		"POST /auth/totp": (_, body) => (check(body.code), enrolled(), { user: user() }),
		"POST /auth/recovery": (_, body) => {
			if (!recoveryCodes.includes(body.code)) throw new Failure(401, "code-refused", "This recovery code is not right, or was used.");
			enrolled();
			return { user: user(), recovery_left: 3 };
		},
		"POST /auth/link/open": (_, body) => {
			const kind = { "setup-token": "setup", "invite-token": "invite", "reset-token": "reset" }[body.token];
			if (!kind) throw new Failure(410, "gone", "This link has ended.");
			state.pending = "enrol";
			return { kind, name: kind === "setup" ? null : "yuki.sato", display_name: kind === "setup" ? null : "佐藤 ゆき", expires: new Date(Date.now() + 1800000).toISOString() };
		},
		"POST /auth/enrol/password": (_, body) => {
			if (body.password.length < 10) throw new Failure(400, "bad-request", "The password is too short.", { fields: { password: "Use at least 10 characters." } });
			return { totp };
		},
		"POST /auth/enrol/confirm": (_, body) => (check(body.code), enrolled(), { recovery_codes: recoveryCodes, user: user() }),
		"POST /auth/signout": () => ((state.signedIn = false), {}),
		"POST /auth/signout-everywhere": () => ((state.signedIn = false), {}),
		"POST /auth/reauth": (_, body) => (check(body.code), (state.strong = true), {}),
		"POST /auth/password": (_, body) => {
			if (body.present !== "correct horse battery") throw new Failure(403, "denied", "The current password is not right.");
			return {};
		},
		"POST /auth/totp/new": () => (strong(), { totp }),
		"POST /auth/totp/new/confirm": (_, body) => (check(body.code), {}),
		"POST /auth/recovery-codes": () => (strong(), { recovery_codes: recoveryCodes }),
		"GET /auth/sessions": () => ({
			sessions: [
				{ id: id(1, "s"), created: new Date(Date.now() - 3600e3).toISOString(), last_seen: new Date().toISOString(), client: "Firefox on Linux", current: true },
				{ id: id(2, "s"), created: new Date(Date.now() - 86400e3).toISOString(), last_seen: new Date(Date.now() - 7200e3).toISOString(), client: "Safari on iPhone", current: false },
			],
		}),
		"DELETE /auth/sessions/:id": () => ({}),
		"GET /auth/security": () => ({ name: "mara.lindqvist", password_changed: "2026-02-03T09:00:00Z", totp_since: "2025-01-14T09:00:00Z", recovery_left: 4 }),
		"POST /auth/invites": (_, body) => {
			const made = { id: id(20 + state.users.length, "u"), name: body.name, display_name: body.display_name, role: body.role, state: "invited", last_seen: null, you: false };
			if (state.users.some((u) => u.name === body.name)) throw new Failure(409, "conflict", "Somebody has this name already.", { fields: { name: "Somebody has this name already." } });
			state.users.push(made);
			return { link: "http://localhost/invite#7KQM2F9TXRHAC3WD8NPLV4JE", expires: new Date(Date.now() + 86400e3).toISOString(), user: made };
		},
		"POST /auth/users/:id/invite": () => ({ link: "http://localhost/invite#8NPLV4JE7KQM2F9TXRHAC3WD", expires: new Date(Date.now() + 86400e3).toISOString() }),
		"POST /auth/users/:id/disable": (p) => ((find(state.users, p.id).state = "disabled"), {}),
		"POST /auth/users/:id/enable": (p) => ((find(state.users, p.id).state = "active"), {}),
		"GET /me": () => me(),
		"PATCH /me": (_, body) => {
			if (body.display_name) state.users[0].display_name = body.display_name;
			Object.assign(state.own, body.settings);
			return me();
		},
		"GET /search": (_, __, url) => search(url),
		"GET /messages/:id": (p) => ({ ...find(state.messages, p.id), html: undefined }),
		"GET /messages/:id/headers": (p) => {
			const m = find(state.messages, p.id);
			const headers = [["From", `${m.from.name} <${m.from.address}>`], ["To", m.to.map((x) => x.address).join(", ")], ["Subject", m.subject], ["Date", m.date], ["Message-ID", m.message_id], ["MIME-Version", "1.0"], ["Content-Type", "text/plain; charset=utf-8"], ...Array.from({ length: 6 }, (_, i) => ["Received", `from mx${i}.example.org by mx.halden.example.com`])];
			return { headers, sighting: m.sightings[0] };
		},
		"GET /conversations/:id": (p) => {
			const list = state.messages.filter((m) => m.conversation_id === p.id).toReversed();
			if (!list.length) throw missing();
			return { id: p.id, subject: list[0].subject, messages: list.map((m) => ({ ...m, html: undefined, text: undefined, preview: (m.text ?? "").replace(/\s+/g, " ").slice(0, 140) })) };
		},
		"GET /accounts": () => ({ accounts: state.accounts, vault: { public_key: vaultKeys.publicKey, fingerprint: "0a1b-2c3d-4e5f-6071-8293-a4b5-c6d7-e8f9" } }),
		"POST /accounts": (_, body) => {
			const made = { ...makeAccounts()[0], id: id(50 + state.accounts.length, "x"), name: body.name, policy: body.policy, state: "draft", messages: 0, last_ok: null, last_message: null, imap: { ...body.imap, has_ca: !!body.imap.ca, folders: [] } };
			state.accounts.push(made);
			return made;
		},
		"GET /accounts/:id": (p) => find(state.accounts, p.id),
		"PATCH /accounts/:id": (p, body) => {
			const account = find(state.accounts, p.id);
			if (body.imap) Object.assign(account, { imap: { ...account.imap, ...body.imap }, state: "draft" });
			Object.assign(account, { name: body.name ?? account.name, policy: body.policy ?? account.policy });
			return account;
		},
		"PUT /accounts/:id/secret": (p, body) => {
			state.boxes.push({ account: p.id, box: body.box });
			liveTest(find(state.accounts, p.id));
			return {};
		},
		"GET /accounts/:id/folders": () => ({ folders }),
		"GET /accounts/:id/ledger": () => ({ entries: [{ time: new Date().toISOString(), folder: "INBOX", uid: 4711, message_id: "<x@example.org>", reason: "duplicate", detail: "Seen before in projects@halden.example.com" }], next: null }),
		"POST /accounts/:id/sync": (p) => ((find(state.accounts, p.id).last_ok = new Date().toISOString()), {}),
		"POST /accounts/:id/pause": (p) => ((find(state.accounts, p.id).state = "paused"), {}),
		"POST /accounts/:id/resume": (p) => ((find(state.accounts, p.id).state = "active"), {}),
		"DELETE /accounts/:id": (p) => ((state.accounts = state.accounts.filter((a) => a.id !== find(state.accounts, p.id).id)), {}),
		"GET /imports": () => ({ imports: state.imports }),
		"POST /imports": (_, body) => {
			const account = state.accounts.find((a) => a.id === body.account || a.name === body.account) ?? { ...makeAccounts()[5], id: id(70 + state.accounts.length, "x"), name: body.account, messages: 0 };
			if (!state.accounts.includes(account)) state.accounts.push(account);
			const files = body.files.map((f, i) => ({ id: id(i, "f"), name: f.name, size: f.size, received: 0 }));
			const made = { id: id(90 + state.imports.length, "i"), state: "uploading", account: { id: account.id, name: account.name }, files, read: 0, stored: 0, duplicate: 0, excluded: 0, failed: 0, bytes: 0, bytes_total: files.reduce((n, f) => n + f.size, 0), rate: 0, seconds_left: null, error: null };
			state.imports.push(made);
			return made;
		},
		"GET /imports/:id": (p) => find(state.imports, p.id),
		"PUT /imports/:id/files/:file": (p, body, url) => {
			const file = find(find(state.imports, p.id).files, p.file);
			if (Number(url.searchParams.get("offset")) !== file.received) throw new Failure(409, "conflict", "The upload goes on at another place.");
			file.received += body.length;
			return { received: file.received };
		},
		"POST /imports/:id/start": (p) => (runImport(find(state.imports, p.id)), {}),
		"POST /imports/:id/cancel": (p) => ((find(state.imports, p.id).state = "cancelled"), {}),
		"GET /users": () => ({ users: state.users }),
		"GET /settings": () => state.settings,
		"PATCH /settings": (_, body) => Object.assign(state.settings, body),
		"GET /status": () => state.status,
		"GET /audit": (_, body, url) => {
			const of = (name) => url.searchParams.get(name);
			const rows = state.audit.filter((e) => (!of("user") || e.user_id === of("user")) && (!of("action") || e.action === of("action")) && (!of("from") || e.time >= of("from")) && (!of("to") || e.time < of("to")));
			const at = Number(of("cursor") ?? 0);
			return { entries: rows.slice(at, at + 100), next: rows.length > at + 100 ? String(at + 100) : null };
		},
		"GET /audit/chain": () => state.chain,
	};
	const table = Object.entries(routes).map(([key, answer]) => {
		const [method, path] = key.split(" ");
		return { method, answer, pattern: new RegExp(`^${path.replace(/:(\w+)/g, "(?<$1>[^/]+)")}$`) };
	});

	function raw(method, path, response) {
		const html = /^\/messages\/([^/]+)\/html$/.exec(path);
		const file = /^\/messages\/([^/]+)\/(?:attachments\/([^/]+)|raw)$/.exec(path);
		if (method !== "GET" || (!html && !file)) return false;
		const m = find(state.messages, (html ?? file)[1]);
		if (html) {
			response.writeHead(200, { "Content-Type": "text/plain; charset=utf-8", "Content-Security-Policy": "sandbox", "X-Content-Type-Options": "nosniff" });
			response.end(m.html === "ATTACK" ? attackHtml(tracker) : m.html);
		} else if (file[2]) {
			const image = m.attachments.some((a) => a.id === file[2] && a.type === "image/png");
			response.writeHead(200, image ? { "Content-Type": "image/png" } : { "Content-Type": "application/octet-stream", "Content-Disposition": "attachment" });
			response.end(image ? pixel : "made-up bytes");
		} else {
			response.writeHead(200, { "Content-Type": "message/rfc822", "Content-Disposition": 'attachment; filename="message.eml"' });
			response.end(`From: ${m.from.address}\r\nSubject: ${m.subject}\r\n\r\n${m.text}`);
		}
		return true;
	}

	async function api(request, response, url) {
		const path = url.pathname.slice("/api/v1".length);
		if (!path.startsWith("/auth/") && !state.signedIn) throw new Failure(401, "sign-in-needed", "Sign in to go on.");
		if (request.method !== "GET" && request.headers["sec-fetch-site"] !== "same-origin") throw new Failure(403, "denied", "Refused.");
		if (path === "/events") {
			response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-store" });
			response.write(": hello\n\n");
			state.streams.add(response);
			request.on("close", () => state.streams.delete(response));
			return;
		}
		if (raw(request.method, path, response)) return;
		const chunks = [];
		for await (const chunk of request) chunks.push(chunk);
		const bytes = Buffer.concat(chunks);
		const body = /json/.test(request.headers["content-type"] ?? "") ? JSON.parse(bytes.toString() || "{}") : bytes;
		for (const { method, pattern, answer } of table) {
			const match = method === request.method && pattern.exec(path);
			if (!match) continue;
			const value = answer({ ...match.groups }, body, url);
			response.writeHead(200, { "Content-Type": "application/json", "Cache-Control": "no-store" });
			response.end(JSON.stringify(value));
			return;
		}
		throw missing();
	}

	const server = createServer((request, response) => {
		const url = new URL(request.url, "http://localhost");
		state.log.push(`${request.method} ${url.pathname}`);
		const work = url.pathname.startsWith("/api/") ? api(request, response, url) : Promise.resolve(page(request, response, url));
		work.catch((error) => {
			const known = error instanceof Failure ? error : new Failure(500, "internal", String(error));
			response.writeHead(known.status, { "Content-Type": "application/problem+json" });
			response.end(JSON.stringify({ type: `/problems/${known.kind}`, title: known.message, status: known.status, ...known.more }));
		});
	});
	return { server, state, ring };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
	const port = Number(process.argv[2] ?? 8090);
	makeMock({ owner: !process.argv.includes("--new"), setupDone: !process.argv.includes("--new") }).server.listen(port, "127.0.0.1", () => console.log(`http://localhost:${port}`));
}
