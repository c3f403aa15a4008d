//! A world for stories: an outbox in memory, a clock that is set by hand, and providers that answer by script.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use vestibule_core::audit::Event;
use vestibule_core::delivery::{Channel, Dispatch, Letter};
use vestibule_core::error::Fault;
use vestibule_core::ports::store::{Audit, Carried, Delivery, Outbox};
use vestibule_core::ports::web::{WebAnswer, WebFailure, WebRequest};
use vestibule_core::ports::{Clock, LetterId, Secret, TenantId, Timestamp, Web};
use vestibule_core::secrets::Secrets;
use vestibule_courier::{Courier, Needs, Settings};

pub struct World {
    pub outbox: Arc<Outboxed>,
    pub clock: Arc<Hands>,
    pub web: Arc<Providers>,
    pub secrets: Arc<Secrets>,
}

impl World {
    pub fn new() -> Self {
        let clock = Arc::new(Hands(Mutex::new(Timestamp::from_seconds(1_800_000_000))));
        let secrets = Arc::new(Secrets::only([1; 4], &Secret::new([2; 32])).unwrap());
        Self { outbox: Arc::default(), clock, web: Arc::default(), secrets }
    }

    pub fn courier(&self, settings: &Settings) -> Courier {
        self.try_courier(settings).unwrap()
    }

    pub fn try_courier(&self, settings: &Settings) -> Result<Courier, Fault> {
        let needs = Needs {
            outbox: self.outbox.clone(),
            clock: self.clock.clone(),
            web: self.web.clone(),
            audit: self.outbox.clone(),
        };
        Courier::new(needs, Arc::clone(&self.secrets), settings)
    }

    /// Posts a message that is good for five minutes.
    pub fn post(&self, channel: Channel, to: &str, template: &str, values: &[(&str, &str)]) -> LetterId {
        let values = values.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        let (to, template) = (to.to_owned(), template.to_owned());
        let dispatch = Dispatch { channel, to, template, locale: None, values };
        let plain = serde_json::to_vec(&dispatch).unwrap();
        let mut rows = self.outbox.rows.lock().unwrap();
        let number = u8::try_from(rows.len() + 1).unwrap();
        let created = self.clock.now();
        let letter = Letter {
            id: LetterId::from_bytes([number; 16]),
            tenant: TenantId::root(),
            channel,
            body: self.secrets.seal("letter", [number; 12], &plain).unwrap(),
            budgets: Vec::new(),
            created,
            expires: created + Duration::from_secs(300),
        };
        let id = letter.id;
        rows.insert(id, Row { letter, due: created, tries: 0, lease: 0, end: None });
        id
    }

    pub fn post_code(&self, channel: Channel, to: &str) -> LetterId {
        self.post(channel, to, "otp", &[("code", "482913"), ("minutes", "5"), ("app", "Shop")])
    }

    pub fn post_push(&self) -> LetterId {
        let values = [("app", "Shop"), ("pushAuthId", "p1"), ("challenge", "c1")];
        self.post(Channel::Push, "device-token", "push-login", &values)
    }
}

/// Letters, also those that are gone.
#[derive(Default)]
pub struct Outboxed {
    pub rows: Mutex<BTreeMap<LetterId, Row>>,
    /// Whether settling fails, as when the process dies before it.
    pub is_deaf: Mutex<bool>,
    /// What the audit log was told.
    pub told: Mutex<Vec<String>>,
}

pub struct Row {
    pub letter: Letter,
    pub due: Timestamp,
    pub tries: u32,
    pub lease: u64,
    pub end: Option<Delivery>,
}

impl Outboxed {
    pub fn end(&self, id: &LetterId) -> Option<Delivery> {
        self.rows.lock().unwrap()[id].end
    }

    pub fn due(&self, id: &LetterId) -> Timestamp {
        self.rows.lock().unwrap()[id].due
    }
}

#[async_trait]
impl Audit for Outboxed {
    async fn append(&self, events: &[Event]) -> Result<(), Fault> {
        self.mention(events).await
    }

    async fn mention(&self, events: &[Event]) -> Result<(), Fault> {
        self.told.lock().unwrap().extend(events.iter().map(|event| event.body().unwrap()));
        Ok(())
    }
}

#[async_trait]
impl Outbox for Outboxed {
    async fn post(&self, _: &Letter, _: Timestamp) -> Result<bool, Fault> {
        Err(Fault::new("stories post by themselves"))
    }

    async fn carry(&self, now: Timestamp, until: Timestamp, most: usize) -> Result<Vec<Carried>, Fault> {
        let mut rows = self.rows.lock().unwrap();
        let due = rows.values_mut().filter(|row| row.end.is_none() && row.due <= now).take(most);
        Ok(due
            .map(|row| {
                row.due = until;
                row.lease += 1;
                row.tries += 1;
                Carried { letter: row.letter.clone(), tries: row.tries - 1, lease: row.lease }
            })
            .collect())
    }

    async fn carried(&self, id: &LetterId, lease: u64, how: Delivery) -> Result<bool, Fault> {
        if *self.is_deaf.lock().unwrap() {
            return Err(Fault::new("the store is gone"));
        }
        let mut rows = self.rows.lock().unwrap();
        let row = rows.get_mut(id).unwrap();
        if row.lease != lease || row.end.is_some() {
            return Ok(false);
        }
        match how {
            Delivery::Again(then) => row.due = then,
            end => row.end = Some(end),
        }
        Ok(true)
    }

    async fn waiting(&self) -> Result<(usize, Option<Timestamp>), Fault> {
        Err(Fault::new("stories look for themselves"))
    }
}

/// A clock that is set by hand; a pause only ends when the story is over.
pub struct Hands(Mutex<Timestamp>);

impl Hands {
    pub fn wait(&self, seconds: u64) {
        let mut now = self.0.lock().unwrap();
        *now = *now + Duration::from_secs(seconds);
    }
}

#[async_trait]
impl Clock for Hands {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }

    async fn pause(&self, _: Duration) {
        std::future::pending::<()>().await;
    }
}

/// Providers that answer by script and remember what they were asked.
#[derive(Default)]
pub struct Providers {
    pub asked: Mutex<Vec<WebRequest>>,
    pub answers: Mutex<VecDeque<Result<WebAnswer, WebFailure>>>,
}

impl Providers {
    pub fn answer(&self, status: u16, body: &str) {
        self.answers.lock().unwrap().push_back(Ok(WebAnswer {
            status,
            retry_after: None,
            body: body.as_bytes().to_vec(),
        }));
    }

    /// Address, headers and body of the call of that number.
    pub fn call(&self, number: usize) -> (String, BTreeMap<&'static str, String>, String) {
        let asked = self.asked.lock().unwrap();
        let request = &asked[number];
        let headers = request.headers.iter().map(|(name, value)| (*name, value.expose().clone())).collect();
        let body = String::from_utf8(request.body.as_ref().unwrap().expose().clone()).unwrap();
        (request.url.clone(), headers, body)
    }

    pub fn form(&self, number: usize) -> BTreeMap<String, String> {
        let (_, headers, body) = self.call(number);
        assert_eq!(headers["content-type"], "application/x-www-form-urlencoded");
        url::form_urlencoded::parse(body.as_bytes()).into_owned().collect()
    }
}

#[async_trait]
impl Web for Providers {
    async fn fetch(&self, request: WebRequest) -> Result<WebAnswer, WebFailure> {
        self.asked.lock().unwrap().push(request);
        let answer = self.answers.lock().unwrap().pop_front();
        match answer {
            Some(answer) => answer,
            // The script is over: this provider never answers.
            None => std::future::pending().await,
        }
    }
}
