//! Operations of the login and of OAuth.

use schemars::SchemaGenerator;
use serde_json::{Map, Value, json};
use vestibule_core::application::GrantType;

use super::super::App;
use super::super::first_party::wire::{CodeBody, InsufficientBody};
use super::super::native::authn::AnswerBody;
use super::super::native::wire::{CompletionBody, StepBody};
use super::{examples, responses};

type Operation = (&'static str, &'static str, Value);

const NATIVE: &[(&str, &str)] = &[
    ("400", "Native400"),
    ("401", "Native401"),
    ("413", "Native413"),
    ("415", "Native415"),
    ("429", "Native429"),
    ("500", "Native500"),
    ("501", "Native501"),
    ("503", "Native503"),
];
const CHALLENGE: &[(&str, &str)] = &[
    ("400", "Challenge400"),
    ("401", "Challenge401"),
    ("413", "Challenge413"),
    ("415", "Challenge415"),
    ("429", "Challenge429"),
    ("500", "Challenge500"),
    ("503", "Challenge503"),
];
const OAUTH: &[(&str, &str)] = &[
    ("400", "OAuth400"),
    ("401", "OAuth401"),
    ("413", "OAuth413"),
    ("415", "OAuth415"),
    ("500", "OAuth500"),
    ("503", "OAuth503"),
];

/// All of them.
pub(super) fn operations(app: &App, generator: &mut SchemaGenerator) -> Vec<Operation> {
    let mut all = login(app, generator);
    all.push(challenge(generator));
    all.extend(tokens());
    all.extend(attestations());
    all.extend(documents());
    all
}

fn login(app: &App, generator: &mut SchemaGenerator) -> Vec<Operation> {
    let step = json!({ "oneOf": [generator.subschema_for::<StepBody>(), generator.subschema_for::<CompletionBody>()] });
    let shown = json!({
        "description": "The next step, or the end of the login.",
        "content": { "application/json": { "schema": step, "examples": examples::steps(app) } },
    });
    let body = json!({
        "required": true,
        "content": { "application/json": {
            "schema": generator.subschema_for::<AnswerBody>(), "examples": examples::answers(app),
        }},
    });
    let authorize = json!({
        "tags": ["Login"], "summary": "Starts a login, or finishes it at once when a session is good enough.",
        "security": [{}, { "client": [] }], "parameters": [proof()], "requestBody": form(AUTHORIZE), "responses": responses(("200", shown.clone()), NATIVE),
    });
    let authn = json!({
        "tags": ["Login"], "summary": "Answers the open step, or selects one of its options.", "security": [{}],
        "parameters": [proof()], "requestBody": body, "responses": responses(("200", shown), NATIVE),
    });
    let logout = json!({
        "tags": ["Login"], "summary": "Ends the session; without response_mode=direct it redirects to a registered address.",
        "security": [{}], "requestBody": form(LOGOUT),
        "responses": responses(("200", json!({ "description": "The session is over. The body is empty." })), NATIVE),
    });
    let push = json!({
        "tags": ["Login"], "summary": "Leaves an authorization request, which starts one login within a minute (RFC 9126).",
        "security": [{}, { "client": [] }], "parameters": [proof()], "requestBody": form(AUTHORIZE.iter().filter(|(name, ..)| *name != "request_uri")),
        "responses": responses(("201", json!({
            "description": "The name of the request.",
            "content": { "application/json": { "schema": { "type": "object" }, "example": {
                "request_uri": "urn:ietf:params:oauth:request_uri:3q2-7w…", "expires_in": 60,
            } } },
        })), OAUTH),
    });
    vec![
        ("/oauth2/par", "post", push),
        ("/oauth2/authorize", "post", authorize),
        ("/oauth2/authn", "post", authn),
        ("/oidc/logout", "post", logout),
    ]
}

