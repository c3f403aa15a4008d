//! `/scim2/Users` and `/scim2/Me`.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde_json::Value;
use vestibule_core::admin::UserDraft;
use vestibule_core::error::{Code, Error};
use vestibule_core::ports::UserId;
use vestibule_core::ports::store::Page;
use vestibule_core::user::{Profile, User};

use super::super::management::{Call, Strict, created, fitting, invalid, printable};
use super::edit::{Verb, members};
use super::value::{object, several};
use super::wire::{UserBody, UserList};
use super::{FACTORS, OWN, USER, WSO2, filter, patch};

const PATH: &str = "/scim2/Users";
/// Length of a page that does not ask for one.
const USUAL: usize = 30;
/// Longest page; a longer one that is asked for is cut.
const LONGEST: usize = 100;

/// A patch (RFC 7644 §3.5.2), for the API's description.
#[derive(JsonSchema)]
#[schemars(rename_all = "PascalCase")]
pub(crate) struct PatchBody {
    #[expect(dead_code, reason = "describes what is read by hand")]
    operations: Vec<OperationBody>,
}

#[derive(JsonSchema)]
#[expect(dead_code, reason = "describes what is read by hand")]
struct OperationBody {
    /// `add`, `replace` or `remove`.
    op: String,
    /// An attribute, as `name.givenName` or `emails[type eq "work"].value`.
    path: Option<String>,
    value: Option<Value>,
}

pub(crate) async fn create(call: Call) -> Result<Response, Error> {
    let Strict(body) = call.json()?;
    let mut draft = UserDraft::new(name_of(&body)?);
    fill(&mut draft, &body)?;
    let user = call.admin().create_user(&call.by, draft).await?;
    let shown = body_of(&call, &user);
    created(&address(&call, &user), shown).map(fitting)
}

pub(crate) async fn list(call: Call) -> Result<Response, Error> {
    let query = call.query(&["filter", "startIndex", "count"])?;
    let number = |name: &str, usual: i64| match query.get(name) {
        None => Ok(usual),
        Some(text) => text.parse::<i64>().map_err(|_| invalid(format!("{name} must be a whole number."))),
    };
    // Less than one is one, less than nothing is nothing (RFC 7644 §3.4.2.4).
    let start = usize::try_from(number("startIndex", 1)?.max(1)).unwrap_or(1);
    let limit = usize::try_from(number("count", USUAL as i64)?.max(0)).unwrap_or(0).min(LONGEST);
    let name = query.get("filter").map(filter::user_name).transpose()?;
    let page = Page { offset: start - 1, limit };
    let (users, total) = call.admin().users(&call.by, name.as_deref(), page).await?;
    let users = users.iter().map(|user| body_of(&call, user)).collect();
    Ok(fitting(Json(UserList::of(total, start, users)).into_response()))
}

pub(crate) async fn show(call: Call) -> Result<Response, Error> {
    let user = call.admin().user(&call.by, &call.id()?).await?;
    let factors = call.admin().factors(&call.by, &user).await?;
    Ok(fitting(Json(body_of(&call, &user).with_factors(&factors)).into_response()))
}

/// Replaces what is known of the person. A password, a lock and the switch stay where they are not mentioned: nobody is
/// switched on again by leaving a member out.
pub(crate) async fn replace(call: Call) -> Result<Response, Error> {
    let id: UserId = call.id()?;
    let Strict(body) = call.json()?;
    let name = name_of(&body)?;
    let edit = |draft: &mut UserDraft| {
        name.clone_into(&mut draft.name);
        draft.profile = Profile::default();
        fill(draft, &body)
    };
    let user = call.admin().change_user(&call.by, &id, edit).await?;
    Ok(shown(&call, &user))
}

pub(crate) async fn change(call: Call) -> Result<Response, Error> {
    let id: UserId = call.id()?;
    let Strict(body) = call.json()?;
    let operations = patch::read(&body)?;
    let edit = |draft: &mut UserDraft| operations.iter().try_for_each(|operation| operation.apply(draft));
    let user = call.admin().change_user(&call.by, &id, edit).await?;
    Ok(shown(&call, &user))
}

pub(crate) async fn remove(call: Call) -> Result<Response, Error> {
    call.admin().remove_user(&call.by, &call.id()?).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

pub(crate) async fn me(call: Call) -> Result<Response, Error> {
    let user = call.by.user().ok_or(Code::Forbidden)?;
    Ok(shown(&call, user))
}

/// Refuses a list of schemas with one that is not among `known`; none may be named.
pub(super) fn check_schemas(value: &Value, known: &[&str]) -> Result<(), Error> {
    for schema in several(value) {
        let schema = schema.as_str().ok_or_else(|| invalid("schemas must be a list of strings."))?;
        if !known.iter().any(|known| known.eq_ignore_ascii_case(schema)) {
            return Err(invalid(format!("schemas: {} is unknown.", printable(schema))));
        }
    }
    Ok(())
}

fn name_of(body: &Value) -> Result<&str, Error> {
    let found = member(body, "userName")?;
    found.and_then(Value::as_str).ok_or_else(|| invalid("userName is missing."))
}

fn fill(draft: &mut UserDraft, body: &Value) -> Result<(), Error> {
    if let Some(schemas) = member(body, "schemas")? {
        check_schemas(schemas, &[USER, WSO2, OWN, FACTORS])?;
    }
    members(draft, Verb::Add, body)
}

/// A member by its name, whatever its case.
fn member<'a>(body: &'a Value, name: &str) -> Result<Option<&'a Value>, Error> {
    let found = object("The body", body)?.iter().find(|(own, _)| own.eq_ignore_ascii_case(name));
    Ok(found.map(|(_, value)| value))
}

fn shown(call: &Call, user: &User) -> Response {
    fitting(Json(body_of(call, user)).into_response())
}

fn body_of(call: &Call, user: &User) -> UserBody {
    UserBody::of(user, address(call, user))
}

fn address(call: &Call, user: &User) -> String {
    call.url(&format!("{PATH}/{}", user.id))
}
