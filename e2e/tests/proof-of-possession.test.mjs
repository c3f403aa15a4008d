// A login that is bound to a key: the proofs are made by `dpop` and `oauth4webapi`, which know nothing of this server.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { generateProof } from 'dpop';
import * as oauth from 'oauth4webapi';

import { Admin } from '../lib/admin.mjs';
import { NativeClient } from '../lib/flow.mjs';
import { CHEAP_HASH, Server } from '../lib/server.mjs';

const insecure = { [oauth.allowInsecureRequests]: true };

let server, user, app;

before(async () => {
  server = await Server.start({ env: { ...CHEAP_HASH, VESTIBULE_DPOP__NONCE: 'required' } });
  const admin = new Admin(server);
  user = await admin.user();
  app = await admin.app({ oidc: { accessToken: { bindingType: 'DPoP' } } });
});
after(() => server?.stop());

/** A native client whose every call is proved; the server's latest nonce goes along. */
async function bound(keys) {
  const fields = { client_id: app.clientId, response_type: 'code', response_mode: 'direct' };
  const refused = (await server.http.form('/oauth2/authorize', fields, {
    dpop: await generateProof(keys, `${server.url}/oauth2/authorize`, 'POST'),
  })).expect(401);
  assert.equal(refused.json.oauth_error, 'use_dpop_nonce', refused.text);
  const nonce = refused.headers['dpop-nonce'];
  return new NativeClient(server, app, (method, url) => generateProof(keys, url, method, nonce));
}

/** Does what a client does on `use_dpop_nonce`: once more, with the nonce that came along. */
async function twice(call) {
  try {
    return await call();
  } catch (error) {
    assert.ok(oauth.isDPoPNonceError(error), error);
    return call();
  }
}

for (const alg of ['ES256', 'PS256', 'RS256']) {
  test(`a login is bound to a key of ${alg}, up to userinfo and refresh`, async () => {
    const keys = await oauth.generateKeyPair(alg);
    const native = await bound(keys);
    const { code, verifier } = await native.login(user.userName, user.password);

    const issuer = new URL(`${server.url}/oauth2/token`);
    const as = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, insecure));
    assert.ok(as.dpop_signing_alg_values_supported.includes(alg));
    const client = { client_id: app.clientId };
    const DPoP = oauth.DPoP(client, keys);
    const answer = oauth.validateAuthResponse(as, client, new URLSearchParams({ code }), oauth.expectNoState);
    const options = { DPoP, ...insecure };
    const tokens = await twice(async () => {
      const call = oauth.authorizationCodeGrantRequest(as, client, oauth.None(), answer, app.redirectUri, verifier, options);
      return oauth.processAuthorizationCodeResponse(as, client, await call);
    });
    assert.equal(tokens.token_type, 'dpop');
    const sub = oauth.getValidatedIdTokenClaims(tokens).sub;
    const person = await twice(async () => {
      const call = oauth.userInfoRequest(as, client, tokens.access_token, options);
      return oauth.processUserInfoResponse(as, client, sub, await call);
    });
    assert.equal(person.sub, sub);
    const next = await twice(async () => {
      const call = oauth.refreshTokenGrantRequest(as, client, oauth.None(), tokens.refresh_token, options);
      return oauth.processRefreshTokenResponse(as, client, await call);
    });
    assert.equal(next.token_type, 'dpop');

    // Somebody else's key opens nothing of it.
    const thief = oauth.DPoP(client, await oauth.generateKeyPair('ES256'));
    const stolen = { DPoP: thief, ...insecure };
    await assert.rejects(
      twice(async () => {
        const call = oauth.refreshTokenGrantRequest(as, client, oauth.None(), next.refresh_token, stolen);
        return oauth.processRefreshTokenResponse(as, client, await call);
      }),
      { error: 'invalid_dpop_proof' },
    );
    const plain = await server.http.get('/oauth2/userinfo', { authorization: `Bearer ${next.access_token}` });
    assert.equal(plain.status, 401, plain.text);
  });
}

test('a stolen flowId opens nothing', async () => {
  const keys = await oauth.generateKeyPair('ES256');
  const native = await bound(keys);
  const { step } = await native.authorize();
  const params = { username: user.userName, password: user.password };
  const thief = await bound(await oauth.generateKeyPair('ES256'));
  for (const stranger of [new NativeClient(server, app), thief]) {
    const refused = (await stranger.answer(step.flowId, params)).expect(401);
    assert.equal(refused.json.oauth_error, 'invalid_dpop_proof', refused.text);
  }
  const done = (await native.answer(step.flowId, params)).expect(200).json;
  assert.equal(done.flowStatus, 'SUCCESS_COMPLETED');
});
