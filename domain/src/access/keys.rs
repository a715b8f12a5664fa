//! API keys: 256 random bits, kept as SHA-256, shown once.

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};

use crate::access::Role;
use crate::decision::Decision;
use crate::ids::{Entropy, Id, Purpose, sha256_hex};
use crate::rejection::{Code, Faults, Rejection};
use crate::rev::Rev;
use crate::stamp::{Meta, Stamp};
use crate::text;
use crate::time::Time;

/// The start of every key, by which a leaked one is recognised.
pub const PREFIX: &str = "pvk_";

/// A new key's secret: 256 random bits.
pub fn new_secret(entropy: &Entropy) -> String {
    format!("{PREFIX}{}", HEXLOWER.encode(&entropy.bytes(Purpose::ApiKey)))
}

/// A key as the store has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiKey {
    /// The members that an answer shows.
    #[serde(flatten)]
    pub info: KeyInfo,
    /// SHA-256 of the secret.
    pub hash: String,
    /// The tenant; the key alone says whose caller it is.
    pub tenant: Id,
    /// Revision of the row that was read.
    #[serde(skip)]
    pub rev: Rev<Self>,
}

/// A key as answers show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct KeyInfo {
    /// Its id, the actor in histories.
    pub id: Id,
    /// Its purpose.
    pub name: String,
    /// The role that it acts in.
    pub role_id: Id,
    /// The person behind it.
    pub username: Option<String>,
    /// The person's name.
    pub person_name: Option<String>,
    /// The person's e-mail.
    pub email: Option<String>,
    /// Good until then; null: until revoked.
    pub expires: Option<Time>,
    /// When it was revoked.
    pub revoked_date: Option<Time>,
    /// Counts the changes; the `ETag`.
    pub version: u64,
    /// Created and updated.
    #[serde(flatten)]
    pub meta: Meta,
}

/// Body of `POST /v1/api-keys`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ApiKeyInput {
    /// 1 to 50 characters.
    pub name: String,
    /// The role that it acts in.
    pub role_id: Option<Id>,
    /// The person behind it.
    pub username: Option<String>,
    /// The person's name.
    pub person_name: Option<String>,
    /// The person's e-mail.
    pub email: Option<String>,
    /// Good until then.
    pub expires: Option<Time>,
}

impl ApiKey {
    /// Makes one of `secret`, which is not kept.
    ///
    /// # Errors
    /// The body's faults.
    pub fn create(
        input: &ApiKeyInput,
        tenant: Id,
        role: &Role,
        secret: &str,
        stamp: &Stamp,
    ) -> Result<(Self, Decision), Rejection> {
        let mut faults = Faults::default();
        let name = faults.take("/name", text::name(&input.name));
        let mut optional = |at: &str, value: &Option<String>| {
            value.as_deref().and_then(|v| faults.take(at, text::short(v)))
        };
        let username = optional("/username", &input.username);
        let person_name = optional("/personName", &input.person_name);
        let email = input.email.as_deref().and_then(|v| faults.take("/email", text::email(v)));
        let future = input.expires.is_none_or(|at| at > stamp.now);
        faults.check(future, "/expires", "must lie in the future");
        faults.finish()?;
        let info = KeyInfo {
            id: stamp.id(0),
            name: name.unwrap_or_default(),
            role_id: role.id,
            username,
            person_name,
            email,
            expires: input.expires,
            revoked_date: None,
            version: 1,
            meta: Meta::new(stamp),
        };
        let made = Self { info, hash: sha256_hex(secret.as_bytes()), tenant, rev: Rev::default() };
        Ok((made.clone(), Decision::default().save(made)))
    }

    /// Ends it. Ending it twice changes nothing. One that administers ends only while another one
    /// does that lasts as long: that `other` is written, too, as it is, so that two at once cannot
    /// end each other.
    ///
    /// # Errors
    /// `LAST_ADMINISTRATOR`.
    pub fn revoke(
        mut self,
        administers: bool,
        other: Option<Self>,
        stamp: &Stamp,
    ) -> Result<Decision, Rejection> {
        if self.info.revoked_date.is_some() {
            return Ok(Decision::default());
        }
        if administers && self.is_live(stamp.now) && other.is_none() {
            let detail =
                "No other key that lasts as long may administer this tenant. Make one first.";
            return Err(Rejection::new(Code::LastAdministrator, detail));
        }
        let info = &mut self.info;
        info.revoked_date = Some(stamp.now);
        info.version += 1;
        info.meta.touch(stamp);
        let decision = Decision::default().save(self);
        Ok(other.filter(|_| administers).into_iter().fold(decision, Decision::save))
    }

    /// Whether it opens the door at `now`.
    pub fn is_live(&self, now: Time) -> bool {
        self.info.is_live(now)
    }
}

impl KeyInfo {
    /// Whether the key opens the door at `now`.
    pub fn is_live(&self, now: Time) -> bool {
        self.revoked_date.is_none() && self.expires.is_none_or(|end| now < end)
    }

    /// Whether it expires no earlier than the other one.
    pub fn lasts_as_long_as(&self, other: &Self) -> bool {
        self.expires.is_none_or(|end| other.expires.is_some_and(|theirs| theirs <= end))
    }
}
