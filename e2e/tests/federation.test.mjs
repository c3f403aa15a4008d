// A second server is the OpenID provider of the first: by redirect, where the test is the browser, and with the tokens that
// the provider's own app got.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Admin } from '../lib/admin.mjs';
import { NativeClient } from '../lib/flow.mjs';
import { CHEAP_HASH, Server } from '../lib/server.mjs';
import { until } from '../lib/wait.mjs';

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
  // Without PKCE nothing but the nonce and the code's being spent stands against a code of another flow.
  const plain = await admin.app({ name: 'plain', oidc: { ...oidc, pkce: { mandatory: false } } });
  return { server, ours, theirs, plain, user: await admin.user(), issuer: `${server.url}/oauth2/token` };
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
  await connect(admin, 'OnePlain', { ...providers[0], ours: providers[0].plain }, { IsPKCEEnabled: 'false' });
  await connect(admin, 'TwoStrict', providers[1], { IsIssParameterRequired: 'true' });
  const app = await admin.app({ name: 'shop' });
  const options = [
    { idp: 'LOCAL', authenticator: 'BasicAuthenticator' },
    ...['One', 'Two', 'OneNative', 'OnePlain', 'TwoStrict'].map((idp) => ({ idp, authenticator: WAY })),
  ];
  const sequence = { type: 'USER_DEFINED', steps: [{ id: 1, options }], subjectStepId: 1, attributeStepId: 1 };
  const path = `/api/server/v1/applications/${app.id}`;
  (await admin.send('PATCH', path, { authenticationSequence: sequence })).expect(200);
  house = { server, admin, client: new NativeClient(server, app) };
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
  const { code, state, iss } = done.authData;
  return { code, state, ...(iss ? { iss } : {}) };
}

const hand = ({ flowId }, idp, params) => house.client.answer(flowId, params, idOf(idp));

async function signedIn(flow, answer) {
  const done = answer.expect(200).json;
  assert.equal(done.flowStatus, 'SUCCESS_COMPLETED', JSON.stringify(done));
  const tokens = (await house.client.exchange(done.authData.code, flow.verifier)).expect(200).json;
  return claimsOf(tokens.id_token);
}

/** How often the log gives a reason. */
const told = (why) => house.server.log.split(why).length - 1;

