//! Methods: where a provisioning request is sent, how long to wait, how often to try.
//!
//! Neighbours: the dispatcher posts by it, callbacks are verified with its secrets.
//! Guarantee: a secret is kept sealed and never answered again.

use serde::{Deserialize, Serialize};

use crate::decision::Decision;
use crate::ids::Id;
use crate::limits::{
    CALLBACK_TIMEOUT, CALLBACK_TIMEOUT_DEFAULT, DOOR_KEPT, ENDPOINT_CHARS, LADDER_DEFAULT_SECS,
    LADDER_LONGEST, LADDER_STEPS, TIMEOUT, TIMEOUT_DEFAULT,
};
use crate::name::{Name, Scope};
use crate::plan::association::in_use;
use crate::plan::auth::{AuthInput, AuthProfile, AuthType};
use crate::plan::channel::{Channel, Recipient, Target};
use crate::plan::door::{Door, Sealed};
use crate::record::Kind;
use crate::rejection::{Code, Faults, Rejection};
use crate::rev::Rev;
use crate::stamp::{Meta, Stamp};
use crate::text;
use crate::time::{Period, Time};

/// How a provider is reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum MethodType {
    /// An HTTP POST.
    #[default]
    Callout,
}

/// When a request counts as done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Completion {
    /// When the provider calls back.
    #[default]
    Callback,
    /// At once, with a 2xx answer.
    #[serde(rename = "ON_2XX")]
    On2xx,
}

/// Whether the body of a callback must name its request: the address is not signed, the body is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CallbackId {
    /// It must: a report of one request is no report of another.
    Required,
    /// It may. Methods of 0.1.0 are so.
    #[default]
    Optional,
}

/// A method as the store has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Method {
    /// The members that an answer shows.
    #[serde(flatten)]
    pub info: MethodInfo,
    /// The callback secrets, newest first; at most two live.
    pub secrets: Vec<Sealed>,
    /// The secret of its authentication profile.
    #[serde(default)]
    pub credential: Option<Sealed>,
    /// How many associations use it.
    pub uses: u32,
    /// Revision of the row that was read.
    #[serde(skip)]
    pub rev: Rev<Self>,
}

/// A method as answers show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Method)]
pub struct MethodInfo {
    /// Its id.
    pub id: Id,
    /// Unique in its namespace.
    pub name: String,
    /// At most 500 characters.
    pub description: Option<String>,
    /// The namespace it belongs to.
    pub namespace_id: Id,
    /// How its provider is reached.
    #[serde(flatten)]
    pub channel: Channel,
    /// When a request is done.
    pub completion: Completion,
    /// How long a sent request waits for its callback (P20, P21).
    pub callback_timeout: Period,
    /// Whether a callback's body must name its request.
    #[serde(default)]
    pub callback_id: CallbackId,
    /// Shown by CRM.COM's view.
    pub alternative_code: Option<String>,
    /// Shown by CRM.COM's view.
    pub protocol: Option<String>,
    /// Shown by CRM.COM's view.
    pub request_type: Option<String>,
    /// A disabled method sends nothing.
    pub enabled: bool,
    /// When the older of two callback secrets dies; null when there is one.
    #[serde(default)]
    pub old_secret_expires: Option<Time>,
    /// Counts the changes; the `ETag`.
    pub version: u64,
    /// Created and updated.
    #[serde(flatten)]
    pub meta: Meta,
}

/// Body of `POST` and `PUT /v1/methods`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "the members of `MethodInfo`")]
pub struct MethodInput {
    pub name: String,
    pub description: Option<String>,
    pub namespace_id: Option<Id>,
    #[serde(rename = "type")]
    pub kind: MethodType,
    pub endpoint_url: String,
    pub auth_profile: AuthInput,
    pub completion: Completion,
    pub timeout: Option<Period>,
    pub retry_ladder: Option<Vec<Period>>,
    pub callback_timeout: Option<Period>,
    pub callback_id: Option<CallbackId>,
    pub alternative_code: Option<String>,
    pub protocol: Option<String>,
    pub request_type: Option<String>,
}

