// SPDX-License-Identifier: Apache-2.0
// Made-up mail and people for the mock server. All names and domains are
// fictitious (example.org, example.com, .test).
const minute = 60000;
const day = 24 * 60 * minute;
const base = Date.now() - 7 * minute;

export const id = (n, letter = "m") => (letter + String(n).padStart(5, "0") + "abcdefghijklmnopqrstuvwxyz").slice(0, 26);
const iso = (ms) => new Date(ms).toISOString();

export const people = {
	mara: { name: "Mara Lindqvist", address: "mara@halden.example.com", level: "colleague" },
	tom: { name: "Tom Okafor", address: "tom@halden.example.com", level: "colleague" },
	ines: { name: "Ines Ferreira", address: "ines@halden.example.com", level: "colleague" },
	kaethe: { name: "Käthe Müller", address: "k.mueller@nordlicht.example.org", level: "verified" },
	jonas: { name: "Jonas Brandt", address: "j.brandt@nordlicht.example.org", level: "known" },
	fake: { name: "Jonas Brandt", address: "j.brandt@nordl1cht.example.com", level: "failed" },
	aiko: { name: "田中 愛子", address: "tanaka@kobe-seiki.example.org", level: "known" },
	lucia: { name: "Lucía Romero", address: "lromero@astilleros.example.org", level: "known" },
	dispatch: { name: "", address: "dispatch@baltic.example.org", level: "unknown" },
	news: { name: "Harbour Weekly", address: "news@harbour-weekly.test", level: "unknown" },
};
const { mara, tom, ines, kaethe, jonas, fake, aiko, lucia, dispatch, news } = people;

export const attackHtml = (tracker) => `<html><head><title>x</title><style>
@import url("${tracker}/import.css");
.big { background: u\\72l(${tracker}/escaped.png); color: #124; }
@font-face { font-family: f; src: url(${tracker}/font.woff2) }
</style><base href="${tracker}/"><meta http-equiv="refresh" content="0;url=${tracker}/refresh"></head>
<body bgcolor="#ffffff" background="${tracker}/body.png" onload="parent.hacked=1">
<img src="cid:logo@x"><p class="big">Dear customer, your parcel waits.</p>
<script>parent.hacked = 1; top.hacked = 1; document.title = "hacked"</script>
<img src="${tracker}/pixel.gif" width="1" height="1" onerror="parent.hacked=1">
<img src="x" srcset="${tracker}/set.png 2x" onerror="top.hacked=1">
<div style="background-image:url(${tracker}/style.png)">styled</div>
<div style="background:/**/u\\000072l('${tracker}/style2.png')">styled too</div>
<svg><script>top.hacked=1</script><image href="${tracker}/svg.png"/></svg>
<math><mtext><table><mglyph><style><img src=x onerror="top.hacked=1"></style></mglyph></table></mtext></math>
<form action="${tracker}/form"><input name="password"><button>Send</button></form>
<a href="javascript:top.hacked=1" id="bad-link">bad link</a>
<a href="data:text/html,<script>top.hacked=1</script>">data link</a>
<a href="https://parcel.example.com/track?id=4711">good link</a>
<iframe src="${tracker}/frame"></iframe><object data="${tracker}/object"></object><embed src="${tracker}/embed">
<video src="${tracker}/video.mp4" poster="${tracker}/poster.png" autoplay></video>
<link rel="stylesheet" href="${tracker}/link.css"><link rel="prefetch" href="${tracker}/prefetch">
<table background="${tracker}/table.png"><tr><td>cell</td></tr></table>
<input type="image" src="${tracker}/input.png"><picture><source srcset="${tracker}/source.png"></picture>
<noscript><p title="</noscript><img src=x onerror=top.hacked=1>"></noscript>
</body></html>`;

const invoiceHtml = `<html><body style="font-family: Arial; color: #223"><h2 style="color:#046">Invoice 2026-1187</h2>
<p>Dear Ms Lindqvist,<br>please find below what we delivered in week 46.</p>
<table cellpadding="6" style="border-collapse:collapse;border:1px solid #ccc"><tr style="background:#eef"><th align="left">Item</th><th>Pieces</th><th align="right">EUR</th></tr>
<tr><td>Flange DN 80, delivery to quay 3</td><td align="center">4</td><td align="right">1,240.00</td></tr>
<tr><td>Gasket set</td><td align="center">12</td><td align="right">96.00</td></tr></table>
<p>Payable within 30 days.</p><p>Lucía Romero<br><img src="https://img.astilleros.test/logo.png" width="120" height="40" alt="Astilleros del Sur"></p>
<blockquote type="cite"><p>Could you send the invoice again? The delivery has arrived.</p></blockquote></body></html>`;
const plainHtml = `<div dir="ltr"><p>Hello Mara,</p><p>the <b>delivery</b> note for order 4711 is signed. See you on <i>Thursday</i>.</p><p>Tom</p></div>`;

