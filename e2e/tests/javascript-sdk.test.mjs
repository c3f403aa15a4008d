// The published @asgardeo/javascript, unmodified, against the real server.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import {
  AsgardeoAPIError,
  AsgardeoJavaScriptClient,
  executeEmbeddedSignInFlow,
  initializeEmbeddedSignInFlow,
} from '@asgardeo/javascript';

import { Admin } from '../lib/admin.mjs';
import { BASIC, IDENTIFIER, NativeClient, pkce } from '../lib/flow.mjs';
import { Server } from '../lib/server.mjs';

let server, admin, app, user;

before(async () => {
  server = await Server.start();
  admin = new Admin(server);
  app = await admin.app();
  user = await admin.user();
});
after(() => server?.stop());

const baseUrl = () => server.url;

async function begin({ clientId, redirectUri } = app) {
  const { verifier, challenge } = pkce();
  const payload = {
    client_id: clientId,
    response_type: 'code',
    response_mode: 'direct',
    redirect_uri: redirectUri,
    scope: 'openid profile',
    state: 'instance_0_request_0',
    code_challenge: challenge,
    code_challenge_method: 'S256',
  };
  const step = await initializeEmbeddedSignInFlow({ url: `${baseUrl()}/oauth2/authorize`, payload });
  return { verifier, step };
}

/** Answers where the step says, as the React component does. */
function submit(step, authenticatorId, params) {
  const payload = { flowId: step.flowId, selectedAuthenticator: { authenticatorId, params } };
  return executeEmbeddedSignInFlow({ url: step.links[0].href, payload });
}

const password = ({ userName, password }) => ({ username: userName, password });

test('a login through the SDK ends with a code that is worth tokens', async () => {
  const { verifier, step } = await begin();
  assert.equal(step.flowStatus, 'INCOMPLETE');
  assert.equal(step.links[0].href, `${baseUrl()}/oauth2/authn`);
  const [basic] = step.nextStep.authenticators;
  assert.equal(basic.authenticator, 'Username & Password');
  assert.deepEqual(basic.requiredParams, ['username', 'password']);

  const done = await submit(step, basic.authenticatorId, password(user));
  assert.equal(done.flowStatus, 'SUCCESS_COMPLETED');
  assert.equal(done.authData.state, 'instance_0_request_0');
  assert.ok(done.authData.session_state);

  const tokens = (await new NativeClient(server, app).exchange(done.authData.code, verifier)).expect(200).json;
  assert.equal(tokens.token_type, 'Bearer');
  for (const name of ['access_token', 'refresh_token', 'id_token']) assert.ok(tokens[name], name);
});

test('a wrong password keeps the flow open for the right one', async () => {
  const { step } = await begin();
  const failed = await submit(step, BASIC, { ...password(user), password: 'wrong' });
  assert.equal(failed.flowStatus, 'FAIL_INCOMPLETE');
  assert.equal(failed.flowId, step.flowId);
  assert.equal(failed.nextStep.messages[0].type, 'ERROR');
  assert.equal(failed.nextStep.messages[0].messageId, '60003');

  const done = await submit(step, BASIC, password(user));
  assert.equal(done.flowStatus, 'SUCCESS_COMPLETED');
  await assert.rejects(submit(step, BASIC, password(user)), (error) => {
    assert.ok(error instanceof AsgardeoAPIError);
    assert.equal(error.statusCode, 400);
    assert.match(error.message, /"code":"60009"/);
    return true;
  });
});

test('an option is chosen among several, and another instead of it', async () => {
  const choice = await admin.app({
    steps: [['BasicAuthenticator', 'IdentifierExecutor'], ['BasicAuthenticator']],
  });
  const { verifier, step } = await begin(choice);
  assert.equal(step.nextStep.stepType, 'MULTI_OPTIONS_PROMPT');
  assert.deepEqual(
    step.nextStep.authenticators.map((option) => option.authenticatorId).sort(),
    [BASIC, IDENTIFIER].sort(),
  );

  const basic = await submit(step, BASIC, {});
  assert.equal(basic.nextStep.stepType, 'AUTHENTICATOR_PROMPT');
  assert.deepEqual(basic.nextStep.authenticators[0].requiredParams, ['username', 'password']);

  const chosen = await submit(step, IDENTIFIER, {});
  assert.equal(chosen.flowStatus, 'INCOMPLETE');
  assert.equal(chosen.nextStep.authenticators.length, 1);
  assert.deepEqual(chosen.nextStep.authenticators[0].requiredParams, ['username']);
  assert.deepEqual(await submit(step, IDENTIFIER, {}), chosen);

  const second = await submit(step, IDENTIFIER, { username: user.userName });
  assert.equal(second.flowStatus, 'INCOMPLETE');
  assert.equal(second.flowId, step.flowId);
  const [asked] = second.nextStep.authenticators;
  assert.equal(asked.authenticatorId, BASIC);
  const answers = Object.fromEntries(asked.requiredParams.map((name) => [name, password(user)[name]]));
  const done = await submit(step, BASIC, answers);
  assert.equal(done.flowStatus, 'SUCCESS_COMPLETED');
  (await new NativeClient(server, choice).exchange(done.authData.code, verifier)).expect(200);
});

test('a wrong password in a choice shows all options again', async () => {
  const choice = await admin.app({
    steps: [['BasicAuthenticator', 'IdentifierExecutor'], ['BasicAuthenticator']],
  });
  const { step } = await begin(choice);
  const failed = await submit(step, BASIC, { ...password(user), password: 'wrong' });
  assert.equal(failed.flowStatus, 'FAIL_INCOMPLETE');
  assert.equal(failed.nextStep.stepType, 'MULTI_OPTIONS_PROMPT');
  assert.equal(failed.nextStep.authenticators.length, 2);
});

test('getAgentToken signs in and verifies the ID token by itself', async () => {
  const agent = await admin.user();
  const client = new AsgardeoJavaScriptClient({
    baseUrl: baseUrl(),
    clientId: app.clientId,
    afterSignInUrl: app.redirectUri,
    scopes: ['openid', 'profile'],
  });
  // The constructor stores its settings without waiting for it, and says nothing when it has.
  await sleep(20);
  const tokens = await client.getAgentToken({ agentID: agent.userName, agentSecret: agent.password });
  assert.ok(tokens.accessToken && tokens.refreshToken);
  const claims = JSON.parse(Buffer.from(tokens.idToken.split('.')[1], 'base64url'));
  assert.equal(claims.iss, `${baseUrl()}/oauth2/token`);
  assert.equal(claims.sub, agent.id);
  assert.equal(claims.username, agent.userName);

  await assert.rejects(
    client.getAgentToken({ agentID: agent.userName, agentSecret: 'wrong' }),
    /Agent authentication failed/,
  );
});
