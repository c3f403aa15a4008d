//! The checks, one function each, in the order of [`super::CHECKS`].

use super::{Draft, PromptRule, RequestedClaims};
use crate::application::GrantType;
use crate::error::{Code, Error};
use crate::grant::Challenge;
use crate::oauth::{pkce, scope};

type Checked = Result<(), Error>;

/// Longest text of one parameter that a flowId carries.
const LONGEST: usize = 512;
/// Longest sum of the parameters whose size the client chooses freely (decision: larger requests are pushed).
const LONGEST_SUM: usize = 2048;

fn invalid(description: &'static str) -> Error {
    Error::new(Code::InvalidRequest).because(description).oauth("invalid_request")
}

pub(super) fn client_is_enabled(draft: &mut Draft<'_>) -> Checked {
    if draft.app.enabled { Ok(()) } else { Err(Code::ApplicationDisabled.into()) }
}

pub(super) fn native_login_is_enabled(draft: &mut Draft<'_>) -> Checked {
    if draft.app.native {
        return Ok(());
    }
    Err(Error::filled(Code::AppNativeNotEnabled, &[("client_id", &draft.app.client_id)]))
}

pub(super) fn grant_is_allowed(draft: &mut Draft<'_>) -> Checked {
    if draft.app.oauth.grants.contains(&GrantType::AuthorizationCode) {
        return Ok(());
    }
    Err(Error::new(Code::InvalidRequest)
        .because("The application may not use the authorization_code grant.")
        .oauth("unauthorized_client"))
}

/// RFC 9126 §6.
pub(super) fn request_is_pushed_where_it_must_be(draft: &mut Draft<'_>) -> Checked {
    if draft.pushed || !draft.app.oauth.pushed_only {
        return Ok(());
    }
    Err(invalid("The application must push its requests: send this one to the pushed authorization request endpoint."))
}

/// Refused by name, so that nobody believes that they were obeyed.
pub(super) fn nothing_is_asked_that_is_not_built(draft: &mut Draft<'_>) -> Checked {
    const NOT_BUILT: &[(&str, &str, &str)] = &[
        ("request", "request_not_supported", "Request objects are not supported."),
        ("request_uri", "invalid_request", "A pushed request cannot name another one by request_uri."),
        ("registration", "registration_not_supported", "The registration parameter is not supported."),
        ("authorization_details", "invalid_authorization_details", "Authorization details are not supported."),
    ];
    for (name, oauth, description) in NOT_BUILT {
        if draft.params.has(name) {
            return Err(Error::new(Code::InvalidRequest).because(*description).oauth(oauth));
        }
    }
    Ok(())
}

pub(super) fn response_type_is_code(draft: &mut Draft<'_>) -> Checked {
    match draft.params.get("response_type") {
        Some("code") => Ok(()),
        Some(_) => Err(invalid("App native authentication is only supported with the response_type code.")
            .oauth("unsupported_response_type")),
        None => Err(invalid("The parameter response_type is missing; it must be code.")),
    }
}

pub(super) fn response_type_is_code_if_given(draft: &mut Draft<'_>) -> Checked {
    if draft.params.has("response_type") { response_type_is_code(draft) } else { Ok(()) }
}

/// Without one the application's first is meant where somebody must be sent back (RFC 6749 §3.1.2.3).
pub(super) fn redirect_uri_is_registered_or_implied(draft: &mut Draft<'_>) -> Checked {
    if draft.params.has("redirect_uri") {
        return redirect_uri_is_registered(draft);
    }
    let Some(first) = draft.app.oauth.callbacks.first() else {
        return Err(invalid("The application has no redirect URI: register one."));
    };
    draft.request.redirect_uri = first.clone().into();
    draft.request.redirect_implied = true;
    Ok(())
}

/// Compared to the byte (RFC 9700 §2.1), also though nothing is redirected: the token request repeats it.
pub(super) fn redirect_uri_is_registered(draft: &mut Draft<'_>) -> Checked {
    let Some(uri) = draft.params.get("redirect_uri") else {
        return Err(invalid("The parameter redirect_uri is missing."));
    };
    if !draft.app.oauth.accepts_callback(uri) {
        return Err(invalid("The redirect_uri is not registered for the application."));
    }
    draft.request.redirect_uri = uri.to_owned();
    Ok(())
}

