//! Webhooks: records of a tenant, delivered in order to where its operators want them, signed and at least once. A delivery
//! is tried again at longer and longer intervals for as long as it takes; the records behind it wait.

use std::time::Duration;

use serde::Serialize;

use super::{Filter, Shown, What, is_pattern};
use crate::admin::{Administration, Operator, Permission, conflict, invalid};
use crate::delivery::pause_after;
use crate::error::{Code, Error, Fault};
use crate::house::House;
use crate::ports::store::StoredHook;
use crate::ports::web::{WebAnswer, WebFailure, is_address};
use crate::ports::{HookId, Secret};
use crate::webhook::WebhookKey;

/// Webhooks of a tenant at most.
const MOST: usize = 10;
/// Longest address in characters.
const LONGEST_URL: usize = 1_000;
/// Patterns of a webhook at most.
const MOST_EVENTS: usize = 50;
/// Records of one delivery at most.
const BATCH: usize = 100;
/// Webhooks that are served in one round.
const ROUND: usize = 20;
/// Longest wait, whatever the receiver wishes.
const LONGEST_WAIT: Duration = Duration::from_secs(3_600);
/// How long a webhook rests for which there was nothing.
const REST: Duration = Duration::from_secs(5);

/// A webhook to make.
#[derive(Debug)]
pub struct NewHook {
    /// Where records go.
    pub url: String,
    /// Which kinds: names, or a beginning and `*`; empty: all.
    pub events: Vec<String>,
}

/// A webhook that was made.
#[derive(Debug)]
pub struct CreatedHook {
    /// The webhook.
    pub hook: StoredHook,
    /// What its deliveries are signed with, to be shown once.
    pub secret: Secret<String>,
}

/// What is delivered.
#[derive(Serialize)]
struct Delivery<'a> {
    r#type: &'static str,
    tenant: &'a str,
    timestamp: String,
    data: Vec<Shown<'a>>,
}

impl Administration {
    /// Makes a webhook, which gets what happens from now on.
    ///
    /// # Errors
    /// The caller may not (403), something in it is wrong (400), there are too many (409), or the store failed.
    pub async fn create_hook(&self, by: &Operator, new: NewHook) -> Result<CreatedHook, Error> {
        by.demand(Permission::ManageAuditHooks)?;
        check(&new)?;
        if self.ports.store.hooks(by.tenant()).await?.len() >= MOST {
            return Err(conflict(format!("A tenant has at most {MOST} audit webhooks.")));
        }
        let now = self.ports.clock.now();
        let secret = WebhookKey::spell(&self.ports.random());
        let hook = StoredHook {
            id: HookId::ordered(now, &*self.ports.entropy),
            tenant: by.tenant().clone(),
            url: new.url,
            events: new.events,
            secret: self.secrets.seal("audit webhook", self.ports.random(), secret.as_bytes())?,
            cursor: self.ports.store.tail().await?.map_or(0, |(seq, _)| seq),
            tries: 0,
            ready: now,
            created: now,
        };
        self.ports.store.add_hook(&hook).await?;
        self.ports.record(self.told(by, What::HookCreated).with("id", hook.id)).await?;
        Ok(CreatedHook { hook, secret: Secret::new(secret) })
    }

    /// The tenant's webhooks, the oldest first.
    ///
    /// # Errors
    /// The caller may not (403), or the store failed.
    pub async fn hooks(&self, by: &Operator) -> Result<Vec<StoredHook>, Error> {
        by.demand(Permission::ViewAudit)?;
        Ok(self.ports.store.hooks(by.tenant()).await?)
    }

    /// Removes a webhook.
    ///
    /// # Errors
    /// There is none of that id (404), the caller may not (403), or the store failed.
    pub async fn remove_hook(&self, by: &Operator, id: &HookId) -> Result<(), Error> {
        by.demand(Permission::ManageAuditHooks)?;
        if !self.ports.store.remove_hook(by.tenant(), id).await? {
            return Err(Error::new(Code::NotFound).because("There is no such audit webhook."));
        }
        self.ports.record(self.told(by, What::HookDeleted).with("id", id)).await?;
        Ok(())
    }
}