const liefer = `Liebe Frau Lindqvist,

danke für die Zeichnung. Wenn sie bis Montag, 23. November, freigegeben ist, können wir den Liefertermin auf den 4. Dezember vorziehen. Die zweite Welle kommt wie besprochen aus Kobe; Frau Tanaka hat das heute am Telefon bestätigt.

Drei Punkte brauchen wir noch von Ihnen:

1. Freigabe der Zeichnung 4711-B, Blatt 3 (Passfedernut)
2. Kran am Kai 3 für Freitag, 4. Dezember, 9 bis 12 Uhr
3. Ansprechpartner am Tag der Anlieferung

Den Plan finden Sie unter https://plan.nordlicht.example.org/4711.

Mit freundlichen Grüßen
Käthe Müller

Am 16.11.2026 um 09:15 schrieb Mara Lindqvist:
> Week 51 is too late for the sea trial.
> Would it help if we send our own crane?
> The delivery date in the contract is week 49.
--${" "}
Nordlicht Werft GmbH, Projektleitung
Am Fischkai 12`;

const pdf = { id: id(1, "a"), name: "Zeichnung-4711-B.pdf", type: "application/pdf", size: 1240113, inline: false, content_id: null };
const sheet = { id: id(2, "a"), name: "Terminplan-KW49.xlsx", type: "application/vnd.ms-excel.sheet", size: 84213, inline: false, content_id: null };
const logo = { id: id(3, "a"), name: "logo.png", type: "image/png", size: 68, inline: true, content_id: "<logo@x>" };

const seeds = [
	{ from: kaethe, to: [mara, jonas], subject: "Re: Propellerwelle 4711, neuer Liefertermin", text: liefer, attachments: [pdf, sheet], conv: "c4711", ago: 0 },
	{ from: tom, to: [mara], subject: "Delivery note 4711 signed", html: plainHtml, text: "Hello Mara,\n\nthe delivery note for order 4711 is signed.", ago: 3 * 60 * minute },
	{ from: aiko, to: [mara], subject: "4711号軸の納期について", text: "お世話になっております。\n\n第二軸の納期は12月4日の予定です。検査成績書は本日中に別途お送りいたします。\n\n田中 愛子", attachments: [sheet], ago: 5 * 60 * minute },
	{ from: fake, to: [mara], subject: "Changed bank details, order 4711", text: "Please pay to the new account below, else we must stop the delivery of your shaft today.", ago: 8 * 60 * minute },
	{ from: lucia, to: [mara, tom, ines, jonas], cc: [kaethe], subject: "Invoice 2026-1187, flanges for quay 3", html: invoiceHtml, text: "Invoice", remote: 1, ago: day },
	{ from: { name: "Parcel Office", address: "no-reply@parcel-office.test", level: "unknown" }, to: [mara], subject: "Your parcel waits", html: "ATTACK", text: "Your parcel waits", remote: 9, attachments: [logo], ago: day + 4 * 60 * minute },
	{ from: news, to: [mara], subject: "Harbour Weekly 46: crane hours, tides, two new quays", text: "This week: crane hours on quay 3, tides, and two new quays in Vigo.\n\nUnsubscribe: https://harbour-weekly.test/u?id=1", flags: ["list"], ago: 2 * day },
	{ from: dispatch, to: [mara], subject: "Delivery note 88-2041", text: "Your delivery note is attached. Pallets: 3. Gross weight: 1,846 kg. Gate 3 opens at 06:30.", attachments: [pdf], ago: 5 * day },
	{ from: ines, to: [mara, tom], subject: "Penalty clause: which delivery date counts?", text: "I read clause 7 again: the delivery date is the day on which the crane lifts the shaft, not the day of the papers.\n\nInes", ago: 9 * day },
	{ from: jonas, to: [mara], subject: "Verschlüsselt: Angebot", text: "", flags: ["encrypted"], ago: 11 * day },
];
const earlier = [
	{ from: mara, to: [kaethe], subject: "Propellerwelle 4711, neuer Liefertermin", text: "Dear Frau Müller,\n\nplease find the drawing of the shaft attached. Could you tell us the earliest date of delivery?\n\nMara", conv: "c4711", ago: 8 * day },
	{ from: kaethe, to: [mara], subject: "Re: Propellerwelle 4711, neuer Liefertermin", text: "Vielen Dank, wir prüfen das. Bisher steht der Liefertermin in Woche 51, der Prüfstand ist bis dahin belegt.", conv: "c4711", ago: 4 * day },
	{ from: mara, to: [kaethe], subject: "Re: Propellerwelle 4711, neuer Liefertermin", text: "Week 51 is too late for the sea trial. Would it help if we send our own crane?", conv: "c4711", ago: 2 * day + 5 * 60 * minute },
];

