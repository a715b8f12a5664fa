//! What may be given and what may not be taken away: nobody gives more than they have, and a tenant
//! keeps somebody who administers it.
//!
//! Neighbours: every act on roles and API keys asks here.

use crate::access::keys::{ApiKey, KeyInfo};
use crate::access::role::{Act, Area, Grant, Role};
use crate::decision::Decision;
use crate::rejection::{Code, Rejection};
use crate::time::Time;

impl Role {
    /// Whether a caller in this role may give these permissions to a role or a key.
    ///
    /// # Errors
    /// `FORBIDDEN`, naming what this role lacks.
    pub fn may_give(&self, permissions: &[Grant]) -> Result<(), Rejection> {
        let has = |grant: &Grant, act: Act| match (grant.area, grant.namespace_id) {
            (Area::Catalog, Some(namespace)) => self.may_in(namespace, act),
            (Area::Catalog, None) => self.may_everywhere(act),
            (area, _) => self.may(area, act),
        };
        let mut lacks = Vec::new();
        for grant in permissions {
            let acts = grant.acts.iter().filter(|act| !has(grant, **act));
            let place = grant.namespace_id.map(|id| format!(" in namespace {id}"));
            let place = place.unwrap_or_default();
            lacks.extend(acts.map(|act| format!("{}.{act}{place}", grant.area)));
        }
        if lacks.is_empty() {
            return Ok(());
        }
        lacks.dedup();
        let detail = format!(
            "Nobody gives more than they have: your key's role lacks {}.",
            lacks.join(", ")
        );
        Err(Rejection::new(Code::Forbidden, detail))
    }
}

/// How long a key is good: until an instant, or for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lasts {
    /// Until then.
    Until(Time),
    /// Until it is revoked.
    ForEver,
}

impl Lasts {
    /// Whether it is no shorter than the other one.
    pub fn as_long_as(self, other: Self) -> bool {
        match (self, other) {
            (Self::ForEver, _) => true,
            (Self::Until(_), Self::ForEver) => false,
            (Self::Until(mine), Self::Until(theirs)) => mine >= theirs,
        }
    }
}

impl KeyInfo {
    /// How long it administers its tenant in this role; none: it does not.
    pub fn administers(&self, role: &Role, now: Time) -> Option<Lasts> {
        let does = self.is_live(now) && !self.is_bound() && role.may(Area::Admin, Act::Edit);
        does.then(|| self.expires.map_or(Lasts::ForEver, Lasts::Until))
    }
}

/// A key that administers its tenant, with its role.
#[derive(Clone, Debug)]
pub struct Administrator {
    /// The key.
    pub key: ApiKey,
    /// Its role.
    pub role: Role,
}

impl Administrator {
    /// Whether an act ends a key's administration, or makes it shorter.
    pub fn is_lost(before: Option<Lasts>, after: Option<Lasts>) -> bool {
        before.is_some_and(|before| !after.is_some_and(|after| after.as_long_as(before)))
    }

    /// The decision of an act by which one is lost, if `other` stays. Key and role of that are
    /// written as they are, so that two acts at once cannot each count on what the other ends.
    ///
    /// # Errors
    /// `LAST_ADMINISTRATOR`.
    pub fn stays(other: Option<Self>, decision: Decision) -> Result<Decision, Rejection> {
        let Some(Self { key, role }) = other else {
            let detail =
                "No other key that lasts as long may administer this tenant. Make one first.";
            return Err(Rejection::new(Code::LastAdministrator, detail));
        };
        Ok(decision.save(key).save(role))
    }
}
