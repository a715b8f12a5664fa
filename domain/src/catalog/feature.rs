//! Features: what a product consists of.
//!
//! Neighbours: a product names its features, a plan's document shows them. Guarantee: a feature
//! that a product has is not deleted.

use serde::{Deserialize, Serialize};

use crate::catalog::{NameVersion, identifier};
use crate::decision::Decision;
use crate::ids::Id;
use crate::name::{Name, Scope};
use crate::record::Kind;
use crate::rejection::{Code, Faults, Rejection};
use crate::rev::Rev;
use crate::stamp::{Meta, Stamp};

/// A feature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Feature {
    /// Its id.
    pub id: Id,
    /// Unique in the tenant; default `FTR-<id>`.
    pub identifier: String,
    /// Name and version.
    pub name_version: NameVersion,
    /// The namespace it belongs to.
    pub namespace_id: Id,
    /// How many products have it.
    pub uses: u32,
    /// Counts the changes; the `ETag`.
    pub version: u64,
    /// Created and updated.
    #[serde(flatten)]
    pub meta: Meta,
    /// Revision of the row that was read.
    #[serde(skip)]
    pub rev: Rev<Self>,
}

/// Body of `POST /v1/features`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct FeatureInput {
    /// Default `FTR-<id>`.
    pub identifier: Option<String>,
    /// Name and version.
    pub name_version: NameVersion,
    /// Default: the default namespace.
    pub namespace_id: Option<Id>,
}

/// Body of `PATCH /v1/features/{id}`: what is absent stays.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct FeaturePatch {
    /// Unique in the tenant.
    pub identifier: Option<String>,
    /// Name and version.
    pub name_version: Option<NameVersion>,
}

impl Feature {
    /// Makes one.
    ///
    /// # Errors
    /// The body's faults.
    pub fn create(
        input: &FeatureInput,
        namespace_id: Id,
        stamp: &Stamp,
    ) -> Result<(Self, Decision), Rejection> {
        let mut faults = Faults::default();
        let id = stamp.id(0);
        let identifier =
            identifier(input.identifier.as_deref(), || format!("FTR-{id}"), &mut faults);
        let name_version = input.name_version.check(&mut faults);
        faults.finish()?;
        let made = Self {
            id,
            identifier,
            name_version,
            namespace_id,
            uses: 0,
            version: 1,
            meta: Meta::new(stamp),
            rev: Rev::default(),
        };
        let decision = Decision::default().save(made.clone());
        Ok((made.clone(), made.names().into_iter().fold(decision, Decision::take)))
    }

    /// Changes what is given.
    ///
    /// # Errors
    /// The body's faults.
    pub fn update(
        &self,
        patch: &FeaturePatch,
        stamp: &Stamp,
    ) -> Result<(Self, Decision), Rejection> {
        let mut faults = Faults::default();
        let mut next = self.clone();
        if patch.identifier.is_some() {
            next.identifier = identifier(patch.identifier.as_deref(), String::new, &mut faults);
        }
        if let Some(name_version) = &patch.name_version {
            next.name_version = name_version.check(&mut faults);
        }
        faults.finish()?;
        next.version += 1;
        next.meta.touch(stamp);
        let decision = Decision::default().save(next.clone());
        Ok((next.clone(), decision.replace(&self.names(), &next.names())))
    }

    /// Removes it, unless a product has it.
    ///
    /// # Errors
    /// `IN_USE`.
    pub fn delete(self) -> Result<Decision, Rejection> {
        if self.uses > 0 {
            let detail = format!("{} product(s) have the feature. Take it from them.", self.uses);
            return Err(Rejection::new(Code::InUse, detail));
        }
        let names = self.names();
        Ok(names.into_iter().fold(Decision::default().delete(self), Decision::release))
    }

    fn names(&self) -> [Name; 2] {
        let name = |member, value: &String, scope| Name {
            kind: Kind::Feature,
            member,
            value: value.clone(),
            id: self.id,
            scope,
        };
        [
            name("identifier", &self.identifier, Scope::Tenant),
            name("name", &self.name_version.name, Scope::Shared),
        ]
    }
}