/// The sealed secrets of a new method.
#[derive(Clone, Debug)]
pub struct Seals {
    /// Its callback secret.
    pub callback: Sealed,
    /// The secret of its authentication profile.
    pub credential: Option<Sealed>,
}

impl Method {
    /// Makes one. The addresses were judged by the egress rules before.
    ///
    /// # Errors
    /// Every fault of the body.
    pub fn create(
        input: &MethodInput,
        namespace_id: Id,
        seals: Seals,
        stamp: &Stamp,
    ) -> Result<(Self, Decision), Rejection> {
        let info = MethodInfo { namespace_id, ..check(input, |_| false, stamp)? };
        let Seals { callback, credential } = seals;
        let made = Self { info, secrets: vec![callback], credential, uses: 0, rev: Rev::default() };
        let decision = Decision::default().save(made.clone()).take(made.claim());
        Ok((made, decision))
    }

    /// Replaces the content; the callback secrets stay, and so does the secret of the profile when
    /// none is given.
    ///
    /// # Errors
    /// Every fault of the body; a method stays in its namespace.
    pub fn update(
        &self,
        input: &MethodInput,
        credential: Option<Sealed>,
        stamp: &Stamp,
    ) -> Result<(Self, Decision), Rejection> {
        let keeps = |next: &AuthProfile| {
            let Target { auth_profile, endpoint_url, .. } = self.info.channel.target();
            self.credential.is_some() && auth_profile.keeps(endpoint_url, next, &input.endpoint_url)
        };
        let checked = check(input, keeps, stamp)?;
        if input.namespace_id.is_some_and(|id| id != self.info.namespace_id) {
            let detail = "a method stays in its namespace; copy it instead";
            return Err(Rejection::at("/namespaceId", Code::ValidationFailed, detail));
        }
        let credential = match checked.channel.target().auth_profile.kind {
            AuthType::None => None,
            _ => credential.or_else(|| self.credential.clone()),
        };
        let info = MethodInfo {
            id: self.info.id,
            namespace_id: self.info.namespace_id,
            enabled: self.info.enabled,
            callback_id: input.callback_id.unwrap_or(self.info.callback_id),
            old_secret_expires: self.info.old_secret_expires,
            version: self.info.version,
            meta: self.info.meta.clone(),
            ..checked
        };
        let next = Self { info, credential, ..self.clone() }.changed(stamp);
        let names = (&[self.claim()], &[next.claim()]);
        let decision = Decision::default().save(next.clone()).replace(names.0, names.1);
        Ok((next, decision))
    }

    /// Duplicates it, with secrets of its own, under a name that is free as far as is known.
    pub fn copy(&self, name: String, seals: Seals, stamp: &Stamp) -> (Self, Decision) {
        let info = MethodInfo {
            id: stamp.id(0),
            name,
            old_secret_expires: None,
            version: 1,
            meta: Meta::new(stamp),
            ..self.info.clone()
        };
        let Seals { callback, credential } = seals;
        let made = Self { info, secrets: vec![callback], credential, uses: 0, rev: Rev::default() };
        let decision = Decision::default().save(made.clone()).take_fresh(made.claim());
        (made, decision)
    }

    /// The target of calls to its provider.
    pub fn recipient(&self, now: Time) -> Recipient<'_> {
        Recipient {
            id: self.info.id,
            version: self.info.version,
            target: self.info.channel.target(),
            secrets: self.live_secrets(now),
            credential: self.credential.as_ref(),
        }
    }

    /// Enables or disables it; what is so already stays as it is.
    pub fn enable(&self, enabled: bool, stamp: &Stamp) -> (Self, Decision) {
        if self.info.enabled == enabled {
            return (self.clone(), Decision::default());
        }
        let mut next = self.clone();
        next.info.enabled = enabled;
        let next = next.changed(stamp);
        (next.clone(), Decision::default().save(next))
    }

    pub(super) fn changed(mut self, stamp: &Stamp) -> Self {
        self.info.version += 1;
        self.info.meta.touch(stamp);
        self
    }

    /// Removes it, unless a product uses it. Its door stays open until the last callback is due of
    /// what was sent by it, so that no provider is turned away in the middle.
    ///
    /// # Errors
    /// `IN_USE`, naming the products.
    pub fn delete(
        self,
        tenant: Id,
        used_by: &[String],
        stamp: &Stamp,
    ) -> Result<Decision, Rejection> {
        if self.uses > 0 {
            return Err(in_use("method", used_by));
        }
        let claim = self.claim();
        let closes = stamp.now.after(DOOR_KEPT);
        let door = Door { expires: Some(closes), ..self.door(tenant) };
        Ok(Decision::default().delete(self).save(door).release(claim))
    }

    fn claim(&self) -> Name {
        Name {
            kind: Kind::Method,
            member: "name",
            value: self.info.name.clone(),
            id: self.info.id,
            scope: Scope::Namespace(self.info.namespace_id),
        }
    }
}