/** What is handed in is refused for that reason, which only the log tells, and the options are open again. */
async function refused(flow, idp, params, why) {
  const before = told(why);
  const step = (await hand(flow, idp, params)).expect(200).json;
  await until(`"${why}" in the log`, () => told(why) === before + 1, 3_000);
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

/** The claims of two logins of the same person, and how many users that made. */
async function twice(login) {
  const count = async () => (await house.admin.get('/scim2/Users?count=0')).expect(200).json.totalResults;
  const before = await count();
  const all = [await login(), await login()];
  return { all, made: (await count()) - before };
}

/** It is a user of our own, made for the person, and not the provider's under another roof. */
async function isOneNewUser({ all, made }, { user }) {
  assert.equal(made, 1);
  assert.equal(all[0].sub, all[1].sub);
  assert.notEqual(all[0].sub, user.id);
  for (const { amr } of all) assert.deepEqual(amr, ['fed']);
  (await house.admin.get(`/scim2/Users/${all[0].sub}`)).expect(200);
}

test('by redirect a stranger becomes a user, and is the same one the next time', async () => {
  const login = async () => {
    const flow = await choose('One');
    assert.equal(flow.option.metadata.promptType, 'REDIRECTION_PROMPT');
    assert.deepEqual(flow.option.requiredParams, ['code', 'state']);
    const page = new URL(flow.given.redirectUrl).searchParams;
    assert.equal(page.get('redirect_uri'), house.client.app.redirectUri);
    assert.equal(page.get('code_challenge_method'), 'S256');
    assert.ok(page.get('nonce') && page.get('state') === flow.given.state);
    return signedIn(flow, await hand(flow, 'One', await agree(providers[0], flow.given.redirectUrl)));
  };
  await isOneNewUser(await twice(login), providers[0]);
});

test('natively the tokens of the provider make a user, and find the same one the next time', async () => {
  // An account is found by issuer and subject, whichever connection it came by: so somebody who came by none yet.
  const person = { ...providers[0], user: await new Admin(providers[0].server).user() };
  const login = async () => {
    const flow = await choose('OneNative');
    assert.equal(flow.option.metadata.promptType, 'INTERNAL_PROMPT');
    assert.deepEqual(flow.option.requiredParams, ['accessToken', 'idToken']);
    const own = await tokens(person, person.ours, flow.given.nonce);
    return signedIn(flow, await hand(flow, 'OneNative', own));
  };
  await isOneNewUser(await twice(login), person);
});

test('a changed state is refused, and so is that of another flow', async () => {
  const flow = await choose('One');
  const { code, state } = await agree(providers[0], flow.given.redirectUrl);
  const changed = `${state.startsWith('A') ? 'B' : 'A'}${state.slice(1)}`;
  await refused(flow, 'One', { code, state: changed }, 'the state is not the one of this attempt');
  const other = await choose('One');
  await refused(other, 'One', { code, state }, 'the state is not the one of this attempt');
});

test('a code that was handed in before is refused', async () => {
  const flow = await choose('OnePlain');
  const answer = await agree({ ...providers[0], ours: providers[0].plain }, flow.given.redirectUrl);
  await signedIn(flow, await hand(flow, 'OnePlain', answer));
  // In the same flow, which is over, and in another one with a state of its own.
  (await hand(flow, 'OnePlain', answer)).expect(400);
  const other = await choose('OnePlain');
  await refused(other, 'OnePlain', { code: answer.code, state: other.given.state }, 'the provider refused the code');
});

test('a fresh code of another flow is refused: by PKCE, and without it by the nonce', async () => {
  const [mine, theirs] = [await choose('One'), await choose('One')];
  const { code } = await agree(providers[0], theirs.given.redirectUrl);
  await refused(mine, 'One', { code, state: mine.given.state }, 'the provider refused the code');
  const [bare, other] = [await choose('OnePlain'), await choose('OnePlain')];
  const injected = await agree({ ...providers[0], ours: providers[0].plain }, other.given.redirectUrl);
  const params = { code: injected.code, state: bare.given.state };
  await refused(bare, 'OnePlain', params, "the ID token's nonce is not the one of this attempt");
});

test('a denial leads back to the options', async () => {
  const flow = await choose('One');
  const params = { error: 'access_denied', state: flow.given.state };
  await refused(flow, 'One', params, 'the provider did not sign the user in');
  const again = (await house.client.answer(flow.flowId, {}, idOf('One'))).expect(200).json;
  const { redirectUrl } = again.nextStep.authenticators[0].metadata.additionalData;
  await signedIn(flow, await hand(flow, 'One', await agree(providers[0], redirectUrl)));
});

test('the answer of one provider is no good as that of another', async () => {
  const flow = await choose('One');
  const answer = await agree(providers[0], flow.given.redirectUrl);
  await refused(flow, 'Two', answer, 'the state is not the one of this attempt');
  const again = await choose('Two');
  const foreign = await agree(providers[0], (await choose('One')).given.redirectUrl);
  await refused(again, 'Two', { code: foreign.code, state: again.given.state }, 'the provider refused the code');
});

test('an answer that names another issuer is refused, and its code goes to nobody', async () => {
  const honest = await choose('One');
  const answer = await agree(providers[0], honest.given.redirectUrl);
  const misled = await choose('Two');
  const mixed = { code: answer.code, state: misled.given.state, iss: providers[0].issuer };
  await refused(misled, 'Two', mixed, "the answer is another issuer's");
  await signedIn(honest, await hand(honest, 'One', { ...answer, iss: providers[0].issuer }));
});

test('an answer without an issuer is refused where the connection wants one', async () => {
  const flow = await choose('TwoStrict');
  const answer = await agree(providers[1], flow.given.redirectUrl);
  await refused(flow, 'TwoStrict', { code: answer.code, state: answer.state }, 'the answer names no issuer');
});

test('a token for another audience is refused', async () => {
  const flow = await choose('OneNative');
  const foreign = await tokens(providers[0], providers[0].theirs, flow.given.nonce);
  await refused(flow, 'OneNative', foreign, 'the ID token is for another audience');
});

test('a token with another nonce is refused', async () => {
  const flow = await choose('OneNative');
  const foreign = await tokens(providers[0], providers[0].ours, 'another-nonce');
  await refused(flow, 'OneNative', foreign, "the ID token's nonce is not the one of this attempt");
});

test('a token of another provider is refused', async () => {
  const flow = await choose('OneNative');
  const foreign = await tokens(providers[1], providers[1].ours, flow.given.nonce);
  await refused(flow, 'OneNative', foreign, "the ID token's key is unknown");
});

test('an access token of another login is refused', async () => {
  const flow = await choose('OneNative');
  const { idToken } = await tokens(providers[0], providers[0].ours, flow.given.nonce);
  const { accessToken } = await tokens(providers[0], providers[0].ours, flow.given.nonce);
  await refused(flow, 'OneNative', { idToken, accessToken }, 'the access token does not go with the ID token');
});