const subjects = ["Sea trial, pilot on board at six", "Kranplan Woche 48", "Re: paint for frame 112", "Minutes of the site meeting", "Rückfrage zu Position 14", "Presupuesto revisado", "Photos of the weld, starboard", "Visit on Thursday"];
const texts = ["The pilot comes on board at six; delivery of the stores is at five.", "Der Kran ist am Dienstag belegt. Liefertermin bleibt.", "Two coats, then the delivery of the next batch.", "We agreed on the delivery of sections 12 to 15.", "Position 14 fehlt in der Liste.", "Adjunto el presupuesto revisado con la nueva fecha de entrega.", "See the photos; the seam looks good.", "I bring the drawings along."];

function message(seed, n) {
	const date = iso(base - seed.ago);
	return {
		id: id(n),
		date,
		received: date,
		subject: seed.subject,
		from: seed.from,
		to: seed.to,
		cc: seed.cc ?? [],
		bcc: [],
		reply_to: [],
		text: seed.text,
		html: seed.html ?? null,
		has_html: !!seed.html,
		remote_content: seed.remote ?? 0,
		attachments: seed.attachments ?? [],
		conversation_id: id(0, seed.conv ?? `c${n}`),
		flags: seed.flags ?? [],
		why: [{ kind: "participant", words: "You see this because it was sent to you" }],
		sightings: [{ account: { id: id(1, "x"), name: "mara@halden.example.com" }, folder: "INBOX", date }],
		message_id: `<${n}.4711@mail.example.org>`,
		in_reply_to: "",
		size: 4200 + (seed.text?.length ?? 0),
	};
}

export function makeMessages(count) {
	const all = [...seeds, ...earlier].map((seed, i) => message(seed, i + 1));
	const from = [tom, jonas, lucia, ines, kaethe, dispatch, aiko];
	for (let i = all.length; i < count; i++) {
		const k = i % subjects.length;
		all.push(message({ from: from[i % from.length], to: [mara], subject: subjects[k], text: texts[k], attachments: i % 5 ? [] : [pdf], ago: 12 * day + i * 9 * 60 * minute }, i + 1));
	}
	return all.sort((a, b) => (a.date < b.date ? 1 : -1));
}

