// SPDX-License-Identifier: Apache-2.0
// A scripted IMAP server that behaves like a provider on a bad day, or like an attacker. Started by badimap.sh.
// The scenario is the part of the login name before "@" or "+": LOGIN dropliteral+3@lab.test anything
// (for what happens before the login: the file BAD_DIR/scenario). The number after "+" is the scenario's parameter.
import net from 'node:net';
import tls from 'node:tls';
import fs from 'node:fs';
import path from 'node:path';

const DIR = process.env.BAD_DIR, PORT = Number(process.env.BAD_PORT), COUNT = Number(process.env.BAD_COUNT || 50);
const cert = fs.readFileSync(path.join(DIR, 'tls/server.pem')), key = fs.readFileSync(path.join(DIR, 'tls/server.key'));
const log = (...a) => fs.appendFileSync(path.join(DIR, 'badimap.log'), `${new Date().toISOString()} ${a.join(' ')}\n`);
const read = (f) => { try { return fs.readFileSync(path.join(DIR, f), 'utf8').trim(); } catch { return ''; } };

// ------------------------------------------------------------------ messages, made on the fly and always the same
function message(n, size) {
  const body = `Text of message ${n}.\r\n`;
  const fill = size ? `${'x'.repeat(76)}\r\n`.repeat(Math.ceil(size / 78)) : '';
  return Buffer.from(`Message-ID: <m${n}@lab.test>\r\nDate: Mon, 1 Jan 2024 00:${String(n % 60).padStart(2, '0')}:00 +0000\r\nFrom: Sender ${n % 7} <s${n % 7}@lab.test>\r\nTo: alice@lab.test\r\nSubject: Message ${n}\r\n\r\n${body}${fill}`);
}
const refusals = { // what the big providers say; {where: [tagged line, close after]}
  authfailed: ['login', 'NO [AUTHENTICATIONFAILED] Invalid credentials (Failure)'],
  needapppw: ['login', 'NO [ALERT] Application-specific password required: https://support.google.com/accounts/answer/185833 (Failure)'],
  weblogin: ['login', 'NO [ALERT] Please log in via your web browser: https://support.google.com/mail/accounts/answer/78754 (Failure)'],
  toomany: ['login', 'NO [ALERT] Too many simultaneous connections. (Failure)'],
  msloginfailed: ['login', 'NO LOGIN failed.'],
  msauthfailed: ['login', 'NO AUTHENTICATE failed.'],
  basicoff: ['login', 'NO LOGIN DISABLED'],
  unavailable: ['login', 'NO [UNAVAILABLE] Temporary authentication failure.'],
  notconnected: ['select', 'BAD User is authenticated but not connected.'],
  nobox: ['select', 'NO [NONEXISTENT] Unknown Mailbox: INBOX (Failure)'],
  selectunavailable: ['select', 'NO [UNAVAILABLE] Internal error occurred. Refer to server log for more information.'],
  overquota: ['fetch', 'NO [OVERQUOTA] Account exceeded command or bandwidth limits. (Failure)'],
  fetchunavailable: ['fetch', 'NO [UNAVAILABLE] Temporary System Error'],
  throttled: ['fetch', 'NO [THROTTLED] System Error (Failure)'],
  msthrottled: ['fetch', 'BAD Request is throttled. Suggested Backoff Time: 1500 milliseconds'],
  someerror: ['fetch', 'NO Some messages could not be FETCHed (Failure)'],
  serverbug: ['fetch', 'NO [SERVERBUG] Internal error'],
  expungeissued: ['fetch', 'NO [EXPUNGEISSUED] Some of the requested messages no longer exist.'],
};
const CAPS = 'IMAP4rev1 LITERAL+ SASL-IR UIDPLUS IDLE ID ENABLE NAMESPACE UNSELECT SPECIAL-USE LIST-EXTENDED CHILDREN';

// Long ones, empty ones, other bytes than text, broken UTF-7, control characters, and very many.
const hostileLabels = (n) => ` "" "${'y'.repeat(251)}" "${'z'.repeat(70000)}" "&broken" "&AAo-" "\\\\" {9}\r\nr\xe4w\u0007\u001b[2J {2}\r\n\r\n${Array.from({ length: 500 }, (_, i) => ` made-up-${n}-${i}`).join('')}`;

