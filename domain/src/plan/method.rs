//! Methods: where a provisioning request is sent, how long to wait, how often to try.
//!
//! Neighbours: the dispatcher posts by it, callbacks are verified with its secrets.
//! Guarantee: a secret is kept sealed and never answered again.

use serde::{Deserialize, Serialize};

use crate::decision::{Decision, Kind, Meta, Name, Stamp};
use crate::ids::Id;
use crate::limits::{
    CALLBACK_TIMEOUT, CALLBACK_TIMEOUT_DEFAULT, DOOR_KEPT, ENDPOINT_CHARS, LADDER_DEFAULT_SECS,
    LADDER_LONGEST, LADDER_STEPS, TIMEOUT, TIMEOUT_DEFAULT,
};
use crate::rejection::{Code, Faults, Rejection};
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

/// How a provider recognises us, besides the signature.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "type", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AuthProfile {
    /// By the signature alone.
    #[default]
    None,
}

/// A secret, sealed with the master key (AEAD, base64). Only the edge can open it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sealed(pub String);

impl std::fmt::Debug for Sealed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sealed(…)")
    }
}

/// A method as the store has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Method {
    /// What an answer shows.
    #[serde(flatten)]
    pub info: MethodInfo,
    /// The callback secrets, newest first; at most two live.
    pub secrets: Vec<Sealed>,
    /// How many associations use it.
    pub uses: u32,
    /// Revision of the row that was read.
    #[serde(skip)]
    pub rev: u64,
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
    /// CALLOUT.
    #[serde(rename = "type")]
    pub kind: MethodType,
    /// Where requests are posted to.
    pub endpoint_url: String,
    /// How the provider recognises us.
    pub auth_profile: AuthProfile,
    /// When a request is done.
    pub completion: Completion,
    /// How long one attempt may take.
    pub timeout: Period,
    /// The wait before each attempt (Q7).
    pub retry_ladder: Vec<Period>,
    /// How long a sent request waits for its callback (P20, P21).
    pub callback_timeout: Period,
    /// Shown by CRM.COM's view.
    pub alternative_code: Option<String>,
    /// Shown by CRM.COM's view.
    pub protocol: Option<String>,
    /// Shown by CRM.COM's view.
    pub request_type: Option<String>,
    /// A disabled method sends nothing.
    pub enabled: bool,
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
    pub auth_profile: AuthProfile,
    pub completion: Completion,
    pub timeout: Option<Period>,
    pub retry_ladder: Option<Vec<Period>>,
    pub callback_timeout: Option<Period>,
    pub alternative_code: Option<String>,
    pub protocol: Option<String>,
    pub request_type: Option<String>,
}

impl Method {
    /// Makes one. The endpoint's address was judged by the egress rules before.
    ///
    /// # Errors
    /// Every fault of the body.
    pub fn create(
        input: &MethodInput,
        namespace_id: Id,
        secret: Sealed,
        stamp: &Stamp,
    ) -> Result<(Self, Decision), Rejection> {
        let info = MethodInfo {
            id: stamp.id(0),
            enabled: true,
            version: 1,
            meta: Meta::new(stamp),
            ..check(input, stamp)?
        };
        let info = MethodInfo { namespace_id, ..info };
        let made = Self { info, secrets: vec![secret], uses: 0, rev: 0 };
        let decision = Decision::default().save(made.clone()).claim(made.claim());
        Ok((made, decision))
    }

    /// Replaces the content; the secrets stay.
    ///
    /// # Errors
    /// Every fault of the body; a method stays in its namespace.
    pub fn update(
        &self,
        input: &MethodInput,
        stamp: &Stamp,
    ) -> Result<(Self, Decision), Rejection> {
        let checked = check(input, stamp)?;
        if input.namespace_id.is_some_and(|id| id != self.info.namespace_id) {
            let detail = "a method stays in its namespace; copy it instead";
            return Err(Rejection::at("/namespaceId", Code::ValidationFailed, detail));
        }
        let mut next = self.clone();
        next.info = MethodInfo {
            id: self.info.id,
            namespace_id: self.info.namespace_id,
            enabled: self.info.enabled,
            version: self.info.version + 1,
            meta: self.info.meta.clone(),
            ..checked
        };
        next.info.meta.touch(stamp);
        let decision = Decision::default().save(next.clone()).rename(self.claim(), next.claim());
        Ok((next, decision))
    }

    /// Removes it, unless a product uses it. Its door stays open until the last callback is due of
    /// what was sent by it, so that no provider is turned away in the middle.
    ///
    /// # Errors
    /// `IN_USE`.
    pub fn delete(self, tenant: Id, stamp: &Stamp) -> Result<Decision, Rejection> {
        if self.uses > 0 {
            let detail = format!(
                "The method is associated with {} product(s). Change those associations first.",
                self.uses
            );
            return Err(Rejection::new(Code::InUse, detail));
        }
        let claim = self.claim();
        let closes = stamp.now.after(DOOR_KEPT);
        let door = Door { expires: Some(closes), ..self.door(tenant) };
        Ok(Decision::default().delete(self).save(door).release(claim))
    }

    /// What is needed to let a callback of this method in.
    pub fn door(&self, tenant: Id) -> Door {
        Door {
            method: self.info.id,
            tenant,
            secrets: self.secrets.clone(),
            callback_timeout: self.info.callback_timeout,
            expires: None,
        }
    }

    fn claim(&self) -> Name {
        Name {
            kind: Kind::Method,
            member: "name",
            value: format!("{}/{}", self.info.namespace_id, self.info.name),
            id: self.info.id,
            unique: true,
        }
    }
}

/// The directory row of a method: whose it is and how its callbacks are verified.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Door {
    /// The method.
    pub method: Id,
    /// The tenant.
    pub tenant: Id,
    /// The callback secrets.
    pub secrets: Vec<Sealed>,
    /// How long a request waits for the next callback.
    pub callback_timeout: Period,
    /// When it closes, once the method is deleted.
    pub expires: Option<Time>,
}

fn check(input: &MethodInput, stamp: &Stamp) -> Result<MethodInfo, Rejection> {
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
    faults.finish()?;
    let id = stamp.id(0);
    Ok(MethodInfo {
        id,
        name: name.unwrap_or_default(),
        description: description.flatten(),
        namespace_id: input.namespace_id.unwrap_or(id),
        kind: input.kind,
        endpoint_url: input.endpoint_url.clone(),
        auth_profile: input.auth_profile.clone(),
        completion: input.completion,
        timeout,
        retry_ladder,
        callback_timeout,
        alternative_code,
        protocol,
        request_type,
        enabled: true,
        version: 1,
        meta: Meta::new(stamp),
    })
}

fn between(faults: &mut Faults, at: &str, value: Period, (least, most): (Period, Period)) {
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
