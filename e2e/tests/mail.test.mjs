// Codes on their way by email: to a server that takes them, refuses them, is slow, or dies between taking one and saying so;
// and into the development mailbox.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { Admin } from '../lib/admin.mjs';
import { NativeClient } from '../lib/flow.mjs';
import { MailServer } from '../lib/mail.mjs';
import { openBrowser } from '../lib/page.mjs';
import { CHEAP_HASH, finish, Server } from '../lib/server.mjs';
import { until } from '../lib/wait.mjs';

const STEPS = [['email-otp-authenticator']];

/** A server that sends through a mail server, an application whose users sign in with codes, and somebody to do so. */
async function world(t, settings = {}) {
  const mail = await MailServer.open();
  const server = await Server.start({ env: { ...CHEAP_HASH, ...mail.settings, ...settings } });
  t.after(async () => {
    await server.stop();
    mail.close();
  });
  const admin = new Admin(server);
  const client = new NativeClient(server, await admin.app({ name: 'Shop', steps: STEPS }));
  const person = async () => {
    const user = await admin.user();
    return { ...user, address: `${user.userName}@example.com` };
  };
  return { mail, server, client, person };
}

const arrived = (mail, address, count = 1) =>
  until(`letter ${count} to ${address}`, () => mail.to(address).length >= count && mail.to(address));

test('a code arrives as text and HTML, and signs in', async (t) => {
  const { mail, client, person } = await world(t);
  const user = await person();
  const { flowId, verifier } = await client.sendCode(user.userName);
  const [letter] = await arrived(mail, user.address);
  assert.equal(letter.headers.get('from'), 'Vestibule <login@example.com>');
  assert.equal(letter.headers.get('to'), user.address);
  assert.match(letter.id, /^<[^@<>]+@[^@<>]+>$/);
  assert.match(letter.headers.get('content-type'), /^multipart\/alternative/);
  for (const type of ['text/plain', 'text/html']) assert.match(letter.raw, new RegExp(`Content-Type: ${type}`));
  assert.match(letter.subject, /^\d{6} is your code for Shop$/);
  const done = await client.enterCode(flowId, letter.code);
  assert.equal(done.flowStatus, 'SUCCESS_COMPLETED');
  (await client.exchange(done.authData.code, verifier)).expect(200);
});

test('a letter that is refused for good is not sent again, and nothing of it is logged', async (t) => {
  const { mail, server, client, person } = await world(t);
  const [unknown, known] = [await person(), await person()];
  mail.answerTo = (address) => (address === unknown.address ? { code: 550, text: `5.1.1 ${address} unknown` } : undefined);
  await client.sendCode(unknown.userName);
  await until('the end of the letter', () => /undeliverable/.test(server.log));
  // Longer than the wait before a second try.
  await sleep(1_500);
  await client.sendCode(known.userName);
  const [letter] = await arrived(mail, known.address);
  assert.equal(mail.asked.filter((address) => address === unknown.address).length, 1);
  assert.match(server.log, /SMTP 550/);
  for (const secret of [unknown.address, known.address, letter.code]) assert.ok(!server.log.includes(secret), secret);
});

test('a letter that is refused for now comes a second later', async (t) => {
  const { mail, client, person } = await world(t);
  const user = await person();
  mail.answerTo = () => (mail.asked.length === 1 ? { code: 451, text: '4.7.1 Greylisted' } : undefined);
  await client.sendCode(user.userName);
  await arrived(mail, user.address);
  assert.equal(mail.asked.length, 2);
  assert.equal(mail.accepted.length, 1);
});

test('a slow answer to one holds up no other, and no login', async (t) => {
  const { mail, client, person } = await world(t);
  const [slow, quick] = [await person(), await person()];
  let release;
  const held = new Promise((resolve) => (release = resolve));
  mail.beforeReply = ({ to }) => (to === slow.address ? held : undefined);
  await client.sendCode(slow.userName);
  await arrived(mail, slow.address);
  const { flowId } = await client.sendCode(quick.userName);
  const [letter] = await arrived(mail, quick.address);
  assert.equal((await client.enterCode(flowId, letter.code)).flowStatus, 'SUCCESS_COMPLETED');
  release();
});

