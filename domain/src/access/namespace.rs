//! Namespaces divide the catalog; permissions are given per namespace.

use serde::{Deserialize, Serialize};

use crate::decision::Decision;
use crate::ids::Id;
use crate::name::{Name, Scope};
use crate::record::Kind;
use crate::rejection::{Code, Faults, Rejection};
use crate::rev::Rev;
use crate::stamp::{Meta, Stamp};
use crate::text;

/// The name of the first namespace of a tenant.
pub const DEFAULT_NAMESPACE: &str = "Default";

/// A part of the catalog.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Namespace {
    /// Its id.
    pub id: Id,
    /// Unique in the tenant.
    pub name: String,
    /// The default one: taken where `namespaceId` is absent.
    #[serde(default)]
    pub default: bool,
    /// Counts the changes; the `ETag`.
    pub version: u64,
    /// Created and updated.
    #[serde(flatten)]
    pub meta: Meta,
    /// Revision of the row that was read.
    #[serde(skip)]
    pub rev: Rev<Self>,
}

/// Body of `POST` and `PATCH /v1/namespaces`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct NamespaceInput {
    /// 1 to 50 characters.
    pub name: String,
}

impl Namespace {
    /// Makes one; the first of a tenant is the default.
    ///
    /// # Errors
    /// The name's faults.
    pub fn create(
        input: &NamespaceInput,
        default: bool,
        stamp: &Stamp,
    ) -> Result<(Self, Decision), Rejection> {
        let mut faults = Faults::default();
        let name = faults.take("/name", text::name(&input.name));
        faults.finish()?;
        let made = Self {
            id: stamp.id(0),
            name: name.unwrap_or_default(),
            default,
            version: 1,
            meta: Meta::new(stamp),
            rev: Rev::default(),
        };
        let decision = Decision::default().save(made.clone()).take(made.claim());
        Ok((made, decision))
    }

    /// Changes its name.
    ///
    /// # Errors
    /// The name's faults; the default one is found by its name, and keeps it.
    pub fn rename(
        &self,
        input: &NamespaceInput,
        stamp: &Stamp,
    ) -> Result<(Self, Decision), Rejection> {
        let mut faults = Faults::default();
        let name = faults.take("/name", text::name(&input.name));
        faults.finish()?;
        self.not_default("renamed")?;
        let mut next = self.clone();
        next.name = name.unwrap_or_default();
        next.version += 1;
        next.meta.touch(stamp);
        let decision = Decision::default().save(next.clone());
        Ok((next.clone(), decision.replace(&[self.claim()], &[next.claim()])))
    }

    /// Removes it when it is empty; `holds` is something that it holds, in words.
    ///
    /// # Errors
    /// `IN_USE`.
    pub fn delete(self, holds: Option<&str>) -> Result<Decision, Rejection> {
        self.not_default("deleted")?;
        if let Some(what) = holds {
            let detail = format!("The namespace holds {what}. Delete all that it holds first.");
            return Err(Rejection::new(Code::InUse, detail));
        }
        let claim = self.claim();
        Ok(Decision::default().delete(self).release(claim))
    }

    fn not_default(&self, what: &str) -> Result<(), Rejection> {
        if self.default {
            let detail = format!("The default namespace cannot be {what}.");
            return Err(Rejection::new(Code::InUse, detail));
        }
        Ok(())
    }

    fn claim(&self) -> Name {
        Name {
            kind: Kind::Namespace,
            member: "name",
            value: self.name.clone(),
            id: self.id,
            scope: Scope::Tenant,
        }
    }
}
