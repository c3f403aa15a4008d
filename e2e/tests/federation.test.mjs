// A second server is the OpenID provider of the first: by redirect, where the test is the browser, and with the tokens that
// the provider's own app got.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Admin } from '../lib/admin.mjs';
import { NativeClient } from '../lib/flow.mjs';
import { CHEAP_HASH, Server } from '../lib/server.mjs';

const WAY = 'OpenIDConnectAuthenticator';
const idOf = (idp) => Buffer.from(`${WAY}:${idp}`).toString('base64url');
const claimsOf = (token) => JSON.parse(Buffer.from(token.split('.')[1], 'base64url'));

let house;
let providers;

/** A server of its own with an application for our server and one for somebody else, and a user. */
async function provider() {
  const server = await Server.start();
  const admin = new Admin(server);
  const oidc = { publicClient: false };
  const [ours, theirs] = [await admin.app({ name: 'ours', oidc }), await admin.app({ name: 'theirs', oidc })];
  return { server, ours, theirs, user: await admin.user() };
}

/** A connection to a provider. */
async function connect(admin, name, { server, ours }, more = {}) {
  const settings = {
    ClientId: ours.clientId,
    ClientSecret: ours.clientSecret,
    OAuth2AuthzEPUrl: `${server.url}/oauth2/authorize`,
    OAuth2TokenEPUrl: `${server.url}/oauth2/token`,
    idpIssuerName: `${server.url}/oauth2/token`,
    jwksUri: `${server.url}/oauth2/jwks`,
    ...more,
  };
  const properties = Object.entries(settings).map(([key, value]) => ({ key, value }));
  const authenticatorId = Buffer.from(WAY).toString('base64url');
  const authenticators = [{ authenticatorId, isEnabled: true, properties }];
  const body = {
    name,
    federatedAuthenticators: { defaultAuthenticatorId: authenticatorId, authenticators },
    provisioning: { jit: { isEnabled: true } },
  };
  (await admin.send('POST', '/api/server/v1/identity-providers', body)).expect(201);
}

before(async () => {
  providers = [await provider(), await provider()];
  const server = await Server.start({
    env: { ...CHEAP_HASH, VESTIBULE_EGRESS__ALLOWED_NETWORKS: '127.0.0.0/8' },
  });
  const admin = new Admin(server);
  await connect(admin, 'One', providers[0]);
  await connect(admin, 'Two', providers[1]);
  await connect(admin, 'OneNative', providers[0], { isTrustedTokenIssuer: 'true' });
  const app = await admin.app({ name: 'shop' });
  const options = [
    { idp: 'LOCAL', authenticator: 'BasicAuthenticator' },
    ...['One', 'Two', 'OneNative'].map((idp) => ({ idp, authenticator: WAY })),
  ];
  const sequence = { type: 'USER_DEFINED', steps: [{ id: 1, options }], subjectStepId: 1, attributeStepId: 1 };
  const path = `/api/server/v1/applications/${app.id}`;
  (await admin.send('PATCH', path, { authenticationSequence: sequence })).expect(200);
  house = { server, client: new NativeClient(server, app) };
});

after(async () => {
  for (const server of [house?.server, ...(providers ?? []).map((one) => one.server)]) await server?.stop();
});

/** A flow in which an option was chosen, with what the step gives the app. */
async function choose(idp) {
  const { verifier, step } = await house.client.authorize();
  const chosen = (await house.client.answer(step.flowId, {}, idOf(idp))).expect(200).json;
  const [option] = chosen.nextStep.authenticators;
  return { flowId: step.flowId, verifier, option, given: option.metadata.additionalData };
}

/** Signs the provider's user in with the parameters of the page that the browser would open. */
async function agree({ server, ours, user }, redirectUrl) {
  const fields = Object.fromEntries(new URL(redirectUrl).searchParams);
  const client = new NativeClient(server, ours);
  const form = { ...fields, response_mode: 'direct' };
  const { flowId } = (await server.http.form('/oauth2/authorize', form, client.credentials)).expect(200).json;
  const done = (await client.answer(flowId, { username: user.userName, password: user.password })).expect(200).json;
  return { code: done.authData.code, state: done.authData.state };
}

const hand = ({ flowId }, idp, params) => house.client.answer(flowId, params, idOf(idp));

