// SPDX-License-Identifier: Apache-2.0
// node slowlink.mjs LISTEN_PORT TARGET_PORT DELAY_MS [KBYTES_PER_S] [CUT_AFTER_BYTES] - a long, thin or breaking wire in front
// of any of the servers: DELAY_MS is added in each direction (RTT = 2 x DELAY_MS), both directions share no limit but each
// is held to KBYTES_PER_S (0 = no limit); after CUT_AFTER_BYTES from the server the connection is reset.
// Ends with SIGTERM, or when its standard input ends (so a script can hold it with a pipe).
import net from 'node:net';

const [listen, target, delay, rate = 0, cut = 0] = process.argv.slice(2).map(Number);
function pipe(from, to, limit, onBytes) {
  const queue = []; let free = 0, held = 0, ended = false, timer = null;
  const run = () => {
    timer = null;
    while (queue.length && queue[0].at <= performance.now()) {
      const { d } = queue.shift(); held -= d.length; if (!to.destroyed) to.write(d); onBytes(d.length);
    }
    if (held < 8e6 && from.isPaused() && to.writableLength < 4e6) from.resume();
    if (queue.length) timer = setTimeout(run, Math.max(0, queue[0].at - performance.now())); else if (ended) to.end();
  };
  from.on('data', (d) => {
    const t = performance.now(); let at = t + delay;
    if (limit) { free = Math.max(free, t) + (d.length / limit); at = free + delay; }
    queue.push({ d, at }); held += d.length;
    if (held > 8e6 || to.writableLength > 4e6) from.pause();
    timer ??= setTimeout(run, Math.max(0, at - t));
  });
  to.on('drain', () => { if (from.isPaused() && held < 8e6) from.resume(); });
  from.on('end', () => { ended = true; timer ??= setTimeout(run, delay); });
}
const server = net.createServer({ allowHalfOpen: true }, (c) => {
  const s = net.connect({ port: target, host: '127.0.0.1', allowHalfOpen: true }); let n = 0;
  for (const x of [c, s]) { x.setNoDelay(true); x.on('error', () => { c.destroy(); s.destroy(); }); }
  s.on('close', () => c.end());
  pipe(c, s, rate, () => {});
  pipe(s, c, rate, (b) => { n += b; if (cut && n >= cut) { c.resetAndDestroy(); s.destroy(); } });
});
server.listen(listen, '127.0.0.1', () => console.log('ready'));
if (!process.stdin.isTTY && process.env.SLOWLINK_STDIN) process.stdin.on('end', () => process.exit(0)).resume();
