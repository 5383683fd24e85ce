// SPDX-License-Identifier: Apache-2.0
// node browser_mail.mjs FOLDER TRACKER_URL - the mails of the browser test as .eml files,
// one folder for each mailbox. Imported by the test itself for the texts it looks for.
import { mkdirSync, writeFileSync } from "node:fs";

/* Everything that a mail can try: addresses of the internet and scripts in every place. */
export const attackHtml = (tracker) => `<html><head><title>x</title><style>
@import url("${tracker}/import.css");
.big { background: u\\72l(${tracker}/escaped.png); color: #124; }
@font-face { font-family: f; src: url(${tracker}/font.woff2) }
.big { font-family: f }
</style></head>
<body bgcolor="#ffffff" background="${tracker}/body.png" onload="parent.hacked=1;fetch('${tracker}/ran-onload')">
<img src="cid:logo@parcel" width="24" height="24"><p class="big">Dear customer, your parcel waits at the gate.</p>
<script>parent.hacked = 1; top.hacked = 1; document.title = "hacked"; fetch("${tracker}/ran-script")</script>
<img src="${tracker}/pixel.gif" width="1" height="1" onerror="parent.hacked=1">
<img src="x:nothing" onerror="top.hacked=1;fetch('${tracker}/ran-onerror')">
<div style="background-image:url(${tracker}/style.png)">styled</div>
<div style="background:/**/u\\000072l('${tracker}/style2.png')">styled too</div>
<svg width="20" height="20"><script>top.hacked=1;fetch("${tracker}/ran-svg")</script><image href="${tracker}/svg.png" width="9" height="9"/></svg>
<math><mtext><table><mglyph><style><img src=x onerror="top.hacked=1"></style></mglyph></table></mtext></math>
<form action="${tracker}/form"><input name="password"><button>Send</button></form>
<a href="javascript:top.hacked=1">bad link</a>
<a href="data:text/html,<script>top.hacked=1</script>">data link</a>
<a href="https://parcel.example.com/track?id=4711">good link</a>
<iframe src="${tracker}/frame"></iframe><object data="${tracker}/object"></object><embed src="${tracker}/embed">
<video src="${tracker}/video.mp4" poster="${tracker}/poster.png" autoplay></video>
<link rel="stylesheet" href="${tracker}/link.css"><link rel="prefetch" href="${tracker}/prefetch">
<table background="${tracker}/table.png"><tr><td>cell</td></tr></table>
<input type="image" src="${tracker}/input.png"><picture><source srcset="${tracker}/source.png"><img></picture>
<noscript><p title="</noscript><img src=x onerror=top.hacked=1>"></noscript>
</body></html>`;

const invoiceHtml = (tracker) => `<html><body style="font-family: Arial; color: #223"><h2 style="color:#046">Invoice 2026-1187</h2>
<p>Dear Alice,<br>please find below what we delivered in week 46.</p>
<table cellpadding="6" style="border-collapse:collapse;border:1px solid #ccc"><tr style="background:#eef"><th align="left">Item</th><th>Pieces</th><th align="right">EUR</th></tr>
<tr><td>Flange DN 80, delivery to quay 3</td><td align="center">4</td><td align="right">1,240.00</td></tr>
<tr><td>Gasket set</td><td align="center">12</td><td align="right">96.00</td></tr></table>
<p>Payable within 30 days.</p><p>Lucia Romero<br><img src="${tracker}/logo.png" width="120" height="40" alt="Astilleros"></p>
<blockquote type="cite"><p>Could you send the invoice again? The delivery has arrived.</p></blockquote></body></html>`;

/* The attached file: every byte value, so that a wrong encoding shows. */
export const drawing = Buffer.from(Array.from({ length: 40000 }, (_, i) => (i * 7 + (i >> 8)) & 255));
const pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
const base64 = (data) => Buffer.from(data).toString("base64").replace(/.{76}/g, "$&\r\n");
const hours = (n) => new Date(Date.now() - n * 3600000).toUTCString().replace("GMT", "+0000");

