// kill -9 in the middle of logins, again and again on the same data: what was acknowledged is there afterwards, and what
// was spent or revoked stays so. CRASH_CYCLES sets how often.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

import { Admin } from '../lib/admin.mjs';
import { NativeClient } from '../lib/flow.mjs';
import { bearer } from '../lib/http.mjs';
import { scratch, Server, SLOW_HASH } from '../lib/server.mjs';

const CYCLES = Number(process.env.CRASH_CYCLES ?? 50);
const WORKERS = 8;
/** How many checks are sent at once. */
const CHECKERS = 16;

const execute = promisify(execFile);

let server, admin, client, users;
const kept = { apps: [], users: [] };
const counts = { codes: 0, exchanged: 0, rotated: 0, revoked: 0, apps: 0, users: 0, restart: [] };

before(async () => {
  server = await Server.start();
  admin = new Admin(server);
  // Confidential, as introspection tells only those.
  client = new NativeClient(server, await admin.confidentialApp());
  users = await Promise.all(Array.from({ length: WORKERS }, () => admin.user()));
});
after(() => server?.stop());

/** What one burst has been promised. An entry is written only once its whole answer has arrived. */
class Ledger {
  /** `{ code, verifier }`: issued, exchange never asked for. */
  fresh = [];
  /** `{ code, verifier, tokens }`: exchanged; nothing was asked of the tokens since. */
  exchanged = [];
  /** `{ old, tokens }`: refreshed; `old` is spent. */
  rotated = [];
  /** Tokens whose revocation was acknowledged. */
  revoked = [];
  /** `{ code, verifier }`: the exchange was asked for and not answered. */
  open = [];
  apps = [];
  users = [];
}

/** Does things until the server dies under it. */
async function worker(index, ledger) {
  const user = users[index];
  for (let turn = index; ; turn++) {
    if (turn % 8 === 0) ledger.users.push(await admin.user());
    if (turn % 8 === 1) ledger.apps.push(await admin.app());
    const login = await client.login(user.userName, user.password);
    if (turn % 4 === 0) {
      ledger.fresh.push(login);
      continue;
    }
    ledger.open.push(login);
    const tokens = (await client.exchange(login.code, login.verifier)).expect(200).json;
    ledger.open.splice(ledger.open.indexOf(login), 1);
    if (turn % 4 === 1) {
      ledger.exchanged.push({ ...login, tokens });
      continue;
    }
    if (turn % 4 === 2) {
      const next = (await client.refresh(tokens.refresh_token)).expect(200).json;
      ledger.rotated.push({ old: tokens.refresh_token, tokens: next });
      continue;
    }
    (await client.revoke(tokens.refresh_token)).expect(200);
    ledger.revoked.push(tokens);
  }
}

/** A worker's end is fine if it came from the connection, and a failure if the server said something unexpected. */
async function untilDeath(work, dead) {
  try {
    await work;
  } catch (error) {
    const cut = ['ECONNRESET', 'ECONNREFUSED', 'EPIPE'].includes(error.code) || /ended early/.test(error.message);
    if (!cut || !dead()) throw error;
  }
}

async function burst(milliseconds) {
  const ledger = new Ledger();
  let dying = false;
  const work = Array.from({ length: WORKERS }, (_, index) => untilDeath(worker(index, ledger), () => dying));
  await Promise.race([sleep(milliseconds), Promise.all(work)]);
  dying = true;
  const { signal } = await server.kill('SIGKILL');
  assert.equal(signal, 'SIGKILL', `the server ended by itself\n${server.log}`);
  await Promise.all(work);
  return ledger;
}

