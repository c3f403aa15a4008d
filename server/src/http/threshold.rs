//! The threshold that every request crosses before an endpoint sees it: networks that the operator shuts out, and sources that ask
//! for too much. What only tells of the server – health, keys, metadata, descriptions – is never refused, so that nobody's
//! tokens become unreadable because somebody else knocks.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use vestibule_core::error::{Code, Error};
use vestibule_core::oauth::dpop;

use super::App;
use super::caller::source_of;
use super::face::place;
use super::reply::{Refusal, Refused};

/// What a refused client secret costs.
const WRONG_SECRET: u32 = 20;

/// What another refusal of a token endpoint costs.
const REFUSED: u32 = 2;

/// What kind of endpoint a path leads to, as far as the threshold is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Door {
    /// It only tells of the server.
    Open,
    /// Each call counts: a step of a login.
    Step,
    /// Refusals count: called by services in quick succession.
    Service,
    /// Refused credentials count.
    Managed,
}

impl Door {
    /// The door of a path.
    fn of(path: &str) -> Self {
        let rest = place(path).rest.trim_end_matches('/');
        // Only where metadata is: elsewhere it may be a name that the caller chose.
        let tells = |path: &str| path.starts_with("/.well-known/");
        if tells(path) || tells(rest) || rest.strip_prefix("/oauth2/token").is_some_and(tells) {
            return Self::Open;
        }
        match rest {
            "/oauth2/authorize" | "/oauth2/authn" | "/oauth2/authorize-challenge" | "/oauth2/par" => Self::Step,
            "/oauth2/attestation" | "/oidc/logout" | "/push-auth/authenticate" => Self::Step,
            "/oauth2/jwks" | "/openapi.json" | "/health/live" | "/health/ready" => Self::Open,
            path if path.starts_with("/oauth2/") => Self::Service,
            _ => Self::Managed,
        }
    }

    /// What a call costs, however it ends.
    const fn toll(self) -> u32 {
        match self {
            Self::Step => 1,
            Self::Open | Self::Service | Self::Managed => 0,
        }
    }

    /// What a refusal costs besides.
    fn penalty(self, code: Code) -> u32 {
        match self {
            Self::Open => 0,
            _ if code == Code::Unauthorized => WRONG_SECRET,
            // A token that ended is no guess.
            Self::Service if code != Code::InvalidToken => REFUSED,
            Self::Step | Self::Service | Self::Managed => 0,
        }
    }
}

/// The layer.
pub(super) async fn layer(State(app): State<App>, request: Request, next: Next) -> Result<Response, Refusal> {
    let door = Door::of(request.uri().path());
    if door == Door::Open {
        return Ok(next.run(request).await);
    }
    let source = source_of(&app, request.extensions(), request.headers());
    app.settings().networks.admit(source.address)?;
    let Some(address) = source.address.filter(|_| !source.exempt) else { return Ok(next.run(request).await) };
    let (house, throttle) = (app.house(), &app.house().throttle);
    let place = throttle.place(&house.secrets, address);
    if let Some(wait) = throttle.wait(place, house.ports.clock.now()) {
        return Err(Error::new(Code::TooManyRequests).retry_after(wait).into());
    }
    let charge = |shares| {
        if shares > 0 {
            throttle.charge(place, house.ports.clock.now(), shares)
        }
    };
    // Before the call, so that many at once do not slip through.
    charge(door.toll());
    let response = next.run(request).await;
    // Whoever is told the nonce has shown a proof that holds but for it, and repeats the call.
    if let Some(Refused(error)) = response.extensions().get()
        && error.met_oauth() != Some(dpop::USE_NONCE)
    {
        charge(door.penalty(error.code()));
    }
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_tells_of_the_server_is_open_to_all() {
        for path in ["/oauth2/jwks", "/health/ready", "/oauth2/token/.well-known/openid-configuration", "/openapi.json"]
        {
            assert_eq!(Door::of(path), Door::Open, "{path}");
        }
        for (path, door) in [
            ("/oauth2/authorize/", Door::Step),
            ("/oauth2/authn", Door::Step),
            ("/oauth2/authorize-challenge", Door::Step),
            ("/oauth2/token", Door::Service),
            ("/oauth2/introspect", Door::Service),
            ("/scim2/Users", Door::Managed),
            ("/scim2/Users/.well-known/x", Door::Managed),
            ("/t/acme/.well-known/assetlinks.json", Door::Open),
            ("/nowhere", Door::Managed),
            ("/t/acme/oauth2/authn", Door::Step),
            ("/t/acme/oauth2/jwks", Door::Open),
            ("/.well-known/oauth-authorization-server/t/acme/oauth2/token", Door::Open),
        ] {
            assert_eq!(Door::of(path), door, "{path}");
        }
    }

    // Checklist 67.
    #[test]
    fn every_way_to_a_login_counts_its_calls() {
        for path in ["/oauth2/authorize", "/oauth2/authn", "/oauth2/par", "/oauth2/authorize-challenge"] {
            assert_eq!(Door::of(path), Door::Step, "{path}");
            assert_eq!(Door::of(&format!("/t/acme{path}/")), Door::Step, "{path}");
        }
        // What a platform says may have to be asked of Google, by many calls at once too.
        assert_eq!(Door::of("/oauth2/attestation"), Door::Step);
        assert_eq!(Door::of("/oauth2/attestation/challenge"), Door::Service);
    }

    #[test]
    fn a_wrong_secret_is_dear_and_a_token_that_ended_is_free() {
        assert_eq!(Door::Service.penalty(Code::Unauthorized), WRONG_SECRET);
        assert_eq!(Door::Service.penalty(Code::InvalidGrant), REFUSED);
        assert_eq!(Door::Service.penalty(Code::InvalidToken), 0);
        assert_eq!(Door::Managed.penalty(Code::NotFound), 0);
    }
}