function part(type, data, more = "") {
	return `Content-Type: ${type}\r\nContent-Transfer-Encoding: base64\r\n${more}\r\n${base64(data)}\r\n`;
}
function multipart(kind, parts) {
	const line = `=_${kind}_threads`;
	return `Content-Type: multipart/${kind}; boundary="${line}"\r\n\r\n${parts.map((p) => `--${line}\r\n${p}`).join("")}--${line}--\r\n`;
}
const textOf = (text) => part("text/plain; charset=utf-8", text.replace(/\n/g, "\r\n"));
const htmlOf = (html) => part("text/html; charset=utf-8", html.replace(/\n/g, "\r\n"));

let count = 0;
function mail({ from, to, subject, ago, body, id, re }) {
	const head = [`Message-ID: <${id ?? `m${++count}`}@lab.test>`, `Date: ${hours(ago)}`, `From: ${from}`, `To: ${to}`, `Subject: ${subject}`];
	if (re) head.push(`In-Reply-To: <${re}@lab.test>`, `References: <${re}@lab.test>`);
	return `${head.join("\r\n")}\r\nMIME-Version: 1.0\r\n${body}`;
}

const alice = "Alice Arden <alice@lab.test>";
const bob = "Bob Birk <bob@lab.test>";
const carol = "Carol Cole <carol@lab.test>";
const lucia = "Lucia Romero <lucia@astilleros.example.com>";

export function mails(tracker) {
	const plan = mail({ id: "plan", from: bob, to: alice, subject: "Crane plan for quay seven", ago: 30, body: textOf("Alice,\n\nthe crane is free on Thursday, from nine to twelve. Shall I book the pontoon?\n\nBob\n") });
	const answer = mail({ id: "answer", re: "plan", from: alice, to: bob, subject: "Re: Crane plan for quay seven", ago: 29, body: textOf("Bob,\n\nThursday is good. Book the pontoon for two days.\n\nAlice\n\nOn Friday, Bob Birk wrote:\n> the crane is free on Thursday, from nine to twelve.\n> Shall I book the pontoon?\n") });
	return {
		alice: {
			plan,
			invoice: mail({ id: "invoice", from: lucia, to: alice, subject: "Invoice 2026-1187, flanges for quay 3", ago: 5, body: multipart("mixed", [multipart("alternative", [textOf("Invoice 2026-1187: flanges, gaskets.\n"), htmlOf(invoiceHtml(tracker))]), part('application/pdf; name="drawing 4711.pdf"', drawing, 'Content-Disposition: attachment; filename="drawing 4711.pdf"\r\n')]) }),
			parcel: mail({ id: "parcel", from: "Parcel Office <no-reply@parcel.example.com>", to: alice, subject: "Your parcel waits", ago: 3, body: multipart("related", [htmlOf(attackHtml(tracker)), part("image/png", Buffer.from(pixel, "base64"), "Content-ID: <logo@parcel>\r\nContent-Disposition: inline; filename=logo.png\r\n")]) }),
			secret: mail({ id: "secret", from: "Ines Ferreira <ines@halden.example.com>", to: alice, subject: "Severance of the Lisbon office", ago: 8, body: textOf("Alice, this is for you alone: the zanzibar figures are in.\n\nInes\n") }),
			japanese: mail({ id: "kobe", from: "=?utf-8?B?55Sw5LitIOaEm+WtkA==?= <tanaka@kobe.example.org>", to: alice, subject: `=?utf-8?B?${Buffer.from("4711号軸の納期について").toString("base64")}?=`, ago: 50, body: textOf("お世話になっております。\n\n第二軸の納期は12月4日の予定です。\n\n田中 愛子\n") }),
		},
		"alice-sent": { answer },
		bob: { answer, lunch: mail({ id: "lunch", from: carol, to: bob, subject: "Lunch at the harbour", ago: 20, body: textOf("Bob, at noon in the canteen?\n\nCarol\n") }) },
		carol: Object.fromEntries(["Tide table", "Pilot on board", "Paint for frame 112"].map((subject, i) => [`c${i}`, mail({ from: lucia, to: carol, subject, ago: 60 + i, body: textOf(`${subject}: the walrus word of carol.\n`) })])),
	};
}

if (process.argv[1]?.endsWith("browser_mail.mjs")) {
	const [folder, tracker] = process.argv.slice(2);
	for (const [box, all] of Object.entries(mails(tracker))) {
		mkdirSync(`${folder}/${box}`, { recursive: true });
		for (const [name, bytes] of Object.entries(all)) writeFileSync(`${folder}/${box}/${name}.eml`, bytes);
	}
}
