// SPDX-License-Identifier: Apache-2.0
// node deliver.mjs PORT RCPT FILE|FOLDER [N] [PER_SECOND] - hand messages to the LMTP port of dovecot.sh (PORT+2) or cyrus.sh.
// Prints one line per message with the moment of delivery in ms (for new-mail latency), or a total for a folder.
import net from 'node:net';
import fs from 'node:fs';
import path from 'node:path';

const [port, rcpt, source, count = '0', rate = '0'] = process.argv.slice(2);
const st = fs.statSync(source);
let files = [source];
if (st.isDirectory()) {
  const dirs = fs.existsSync(path.join(source, 'cur')) ? ['cur', 'new'].map((d) => path.join(source, d)) : [source];
  files = dirs.flatMap((d) => (fs.existsSync(d) ? fs.readdirSync(d).filter((f) => !f.startsWith('.')).sort().map((f) => path.join(d, f)) : []));
}
if (Number(count)) files = files.slice(0, Number(count));
const sock = net.connect(Number(port), '127.0.0.1');
sock.setNoDelay(true);
const lines = []; let want = null, tail = '';
sock.on('data', (d) => { const all = (tail + d).split('\r\n'); tail = all.pop(); for (const l of all) { if (l[3] === '-') continue; if (want) { const w = want; want = null; w(l); } else lines.push(l); } });
sock.on('error', (e) => { console.error(e.message); process.exit(1); });
const reply = () => new Promise((r) => { if (lines.length) r(lines.shift()); else want = r; });
const expect = async (c, what) => { const l = await reply(); if (!l.startsWith(c)) throw new Error(`${what}: ${l}`); return l; };
const t0 = Date.now();
await expect('2', 'greeting'); sock.write('LHLO lab\r\n'); await expect('2', 'LHLO');
let done = 0;
for (const f of files) {
  if (Number(rate)) await new Promise((r) => setTimeout(r, 1000 / Number(rate)));
  let m = fs.readFileSync(f).toString('latin1').replace(/\r?\n/g, '\r\n').replace(/^\./gm, '..');
  if (!m.endsWith('\r\n')) m += '\r\n';
  sock.write(`MAIL FROM:<>\r\nRCPT TO:<${rcpt}>\r\n`);
  await expect('2', 'MAIL'); await expect('2', 'RCPT'); sock.write('DATA\r\n'); await expect('3', 'DATA');
  sock.write(Buffer.from(`${m}.\r\n`, 'latin1'));
  const l = await reply();
  if (l[0] !== '2') console.error(`${f}: ${l}`); else done++;
  if (!st.isDirectory()) console.log(`${Date.now()} ${l}`);
}
sock.write('QUIT\r\n');
if (st.isDirectory()) console.log(`${done} of ${files.length} delivered in ${((Date.now() - t0) / 1000).toFixed(1)} s`);
sock.end();