async function signedIn(flow, answer) {
  const done = answer.expect(200).json;
  assert.equal(done.flowStatus, 'SUCCESS_COMPLETED', JSON.stringify(done));
  const tokens = (await house.client.exchange(done.authData.code, flow.verifier)).expect(200).json;
  return claimsOf(tokens.id_token);
}

/** The answer was refused and the options are open again. */
function refused(answer) {
  const step = answer.expect(200).json;
  assert.equal(step.flowStatus, 'FAIL_INCOMPLETE', JSON.stringify(step));
  assert.equal(step.nextStep.stepType, 'MULTI_OPTIONS_PROMPT');
  assert.equal(step.nextStep.messages[0].type, 'ERROR');
}

/** Tokens that the provider gives one of its applications with a nonce. */
async function tokens({ server, user }, app, nonce) {
  const client = new NativeClient(server, app);
  const { verifier, step } = await client.authorize({ nonce, scope: 'openid email profile' });
  const done = (await client.answer(step.flowId, { username: user.userName, password: user.password })).expect(200).json;
  const given = (await client.exchange(done.authData.code, verifier)).expect(200).json;
  return { accessToken: given.access_token, idToken: given.id_token };
}

test('by redirect a stranger becomes a user, and is the same one the next time', async () => {
  const subjects = [];
  for (let turn = 0; turn < 2; turn += 1) {
    const flow = await choose('One');
    assert.equal(flow.option.metadata.promptType, 'REDIRECTION_PROMPT');
    assert.deepEqual(flow.option.requiredParams, ['code', 'state']);
    const page = new URL(flow.given.redirectUrl).searchParams;
    assert.equal(page.get('redirect_uri'), house.client.app.redirectUri);
    assert.equal(page.get('code_challenge_method'), 'S256');
    assert.ok(page.get('nonce') && page.get('state') === flow.given.state);
    const claims = await signedIn(flow, await hand(flow, 'One', await agree(providers[0], flow.given.redirectUrl)));
    assert.deepEqual(claims.amr, ['fed']);
    subjects.push(claims.sub);
  }
  assert.equal(subjects[0], subjects[1]);
});

test('natively the tokens of the provider say who it is', async () => {
  const flow = await choose('OneNative');
  assert.equal(flow.option.metadata.promptType, 'INTERNAL_PROMPT');
  assert.deepEqual(flow.option.requiredParams, ['accessToken', 'idToken']);
  const given = await tokens(providers[0], providers[0].ours, flow.given.nonce);
  await signedIn(flow, await hand(flow, 'OneNative', given));
});

test('a changed state is refused', async () => {
  const flow = await choose('One');
  const { code, state } = await agree(providers[0], flow.given.redirectUrl);
  refused(await hand(flow, 'One', { code, state: `A${state.slice(1)}` === state ? `B${state.slice(1)}` : `A${state.slice(1)}` }));
});

test('a code that was handed in before is refused', async () => {
  const flow = await choose('One');
  const answer = await agree(providers[0], flow.given.redirectUrl);
  await signedIn(flow, await hand(flow, 'One', answer));
  // In the same flow, which is over, and in another one with a state of its own.
  (await hand(flow, 'One', answer)).expect(400);
  const other = await choose('One');
  refused(await hand(other, 'One', { code: answer.code, state: other.given.state }));
});

test('a denial leads back to the options', async () => {
  const flow = await choose('One');
  refused(await hand(flow, 'One', { error: 'access_denied', state: flow.given.state }));
});

test('the code of one provider is no good as that of another', async () => {
  const flow = await choose('One');
  const answer = await agree(providers[0], flow.given.redirectUrl);
  refused(await hand(flow, 'Two', answer));
  const again = await choose('Two');
  const foreign = await agree(providers[0], (await choose('One')).given.redirectUrl);
  refused(await hand(again, 'Two', { code: foreign.code, state: again.given.state }));
});

test('a token for another audience, of another nonce or of another provider is refused', async () => {
  const [one, two] = providers;
  const cases = [
    (nonce) => tokens(one, one.theirs, nonce),
    () => tokens(one, one.ours, 'another-nonce'),
    (nonce) => tokens(two, two.ours, nonce),
  ];
  for (const make of cases) {
    const flow = await choose('OneNative');
    refused(await hand(flow, 'OneNative', await make(flow.given.nonce)));
  }
});