/// The first-party face: its refusals and its next steps share a shape, so the step comes with 403.
fn challenge(generator: &mut SchemaGenerator) -> Operation {
    let answer = |description: &str, schema: Value| json!({ "description": description, "content": { "application/json": { "schema": schema } } });
    let code = answer("The login is over.", generator.subschema_for::<CodeBody>().into());
    let more = answer("The login needs another answer.", generator.subschema_for::<InsufficientBody>().into());
    let mut answers = responses(("200", code), CHALLENGE);
    if let Some(answers) = answers.as_object_mut() {
        answers.insert("403".to_owned(), more);
    }
    let own = |name: &str| CHALLENGED.iter().any(|(other, ..)| name == *other);
    let begins = AUTHORIZE.iter().filter(|(name, ..)| !own(name) && !["response_type", "response_mode"].contains(name));
    let fields = CHALLENGED.iter().chain(begins);
    let operation = json!({
        "tags": ["Login"], "summary": "Begins a login or goes on with it (OAuth 2.0 for First-Party Applications).",
        "security": [{}, { "client": [] }], "parameters": [proof()], "requestBody": form(fields), "responses": answers,
    });
    ("/oauth2/authorize-challenge", "post", operation)
}

fn tokens() -> Vec<Operation> {
    let client = json!([{}, { "client": [] }]);
    let answer = |description: &str, example: Value| {
        let content = json!({ "application/json": { "schema": { "type": "object" }, "example": example } });
        json!({ "description": description, "content": content })
    };
    let issued = json!({
        "access_token": "eyJ0eXAiOiJhdCtqd3QiLCJhbGciOiJFUzI1NiJ9.…", "refresh_token": "3q2-7w…", "scope": "openid",
        "id_token": "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.…", "token_type": "Bearer", "expires_in": 3600,
    });
    let operation = |summary: &str, fields: &'static [Field], proofs: &[Value], success| {
        json!({
            "tags": ["Tokens"], "summary": summary, "security": client, "parameters": proofs, "requestBody": form(fields),
            "responses": responses(("200", success), OAUTH),
        })
    };
    let person = json!({ "sub": "01890a5d-ac96-774b-bcce-b302099a8057", "name": "Kim Berry" });
    let userinfo = json!({
        "tags": ["Tokens"], "summary": "What the granted scopes show of the user.", "security": [{ "bearer": [] }],
        "parameters": [proof()],
        "responses": responses(("200", answer("Claims.", person)), &[("401", "OAuth401"), ("403", "OAuth403"), ("500", "OAuth500")]),
    });
    vec![
        (
            "/oauth2/token",
            "post",
            operation(
                "Exchanges a code, refreshes, or gives the application a token.",
                TOKEN,
                &[proof()],
                answer("Tokens.", issued),
            ),
        ),
        (
            "/oauth2/introspect",
            "post",
            operation(
                "What a token says, if it holds (RFC 7662).",
                GIVEN,
                &[],
                answer("What it says.", json!({ "active": false })),
            ),
        ),
        (
            "/oauth2/revoke",
            "post",
            operation("Revokes a token (RFC 7009).", GIVEN, &[], json!({ "description": "It is revoked." })),
        ),
        ("/oauth2/userinfo", "get", userinfo.clone()),
        ("/oauth2/userinfo", "post", userinfo),
    ]
}

/// The header of a proof of possession (RFC 9449 §4.1).
fn proof() -> Value {
    json!({
        "name": "DPoP", "in": "header", "required": false, "schema": { "type": "string" },
        "description": "A proof of the key that the login and its tokens are bound to (RFC 9449), new for each call.",
    })
}

