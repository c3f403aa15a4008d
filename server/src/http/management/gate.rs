//! The gate before every managed route: who calls and may they, then the endpoint. An endpoint takes a [`Call`], and only
//! the gate makes one.

use std::future::Future;
use std::pin::Pin;
use std::str::FromStr;

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, RawPathParams, Request, State};
use axum::http::{HeaderMap, Method, header};
use axum::response::Response;
use axum::routing::{MethodFilter, MethodRouter, on};
use schemars::{Schema, SchemaGenerator};
use serde::de::DeserializeOwned;
use vestibule_core::account::{Accounts, Owner};
use vestibule_core::admin::{Administration, Credentials, Operator, Permission};
use vestibule_core::audit::{Actor, Event, What};
use vestibule_core::error::{Code, Error};
use vestibule_core::oauth::client_auth::Shown;
use vestibule_core::oauth::{Params, RepeatedParameter};
use vestibule_core::ports::{AppId, TenantId};

use super::super::App;
use super::super::body;
use super::super::caller::{self, Caller};
use super::super::reply::{Refusal, Reply};
use super::json::{invalid, printable, read, read_list};

/// The schema of a body, for the API's description.
pub type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

type Answer = Pin<Box<dyn Future<Output = Result<Response, Error>> + Send>>;

/// One managed route.
pub struct Route {
    /// Its method.
    pub method: Method,
    /// Its path below the tenant's.
    pub path: &'static str,
    /// What its caller must be allowed.
    pub needs: Permission,
    /// What it does, in a sentence.
    pub summary: &'static str,
    /// The body that it takes.
    pub takes: Option<SchemaOf>,
    /// Its status when all goes well.
    pub status: u16,
    /// The body that it gives.
    pub gives: Option<SchemaOf>,
    pub(super) run: fn(Call) -> Answer,
}

/// A call whose caller was found and may make it.
pub(crate) struct Call {
    /// What every endpoint has at hand.
    pub app: App,
    /// Who calls, and in which tenant.
    pub by: Operator,
    arrival: Arrival,
}

/// A call before the gate.
struct Arrival {
    caller: Caller,
    segments: Vec<(String, String)>,
    query: String,
    headers: HeaderMap,
    body: Bytes,
}

impl Route {
    /// The route as the router takes it.
    pub(super) fn door(&'static self) -> MethodRouter<App> {
        let filter = MethodFilter::try_from(self.method.clone()).unwrap_or(MethodFilter::GET);
        on(filter, move |State(app): State<App>, arrival: Arrival| self.enter(app, arrival))
    }

    async fn enter(&'static self, app: App, arrival: Arrival) -> Reply<Response> {
        let Caller { realm, source, shown: call } = &arrival.caller;
        if !matches!(self.needs, Permission::Anyone | Permission::OwnUser) {
            app.settings().networks.admit_operator(source.address)?;
        }
        let credentials = shown(&arrival.headers, call);
        let by = app.house().operator(&realm.tenant, credentials, source.clone(), self.needs).await?;
        let told = Told::of(self, &by, &arrival.segments);
        let answer = (self.run)(Call { app: app.clone(), by, arrival }).await;
        if let Some(event) = told.event(&app, &answer) {
            app.house().ports.record(event).await?;
        }
        Ok(answer?)
    }
}

/// What the audit log is told of a call, whatever its endpoint tells.
struct Told {
    route: &'static Route,
    actor: Actor,
    through: Option<AppId>,
    tenant: TenantId,
    id: Option<String>,
}

impl Told {
    fn of(route: &'static Route, by: &Operator, segments: &[(String, String)]) -> Self {
        let id = segments.iter().rev().find(|(name, _)| name != "tenant").map(|(_, value)| value.clone());
        Self { route, actor: by.actor(), through: by.app(), tenant: by.tenant().clone(), id }
    }

    /// A call that may have changed something was carried out, or one was refused for who made it.
    fn event(self, app: &App, answer: &Result<Response, Error>) -> Option<Event> {
        let ports = &app.house().ports;
        let what = match answer {
            Ok(_) if self.route.method != Method::GET => What::AdminWrite,
            Err(refusal) if refusal.code() == Code::Forbidden => What::AdminRefused,
            Ok(_) | Err(_) => return None,
        };
        let event = ports.event(what, &self.tenant).by(self.actor).app(self.through);
        let event = event.with("method", &self.route.method).with("route", self.route.path);
        Some(match (answer, self.id) {
            (Ok(answer), Some(id)) => event.with("id", id).with("status", answer.status().as_u16()),
            (Ok(answer), None) => event.with("status", answer.status().as_u16()),
            // What a refused call names may be anything.
            (Err(refusal), _) => event.because(refusal.code().row().name),
        })
    }
}

