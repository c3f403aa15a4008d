// How the binary starts, refuses to start, and stops.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

import { Admin } from '../lib/admin.mjs';
import { NativeClient } from '../lib/flow.mjs';
import { CHEAP_HASH, finish, freePort, scratch, Server, SLOW_HASH } from '../lib/server.mjs';

const execute = promisify(execFile);

let room;

before(async () => (room = await scratch()));
after(() => rm(room, { recursive: true, force: true }));

test('the first start makes an administrator and shows the password once', async (t) => {
  const data = await scratch();
  const server = await Server.start({ data, admin: false });
  t.after(async () => {
    await server.stop();
    await rm(data, { recursive: true, force: true });
  });
  const password = generated(server.log);
  assert.ok(password, `no password in\n${server.log}`);
  assert.equal(server.log.split(password).length - 1, 1, server.log);

  const admin = new Admin(server, { user: 'admin', password });
  (await admin.get('/api/server/v1/applications')).expect(200);

  const first = server.log;
  await server.restart('SIGTERM');
  const second = server.log.slice(first.length);
  assert.ok(!second.includes(password), second);
  assert.equal(generated(second), undefined, second);
  (await admin.get('/api/server/v1/applications')).expect(200);
});

function generated(log) {
  return log.match(/^password \(shown this once\): (\S+)$/m)?.[1];
}

test('a given administrator password is not shown', async (t) => {
  const server = await Server.start();
  t.after(() => server.stop());
  assert.ok(!server.log.includes(server.env.VESTIBULE_ADMIN_PASSWORD), server.log);
  assert.equal(generated(server.log), undefined, server.log);
});

test('a server for others wants to know its public URL', async () => {
  const address = `0.0.0.0:${await freePort()}`;
  const { code, all } = await finish(['serve', '--data', join(room, 'open'), '--listen', address]);
  assert.equal(code, 1, all);
  assert.match(all, /public_url/);
});

test('an unknown key is refused by its name', async () => {
  const config = join(room, 'unknown.toml');
  await writeFile(config, 'listen = "127.0.0.1:0"\ncolour = "blue"\n\n[hash]\nsalt = 1\n');
  const { code, all } = await finish(['serve', '--data', join(room, 'unknown'), '--config', config]);
  assert.equal(code, 1, all);
  assert.match(all, /colour/);
  assert.match(all, /hash\.salt/);
});

test('an unknown variable is refused by its name', async () => {
  const { code, all } = await finish(['serve', '--data', join(room, 'unknown')], { VESTIBULE_COLOUR: 'blue' });
  assert.equal(code, 1, all);
  assert.match(all, /VESTIBULE_COLOUR/);
});

test('SIGTERM lets the request in flight finish, and ends well', async (t) => {
  const server = await Server.start({ env: { ...SLOW_HASH, VESTIBULE_HTTP__SHUTDOWN_GRACE_SECONDS: '60' } });
  t.after(() => server.stop());
  const admin = new Admin(server);
  const user = await admin.user();
  const client = new NativeClient(server, await admin.app());
  const { step } = await client.authorize();

  let answered = false;
  const pending = client.answer(step.flowId, { username: user.userName, password: user.password });
  pending.then(() => (answered = true), () => {});
  await sleep(150);
  assert.equal(answered, false, 'the hash is too fast for this test');
  server.process.child.kill('SIGTERM');
  const done = (await pending).expect(200).json;
  assert.equal(done.flowStatus, 'SUCCESS_COMPLETED');
  assert.deepEqual(await server.process.closed, { code: 0, signal: null }, server.log);

  // What was answered is kept.
  await server.launch();
  assert.equal((await client.answer(step.flowId, {})).expect(400).json.code, '60009');
});

test('SIGINT ends an idle server well and at once', async (t) => {
  const server = await Server.start();
  t.after(() => server.stop());
  assert.deepEqual(await server.kill('SIGINT'), { code: 0, signal: null }, server.log);
});

test('with a certificate the server itself answers https', async (t) => {
  const [key, cert] = [join(room, 'key.pem'), join(room, 'cert.pem')];
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
  await execute('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-keyout', key, '-out', cert, ...names]);
  const env = { ...CHEAP_HASH, VESTIBULE_TLS__CERTIFICATE: cert, VESTIBULE_TLS__KEY: key };
  const server = await Server.start({ env, scheme: 'https', ca: await readFile(cert, 'utf8') });
  t.after(() => server.stop());

  const found = (await server.http.get('/oauth2/token/.well-known/openid-configuration')).expect(200).json;
  assert.equal(found.issuer, `https://127.0.0.1:${server.port}/oauth2/token`);
  const admin = new Admin(server);
  const user = await admin.user();
  const client = new NativeClient(server, await admin.app());
  const { code, verifier } = await client.login(user.userName, user.password);
  (await client.exchange(code, verifier)).expect(200);
});
