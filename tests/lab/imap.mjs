#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// A second client of the lab's server: logs in without encryption and sends one command after the other.
// Usage: imap.mjs PORT USER PASSWORD COMMAND... ; any answer but OK ends it with status 1.
import net from 'node:net';

const [port, user, password, ...commands] = process.argv.slice(2);
const lines = [`LOGIN "${user}" "${password}"`, ...commands, 'LOGOUT'];
const socket = net.connect(Number(port), '127.0.0.1');
let sent = -1, pending = '';

const give_up = (why) => {
  console.error(why);
  process.exit(1);
};
const next = () => {
  sent++;
  if (sent < lines.length) socket.write(`a${sent} ${lines[sent]}\r\n`);
};
socket.setEncoding('utf8');
socket.on('data', (data) => {
  const got = (pending + data).split('\r\n');
  pending = got.pop();
  for (const line of got) {
    if (sent < 0) next();
    else if (line.startsWith(`a${sent} OK`)) next();
    else if (/^a\d+ /.test(line)) give_up(`${lines[sent]}: ${line}`);
  }
});
socket.on('error', (e) => give_up(e.message));
socket.on('close', () => process.exit(sent >= lines.length - 1 ? 0 : 1));