/** The copy is looked at, so that the server meets its files as the crash left them. */
async function integrity() {
  const copy = await scratch();
  try {
    await cp(server.data, copy, { recursive: true });
    const { stdout } = await execute('sqlite3', [join(copy, 'vestibule.db'), 'PRAGMA integrity_check']);
    assert.equal(stdout.trim(), 'ok');
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}

async function each(items, check) {
  const queue = items.values();
  await Promise.all(
    Array.from({ length: CHECKERS }, async () => {
      for (const item of queue) await check(item);
    }),
  );
}

const refused = (answer) => assert.equal(answer.expect(400).json.error, 'invalid_grant', `${answer}`);

async function verify(ledger) {
  await each(ledger.apps, exists('/api/server/v1/applications'));
  await each(ledger.users, exists('/scim2/Users'));
  await each(ledger.users, (user) => client.login(user.userName, user.password));
  await each(ledger.fresh, async ({ code, verifier }) => {
    (await client.exchange(code, verifier)).expect(200);
    refused(await client.exchange(code, verifier));
  });
  await each(ledger.open, async ({ code, verifier }) => {
    const answer = await client.exchange(code, verifier);
    if (answer.status !== 200) refused(answer);
    refused(await client.exchange(code, verifier));
  });
  await each(ledger.exchanged, async ({ code, verifier, tokens }) => {
    (await server.http.get('/oauth2/userinfo', bearer(tokens.access_token))).expect(200);
    (await client.refresh(tokens.refresh_token)).expect(200);
    refused(await client.exchange(code, verifier));
  });
  await each(ledger.rotated, async ({ old, tokens }) => {
    const next = (await client.refresh(tokens.refresh_token)).expect(200).json;
    refused(await client.refresh(old));
    refused(await client.refresh(next.refresh_token));
  });
  await each(ledger.revoked, async (tokens) => {
    refused(await client.refresh(tokens.refresh_token));
    (await server.http.get('/oauth2/userinfo', bearer(tokens.access_token))).expect(401);
    assert.deepEqual((await client.introspect(tokens.refresh_token)).expect(200).json, { active: false });
  });
}

const exists = (path) => async ({ id }) => (await admin.get(`${path}/${id}`)).expect(200);

test(`${CYCLES} times kill -9 lose nothing that was acknowledged`, { timeout: 30_000 + CYCLES * 6_000 }, async (t) => {
  const sqlite = await execute('sqlite3', ['--version']).then(() => true, () => false);
  if (!sqlite) t.diagnostic('sqlite3 is not installed: PRAGMA integrity_check is left out');
  for (let cycle = 1; cycle <= CYCLES; cycle++) {
    const milliseconds = 20 + Math.random() * 180;
    try {
      const ledger = await burst(milliseconds);
      if (sqlite) await integrity();
      const since = performance.now();
      await server.restart();
      counts.restart.push(performance.now() - since);
      await verify(ledger);
      kept.apps.push(...ledger.apps);
      kept.users.push(...ledger.users);
      counts.codes += ledger.fresh.length;
      counts.exchanged += ledger.exchanged.length;
      counts.rotated += ledger.rotated.length;
      counts.revoked += ledger.revoked.length;
    } catch (error) {
      error.message += `\nin cycle ${cycle} of ${CYCLES}, after a burst of ${milliseconds.toFixed(0)} ms`;
      throw error;
    }
  }
  await each(kept.apps, exists('/api/server/v1/applications'));
  await each(kept.users, exists('/scim2/Users'));

  const slowest = Math.max(...counts.restart).toFixed(0);
  t.diagnostic(
    `${counts.codes} codes, ${counts.exchanged} exchanges, ${counts.rotated} rotations, ${counts.revoked} revocations, ` +
      `${kept.apps.length} applications, ${kept.users.length} users; slowest restart ${slowest} ms`,
  );
  assert.ok(counts.codes > 0 && counts.exchanged > 0 && kept.users.length > 0, 'the bursts were too short to see anything');
});

test('passwords that were being compared at the crash are not held against their users', async (t) => {
  const server = await Server.start({ env: SLOW_HASH });
  t.after(() => server.stop());
  const admin = new Admin(server);
  const user = await admin.user();
  const client = new NativeClient(server, await admin.app());
  // As many as may be compared at once.
  const flows = await Promise.all(Array.from({ length: 5 }, () => client.authorize()));
  const right = { username: user.userName, password: user.password };
  const cut = flows.map(({ step }) => client.answer(step.flowId, right).then(() => 'answered', () => 'cut'));
  await sleep(150);
  await server.restart('SIGKILL');
  assert.ok((await Promise.all(cut)).every((end) => end === 'cut'), 'the hash is too fast for this test');

  await client.login(user.userName, user.password);
  // The same flow, too, goes on: nobody else is answering it any more.
  const done = (await client.answer(flows[0].step.flowId, right)).expect(200).json;
  assert.equal(done.flowStatus, 'SUCCESS_COMPLETED');
});
