//! API keys: 256 random bits, kept as SHA-256, shown once; in whose name they act, and how long.
//!
//! Neighbours: `secrets` has their secrets, `giving` says what a key may be given.

use serde::{Deserialize, Serialize};

use crate::access::bound::Bound;
use crate::access::giving::{Administrator, Lasts};
use crate::access::role::Role;
use crate::access::secrets::{OldSecret, opening};
use crate::decision::Decision;
use crate::ids::{Id, sha256_hex};
use crate::rejection::{Code, Faults, Rejection};
use crate::rev::Rev;
use crate::stamp::{Meta, Stamp};
use crate::text;
use crate::time::{Day, Time};

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
    /// The secret before a rotation, as long as it opens the door, too.
    #[serde(default)]
    pub old_secret: Option<OldSecret>,
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
    /// The first 8 characters of its secret, by which one that was found is known; null: it was
    /// made before they were kept.
    #[serde(default)]
    pub prefix: Option<String>,
    /// The role that it acts in.
    pub role_id: Id,
    /// The customer whose key it is: it sees and touches nothing but what is theirs.
    #[serde(default)]
    pub customer_id: Option<Id>,
    /// The partner whose key it is: it sees and touches nothing but what names them.
    #[serde(default)]
    pub partner_id: Option<Id>,
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
    /// Until then the secret before the rotation opens the door, too.
    #[serde(default)]
    pub old_secret_expires: Option<Time>,
    /// The day, UTC, of its last call.
    #[serde(default)]
    pub last_used_date: Option<Day>,
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
    /// The customer whose key it is, for good.
    pub customer_id: Option<Id>,
    /// The partner whose key it is, for good; not both.
    pub partner_id: Option<Id>,
    /// The person behind it.
    pub username: Option<String>,
    /// The person's name.
    pub person_name: Option<String>,
    /// The person's e-mail.
    pub email: Option<String>,
    /// Good until then.
    pub expires: Option<Time>,
}

/// Body of `PATCH /v1/api-keys/{id}`: what is absent stays.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ApiKeyPatch {
    /// 1 to 50 characters.
    pub name: Option<String>,
    /// The role that it acts in from now on.
    pub role_id: Option<Id>,
    /// The person behind it; empty: nobody.
    pub username: Option<String>,
    /// The person's name; empty: none.
    pub person_name: Option<String>,
    /// The person's e-mail; empty: none.
    pub email: Option<String>,
    /// Good until then; an end can be moved, and not be taken away.
    pub expires: Option<Time>,
}

