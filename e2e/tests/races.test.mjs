// What must happen once happens once, whatever arrives at the same time. The hash is the default one: a cheap one would
// be over before the second request is read.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Admin } from '../lib/admin.mjs';
import { NativeClient } from '../lib/flow.mjs';
import { bearer } from '../lib/http.mjs';
import { DEFAULT_HASH, Server } from '../lib/server.mjs';

const CALLERS = 32;

let server, admin, user;

before(async () => {
  server = await Server.start({ env: DEFAULT_HASH });
  admin = new Admin(server);
  user = await admin.user();
  await server.http.warm(CALLERS);
});
after(() => server?.stop());

const together = (count, call) => Promise.all(Array.from({ length: count }, (_, index) => call(index)));
const told = (answers) => answers.map(String).join('\n');

test('of 32 right passwords sent to one flow at once, one is evaluated', async () => {
  const client = new NativeClient(server, await admin.app());
  const { step, verifier } = await client.authorize();
  const right = { username: user.userName, password: user.password };
  const answers = await together(CALLERS, () => client.answer(step.flowId, right));

  const done = answers.filter((answer) => answer.status === 200);
  assert.equal(done.length, 1, told(answers));
  assert.equal(done[0].json.flowStatus, 'SUCCESS_COMPLETED');
  const refused = answers.filter((answer) => answer.status !== 200);
  for (const answer of refused) {
    assert.equal(answer.status, 400, `${answer}`);
    assert.ok(['60003', '60009'].includes(answer.json.code), `${answer}`);
  }
  assert.ok(refused.some((answer) => answer.json.code === '60003'), told(refused));

  const late = (await client.answer(step.flowId, right)).expect(400).json;
  assert.equal(late.code, '60009');
  (await client.exchange(done[0].json.authData.code, verifier)).expect(200);
});

test('of 32 exchanges of one code at once, one succeeds, and the theft ends what it got', async () => {
  const client = new NativeClient(server, await admin.confidentialApp());
  const { code, verifier } = await client.login(user.userName, user.password);
  const answers = await together(CALLERS, () => client.exchange(code, verifier));

  const won = answers.filter((answer) => answer.status === 200);
  assert.equal(won.length, 1, told(answers));
  for (const answer of answers.filter((answer) => answer.status !== 200)) {
    assert.equal(answer.status, 400, `${answer}`);
    assert.equal(answer.json.error, 'invalid_grant', `${answer}`);
  }

  const tokens = won[0].json;
  const refreshed = (await client.refresh(tokens.refresh_token)).expect(400).json;
  assert.equal(refreshed.error, 'invalid_grant');
  (await server.http.get('/oauth2/userinfo', bearer(tokens.access_token))).expect(401);
  for (const token of [tokens.access_token, tokens.refresh_token]) {
    assert.deepEqual((await client.introspect(token)).expect(200).json, { active: false });
  }
});

test('of 32 refreshes with one token at once, at most one family goes on', async () => {
  const client = new NativeClient(server, await admin.app());
  const { code, verifier } = await client.login(user.userName, user.password);
  const first = (await client.exchange(code, verifier)).expect(200).json;
  const answers = await together(CALLERS, () => client.refresh(first.refresh_token));

  const won = answers.filter((answer) => answer.status === 200);
  assert.equal(won.length, 1, told(answers));
  for (const answer of answers.filter((answer) => answer.status !== 200)) {
    assert.equal(answer.status, 400, `${answer}`);
    assert.equal(answer.json.error, 'invalid_grant', `${answer}`);
  }
  // The repetition looks like theft, and which of the two is the thief nobody can tell.
  (await client.refresh(won[0].json.refresh_token)).expect(400);
});

test('20 right logins of one user at once all succeed', async () => {
  const client = new NativeClient(server, await admin.app());
  const logins = await together(20, () => client.login(user.userName, user.password));
  assert.equal(new Set(logins.map((login) => login.code)).size, 20);
});
