// The management API as scripts use it.
import { randomBytes } from 'node:crypto';

import { basic } from './http.mjs';
import { ADMIN } from './server.mjs';

export const PASSWORD = 'Tr0ub4dor and three';
export const REDIRECT = 'http://localhost:5173/callback';

const unique = (prefix) => `${prefix}-${randomBytes(6).toString('hex')}`;

export class Admin {
  constructor(server, { user, password } = ADMIN) {
    this.server = server;
    this.headers = basic(user, password);
  }

  send(method, path, value) {
    return this.server.http.json(method, path, value, this.headers);
  }

  get(path) {
    return this.server.http.get(path, { accept: 'application/json', ...this.headers });
  }

  /** Makes an application for native login: public, with PKCE, unless `oidc` says otherwise. */
  async app({ name = unique('app'), oidc = {}, steps, enrolment, redirectUri = REDIRECT, origins = [] } = {}) {
    const body = {
      name,
      inboundProtocolConfiguration: {
        oidc: {
          grantTypes: ['authorization_code', 'refresh_token'],
          callbackURLs: [redirectUri],
          allowedOrigins: origins,
          publicClient: true,
          pkce: { mandatory: true, supportPlainTransformAlgorithm: false },
          ...oidc,
        },
      },
      ...(steps ? { authenticationSequence: sequence(steps) } : {}),
      advancedConfigurations: {
        enableAPIBasedAuthentication: true,
        ...(enrolment ? { enableInFlowEnrolment: true } : {}),
      },
    };
    const made = (await this.send('POST', '/api/server/v1/applications', body)).expect(201);
    const { id, clientId, clientSecret } = made.json;
    return { id, name, clientId, clientSecret, redirectUri };
  }

  confidentialApp(more = {}) {
    return this.app({ ...more, oidc: { publicClient: false, ...more.oidc } });
  }

  async user({ userName = unique('user'), password = PASSWORD, ...more } = {}) {
    const body = {
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
      userName,
      password,
      name: { givenName: 'Kim', familyName: 'Berry' },
      emails: [{ value: `${userName}@example.com`, primary: true }],
      ...more,
    };
    const type = 'application/scim+json';
    const made = await this.server.http.json('POST', '/scim2/Users', body, {
      'content-type': type,
      accept: type,
      ...this.headers,
    });
    return { id: made.expect(201).json.id, userName, password };
  }
}

/** `[['BasicAuthenticator', 'IdentifierExecutor'], ['BasicAuthenticator']]` as a sequence of local steps. */
function sequence(steps) {
  return {
    type: 'USER_DEFINED',
    steps: steps.map((options, index) => ({
      id: index + 1,
      options: options.map((authenticator) => ({ idp: 'LOCAL', authenticator })),
    })),
    subjectStepId: 1,
    attributeStepId: 1,
  };
}