impl ApiKeyInput {
    /// Whose key it is to be; none: the vendor's.
    ///
    /// # Errors
    /// A fault for both a customer and a partner.
    pub fn bound(&self) -> Result<Option<Bound>, Rejection> {
        match (self.customer_id, self.partner_id) {
            (Some(_), Some(_)) => {
                let detail = "a key is a customer's or a partner's, not both";
                Err(Rejection::at("/partnerId", Code::ValidationFailed, detail))
            }
            (customer, partner) => Ok(Bound::of(customer, partner)),
        }
    }
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
        is_future(&mut faults, input.expires, stamp);
        let bound = faults.all(input.bound()).flatten();
        fits(&mut faults, role, bound.is_some());
        faults.finish()?;
        let info = KeyInfo {
            id: stamp.id(0),
            name: name.unwrap_or_default(),
            prefix: Some(opening(secret)),
            role_id: role.id,
            customer_id: input.customer_id,
            partner_id: input.partner_id,
            username,
            person_name,
            email,
            expires: input.expires,
            revoked_date: None,
            old_secret_expires: None,
            last_used_date: None,
            version: 1,
            meta: Meta::new(stamp),
        };
        let made = Self {
            info,
            hash: sha256_hex(secret.as_bytes()),
            tenant,
            old_secret: None,
            rev: Rev::default(),
        };
        Ok((made.clone(), Decision::default().save(made)))
    }

    /// Changes what is given. `role` is its role before, `next_role` the one after; `other` is
    /// another administrator, needed where this one ends to be one, or ends earlier.
    ///
    /// # Errors
    /// The body's faults; `ILLEGAL_TRANSITION` for a revoked one; `LAST_ADMINISTRATOR`.
    pub fn update(
        &self,
        patch: &ApiKeyPatch,
        (role, next_role): (&Role, &Role),
        other: Option<Administrator>,
        stamp: &Stamp,
    ) -> Result<(Self, Decision), Rejection> {
        self.not_revoked()?;
        let mut next = self.clone();
        let (info, mut faults) = (&mut next.info, Faults::default());
        if let Some(name) = &patch.name {
            info.name = faults.take("/name", text::name(name)).unwrap_or_default();
        }
        for (at, given, own, check) in [
            ("/username", &patch.username, &mut info.username, text::short as fn(&str) -> _),
            ("/personName", &patch.person_name, &mut info.person_name, text::short),
            ("/email", &patch.email, &mut info.email, text::email),
        ] {
            if let Some(given) = given {
                let given = Some(given).filter(|given| !given.is_empty());
                *own = given.and_then(|given| faults.take(at, check(given)));
            }
        }
        is_future(&mut faults, patch.expires, stamp);
        fits(&mut faults, next_role, self.info.is_bound());
        faults.finish()?;
        info.role_id = next_role.id;
        info.expires = patch.expires.or(info.expires);
        info.version += 1;
        info.meta.touch(stamp);
        let before = self.info.administers(role, stamp.now);
        let after = info.administers(next_role, stamp.now);
        let mut decision = Decision::default().save(next.clone());
        // The role is written too, so that an act on it at the same moment cannot miss the key.
        let known = other.as_ref().is_some_and(|other| other.role.id == next_role.id);
        let lost = Administrator::is_lost(before, after);
        if !(lost && known) {
            decision = decision.save(next_role.clone());
        }
        if lost {
            decision = Administrator::stays(other, decision)?;
        }
        Ok((next, decision))
    }

    /// Ends it. Ending it twice changes nothing. `lasts`: how long it would administer its tenant;
    /// then `other` is needed, another administrator.
    ///
    /// # Errors
    /// `LAST_ADMINISTRATOR`.
    pub fn revoke(
        mut self,
        lasts: Option<Lasts>,
        other: Option<Administrator>,
        stamp: &Stamp,
    ) -> Result<Decision, Rejection> {
        if self.info.revoked_date.is_some() {
            return Ok(Decision::default());
        }
        let info = &mut self.info;
        info.revoked_date = Some(stamp.now);
        info.version += 1;
        info.meta.touch(stamp);
        let decision = Decision::default().save(self);
        if lasts.is_some() { Administrator::stays(other, decision) } else { Ok(decision) }
    }

    /// The key, used today, if that is not yet known: one write a day.
    pub fn used(&self, now: Time) -> Option<Decision> {
        let today = Some(now.day());
        if self.info.last_used_date == today {
            return None;
        }
        let mut next = self.clone();
        next.info.last_used_date = today;
        Some(Decision::default().save(next))
    }

    /// Whether it opens the door at `now`.
    pub fn is_live(&self, now: Time) -> bool {
        self.info.is_live(now)
    }

    pub(super) fn not_revoked(&self) -> Result<(), Rejection> {
        let Some(at) = self.info.revoked_date else { return Ok(()) };
        let detail = format!("The key was revoked at {at}, for good. Make another one.");
        Err(Rejection::new(Code::IllegalTransition, detail))
    }
}

fn is_future(faults: &mut Faults, expires: Option<Time>, stamp: &Stamp) {
    let future = expires.is_none_or(|at| at > stamp.now);
    faults.check(future, "/expires", "must lie in the future");
}

fn fits(faults: &mut Faults, role: &Role, bound: bool) {
    let detail = "this role is for keys that are bound to a customer or partner";
    faults.check(bound || !role.is_for_bound_keys(), "/roleId", detail);
}

impl KeyInfo {
    /// Whether the key opens the door at `now`.
    pub fn is_live(&self, now: Time) -> bool {
        self.revoked_date.is_none() && self.expires.is_none_or(|end| now < end)
    }

    /// Whose key it is; none: the vendor's.
    pub fn bound(&self) -> Option<Bound> {
        Bound::of(self.customer_id, self.partner_id)
    }

    /// Whether it is a customer's or a partner's.
    pub const fn is_bound(&self) -> bool {
        self.customer_id.is_some() || self.partner_id.is_some()
    }
}
