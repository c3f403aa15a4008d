// What a newcomer does first: `vestibule demo`, and pasting what it prints.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { run, scratch } from '../lib/server.mjs';

const PORT = 9443;

test('the demonstration prints a script that signs in, each time it is pasted', { timeout: 60_000 }, async (t) => {
  if (!(await isFree(PORT))) return t.skip(`port ${PORT}, where the demonstration listens, is taken`);
  const room = await scratch();
  const temporary = join(room, 'tmp');
  await mkdir(temporary);
  const { child, output, closed } = run(['demo'], { TMPDIR: temporary }, room);
  t.after(async () => {
    child.kill('SIGKILL');
    await closed;
    await rm(room, { recursive: true, force: true });
  });
  let ended = false;
  closed.then(() => (ended = true));
  while (!output.stdout.includes('The server stays up')) {
    assert.ok(!ended, `the demonstration ended\n${output.stdout}${output.stderr}`);
    await sleep(20);
  }

  const seen = new Set();
  for (const time of ['first', 'second']) {
    const told = await paste(output.stdout);
    const tokens = told
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line))
      .find((answer) => answer.access_token);
    assert.ok(tokens?.id_token, `no tokens the ${time} time:\n${told}`);
    seen.add(tokens.access_token);
  }
  assert.equal(seen.size, 2);

  child.kill('SIGINT');
  assert.deepEqual(await closed, { code: 0, signal: null }, output.stderr);
  assert.deepEqual(await readdir(temporary), [], 'the demonstration leaves nothing behind');
  assert.deepEqual(await readdir(room), ['tmp'], 'the demonstration writes nothing where it was started');
});

/** All that was printed, as a terminal would get it: everything that is not a command is a comment. */
function paste(script) {
  return new Promise((resolve, reject) => {
    const shell = execFile('bash', ['-eu'], { timeout: 20_000 }, (error, stdout, stderr) => {
      if (error) reject(new Error(`${error.message}\n${stdout}${stderr}`));
      else resolve(stdout);
    });
    shell.stdin.end(script);
  });
}

function isFree(port) {
  return new Promise((resolve) => {
    const listener = createServer();
    listener.once('error', () => resolve(false));
    listener.listen(port, '127.0.0.1', () => listener.close(() => resolve(true)));
  });
}
