// Prints how fast the binary starts, how much memory it takes when idle, and how big it is. Not a test: it asserts
// nothing, as a busy machine is not a wrong server. RUNS sets how many starts the medians are of.
import { readFile, rm, stat } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import { ADMIN, BINARY, freePort, run, scratch } from './lib/server.mjs';

const RUNS = Number(process.env.RUNS ?? 20);

/** Resolves once the server answers a request, trying anew every half millisecond. */
async function firstAnswer(port) {
  const ask = () =>
    new Promise((resolve) => {
      const socket = createConnection(port, '127.0.0.1', () => {
        socket.write('GET /health/ready HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n');
      });
      let text = '';
      socket.setEncoding('latin1').on('data', (more) => (text += more));
      socket.on('error', () => resolve(false));
      socket.on('close', () => resolve(text.startsWith('HTTP/1.1 200')));
    });
  while (!(await ask())) await sleep(0.5);
}

/** Milliseconds from the start of the process to its first answer; and what it was like then, if `look` is given. */
async function start(data, look) {
  const port = await freePort();
  const since = performance.now();
  const args = ['serve', '--data', data, '--listen', `127.0.0.1:${port}`];
  const { child, output, closed } = run(args, { VESTIBULE_ADMIN_PASSWORD: ADMIN.password });
  const ended = closed.then(() => Promise.reject(new Error(`the server ended\n${output.stdout}${output.stderr}`)));
  await Promise.race([firstAnswer(port), ended]);
  const took = performance.now() - since;
  ended.catch(() => {});
  await look?.(child.pid);
  child.kill('SIGTERM');
  await closed;
  return took;
}

const median = (numbers) => numbers.sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
const milliseconds = (numbers) => `${median(numbers).toFixed(1)} ms (${numbers[0].toFixed(1)} to ${numbers.at(-1).toFixed(1)})`;

const existing = await scratch();
const [empty, warm] = [[], []];
let rss;
try {
  for (let index = 0; index < RUNS; index++) {
    const data = await scratch();
    empty.push(await start(data));
    await rm(data, { recursive: true });
  }
  await start(existing);
  for (let index = 0; index < RUNS; index++) warm.push(await start(existing));
  await start(existing, async (pid) => {
    await sleep(2000);
    rss = (await readFile(`/proc/${pid}/status`, 'utf8')).match(/VmRSS:\s+(\d+) kB/)[1];
  });
} finally {
  await rm(existing, { recursive: true, force: true });
}

const rows = [
  ['start on empty data', milliseconds(empty)],
  ['start on existing data', milliseconds(warm)],
  ['resident memory, idle', `${(rss / 1024).toFixed(1)} MiB`],
  ['binary', `${((await stat(BINARY)).size / 1024 / 1024).toFixed(1)} MiB`],
];
for (const [name, value] of rows) console.log(`${name.padEnd(24)}${value}`);
