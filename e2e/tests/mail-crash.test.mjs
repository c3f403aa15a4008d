// kill -9 while codes are being sent, again and again on the same data: every code that was promised arrives, under one
// name, and no flow has two of them. A letter may come twice under its name, once for every hand that carried one when the
// server was killed. MAIL_CYCLES sets how often.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

import { Admin } from '../lib/admin.mjs';
import { NativeClient } from '../lib/flow.mjs';
import { MailServer } from '../lib/mail.mjs';
import { CHEAP_HASH, Server } from '../lib/server.mjs';
import { until } from '../lib/wait.mjs';

const CYCLES = Number(process.env.MAIL_CYCLES ?? 10);
/** Logins of a cycle, each of a user of its own: an address then stands for a flow. */
const LOGINS = 16;
const WORKERS = 4;
/** How many letters are carried at once, cycle by cycle: one kill repeats at most as many. */
const HANDS = [1, 8];

const execute = promisify(execFile);

let server, mail, admin, client;

before(async () => {
  mail = await MailServer.open();
  // Long enough that some kills fall between taking a letter and saying so.
  mail.beforeReply = () => sleep(Math.random() * 20);
  server = await Server.start({ env: { ...CHEAP_HASH, ...mail.settings } });
  admin = new Admin(server);
  client = new NativeClient(server, await admin.app({ name: 'Shop', steps: [['email-otp-authenticator']] }));
});
after(async () => {
  await server?.stop();
  mail?.close();
});

/** Starts logins until they are all started or the server dies under it. */
async function worker(users, begun) {
  for (const user of users) {
    const login = { user, address: `${user.userName}@example.com`, promised: false };
    begun.push(login);
    Object.assign(login, await client.sendCode(user.userName), { promised: true });
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

/** One cycle: the logins that were begun, of which those that are `promised` were acknowledged. */
async function burst(milliseconds) {
  const users = (await Promise.all(Array.from({ length: LOGINS }, () => admin.user()))).values();
  const begun = [];
  let dying = false;
  const work = Array.from({ length: WORKERS }, () => untilDeath(worker(users, begun), () => dying));
  await sleep(milliseconds);
  dying = true;
  const { signal } = await server.kill('SIGKILL');
  assert.equal(signal, 'SIGKILL', `the server ended by itself\n${server.log}`);
  await Promise.all(work);
  return begun;
}

const distinct = (letters, key) => new Set(letters.map((letter) => letter[key]));

/** What holds of an address at any time after its login: one name and one code at most, and at least if promised. */
function holds({ address, promised }) {
  const letters = mail.to(address);
  const [names, codes] = [distinct(letters, 'id'), distinct(letters, 'code')];
  const told = `${letters.length} letters, ${names.size} names, ${codes.size} codes to ${address}`;
  assert.ok(names.size <= 1 && codes.size <= 1, told);
  if (promised) assert.equal(names.size, 1, told);
}

test(`${CYCLES} times kill -9 lose no code and make no second one`, { timeout: 60_000 + CYCLES * 10_000 }, async (t) => {
  const all = [];
  let hands = 0;
  for (let cycle = 0; cycle < CYCLES; cycle++) {
    const milliseconds = 5 + Math.random() * 150;
    try {
      const begun = await burst(milliseconds);
      hands += Number(server.env.VESTIBULE_DELIVERY__AT_ONCE ?? 8);
      server.env.VESTIBULE_DELIVERY__AT_ONCE = String(HANDS[cycle % HANDS.length]);
      await server.restart();
      for (const { address, promised } of begun) {
        if (promised) await until(`the code to ${address}`, () => mail.to(address).length > 0);
      }
      begun.forEach(holds);
      // The code that came is the one that the flow asks for.
      for (const { address, flowId, promised } of begun) {
        if (!promised) continue;
        const done = await client.enterCode(flowId, mail.to(address)[0].code);
        assert.equal(done.flowStatus, 'SUCCESS_COMPLETED');
      }
      all.push(...begun);
    } catch (error) {
      error.message += `\nin cycle ${cycle + 1} of ${CYCLES}, after a burst of ${milliseconds.toFixed(0)} ms`;
      throw error;
    }
  }
  await isEmpty(t);
  all.forEach(holds);
  const repeats = mail.accepted.length - distinct(mail.accepted, 'id').size;
  const promised = all.filter((login) => login.promised).length;
  t.diagnostic(
    `${all.length} logins, ${promised} promised, ${mail.accepted.length} letters, ${repeats} of them repeated ` +
      `under their names, in ${CYCLES} kills with ${hands} hands`,
  );
  assert.ok(promised > 0, 'the bursts were too short to see anything');
  assert.ok(repeats <= hands, `${repeats} repeats are more than the ${hands} letters that were in hand at the kills`);
});

/** Waits until nothing is left to carry: told by the outbox itself where sqlite3 is installed, else by quiet. */
async function isEmpty(t) {
  const sqlite = await execute('sqlite3', ['--version']).then(() => true, () => false);
  if (!sqlite) {
    t.diagnostic('sqlite3 is not installed: the outbox is empty when nothing has come for two seconds');
    for (let seen = -1; seen !== mail.accepted.length; await sleep(2_000)) seen = mail.accepted.length;
    return;
  }
  await until('an empty outbox', async () => {
    const file = join(server.data, 'vestibule.db');
    const { stdout } = await execute('sqlite3', ['-readonly', file, 'SELECT count(*) FROM outbox']);
    return stdout.trim() === '0';
  });
}