fn attestations() -> Vec<Operation> {
    let operation = |summary: &str, fields, example: Value| {
        let content = json!({ "application/json": { "schema": { "type": "object" }, "example": example } });
        let success = json!({ "description": "It is given.", "content": content });
        json!({
            "tags": ["Tokens"], "summary": summary, "security": [{}, { "client": [] }], "requestBody": form(fields),
            "responses": responses(("200", success), OAUTH),
        })
    };
    let challenge = json!({ "attestation_challenge": "AAZH…", "expires_in": 300 });
    let issued = json!({ "client_attestation": "eyJ0eXAiOiJvYXV0aC1jbGllbnQt…", "expires_in": 3600 });
    vec![
        (
            "/oauth2/attestation/challenge",
            "post",
            operation("Gives a challenge for one attestation or proof of possession.", FRESH, challenge),
        ),
        (
            "/oauth2/attestation",
            "post",
            operation("Exchanges what a platform says of an app for a client attestation.", ATTESTATION, issued),
        ),
    ]
}

fn documents() -> Vec<Operation> {
    let document = |tag: &str, summary: &str| {
        let content = json!({ "application/json": { "schema": { "type": "object" } } });
        let success = json!({ "description": summary, "content": content });
        json!({ "tags": [tag], "summary": summary, "security": [{}], "responses": { "200": success } })
    };
    let metadata = "Where everything is (OpenID Connect Discovery, RFC 8414).";
    vec![
        ("/oauth2/jwks", "get", document("Tokens", "The tenant's public keys.")),
        ("/oauth2/token/.well-known/openid-configuration", "get", document("Tokens", metadata)),
        ("/.well-known/openid-configuration", "get", document("Tokens", metadata)),
        ("/.well-known/oauth-authorization-server", "get", document("Tokens", metadata)),
        ("/.well-known/oauth-authorization-server/oauth2/token", "get", document("Tokens", metadata)),
        (
            "/.well-known/assetlinks.json",
            "get",
            document("Passkeys", "The tenant's Android apps (Digital Asset Links)."),
        ),
        (
            "/.well-known/apple-app-site-association",
            "get",
            document("Passkeys", "The tenant's Apple apps (associated domains)."),
        ),
        (
            "/.well-known/webauthn",
            "get",
            document("Passkeys", "Other origins that may use the tenant's passkeys (WebAuthn related origins)."),
        ),
        ("/openapi.json", "get", document("Health", "This description.")),
        ("/health/live", "get", document("Health", "The process runs.")),
        ("/health/ready", "get", document("Health", "The server can serve.")),
    ]
}

