//! Roles: which acts in which areas.

use serde::{Deserialize, Serialize};
use strum::{Display, EnumIter, IntoStaticStr};

use crate::access::giving::{Administrator, Lasts};
use crate::decision::Decision;
use crate::ids::Id;
use crate::limits::GRANTS;
use crate::name::{Name, Scope};
use crate::record::Kind;
use crate::rejection::{Code, Faults, Rejection};
use crate::rev::Rev;
use crate::stamp::{Meta, Stamp};
use crate::text;

/// A field of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[derive(Display, EnumIter, IntoStaticStr, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
#[expect(missing_docs, reason = "each is named by its area")]
pub enum Area {
    Catalog,
    Entitlement,
    Activation,
    Subscription,
    Customer,
    Admin,
}

/// The acts that it permits there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[derive(Display, EnumIter, IntoStaticStr, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
#[expect(missing_docs, reason = "each is named by its act")]
pub enum Act {
    View,
    Add,
    Edit,
    Delete,
}

/// Acts allowed in an area, for the catalog perhaps in one namespace only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Grant {
    /// The area.
    pub area: Area,
    /// The acts.
    pub acts: Vec<Act>,
    /// Only in this namespace; null: in all. For the catalog only.
    #[serde(default)]
    pub namespace_id: Option<Id>,
}

/// A role of API keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Role {
    /// Its id.
    pub id: Id,
    /// Unique in the tenant.
    pub name: String,
    /// A disabled role permits nothing.
    pub enabled: bool,
    /// Its permissions.
    pub permissions: Vec<Grant>,
    /// Every tenant has it: it keeps its name and its permissions, and is not deleted.
    #[serde(default)]
    pub built_in: bool,
    /// Counts the changes; the `ETag`.
    pub version: u64,
    /// Created and updated.
    #[serde(flatten)]
    pub meta: Meta,
    /// Revision of the row that was read.
    #[serde(skip)]
    pub rev: Rev<Self>,
}

/// Body of `POST /v1/roles` and `PUT /v1/roles/{id}`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct RoleInput {
    /// 1 to 50 characters.
    pub name: String,
    /// Default true.
    pub enabled: Option<bool>,
    /// Its permissions.
    pub permissions: Vec<Grant>,
}

impl RoleInput {
    /// The namespaces that it names, each with its place in the body.
    pub fn namespaces(&self) -> impl Iterator<Item = (String, Id)> {
        let each = self.permissions.iter().enumerate();
        each.filter_map(|(i, grant)| {
            Some((format!("/permissions/{i}/namespaceId"), grant.namespace_id?))
        })
    }

    /// The name as it is kept.
    fn check(&self) -> Result<String, Rejection> {
        let mut faults = Faults::default();
        let name = faults.take("/name", text::name(&self.name));
        let few = self.permissions.len() <= GRANTS;
        faults.check(few, "/permissions", format!("at most {GRANTS} entries"));
        for (i, grant) in self.permissions.iter().enumerate() {
            let once = grant.acts.iter().enumerate().all(|(n, act)| !grant.acts[..n].contains(act));
            faults.check(once, &format!("/permissions/{i}/acts"), "names each act once");
            let at = format!("/permissions/{i}/namespaceId");
            let fine = grant.namespace_id.is_none() || grant.area == Area::Catalog;
            faults.check(fine, &at, "only the catalog is divided into namespaces");
        }
        faults.finish()?;
        Ok(name.unwrap_or_default())
    }
}

