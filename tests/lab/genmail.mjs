// SPDX-License-Identifier: Apache-2.0
// node genmail.mjs FOLDER N [SEED] [BIG_MB] - N synthetic messages as .eml (CRLF), always the same for the same seed:
// threads with quoted replies, several charsets and encodings, HTML, attachments, forwarded messages, odd headers. Words follow
// Zipf's law over 40,000 made-up ones plus a few real ones to search for; length and cost to index are close to real list mail. With BIG_MB the last one has an attachment of that size.
import fs from 'node:fs';
import path from 'node:path';

const [dir, count, seed = '1', big = '0'] = process.argv.slice(2);
fs.mkdirSync(dir, { recursive: true });
let s = (Number(seed) * 2654435761) >>> 0 || 1;
const rnd = () => { s ^= s << 13; s >>>= 0; s ^= s >>> 17; s ^= s << 5; s >>>= 0; return s / 4294967296; };
const pick = (a) => a[Math.floor(rnd() * a.length)];
const int = (a, b) => a + Math.floor(rnd() * (b - a + 1));
const words = 'offer invoice meeting project delivery schedule contract review budget travel report question answer draft signed update server backup mailbox archive weather lunch urgent reminder holiday customer supplier Grüße Übersicht façade naïve Ærøskøbing zażółć Привет встреча 会议 報告 заказ'.split(' ');
const people = ['Anna Berg', 'Bob Stone', 'Chloé Dupré', 'Dmitri Ivanov', 'Eva Müller', 'Fatima Noor', '山田 太郎', 'George "Geo" O\'Neil', 'Hans-Jörg Groß', 'Íris Sól'];
const slug = (n) => n.normalize('NFD').replace(/[^a-zA-Z]+/g, '.').replace(/^\.+|\.+$/g, '').toLowerCase() || 'yamada';
const addr = (n) => `${slug(n)}@example.test`;
const q = (t) => (/^[\x20-\x7e]*$/.test(t) ? t : `=?utf-8?B?${Buffer.from(t).toString('base64')}?=`);
const mailbox = (n) => `${/^[\w -]+$/.test(n) ? n : /^[\x20-\x7e]*$/.test(n) ? `"${n.replace(/"/g, '\\"')}"` : q(n)} <${addr(n)}>`;
const b64 = (buf) => buf.toString('base64').replace(/(.{76})/g, '$1\r\n');
const syllables = 'ba ber bo can cor da del di dor en fa fer gan go har in ka kel la len li lo ma men mi mo na nel no or pa per po qua ra rel ri ro sa sen si so ta ten ti tor un va ver vi wal ze'.split(' ');
const made = (k) => { let w = ''; let x = k + 2500; while (x > 0) { w += syllables[x % syllables.length]; x = Math.floor(x / syllables.length); } return w; };
const word = () => (rnd() < 0.12 ? pick(words) : made(Math.floor(40000 ** rnd())));
const quote = (t) => t.split('\r\n').slice(0, 25).map((l) => `> ${l}`).join('\r\n');
const text = (n) => { const out = []; let line = ''; for (let i = 0; i < n; i++) { line += `${word()} `; if (line.length > 68) { out.push(line.trim()); line = ''; } if (rnd() < 0.03) { out.push(line.trim(), ''); line = ''; } } out.push(line.trim()); return out.join('\r\n'); };
const bytes = (n) => { const b = Buffer.alloc(n); for (let i = 0; i < n; i += 4) b.writeUInt32LE((rnd() * 4294967296) >>> 0, Math.min(i, n - 4)); return b; };
const threads = []; const t0 = Date.UTC(2015, 0, 1);
for (let i = 0; i < Number(count); i++) {
  const from = pick(people); const to = pick(people);
  const reply = threads.length && rnd() < 0.45 ? pick(threads.slice(-200)) : null;
  const id = `<${i}.${seed}@example.test>`;
  const subject = reply ? `Re: ${reply.subject.replace(/^Re: /, '')}` : Array.from({ length: int(2, 6) }, () => pick(words)).join(' ');
  const when = new Date(t0 + i * 86400000 * 0.18 + int(0, 3600) * 1000);
  const h = [`Message-ID: ${id}`, `Date: ${when.toUTCString().replace('GMT', '+0000')}`, `From: ${mailbox(from)}`, `To: ${mailbox(to)}${rnd() < 0.2 ? `,\r\n ${mailbox(pick(people))}` : ''}`, `Subject: ${q(subject)}`, 'MIME-Version: 1.0'];
  if (reply) h.push(`In-Reply-To: ${reply.id}`, `References: ${reply.refs.slice(-8).join('\r\n ')}`);
  if (rnd() < 0.3) h.push(`Received: from mx.example.test (mx.example.test [192.0.2.${int(1, 254)}])\r\n\tby hub.example.test with ESMTPS id ${i};\r\n\t${when.toUTCString()}`);
  const n = Math.floor(40 * Math.exp(rnd() * 4)); const plain = reply ? `${quote(reply.plain)}\r\n\r\n${text(n)}` : text(n); const isBig = Number(big) > 0 && i === Number(count) - 1; const kind = isBig ? 0.9 : rnd();
  let body;
  if (kind < 0.45) { h.push('Content-Type: text/plain; charset=utf-8', 'Content-Transfer-Encoding: 8bit'); body = plain; } else if (kind < 0.55) { h.push('Content-Type: text/plain; charset=utf-8', 'Content-Transfer-Encoding: base64'); body = b64(Buffer.from(plain)); } else if (kind < 0.6) { h.push('Content-Type: text/plain; charset=iso-8859-1', 'Content-Transfer-Encoding: quoted-printable'); body = plain.replace(/[^\x00-\xff]/g, '?').replace(/[=\x80-\xff]/g, (c) => `=${c.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`).replace(/([^\r\n]{70})(?=[^\r\n])/g, (m) => (/=.?$/.test(m) ? m : `${m}=\r\n`)); } else {
    const bd = `=_${i}_${seed}`; const alt = `--a${bd}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n${plain}\r\n--a${bd}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n<html><body><p>${plain.replace(/\r\n\r\n/g, '</p>\r\n<p>')}</p></body></html>\r\n--a${bd}--`;
    if (kind < 0.8) { h.push(`Content-Type: multipart/alternative; boundary="a${bd}"`); body = alt; } else {
      const size = isBig ? Number(big) * 1e6 : Math.floor(2000 * Math.exp(rnd() * 5.5)); const name = `${pick(words)} ${i}.${pick(['pdf', 'png', 'docx', 'txt'])}`;
      h.push(`Content-Type: multipart/mixed; boundary="m${bd}"`);
      const att = !isBig && rnd() < 0.1 ? `Content-Type: message/rfc822\r\n\r\nFrom: ${mailbox(to)}\r\nSubject: ${q(subject)}\r\nMessage-ID: <inner${i}@example.test>\r\n\r\nforwarded ${plain.slice(0, 200)}` : `Content-Type: application/octet-stream\r\nContent-Disposition: attachment; filename*=utf-8''${encodeURIComponent(name)}\r\nContent-Transfer-Encoding: base64\r\n\r\n${b64(bytes(size))}`;
      body = `--m${bd}\r\nContent-Type: multipart/alternative; boundary="a${bd}"\r\n\r\n${alt}\r\n--m${bd}\r\n${att}\r\n--m${bd}--`;
    }
  }
  const f = path.join(dir, `${String(i).padStart(7, '0')}.eml`);
  fs.writeFileSync(f, `${h.join('\r\n')}\r\n\r\n${body}\r\n`); fs.utimesSync(f, when, when);
  threads.push({ id, subject, plain: plain.slice(0, 3000), refs: [...(reply?.refs || []), id] }); if (threads.length > 1000) threads.shift();
}
console.log(`${count} messages in ${dir}`);