/// A form field: name, whether it is required, an example, what it is.
type Field = (&'static str, bool, &'static str, &'static str);

const AUTHORIZE: &[Field] = &[
    ("client_id", true, "my-app", "The application."),
    (
        "request_uri",
        false,
        "urn:ietf:params:oauth:request_uri:3q2-7w…",
        "Names a pushed request, which has all the rest.",
    ),
    ("response_type", false, "code", "Always code; required unless the request was pushed."),
    ("response_mode", false, "direct", "Asks for the login as an API."),
    (
        "redirect_uri",
        false,
        "myapp://callback",
        "A registered address; the token request repeats it. Required unless the request was pushed.",
    ),
    ("scope", false, "openid profile", "What is asked for."),
    ("state", false, "s1", "Given back to the byte."),
    ("nonce", false, "n1", "Comes back in the ID token."),
    (
        "code_challenge",
        false,
        "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        "PKCE; required of public applications by default.",
    ),
    ("code_challenge_method", false, "S256", "S256; plain only where the application allows it."),
    ("prompt", false, "login", "none, login or select_account."),
    ("max_age", false, "3600", "Oldest login in seconds that is good enough."),
    ("login_hint", false, "kim", "A hint of the user's name."),
    ("acr_values", false, "aal2", "Context classes asked for."),
    ("claims", false, r#"{"id_token":{"email":null}}"#, "Claims asked for one by one."),
    (
        "dpop_jkt",
        false,
        "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I",
        "The key that the login is bound to (RFC 9449).",
    ),
    ("ui_locales", false, "de en", "Languages, the preferred first."),
    ("sessionId", false, "p2Zk…", "The isk claim of an earlier ID token: single sign-on without a cookie."),
    ("id_token_hint", false, "eyJ…", "An earlier ID token of the user."),
    ("client_secret", false, "…", "client_secret_post of a confidential application."),
    ASSERTION_TYPE,
    ASSERTION,
];

/// What the authorization challenge endpoint takes besides the parameters of a request.
const CHALLENGED: &[Field] = &[
    ("client_id", false, "my-app", "The application, unless auth_session or its authentication names it."),
    ("auth_session", false, "AWtl…", "The login that goes on; without it one begins."),
    ("authenticator_id", false, "QmFzaWNBdXRoZW50aWNhdG9yOkxPQ0FM", "The option that is answered or selected."),
    (
        "params",
        false,
        r#"{"username":"kim","password":"…"}"#,
        "The answer, a JSON object; without it the option is selected.",
    ),
    ("redirect_uri", false, "myapp://callback", "A registered address, if the token request names one."),
];

const ASSERTION_TYPE: Field = (
    "client_assertion_type",
    false,
    "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    "private_key_jwt and client_secret_jwt.",
);
const ASSERTION: Field = ("client_assertion", false, "eyJ…", "private_key_jwt and client_secret_jwt; good once.");

const LOGOUT: &[Field] = &[
    ("response_mode", false, "direct", "Asks for an answer in place."),
    ("client_id", false, "my-app", "The application; or an id_token_hint."),
    ("id_token_hint", false, "eyJ…", "An ID token of the session; or its cookie."),
    ("post_logout_redirect_uri", false, "myapp://callback", "A registered address, when it is not direct."),
    ("state", false, "s1", "Given back in the redirect."),
];

const TOKEN: &[Field] = &[
    ("grant_type", true, "authorization_code", "authorization_code, refresh_token or client_credentials."),
    ("client_id", false, "my-app", "The application, when it does not authenticate by the header."),
    ("client_secret", false, "…", "client_secret_post."),
    ASSERTION_TYPE,
    ASSERTION,
    ("code", false, "FmLv…", "The code."),
    ("redirect_uri", false, "myapp://callback", "As in the authorization request."),
    ("code_verifier", false, "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "Meets the code_challenge."),
    ("refresh_token", false, "3q2-…", "The refresh token."),
    ("scope", false, "openid", "Narrows a refresh; asks for management scopes."),
];

const FRESH: &[Field] = &[("client_id", false, "my-app", "The application; the challenge is then good for it alone.")];

const ATTESTATION: &[Field] = &[
    ("client_id", true, "my-app", "The application."),
    ("attestation", true, "o2NmbXRvYXBwbGUt…", "What the platform says, as in the header x-client-attestation."),
    ("attestation_challenge", true, "AAZH…", "The challenge that it is about."),
    ("jwk", true, r#"{"kty":"EC","crv":"P-256","x":"…","y":"…"}"#, "The key of the app's instance."),
    ("platform", false, "ios", "ios or android, to be compared."),
];

const GIVEN: &[Field] = &[
    ("token", true, "eyJ…", "The token."),
    ("token_type_hint", false, "access_token", "Not needed."),
    ("client_id", false, "my-app", "The application, when it does not authenticate by the header."),
    ("client_secret", false, "…", "client_secret_post."),
    ASSERTION_TYPE,
    ASSERTION,
];

fn form<'a>(fields: impl IntoIterator<Item = &'a Field> + Clone) -> Value {
    let property = |(name, _, example, description): &Field| {
        let mut schema = json!({ "type": "string", "description": description, "examples": [example] });
        if let (true, Some(members)) = (*name == "grant_type", schema.as_object_mut()) {
            members.insert("enum".to_owned(), GrantType::ALL.iter().map(|grant| grant.as_str()).collect());
        }
        ((*name).to_owned(), schema)
    };
    let properties: Map<String, Value> = fields.clone().into_iter().map(property).collect();
    let required: Vec<&str> =
        fields.into_iter().filter(|(_, required, ..)| *required).map(|(name, ..)| *name).collect();
    let schema = json!({ "type": "object", "required": required, "properties": properties });
    json!({ "required": true, "content": { "application/x-www-form-urlencoded": { "schema": schema } } })
}