pub(super) fn parameters_fit_into_the_flow_id(draft: &mut Draft<'_>) -> Checked {
    let length = |name| draft.params.get(name).map_or(0, str::len);
    if ["state", "claims"].into_iter().map(length).sum::<usize>() > LONGEST_SUM {
        return Err(invalid("The parameters state and claims are together longer than 2048 bytes."));
    }
    for name in ["nonce", "acr_values", "ui_locales", "login_hint"] {
        if length(name) > LONGEST {
            return Err(
                Error::new(Code::InvalidRequest).because(format!("The parameter {name} is longer than 512 bytes."))
            );
        }
    }
    draft.request.state = draft.params.owned("state");
    draft.request.nonce = draft.params.owned("nonce");
    Ok(())
}

pub(super) fn pkce_is_present_and_strong(draft: &mut Draft<'_>) -> Checked {
    let settings = &draft.app.oauth;
    let Some(challenge) = draft.params.get("code_challenge") else {
        if draft.params.get("code_challenge_method").is_some() {
            return Err(invalid("The parameter code_challenge is missing though code_challenge_method is there."));
        }
        if settings.pkce_required {
            return Err(invalid("PKCE is required: send code_challenge and code_challenge_method=S256."));
        }
        return Ok(());
    };
    if !pkce::is_spelled(challenge) {
        return Err(invalid("The code_challenge must have 43 to 128 characters of A-Z, a-z, 0-9, '-', '.', '_', '~'."));
    }
    draft.request.challenge = Some(match draft.params.get("code_challenge_method") {
        Some("S256") => Challenge::S256(challenge.to_owned()),
        Some("plain") | None if settings.pkce_plain => Challenge::Plain(challenge.to_owned()),
        Some("plain") | None => return Err(invalid("The code_challenge_method must be S256.")),
        Some(_) => return Err(invalid("The code_challenge_method is unknown; it must be S256.")),
    });
    Ok(())
}

pub(super) fn scope_is_well_formed(draft: &mut Draft<'_>) -> Checked {
    let asked = scope::read(draft.params.get("scope"))
        .map_err(|error| invalid("The scope is malformed or too long.").oauth(error.oauth_name()))?;
    draft.request.scopes = scope::of_login(asked);
    Ok(())
}

pub(super) fn prompt_is_known(draft: &mut Draft<'_>) -> Checked {
    let wishes: Vec<&str> = draft.params.get("prompt").map(|text| text.split(' ').collect()).unwrap_or_default();
    draft.request.prompt = match wishes.as_slice() {
        [] | ["select_account"] => PromptRule::Any,
        ["none"] => PromptRule::None,
        _ if wishes.contains(&"none") => return Err(invalid("The prompt none stands alone.")),
        _ if wishes.iter().any(|wish| !matches!(*wish, "login" | "select_account")) => {
            return Err(invalid("The prompt must be none, login or select_account."));
        }
        _ => PromptRule::Login,
    };
    Ok(())
}

pub(super) fn max_age_is_a_number(draft: &mut Draft<'_>) -> Checked {
    let Some(text) = draft.params.get("max_age") else { return Ok(()) };
    let seconds = text.parse().map_err(|_| invalid("The max_age must be a number of seconds."))?;
    draft.request.max_age = Some(seconds);
    Ok(())
}

pub(super) fn hints_are_taken_over(draft: &mut Draft<'_>) -> Checked {
    let words = |name| draft.params.get(name).map(|text| text.split(' ').map(str::to_owned).collect());
    draft.request.login_hint = draft.params.owned("login_hint");
    draft.request.acr_values = words("acr_values").unwrap_or_default();
    draft.request.ui_locales = words("ui_locales").unwrap_or_default();
    draft.request.only_user = draft.hinted;
    Ok(())
}

pub(super) fn claims_are_json(draft: &mut Draft<'_>) -> Checked {
    let Some(text) = draft.params.get("claims") else { return Ok(()) };
    let claims = RequestedClaims::read(text).ok_or_else(|| invalid("The claims parameter is not a claims request."))?;
    if let Some(subject) = &claims.subject {
        let user =
            subject.parse().map_err(|_| invalid("The claims parameter asks for a subject that is no subject."))?;
        if draft.request.only_user.is_some_and(|hinted| hinted != user) {
            return Err(invalid("The claims parameter and the id_token_hint name different subjects."));
        }
        draft.request.only_user = Some(user);
    }
    draft.request.claims = claims;
    Ok(())
}
