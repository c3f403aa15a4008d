// A page without any SDK: fetch, and passkeys as browsers have them (WebAuthn Level 3 §5.1.8). `window.client` is what its
// buttons would call.
const { baseUrl, clientId } = window.settings;

const base64url = (bytes) =>
  btoa(String.fromCharCode(...new Uint8Array(bytes))).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');

async function post(path, type, body) {
  const response = await fetch(baseUrl + path, { method: 'POST', headers: { 'content-type': type }, body });
  return response.json();
}

const form = (path, fields) => post(path, 'application/x-www-form-urlencoded', new URLSearchParams(fields));

let verifier;

async function start() {
  verifier = base64url(crypto.getRandomValues(new Uint8Array(32)));
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier));
  return form('/oauth2/authorize', {
    client_id: clientId,
    response_type: 'code',
    response_mode: 'direct',
    redirect_uri: location.origin,
    scope: 'openid',
    code_challenge: base64url(digest),
    code_challenge_method: 'S256',
  });
}

/** Answers the first option of a step. */
function answer(step, params) {
  const { authenticatorId } = step.nextStep.authenticators[0];
  const body = { flowId: step.flowId, selectedAuthenticator: { authenticatorId, params } };
  return post('/oauth2/authn', 'application/json', JSON.stringify(body));
}

/** Makes or uses a passkey, as the step asks; what the server is to be told. */
async function touch(step) {
  const { challengeData } = step.nextStep.authenticators[0].metadata.additionalData;
  const asked = JSON.parse(atob(challengeData));
  const { publicKeyCredentialCreationOptions: creation, publicKeyCredentialRequestOptions: request } = asked;
  const credential = creation
    ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(creation) })
    : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(request) });
  return JSON.stringify({ requestId: asked.requestId, credential: credential.toJSON() });
}

/** The claims of the ID token that a finished login is worth. */
async function tokens(done) {
  const fields = {
    grant_type: 'authorization_code',
    client_id: clientId,
    code: done.authData.code,
    redirect_uri: location.origin,
    code_verifier: verifier,
  };
  const { id_token: token } = await form('/oauth2/token', fields);
  return JSON.parse(atob(token.split('.')[1].replaceAll('-', '+').replaceAll('_', '/')));
}

window.client = { start, answer, touch, tokens };