/// The permission that a route asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// Nobody needs to say who they are.
    Nothing,
    /// Any valid key.
    AnyKey,
    /// The provider's signature.
    Signature,
    /// One of these permissions.
    OneOf(&'static [(Area, Act)]),
    /// All of these permissions.
    AllOf(&'static [(Area, Act)]),
}

impl Role {
    /// Makes one.
    ///
    /// # Errors
    /// The body's faults.
    pub fn create(input: &RoleInput, stamp: &Stamp) -> Result<(Self, Decision), Rejection> {
        let made = Self {
            id: stamp.id(0),
            name: input.check()?,
            enabled: input.enabled.unwrap_or(true),
            permissions: input.permissions.clone(),
            built_in: false,
            version: 1,
            meta: Meta::new(stamp),
            rev: Rev::default(),
        };
        let decision = Decision::default().save(made.clone()).take(made.claim());
        Ok((made, decision))
    }

    /// Replaces it. One that is built in can only be enabled and disabled. `lasts`: how long keys
    /// administer their tenant in it; where they no longer would, `other` is needed, an
    /// administrator in another role.
    ///
    /// # Errors
    /// The body's faults; `LAST_ADMINISTRATOR`.
    pub fn update(
        &self,
        input: &RoleInput,
        lasts: Option<Lasts>,
        other: Option<Administrator>,
        stamp: &Stamp,
    ) -> Result<(Self, Decision), Rejection> {
        let name = input.check()?;
        if self.built_in {
            let mut faults = Faults::default();
            let kept = "a built-in role keeps it; make a role of your own";
            for (at, changes) in [
                ("/name", name != self.name),
                ("/permissions", input.permissions != self.permissions),
            ] {
                if changes {
                    faults.add(at, Code::ReadOnly, kept);
                }
            }
            faults.finish()?;
        }
        let mut next = self.clone();
        next.name = name;
        next.enabled = input.enabled.unwrap_or(true);
        next.permissions.clone_from(&input.permissions);
        next.version += 1;
        next.meta.touch(stamp);
        let names = (self.claim(), next.claim());
        let decision = Decision::default().save(next.clone()).replace(&[names.0], &[names.1]);
        let lost = lasts.is_some() && !next.may(Area::Admin, Act::Edit);
        let decision = if lost { Administrator::stays(other, decision)? } else { decision };
        Ok((next, decision))
    }

    /// Removes it, if no key that is good has it.
    ///
    /// # Errors
    /// `IN_USE`.
    pub fn delete(self, has_keys: bool) -> Result<Decision, Rejection> {
        let in_use = |detail| Err(Rejection::new(Code::InUse, detail));
        if self.built_in {
            return in_use("A built-in role cannot be deleted. It can be disabled.");
        }
        if has_keys {
            return in_use("API keys have this role. Revoke them, or give them another role.");
        }
        let claim = self.claim();
        Ok(Decision::default().delete(self).release(claim))
    }

    /// By which it is found.
    pub(super) fn claim(&self) -> Name {
        Name {
            kind: Kind::Role,
            member: "name",
            value: self.name.clone(),
            id: self.id,
            scope: Scope::Tenant,
        }
    }

    /// Whether the role permits the act, in any namespace at least.
    pub fn may(&self, area: Area, act: Act) -> bool {
        self.enabled && self.permissions.iter().any(|g| g.area == area && g.acts.contains(&act))
    }

    /// Whether the role permits an act on the catalog of every namespace: what belongs to none of
    /// them is everybody's.
    pub fn may_everywhere(&self, act: Act) -> bool {
        let grants = |g: &Grant| {
            g.area == Area::Catalog && g.namespace_id.is_none() && g.acts.contains(&act)
        };
        self.enabled && self.permissions.iter().any(grants)
    }

    /// Whether the role permits an act on the catalog of this namespace.
    pub fn may_in(&self, namespace: Id, act: Act) -> bool {
        let grants = |g: &Grant| {
            let here = g.namespace_id.is_none_or(|id| id == namespace);
            g.area == Area::Catalog && here && g.acts.contains(&act)
        };
        self.enabled && self.permissions.iter().any(grants)
    }

    /// Whether the role meets what a route asks for.
    pub fn meets(&self, needs: Needs) -> bool {
        match needs {
            Needs::Nothing | Needs::AnyKey | Needs::Signature => true,
            Needs::OneOf(list) => list.iter().any(|(area, act)| self.may(*area, *act)),
            Needs::AllOf(list) => list.iter().all(|(area, act)| self.may(*area, *act)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::built_in::BuiltIn;
    use crate::ids::Entropy;
    use crate::stamp::Actor;
    use crate::time::Time;

    fn role(permissions: Vec<Grant>) -> Role {
        let stamp =
            Stamp { now: Time::from_millis(0), by: Actor::System, entropy: Entropy::new([0; 32]) };
        Role::create(&RoleInput { name: "r".into(), enabled: None, permissions }, &stamp).unwrap().0
    }

    #[test]
    fn a_namespace_grant_holds_there_only() {
        let here: Id = "5".parse().unwrap();
        let there: Id = "6".parse().unwrap();
        let role = role(vec![Grant {
            area: Area::Catalog,
            acts: vec![Act::View],
            namespace_id: Some(here),
        }]);
        assert!(role.may(Area::Catalog, Act::View));
        assert!(role.may_in(here, Act::View));
        assert!(!role.may_in(there, Act::View));
        assert!(!role.may_in(here, Act::Edit));
    }

    #[test]
    fn a_disabled_role_permits_nothing() {
        let mut role = role(BuiltIn::administrator().permissions());
        assert!(role.may(Area::Admin, Act::Delete));
        role.enabled = false;
        assert!(!role.may(Area::Admin, Act::Delete));
        assert!(!role.meets(Needs::OneOf(&[(Area::Admin, Act::View)])));
    }
}
