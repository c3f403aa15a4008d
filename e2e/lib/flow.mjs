// An application that signs users in natively: authorize, answer, exchange, with PKCE.
import { createHash, randomBytes } from 'node:crypto';

import { basic } from './http.mjs';

export const BASIC = 'QmFzaWNBdXRoZW50aWNhdG9yOkxPQ0FM';
export const IDENTIFIER = 'SWRlbnRpZmllckV4ZWN1dG9yOkxPQ0FM';
export const EMAIL_OTP = 'ZW1haWwtb3RwLWF1dGhlbnRpY2F0b3I6TE9DQUw';

export function pkce() {
  const verifier = randomBytes(32).toString('base64url');
  return { verifier, challenge: createHash('sha256').update(verifier).digest('base64url') };
}

export class NativeClient {
  /**
   * @param {{http: import('./http.mjs').Http}} server whose present connections are used
   * @param {{clientId: string, clientSecret?: string, redirectUri: string}} app
   * @param {(method: string, url: string) => Promise<string>} [prove] makes the proof that goes with a call of the login
   */
  constructor(server, app, prove) {
    this.server = server;
    this.app = app;
    this.prove = prove;
  }

  /** What a confidential client shows of itself. */
  get credentials() {
    return this.app.clientSecret ? basic(this.app.clientId, this.app.clientSecret) : {};
  }

  /** What a call of the login shows besides its body. */
  async shown(path) {
    return this.prove ? { dpop: await this.prove('POST', `${this.server.url}${path}`) } : {};
  }

  /** Starts a flow; the verifier comes along. */
  async authorize(more = {}) {
    const { verifier, challenge } = pkce();
    const fields = {
      client_id: this.app.clientId,
      response_type: 'code',
      response_mode: 'direct',
      redirect_uri: this.app.redirectUri,
      scope: 'openid profile',
      state: 'e2e',
      code_challenge: challenge,
      code_challenge_method: 'S256',
      ...more,
    };
    const answer = await this.server.http.form('/oauth2/authorize', fields, {
      ...this.credentials,
      ...(await this.shown('/oauth2/authorize')),
    });
    return { verifier, step: answer.expect(200).json };
  }

  async answer(flowId, params, authenticatorId = BASIC) {
    const body = { flowId, selectedAuthenticator: { authenticatorId, params } };
    return this.server.http.json('POST', '/oauth2/authn', body, await this.shown('/oauth2/authn'));
  }

  /** A whole login by password, up to the code. */
  async login(username, password) {
    const { verifier, step } = await this.authorize();
    const done = (await this.answer(step.flowId, { username, password })).expect(200).json;
    if (done.flowStatus !== 'SUCCESS_COMPLETED') throw new Error(`not signed in: ${JSON.stringify(done)}`);
    return { flowId: step.flowId, code: done.authData.code, verifier };
  }

  /** Starts a login by a code that is sent by email: the flow, once the server says that the code is on its way. */
  async sendCode(username) {
    const { verifier, step } = await this.authorize();
    const asked = (await this.answer(step.flowId, { username }, EMAIL_OTP)).expect(200).json;
    if (asked.flowStatus !== 'INCOMPLETE') throw new Error(`no code was sent: ${JSON.stringify(asked)}`);
    return { flowId: step.flowId, verifier };
  }

  /** Answers with a code that was sent by email: the last answer. */
  async enterCode(flowId, code) {
    return (await this.answer(flowId, { OTPCode: code }, EMAIL_OTP)).expect(200).json;
  }

  /** The answer to an exchange, whatever it is. */
  exchange(code, verifier) {
    return this.token({
      grant_type: 'authorization_code',
      code,
      redirect_uri: this.app.redirectUri,
      code_verifier: verifier,
    });
  }

  refresh(refreshToken) {
    return this.token({ grant_type: 'refresh_token', refresh_token: refreshToken });
  }

  token(fields) {
    return this.server.http.form('/oauth2/token', { client_id: this.app.clientId, ...fields }, this.credentials);
  }

  revoke(token) {
    return this.server.http.form('/oauth2/revoke', { client_id: this.app.clientId, token }, this.credentials);
  }

  introspect(token) {
    return this.server.http.form('/oauth2/introspect', { token }, this.credentials);
  }
}