/// Whether a webhook may be made. Which addresses may be called is decided at each call.
fn check(new: &NewHook) -> Result<(), Error> {
    if new.url.chars().count() > LONGEST_URL || !is_address(&new.url) {
        return Err(invalid("url must be an absolute https address without user and fragment."));
    }
    if new.events.len() > MOST_EVENTS || !new.events.iter().all(|event| is_pattern(event)) {
        return Err(invalid("events must be names of audit events, or beginnings of them followed by *."));
    }
    Ok(())
}

impl House {
    /// Delivers what waits for webhooks, to each one delivery. Answers whether there may be more at once. A webhook that
    /// cannot be served waits by itself: the others do not wait with it.
    ///
    /// # Errors
    /// The store failed.
    pub async fn serve_hooks(&self) -> Result<bool, Fault> {
        let Some((tail, _)) = self.ports.store.tail().await? else { return Ok(false) };
        let mut more = false;
        for hook in self.ports.store.hooks_due(self.ports.clock.now(), tail, ROUND).await? {
            more |= match self.serve_hook(&hook, tail).await {
                Ok(more) => more,
                Err(fault) => self.postpone(&hook, None, &fault.chain()).await?,
            };
        }
        Ok(more)
    }

    async fn serve_hook(&self, hook: &StoredHook, tail: u64) -> Result<bool, Fault> {
        let filter = Filter { what: hook.events.clone(), ..Filter::default() };
        let found = filter.find(&*self.ports.store, &hook.tenant, hook.cursor, BATCH).await?;
        let seen = hook.cursor;
        let served = |tries, wait| {
            let ready = self.ports.clock.now() + wait;
            // Whatever is not this tenant's is looked at too, up to the end as it was before.
            let cursor = if found.more { found.next } else { found.next.max(tail) };
            StoredHook { cursor, tries, ready, ..hook.clone() }
        };
        if found.records.is_empty() {
            self.ports.store.serve_hook(&served(hook.tries, REST), seen).await?;
            return Ok(found.more);
        }
        let now = self.ports.clock.now();
        let data = found.records.iter().map(super::Record::shown).collect::<Result<_, _>>()?;
        let tenant = hook.tenant.as_str();
        let delivery = Delivery { r#type: "audit.records", tenant, timestamp: now.to_string(), data };
        let body = serde_json::to_string(&delivery).map_err(|error| Fault::from("writing a delivery", error))?;
        let last = found.records.last().map_or(seen, |record| record.seq);
        let name = format!("{}.{seen}-{last}", hook.id);
        let request = self.hook_key(hook)?.request(&hook.url, &name, now, body);
        match self.ports.web.fetch(request).await {
            Ok(answer) if answer.is_success() => {
                self.ports.store.serve_hook(&served(0, Duration::ZERO), seen).await?;
                Ok(found.more)
            }
            failed => {
                let wished = failed.as_ref().ok().and_then(|answer| answer.retry_after);
                self.postpone(hook, wished, &why(&failed)).await
            }
        }
    }

    /// Leaves a webhook where it is, to be tried again later: never more at once.
    async fn postpone(&self, hook: &StoredHook, wished: Option<u64>, why: &str) -> Result<bool, Fault> {
        let tries = hook.tries.saturating_add(1);
        tracing::warn!(hook = %hook.id, tenant = %hook.tenant, tries, why, "an audit webhook took no delivery");
        let ready = self.ports.clock.now() + patience(hook.tries, wished);
        self.ports.store.serve_hook(&StoredHook { tries, ready, ..hook.clone() }, hook.cursor).await?;
        Ok(false)
    }

    fn hook_key(&self, hook: &StoredHook) -> Result<WebhookKey, Fault> {
        const BROKEN: Fault = Fault::new("the secret of an audit webhook cannot be opened");
        let secret = self.secrets.open("audit webhook", &hook.secret).ok_or(BROKEN)?;
        std::str::from_utf8(secret.as_ref()).ok().and_then(WebhookKey::read).ok_or(BROKEN)
    }
}

/// How long to wait after so many tries in vain: not less than the receiver wishes, and an hour at most.
fn patience(tries: u32, wished: Option<u64>) -> Duration {
    pause_after(tries).max(Duration::from_secs(wished.unwrap_or_default())).min(LONGEST_WAIT)
}

fn why(failed: &Result<WebAnswer, WebFailure>) -> String {
    match failed {
        Ok(answer) => format!("it answered {}", answer.status),
        Err(WebFailure::Forbidden(why) | WebFailure::Unreachable(why)) => why.clone(),
        Err(WebFailure::TooLarge) => "its answer was too large".to_owned(),
    }
}