// Scenarios whose TLS is of one version alone. OpenSSL speaks the old ones only if asked twice.
const only = (version) => ({ minVersion: version, maxVersion: version, ciphers: 'DEFAULT:@SECLEVEL=0' });
const TLS_ONLY = { tls10: only('TLSv1'), tls11: only('TLSv1.1'), tls12: only('TLSv1.2'), tls13: only('TLSv1.3') };

function session(sock, secure) {
  let scen = read('scenario') || 'ok', arg = 0, authed = false, selected = false, buf = Buffer.alloc(0), idleTag = null, saslTag = null, out = sock, fetched = 0, timer = null, closed = false;
  const count = () => Number(read('count') || COUNT);
  const uidvalidity = () => read('uidvalidity') || '1700000001';
  const write = (d) => { if (!closed) out.write(d); };
  const ok = (tag, text) => write(`${tag} OK ${text}\r\n`);
  const setScen = (user) => { const m = /^"?([a-z0-9]+)(?:\+(\d+))?(?:@.*)?"?$/i.exec(user); if (m) { scen = m[1].toLowerCase(); arg = Number(m[2] || 0); } log('scenario', scen, arg); };
  const caps = () => {
    let c = CAPS;
    if (!secure) c += ' STARTTLS';
    if (!authed) c += scen === 'nologin' ? ' LOGINDISABLED AUTH=XOAUTH2' : ' AUTH=PLAIN AUTH=XOAUTH2 AUTH=OAUTHBEARER';
    if (scen === 'gmail' || scen === 'manylabels') c += ' X-GM-EXT-1 CONDSTORE COMPRESS=DEFLATE';
    return c;
  };
  const hello = () => {
    switch (scen) {
      case 'permgreeting': return write(`* OK [PERMANENTFLAGS ()] lab ready\r\n`);
      case 'preauth': return write('* PREAUTH [CAPABILITY IMAP4rev1] already you\r\n');
      case 'byegreeting': write('* BYE Too many connections from your address\r\n'); return sock.end();
      case 'nogreeting': return undefined;
      case 'httpgreeting': write('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n'); return sock.end();
      case 'longgreeting': write(`* OK ${'A'.repeat(1 << 26)}\r\n`); return undefined;
      case 'endless': { const t = setInterval(() => write('B'.repeat(65536)), 1); sock.on('close', () => clearInterval(t)); return undefined; }
      default: return write(`* OK [CAPABILITY ${caps()}] lab ready\r\n`);
    }
  };
  const fetchOne = (n, uidMode, items) => {
    const uid = n + 1000, want = items.toUpperCase();
    if (scen === 'skip' && n % 5 === 0) return;                       // the message vanished: no answer for it at all
    if (scen === 'uidzero' && n === 3) { write(`* ${n} FETCH (UID 0)\r\n`); return; }
    const m = message(n, scen === 'big' ? (arg || 50) * 1e6 : scen === 'medium' ? (arg || 100) * 1000 : 0);
    const parts = [];
    const bodyWanted = /BODY(\.PEEK)?\[\]/.test(want) || /RFC822(?!\.)/.test(want);
    if (want.includes('UID') || uidMode) parts.push(`UID ${uid}`);
    if (scen === 'nouid') parts.length = 0;
    if (want.includes('FLAGS')) parts.push(`FLAGS (${n % 3 ? '\\Seen' : ''}${n % 10 === 1 ? ' $Forwarded weird]flag' : ''}${read('flags') ? ` ${read('flags')}` : ''})`.replace('( ', '('));
    if (want.includes('INTERNALDATE')) parts.push('INTERNALDATE " 1-Jan-2024 00:00:00 +0000"');
    if (want.includes('RFC822.SIZE')) parts.push(`RFC822.SIZE ${scen === 'wrongsize' ? m.length + 13 : m.length}`);
    if (want.includes('X-GM-MSGID') || want.includes('X-GM-THRID') || want.includes('X-GM-LABELS')) {
      if (want.includes('X-GM-THRID')) parts.push(`X-GM-THRID ${1780000000000000000n + BigInt(n - (n % 3))}`);
      if (want.includes('X-GM-MSGID')) parts.push(`X-GM-MSGID ${1780000000000000000n + BigInt(n)}`);
      if (want.includes('X-GM-LABELS')) parts.push(`X-GM-LABELS ("\\\\Inbox" "\\\\Important" "Projekte/&ANw-bersicht" "with \\"quote\\"" plain${n % 4 === 0 ? ' {6}\r\nlit er' : ''}${scen === 'manylabels' ? hostileLabels(n) : ''})`);
    }
    if (want.includes('BODYSTRUCTURE')) parts.push(scen === 'deepnest' ? `BODYSTRUCTURE ${'('.repeat(arg || 200000)}` : 'BODYSTRUCTURE ("TEXT" "PLAIN" NIL NIL NIL "7BIT" 20 1 NIL NIL NIL NIL)');
    if (want.includes('MODSEQ')) parts.push(`MODSEQ (${1000 + n})`);
    if (scen === 'flagsbreak' && want.includes('FLAGS') && !bodyWanted) { sock.destroy(); closed = true; return; }
    if (!bodyWanted) { write(`* ${n} FETCH (${parts.join(' ')})\r\n`); return; }
    if (scen === 'nilbody' && n % 5 === 0) { write(`* ${n} FETCH (${parts.join(' ')} BODY[] NIL)\r\n`); return; }
    if (scen === 'emptybody' && n % 5 === 0) { write(`* ${n} FETCH (${parts.join(' ')} BODY[] "")\r\n`); return; }
    if (scen === 'quotedbody') { write(`* ${n} FETCH (${parts.join(' ')} BODY[] "Subject: quoted ${n}")\r\n`); return; }
    if (scen === 'unsolicited') write(`* ${n} FETCH (FLAGS (\\Seen))\r\n* OK still here\r\n* ${count()} EXISTS\r\n`);
    if (scen === 'dup') write(`* ${n} FETCH (UID ${uid} BODY[] {${m.length}}\r\n${m})\r\n`);
    if (scen === 'expunge' && n === 3) write('* 1 EXPUNGE\r\n');
    if (scen === 'forged') { // text inside a body that looks like the protocol
      const f = Buffer.concat([m, Buffer.from(`)\r\nF0 OK FETCH completed\r\n1 OK done\r\n* 99 FETCH (UID 9999 BODY[] {5}\r\nhello)\r\n`)]);
      write(`* ${n} FETCH (${parts.join(' ')} BODY[] {${f.length}}\r\n`); write(f); write(')\r\n'); return;
    }
    if (scen === 'nul') { const f = Buffer.concat([m, Buffer.from([0, 1, 2, 0xff, 0, 13, 10, 0])]); write(`* ${n} FETCH (${parts.join(' ')} BODY[] {${f.length}}\r\n`); write(f); write(')\r\n'); return; }
    if (scen === 'uidlast') { write(`* ${n} FETCH (BODY[] {${m.length}}\r\n`); write(m); write(` ${parts.join(' ')})\r\n`); return; }
    fetched++;
    const at = arg || 3;
    if (fetched === at) switch (scen) {
      case 'dropliteral': write(`* ${n} FETCH (${parts.join(' ')} BODY[] {${m.length}}\r\n`); write(m.subarray(0, m.length >> 1)); sock.end(); closed = true; return;
      case 'rstliteral': write(`* ${n} FETCH (${parts.join(' ')} BODY[] {${m.length}}\r\n`); write(m.subarray(0, m.length >> 1)); setTimeout(() => sock.resetAndDestroy?.() ?? sock.destroy(), 50); closed = true; return;
      case 'stall': write(`* ${n} FETCH (${parts.join(' ')} BODY[] {${m.length}}\r\n`); write(m.subarray(0, m.length >> 1)); closed = true; return;
      case 'byefetch': write('* BYE Session expired, please login again.\r\n'); sock.end(); closed = true; return;
      case 'shortliteral': write(`* ${n} FETCH (${parts.join(' ')} BODY[] {${m.length + 30}}\r\n`); write(m); write(')\r\n'); return;
      case 'longliteral': write(`* ${n} FETCH (${parts.join(' ')} BODY[] {${m.length - 30}}\r\n`); write(m); write(')\r\n'); return;
      case 'hugeliteral': write(`* ${n} FETCH (${parts.join(' ')} BODY[] {4294967295}\r\n`); write(m); closed = true; return;
      case 'overflow': write(`* ${n} FETCH (${parts.join(' ')} BODY[] {${4294967296n + BigInt(m.length)}}\r\n`); write(m); write(')\r\n'); return;
      case 'negative': write(`* ${n} FETCH (${parts.join(' ')} BODY[] {-1}\r\n`); write(')\r\n'); return;
      case 'flood': { const t = setInterval(() => { for (let i = 0; i < 1000; i++) write('* OK still working on it\r\n'); }, 1); sock.on('close', () => clearInterval(t)); closed = false; scen = 'flooding'; return; }
      case 'longline': write(`* ${n} FETCH (FLAGS (${'a'.repeat((arg || 64) * 1e6)}))\r\n`); return;
      case 'garbage': write('@#$%^&* what is this\r\n'); break;
      default:
    }
    write(Buffer.from(`* ${n} FETCH (${parts.join(' ')} BODY[] {${m.length}}\r\n`, 'latin1')); write(m); write(')\r\n');
  };
  const set = (s, uid) => { const r = []; for (const p of s.split(',')) { let [a, b] = p.split(':'); const max = uid ? 1000 + count() : count(); a = a === '*' ? max : Number(a); b = b === undefined ? a : b === '*' ? max : Number(b); if (b < a) [a, b] = [b, a]; for (let i = Math.max(a, uid ? 1001 : 1); i <= Math.min(b, max); i++) r.push(uid ? i - 1000 : i); } return [...new Set(r)]; };
  const refuse = (where, tag) => { const r = refusals[scen]; if (!r || r[0] !== where) return false; if (where !== 'fetch' || ++fetched >= (arg || 1)) { write(`${tag} ${r[1]}\r\n`); return true; } return false; };
  const boxes = () => scen === 'gmail' ? [['\\HasNoChildren', 'INBOX'], ['\\HasChildren \\Noselect', '[Gmail]'], ['\\HasNoChildren \\All', '[Gmail]/All Mail'], ['\\HasNoChildren \\Junk', '[Gmail]/Spam'], ['\\HasNoChildren \\Trash', '[Gmail]/Trash'], ['\\HasNoChildren \\Sent', '[Gmail]/Sent Mail'], ['\\HasNoChildren', 'Projekte/&ANw-bersicht']]
    : scen === 'badnames' ? [['', 'INBOX'], ['', '&broken'], ['', '&//8-'], ['', 'with \\"quote\\" and \\\\ slash'], ['', '../../etc/passwd'], ['', 'a/\u0001ctl'], ['', 'r\xe4w8bit'], ['\\Noselect', 'Parent'], ['', `long${'x'.repeat(5000)}`]]
      : [['\\HasNoChildren', 'INBOX'], ['\\HasNoChildren \\Sent', 'Sent'], ['\\HasNoChildren \\Trash', 'Trash'], ['\\HasNoChildren', 'Entw&APw-rfe']];
  function command(line) {
    if (saslTag !== null) { // the client's answer to our challenge
      const t = saslTag; saslTag = null;
      if (t.mode === 'fail') { write(`${t.tag} NO AUTHENTICATE failed.\r\n`); return; }
      return sasl(t.tag, t.mech, line);
    }
    if (idleTag !== null) { if (/^done$/i.test(line)) { clearInterval(timer); ok(idleTag, 'IDLE terminated'); idleTag = null; } return; }
    const m = /^(\S+) (uid )?(\S+) ?(.*)$/i.exec(line);
    if (!m) { if (line) write('* BAD what?\r\n'); return; }
    const [, tag, uidw, verb, rest] = m; const V = verb.toUpperCase();
    log('C:', V === 'LOGIN' || V === 'AUTHENTICATE' ? `${V} ...` : line.slice(0, 200));
    switch (V) {
      case 'CAPABILITY': write(`* CAPABILITY ${caps()}\r\n`); return ok(tag, 'done');
      case 'NOOP': case 'CHECK': if (read('newmail')) write(`* ${count()} EXISTS\r\n`); return ok(tag, 'done');
      case 'ID': write('* ID ("name" "lab" "support-url" NIL)\r\n'); return ok(tag, 'done');
      case 'ENABLE': write('* ENABLED\r\n'); return ok(tag, 'done');
      case 'NAMESPACE': write('* NAMESPACE (("" "/")) NIL NIL\r\n'); return ok(tag, 'done');
      case 'LOGOUT': write('* BYE see you\r\n'); ok(tag, 'done'); return sock.end();
      case 'STARTTLS': {
        if (secure) return write(`${tag} BAD already\r\n`);
        if (scen === 'nostarttls') return write(`${tag} NO TLS is not for you\r\n`);
        write(`${tag} OK begin TLS\r\n${scen === 'inject' ? '* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] injected\r\n1 OK injected\r\n2 OK injected\r\n3 OK injected\r\n' : ''}`);
        sock.removeAllListeners('data');
        const t = new tls.TLSSocket(sock, { isServer: true, cert, key, ...TLS_ONLY[scen] }); t.on('error', (e) => log('tls', e.message));
        session2(t); return undefined;
      }
      case 'LOGIN': { const [u] = rest.match(/"(?:[^"\\]|\\.)*"|\S+/g) || ['']; setScen(u); if (refuse('login', tag)) return undefined; authed = true; return ok(tag, `[CAPABILITY ${caps()}] hello`); }
      case 'AUTHENTICATE': { const [mech, ir] = rest.split(' '); if (!ir) { saslTag = { tag, mech: mech.toUpperCase() }; return write('+ \r\n'); } return sasl(tag, mech.toUpperCase(), ir); }
      default:
    }
    if (!authed) return write(`${tag} BAD log in first\r\n`);
    switch (V) {
      case 'LIST': case 'LSUB': case 'XLIST':
        for (const [f, n] of boxes()) write(Buffer.from(`* ${V} (${f}) "/" ${scen === 'badnames' && n.includes('\u0001') ? `{${Buffer.byteLength(n, 'latin1')}}\r\n${n}` : `"${n}"`}\r\n`, 'latin1'));
        return ok(tag, 'done');
      case 'STATUS': write(`* STATUS INBOX (MESSAGES ${count()} UIDNEXT ${count() + 1001} UIDVALIDITY ${uidvalidity()} UNSEEN 0)\r\n`); return ok(tag, 'done');
      case 'SELECT': case 'EXAMINE':
        if (refuse('select', tag)) return undefined;
        selected = true; fetched = 0;
        write(`* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)\r\n* ${count()} EXISTS\r\n* 0 RECENT\r\n* OK [PERMANENTFLAGS ${scen === 'permflags' ? '(\\\\Seen)' : '()'}] ro\r\n${scen === 'nouidvalidity' ? '' : `* OK [UIDVALIDITY ${uidvalidity()}] ok\r\n`}* OK [UIDNEXT ${count() + 1001}] ok\r\n${scen === 'gmail' ? `* OK [HIGHESTMODSEQ ${read('modseq') || 5000}] ok\r\n` : ''}`);
        return ok(tag, `[READ-${V === 'SELECT' ? 'WRITE' : 'ONLY'}] done`);
      case 'UNSELECT': case 'CLOSE': selected = false; return ok(tag, 'done');
      case 'SEARCH': if (!selected) return write(`${tag} BAD no mailbox\r\n`); write(`* SEARCH ${set('1:*', !!uidw).map((n) => (uidw ? n + 1000 : n)).join(' ')}\r\n`); return ok(tag, 'done');
      case 'IDLE':
        idleTag = tag; if (scen === 'idlebefore') write(`* ${count() + 1} EXISTS\r\n`); // legal: news between the command and the "+"
        write('+ idling\r\n');
        if (scen === 'idlefast') write(`* ${count() + 1} EXISTS\r\n`);            // in the same packet as the "+"
        if (scen === 'idlebye') setTimeout(() => { write('* BYE Session expired, please login again.\r\n'); sock.end(); }, 500);
        if (scen === 'idledrop') setTimeout(() => sock.destroy(), 500);
        timer = setInterval(() => write('* OK Still here\r\n'), 20000);
        return undefined;
      case 'FETCH': {
        if (!selected) return write(`${tag} BAD no mailbox\r\n`);
        const f = /^(\S+) (.*)$/.exec(rest); if (!f) return write(`${tag} BAD fetch what\r\n`);
        if (scen === 'flagsrefused' && /\(UID FLAGS\)/.test(f[2])) return write(`${tag} NO not today\r\n`);
        for (const n of set(f[1], !!uidw)) { if (closed) return undefined; if (refuse('fetch', tag)) return undefined; fetchOne(n, !!uidw, f[2]); if (scen === 'flooding') return undefined; }
        if (closed || scen === 'notag') return undefined;
        if (scen === 'wrongtag') return ok('zz99', 'done');
        if (scen === 'slowtag') return void setTimeout(() => ok(tag, 'done'), (arg || 5) * 1000);
        return ok(tag, 'FETCH completed');
      }
      default: return write(`${tag} BAD unknown command\r\n`);
    }
  }
  function sasl(tag, mech, b64) {
    const t = Buffer.from(b64, 'base64').toString();
    const user = mech === 'PLAIN' ? t.split('\0')[1] : (/user=([^\x01]*)/.exec(t)?.[1] ?? /a=([^,]*)/.exec(t)?.[1] ?? '');
    setScen(user);
    if (/^(XOAUTH2|OAUTHBEARER)$/.test(mech) && /expired/.test(t)) { // as Google and Microsoft do: a JSON challenge, the client's empty line, then NO
      const e = mech === 'XOAUTH2' ? { status: '400', schemes: 'Bearer', scope: 'https://mail.google.com/' } : { status: 'invalid_token', schemes: 'bearer', scope: 'https://mail.google.com/' };
      saslTag = { tag, mode: 'fail' }; return write(`+ ${Buffer.from(JSON.stringify(e)).toString('base64')}\r\n`);
    }
    if (refuse('login', tag)) return undefined;
    authed = true; return ok(tag, `[CAPABILITY ${caps()}] hello`);
  }
  let literal = null;
  function input(d) {
    buf = Buffer.concat([buf, d]);
    for (;;) {
      if (literal) { if (buf.length < literal.need) return; literal.line += buf.subarray(0, literal.need).toString('latin1'); buf = buf.subarray(literal.need); const l = literal.line; literal = null; feed(l); continue; }
      const i = buf.indexOf('\n'); if (i < 0) { if (buf.length > 1e6) sock.destroy(); return; }
      feed(buf.subarray(0, i).toString('latin1').replace(/\r$/, ''), true); buf = buf.subarray(i + 1);
    }
  }
  let partial = '';
  function feed(l, isLine) {
    const full = partial + l; partial = '';
    const m = isLine && /\{(\d+)(\+?)\}$/.exec(full);
    if (m) { if (!m[2]) write('+ go on\r\n'); literal = { need: Number(m[1]), line: full.replace(/\{\d+\+?\}$/, '') }; partial = ''; return; }
    if (!isLine) { partial = full; return; }
    command(full);
  }
  function session2(t) { secure = true; out = t; authed = false; t.on('data', input); }
  sock.setNoDelay(true); sock.on('data', input); sock.on('error', (e) => log('sock', e.message)); sock.on('close', () => { closed = true; clearInterval(timer); });
  hello();
}
net.createServer((s) => session(s, false)).listen(PORT, '127.0.0.1', () => {
  tls.createServer({ cert, key }, (s) => session(s, true)).on('tlsClientError', (e) => log('tls', e.message)).listen(PORT + 1, '127.0.0.1', () => { fs.writeFileSync(path.join(DIR, 'badimap.pid'), `${process.pid}\n`); });
});
process.on('uncaughtException', (e) => log('error', e.stack));
