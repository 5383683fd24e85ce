// SPDX-License-Identifier: Apache-2.0
// The shapes of the HTTP API, as docs/openapi.yaml describes them.

export type Role = "owner" | "admin" | "user" | "auditor";
export type Level = "failed" | "unknown" | "known" | "verified" | "colleague";
export type Policy = "open" | "closed";
export type TlsMode = "implicit" | "starttls" | "none";

export interface UserRef {
	id: string;
	name: string;
	role: Role;
	display_name?: string;
}

export interface AuthState {
	owner_exists: boolean;
	signed_in: boolean;
	pending: "totp" | "enrol" | "enrol-code" | null;
	pending_kind?: "setup" | "invite" | "reset" | "totp" | null;
	pending_name?: string | null;
	user: UserRef | null;
	session_expires?: string | null;
}

export interface OpenedLink {
	kind: "setup" | "invite" | "reset";
	name: string | null;
	display_name: string | null;
	expires: string;
}

export interface TotpEnrolment {
	secret: string;
	uri: string;
	qr_svg: string;
}

export interface Session {
	id: string;
	created: string;
	last_seen: string;
	client: string;
	address?: string;
	current: boolean;
}

export interface Security {
	name: string;
	password_changed: string | null;
	totp_since: string | null;
	recovery_left: number;
	notices?: { time: string; words: string }[]; // what others did to this sign-in
}

export interface Invite {
	link: string;
	expires: string;
	user?: UserRef;
}

export interface Me {
	id: string;
	name: string;
	display_name: string;
	role: Role;
	time_zone: string | null;
	settings: { single_key_shortcuts?: boolean; theme?: "system" | "light" | "dark" };
	setup_done: boolean;
}

/* A run of text and whether it matched the search. */
export type Run = [text: string, match: boolean];

export interface Person {
	name: string;
	address: string;
	level?: Level;
}

export interface Hit {
	id: string;
	type: string;
	date: string;
	from: Person;
	to_summary: string;
	subject: string;
	snippet: Run[];
	subject_marks?: Run[];
	attachments: number;
	conversation: { id: string; count: number };
	account: { id: string; name: string } | null; // an account of the reader that has it
}

export interface SearchToken {
	text: string;
	kind: "word" | "phrase" | "prefix" | "operator";
	name?: string;
	value?: string;
	negated?: boolean;
	start: number;
	end: number;
}

export interface SearchResult {
	hits: Hit[];
	next: string | null;
	count: number;
	count_capped: boolean;
	took_ms: number;
	hints: string[];
	tokens: SearchToken[];
}

export interface Attachment {
	id: string;
	name: string;
	type: string;
	size: number;
	inline: boolean;
	content_id: string | null;
}

export interface Message {
	id: string;
	date: string;
	received?: string;
	subject: string;
	from: Person;
	to: Person[];
	cc: Person[];
	bcc: Person[];
	reply_to: Person[];
	text?: string;
	preview?: string;
	has_html: boolean;
	remote_content?: number | null;
	attachments: Attachment[];
	conversation_id: string;
	flags: string[];
	why: { kind: string; words: string }[];
	sightings: { account: { id: string; name: string }; folder: string; date: string }[];
	message_id: string;
	in_reply_to: string;
	size: number;
}

export interface Conversation {
	id: string;
	subject: string;
	messages: Message[];
}

export interface MessageHeaders {
	headers: [string, string][];
	sighting: { account?: { id: string; name: string }; folder?: string } | null;
}

export interface Progress {
	done: number;
	total: number | null;
	bytes: number;
	rate: number;
	seconds_left: number | null;
	words: string | null;
}

export interface Imap {
	provider: string;
	host: string;
	port: number;
	tls: TlsMode;
	user: string;
	has_ca?: boolean;
	private_network?: boolean;
	secret?: "none" | "set" | "void";
	verified?: string | null; // the last sign-in that worked
	folders?: string[];
}

export interface Account {
	id: string;
	name: string;
	type: "imap" | "import" | "sample";
	owner: { id: string; name: string };
	policy: Policy;
	state: "draft" | "active" | "paused" | "error" | "waiting" | "deleting";
	activity: "idle" | "connecting" | "listing" | "syncing" | "importing";
	error: { kind: string; words: string; next_step: string; details: string; since: string } | null;
	messages: number;
	last_ok: string | null;
	last_message: string | null;
	progress: Progress | null;
	imap: Imap | null;
	mine: boolean;
	may_manage: boolean;
}

export interface Vault {
	public_key: string;
	fingerprint: string;
}

export interface Folder {
	name: string;
	display: string;
	special: string | null;
	chosen: boolean;
	messages: number;
	stored: number;
	state: string;
}

export interface LedgerEntry {
	time: string;
	folder: string;
	uid: number | string;
	message_id: string;
	reason: string;
	detail: string;
}

export interface ImportFile {
	id: string;
	name: string;
	size: number;
	received: number;
}

export interface Import {
	id: string;
	state: "uploading" | "waiting" | "running" | "done" | "failed" | "cancelled";
	account: { id: string; name: string };
	files: ImportFile[];
	read: number;
	stored: number;
	duplicate: number;
	excluded: number;
	failed: number;
	bytes: number;
	bytes_total: number;
	rate: number;
	seconds_left: number | null;
	error: string | { words: string; next_step?: string } | null;
}

export interface User {
	id: string;
	name: string;
	display_name: string;
	role: Role;
	state: "invited" | "active" | "disabled";
	last_seen: string | null;
	you: boolean;
}

export interface Settings {
	own_domains: string[];
	time_zone: string;
	account_policy_default: Policy;
	outside_channels: "shared" | "private";
	organisation: string;
	everyone_group: boolean;
	setup_done: boolean;
}

export interface RoleStatus {
	role: string;
	instance?: string | number | null;
	pid: number | null;
	state: "ready" | "starting" | "waiting" | "down" | "idle";
	restarts: number;
	confined: boolean;
	started: string | null;
	next_start: string | null;
	resident_bytes: number;
	memory_bytes: number;
	cpu_ms: number;
	ended: string | null;
	error: string | null;
}

export interface HubError {
	time: string;
	level: "warning" | "error";
	role: string;
	instance: number;
	words: string | null;
}

export interface Status {
	version: string;
	schema: number;
	libraries: Record<string, string>;
	started: string | null;
	errors: HubError[];
	queues: Record<string, number>;
	roles: RoleStatus[];
	messages: number;
	queue: number;
	disk: {
		total: number;
		free: number;
		hub_bytes: number;
		packs_bytes: number;
		percent: number;
		stop_percent: number;
		stopped: boolean;
	};
	insecure: boolean;
}

export interface AuditEntry {
	row: number;
	time: string;
	user: string;
	user_id: string;
	action: string;
	object: string;
	object_name: string;
	detail: string;
}

export interface AuditChain {
	rows: number;
	checked: number;
	until: string | null;
	fingerprint: string;
	broken_at: number | null;
}