const progress = { done: 8240, total: 12449, bytes: 412000000, rate: 41, seconds_left: 102, words: null };
const imap = { provider: "generic", host: "imap.example.com", port: 993, tls: "implicit", user: "", has_ca: false, folders: ["INBOX", "Sent"] };
const account = (n, name, more) => ({
	id: id(n, "x"),
	name,
	type: "imap",
	owner: { id: id(1, "u"), name: "Mara Lindqvist" },
	policy: "closed",
	state: "active",
	activity: "idle",
	error: null,
	messages: 0,
	last_ok: iso(Date.now() - 40000),
	last_message: iso(Date.now() - 40000),
	progress: null,
	imap: { ...imap, user: name },
	mine: true,
	may_manage: true,
	...more,
});
export const makeAccounts = () => [
	account(1, "mara@halden.example.com", { messages: 143208 }),
	account(2, "ines@halden.example.com", {
		owner: { id: id(3, "u"), name: "Ines Ferreira" },
		mine: false,
		state: "error",
		messages: 31204,
		error: { kind: "auth", words: "The password is refused", next_step: "No new mail is collected; nothing is lost. Make a new app password at the provider and type it here.", details: "imap.example.com: NO [AUTHENTICATIONFAILED] Invalid credentials", since: iso(Date.now() - 90 * minute) },
	}),
	account(3, "archive@halden.example.com", { activity: "syncing", last_ok: null, messages: 8098, progress }),
	account(4, "projects@halden.example.com", { owner: { id: id(2, "u"), name: "Tom Okafor" }, mine: false, messages: 77430, last_message: iso(Date.now() - 6 * minute) }),
	account(5, "Sample mailbox", { type: "sample", imap: null, messages: 224, last_ok: null, last_message: null }),
	account(6, "Archive 2014 to 2019", { type: "import", imap: null, messages: 41823, last_ok: null, last_message: null }),
	account(7, "office@halden.example.com", { state: "paused", messages: 902 }),
	account(8, "new@halden.example.com", { state: "draft", last_ok: null, last_message: null }),
];
export const folders = [
	{ name: "INBOX", display: "Inbox", special: "inbox", chosen: true, messages: 4112, stored: 4112, state: "done" },
	{ name: "Sent", display: "Sent", special: "sent", chosen: true, messages: 2870, stored: 2870, state: "done" },
	{ name: "Projects/4711", display: "Projects/4711", special: null, chosen: true, messages: 3011, stored: 1258, state: "syncing" },
	{ name: "Junk", display: "Junk", special: "junk", chosen: false, messages: 88, stored: 0, state: "off" },
	{ name: "Trash", display: "Trash", special: "trash", chosen: false, messages: 412, stored: 0, state: "off" },
];
export const makeUsers = () => [
	{ id: id(1, "u"), name: "mara.lindqvist", display_name: "Mara Lindqvist", role: "owner", state: "active", last_seen: null, you: true },
	{ id: id(2, "u"), name: "tom.okafor", display_name: "Tom Okafor", role: "admin", state: "active", last_seen: iso(Date.now() - 100 * minute), you: false },
	{ id: id(3, "u"), name: "ines.ferreira", display_name: "Ines Ferreira", role: "user", state: "active", last_seen: iso(Date.now() - 20 * 60 * minute), you: false },
	{ id: id(4, "u"), name: "yuki.sato", display_name: "佐藤 ゆき", role: "user", state: "invited", last_seen: null, you: false },
	{ id: id(5, "u"), name: "aram.petrosyan", display_name: "Aram Petrosyan", role: "user", state: "disabled", last_seen: iso(Date.now() - 18 * day), you: false },
];
export const makeStatus = () => ({
	version: "0.1.0",
	roles: ["supervisor", "http", "api", "api", "auth", "vault", "index", "imap", "imap", "dial", "parse"].map((role, i) => ({
		role,
		instance: i,
		pid: 1000 + i,
		state: role === "parse" || role === "dial" ? "idle" : "ready",
		restarts: role === "imap" ? 1 : 0,
		confined: true,
		started: "2026-11-14T07:20:00.000Z",
		next_start: null,
		resident_bytes: 9e6 + i * 1e6,
		memory_bytes: role === "parse" ? 0 : 3e6 + i * 2e6,
		cpu_ms: 1200 * (i + 1) ** 3,
		ended: role === "imap" ? "2026-11-21T09:13:20.000Z" : null,
		error: role === "imap" ? `SIGSEGV: a bad memory access; it said last: signal=SIGSEGV address=0x18 at=program+0x2f10 path=/${"no-place-to-break-it".repeat(5)}` : null,
	})),
	schema: 2,
	libraries: { SQLite: "3.40.1" },
	started: "2026-11-14T07:20:00.000Z",
	queues: { unparsed: 180, parsed: 34, splits: 1 },
	errors: [
		{ time: "2026-11-21T09:13:20.000Z", level: "warning", role: "imap", instance: 3, words: "SIGSEGV: a bad memory access; it said last: signal=SIGSEGV address=0x18 at=program+0x2f10" },
		{ time: "2026-11-21T09:12:44.000Z", level: "warning", role: "imap", instance: 2, words: 'kind=auth a person must help, see "threadsctl account list"' },
		{ time: "2026-11-20T16:02:09.000Z", level: "error", role: "index", instance: 0, words: "storing messages: the disk is full; tried again" },
	],
	messages: 264120,
	queue: 214,
	disk: { total: 480e9, free: 86e9, hub_bytes: 31e9, packs_bytes: 300e9, percent: 82, stop_percent: 95, stopped: false },
	insecure: false,
});

const acts = [
	["signin", ""],
	["message.read", "m00001abcdefghijklmnopqrst"],
	["signin-failed", ""],
	["settings.change", "", '{"time_zone":"Europe/Berlin"}'],
	["user-invited", ""],
	["account.create", "x00001abcdefghijklmnopqrst", "ines@halden.example.com"],
	["search.as", ""],
];
/* Rows of an audit log, the newest first. */
export const makeAudit = (users, rows) =>
	Array.from({ length: rows }, (_, i) => {
		const [action, object, detail = ""] = acts[i % acts.length];
		const user = i % 11 === 10 ? null : users[i % users.length];
		return { row: rows - i, time: new Date(Date.UTC(2026, 10, 21, 9, 41) - i * 1000 * 777).toISOString(), user: user?.display_name ?? "", user_id: user?.id ?? "", action, object, object_name: object.startsWith("x") ? "Ines Ferreira" : "", detail };
	});