test('a server that never answers is given up, and the letter comes again under its name', async (t) => {
  const { mail, client, person } = await world(t, { VESTIBULE_DELIVERY__PATIENCE_SECONDS: '1' });
  const user = await person();
  mail.beforeReply = () => (mail.accepted.length === 1 ? new Promise(() => {}) : undefined);
  const { flowId } = await client.sendCode(user.userName);
  await isTheSameTwice(mail, user.address);
  assert.equal((await client.enterCode(flowId, mail.accepted[0].code)).flowStatus, 'SUCCESS_COMPLETED');
});

test('a server that dies between taking a letter and saying so gets the same letter again', async (t) => {
  const { mail, client, person } = await world(t);
  const user = await person();
  mail.beforeReply = () => {
    if (mail.accepted.length > 1) return undefined;
    mail.die();
    return new Promise(() => {});
  };
  const { flowId } = await client.sendCode(user.userName);
  await arrived(mail, user.address);
  await mail.revive();
  await isTheSameTwice(mail, user.address);
  assert.equal((await client.enterCode(flowId, mail.accepted[1].code)).flowStatus, 'SUCCESS_COMPLETED');
});

/** Twice under one name, with one code; and no third time. */
async function isTheSameTwice(mail, address) {
  const [first, second] = await arrived(mail, address, 2);
  assert.ok(first.id && first.code);
  assert.deepEqual([second.id, second.code], [first.id, first.code]);
  await sleep(1_500);
  assert.equal(mail.to(address).length, 2);
}

test('the development mailbox shows a code to the terminal and to programs', async (t) => {
  const { server, client, person } = await world(t, { VESTIBULE_DELIVERY__KIND: 'mailbox' });
  const user = await person();
  const { flowId } = await client.sendCode(user.userName);
  const tail = () => finish(['mailbox', 'tail', '--json', '--server', server.url]);
  const { stdout } = await until('the code', async () => {
    const told = await tail();
    return told.stdout && told;
  });
  const message = JSON.parse(stdout);
  assert.equal(message.to, user.address);
  const line = await finish(['mailbox', 'tail', '--server', server.url]);
  assert.ok(line.stdout.includes(`${user.address}  ${message.code}  `), line.all);
  (await server.http.get('/dev/mailbox')).expect(200);
  assert.equal((await client.enterCode(flowId, message.code)).flowStatus, 'SUCCESS_COMPLETED');
});

test('the page of the mailbox shows a code as it comes', async (t) => {
  const { server, client, person } = await world(t, { VESTIBULE_DELIVERY__KIND: 'mailbox' });
  const { browser, tab, complaints } = await openBrowser();
  t.after(() => browser.close());
  await tab.goto(`${server.url}/dev/mailbox`);
  await tab.getByText('No messages yet').waitFor();
  const user = await person();
  const { flowId } = await client.sendCode(user.userName);
  const article = tab.locator('article', { hasText: user.address });
  const code = (await article.locator('.code').innerText()).match(/\d{6}/)[0];
  await article.locator('summary').click();
  await tab.frameLocator('iframe').getByText(code).waitFor();
  assert.equal((await client.enterCode(flowId, code)).flowStatus, 'SUCCESS_COMPLETED');
  assert.deepEqual(complaints, []);
});

test('a server without a mailbox says so', async (t) => {
  const { server } = await world(t);
  (await server.http.get('/dev/mailbox')).expect(404);
  const { code, stderr } = await finish(['mailbox', 'tail', '--server', server.url]);
  assert.equal(code, 1);
  assert.match(stderr, /kind = "mailbox"/);
});