fn check(
    input: &MethodInput,
    keeps: impl Fn(&AuthProfile) -> bool,
    stamp: &Stamp,
) -> Result<MethodInfo, Rejection> {
    let mut faults = Faults::default();
    let name = faults.take("/name", text::name(&input.name));
    let description = faults.take("/description", text::description(input.description.as_deref()));
    let length = input.endpoint_url.chars().count();
    let fits = (1..=ENDPOINT_CHARS).contains(&length);
    faults.check(fits, "/endpointUrl", format!("must have 1 to {ENDPOINT_CHARS} characters"));
    let timeout = input.timeout.unwrap_or(TIMEOUT_DEFAULT);
    between(&mut faults, "/timeout", timeout, TIMEOUT);
    let callback_timeout = input.callback_timeout.unwrap_or(CALLBACK_TIMEOUT_DEFAULT);
    between(&mut faults, "/callbackTimeout", callback_timeout, CALLBACK_TIMEOUT);
    let default = || LADDER_DEFAULT_SECS.map(Period::from_secs).to_vec();
    let retry_ladder = input.retry_ladder.clone().unwrap_or_else(default);
    let steps = (1..=LADDER_STEPS).contains(&retry_ladder.len());
    faults.check(steps, "/retryLadder", format!("must have 1 to {LADDER_STEPS} durations"));
    for (i, wait) in retry_ladder.iter().enumerate() {
        let zero = Period::from_millis(0);
        between(&mut faults, &format!("/retryLadder/{i}"), *wait, (zero, LADDER_LONGEST));
    }
    let mut optional = |at: &str, value: &Option<String>| {
        value.as_deref().and_then(|v| faults.take(at, text::short(v)))
    };
    let alternative_code = optional("/alternativeCode", &input.alternative_code);
    let protocol = optional("/protocol", &input.protocol);
    let request_type = optional("/requestType", &input.request_type);
    let auth_profile = input.auth_profile.check(keeps, &mut faults);
    faults.finish()?;
    let id = stamp.id(0);
    Ok(MethodInfo {
        id,
        name: name.unwrap_or_default(),
        description: description.flatten(),
        namespace_id: input.namespace_id.unwrap_or(id),
        channel: match input.kind {
            MethodType::Callout => Channel::Callout(Target {
                endpoint_url: input.endpoint_url.clone(),
                auth_profile,
                timeout,
                retry_ladder,
            }),
        },
        completion: input.completion,
        callback_timeout,
        callback_id: input.callback_id.unwrap_or(CallbackId::Required),
        alternative_code,
        protocol,
        request_type,
        enabled: true,
        old_secret_expires: None,
        version: 1,
        meta: Meta::new(stamp),
    })
}

pub(crate) fn between(
    faults: &mut Faults,
    at: &str,
    value: Period,
    (least, most): (Period, Period),
) {
    let detail = format!("must lie between {least} and {most}");
    faults.check(value >= least && value <= most, at, detail);
}

/// When the wait before attempt `number` (from 1) ends, with jitter (Q7, Q11).
pub fn wait_before(ladder: &[Period], number: u32, fraction: f64, now: Time) -> Option<Time> {
    let index = usize::try_from(number).ok()?.checked_sub(1)?;
    let base = ladder.get(index)?.millis() as f64;
    let factor = 1.0 + crate::limits::JITTER * (2.0 * fraction - 1.0);
    let wait = Period::from_millis((base * factor).round() as i64).min(LADDER_LONGEST);
    Some(now.after(wait))
}