impl Call {
    /// The rules.
    pub fn admin(&self) -> &Administration {
        &self.app.house().admin
    }

    /// What users do with their own account.
    pub fn accounts(&self) -> &Accounts {
        &self.app.house().accounts
    }

    /// The signed-in user at work on the own account.
    pub fn owner(&self) -> Result<Owner<'_>, Error> {
        self.by.owner()
    }

    /// The id in the path; one that cannot be an id names nothing.
    pub fn id<T: FromStr>(&self) -> Result<T, Error> {
        self.named("id")
    }

    /// The id of that name in the path; one that cannot be an id names nothing.
    pub fn named<T: FromStr>(&self, name: &str) -> Result<T, Error> {
        self.segment(name).parse().map_err(|_| Code::NotFound.into())
    }

    /// The id in the path as it stands.
    pub fn raw_id(&self) -> &str {
        self.segment("id")
    }

    fn segment(&self, name: &str) -> &str {
        let found = self.arrival.segments.iter().find(|(own, _)| own == name);
        found.map(|(_, value)| value.as_str()).unwrap_or_default()
    }

    /// The JSON object in the body.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        self.demand_type(&["application/json", "application/scim+json"])?;
        read(&self.arrival.body)
    }

    /// The JSON objects in a body that is a list of them; nothing if it is no list.
    pub fn json_list<T: DeserializeOwned>(&self) -> Result<Option<Vec<T>>, Error> {
        self.demand_type(&["application/json", "application/scim+json"])?;
        read_list(&self.arrival.body)
    }

    /// The form in the body, whose fields must be among `known`.
    pub fn form(&self, known: &[&str]) -> Result<Params, Error> {
        self.demand_type(&["application/x-www-form-urlencoded"])?;
        params(&self.arrival.body, known)
    }

    fn demand_type(&self, kinds: &[&'static str]) -> Result<(), Error> {
        if kinds.iter().any(|kind| body::is_of_type(&self.arrival.headers, kind)) {
            return Ok(());
        }
        let kind = kinds.first().copied().unwrap_or_default();
        Err(Error::new(Code::UnsupportedMediaType).because(format!("The endpoint takes a body of the type {kind}.")))
    }

    /// The parameters of the query, which must be among `known`.
    pub fn query(&self, known: &[&str]) -> Result<Params, Error> {
        params(self.arrival.query.as_bytes(), known)
    }

    /// Whether the caller would rather have plain JSON than SCIM's.
    pub fn wants_plain_json(&self) -> bool {
        let accepted = self.arrival.headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
        let accepted: Vec<_> =
            accepted.flat_map(|value| value.split(',')).filter_map(|kind| kind.split(';').next()).collect();
        let takes = |kind| accepted.iter().any(|accepted| accepted.trim().eq_ignore_ascii_case(kind));
        takes("application/json") && !takes("application/scim+json")
    }

    /// The absolute address of a path of the tenant.
    pub fn url(&self, path: &str) -> String {
        self.app.house().urls.of(self.by.tenant(), path)
    }
}

impl FromRequest<App> for Arrival {
    type Rejection = Refusal;

    async fn from_request(request: Request, app: &App) -> Result<Self, Refusal> {
        let (mut parts, body) = request.into_parts();
        let caller = Caller::from_request_parts(&mut parts, app).await?;
        let path = RawPathParams::from_request_parts(&mut parts, app).await;
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        let segments = path.map(|path| path.iter().map(owned).collect()).unwrap_or_default();
        let (query, headers) = (parts.uri.query().unwrap_or_default().to_owned(), parts.headers.clone());
        let body = body::body(Request::from_parts(parts, body), app).await?;
        Ok(Self { caller, segments, query, headers, body })
    }
}

/// Parameters that must be among `known`, each once.
fn params(text: &[u8], known: &[&str]) -> Result<Params, Error> {
    let pairs: Vec<_> = url::form_urlencoded::parse(text).into_owned().collect();
    if let Some((name, _)) = pairs.iter().find(|(name, _)| !known.contains(&name.as_str())) {
        return Err(invalid(format!("The parameter {} is unknown.", printable(name))));
    }
    Params::read(pairs)
        .map_err(|RepeatedParameter(name)| invalid(format!("The parameter {} is repeated.", printable(&name))))
}

/// What a call shows of its caller.
fn shown<'a>(headers: &'a HeaderMap, shown: &'a Shown) -> Credentials<'a> {
    match (caller::basic(headers), caller::presented(headers, shown)) {
        (Some((name, password)), _) => Credentials::Basic { name, password },
        (None, Some(token)) => Credentials::Token(token),
        (None, None) => Credentials::Nothing,
    }
}
