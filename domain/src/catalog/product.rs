//! Products: what is sold, and whether activating it provisions something.
//!
//! Neighbours: `product_feature` for what is in them. Guarantee: what was sold stays what it was:
//! only a draft's content changes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use strum::Display;

use crate::catalog::product_feature::{ProductFeature, check};
use crate::catalog::states::{Event, LifeCycleStage};
use crate::catalog::{Feature, NameVersion, identifier};
use crate::decision::Decision;
use crate::ids::Id;
use crate::limits::MEMORY_DATA_CHARS;
use crate::machine::Stateful;
use crate::name::{Name, Scope};
use crate::record::Kind;
use crate::rejection::{Code, Faults, Rejection};
use crate::rev::Rev;
use crate::stamp::{Meta, Stamp};
use crate::text;

/// The kinds of source 004.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[derive(Display, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the kinds of source 004")]
pub enum ProductType {
    #[default]
    Base,
    Unlocked,
    Modification,
    Cancellation,
}

/// How the content of a subscription to a product is put together (source 003).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the kinds of source 003")]
pub enum Classification {
    Flexible,
    Package,
}

/// A product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Product {
    /// Its id.
    pub id: Id,
    /// Unique in the tenant; default `PRD-<id>`.
    pub identifier: String,
    /// Name and version.
    pub name_version: NameVersion,
    /// Its kind.
    pub product_type: ProductType,
    /// Its stage.
    pub life_cycle_stage: LifeCycleStage,
    /// An activation of it makes a provisioning request (001-R1).
    pub provisioning_enabled: bool,
    /// The features it consists of.
    #[serde(default)]
    pub features: Vec<ProductFeature>,
    /// The text that is written into a key's memory (source 004); at most 4,096 characters.
    #[serde(default)]
    pub memory_data: Option<String>,
    /// At most 500 characters.
    #[serde(default)]
    pub description: Option<String>,
    /// Shown by CRM.COM's view.
    #[serde(default)]
    pub classification: Option<Classification>,
    /// The namespace it belongs to.
    pub namespace_id: Id,
    /// Counts the changes; the `ETag`.
    pub version: u64,
    /// Created and updated.
    #[serde(flatten)]
    pub meta: Meta,
    /// Revision of the row that was read.
    #[serde(skip)]
    pub rev: Rev<Self>,
}

/// Body of `POST /v1/products`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ProductInput {
    /// Default `PRD-<id>`.
    pub identifier: Option<String>,
    /// Name and version.
    pub name_version: NameVersion,
    /// Default BASE.
    pub product_type: ProductType,
    /// Default false.
    pub provisioning_enabled: bool,
    /// At most 25.
    pub features: Vec<ProductFeature>,
    /// At most 4,096 characters.
    pub memory_data: Option<String>,
    /// At most 500 characters.
    pub description: Option<String>,
    /// Shown by CRM.COM's view.
    pub classification: Option<Classification>,
    /// Default: the default namespace.
    pub namespace_id: Option<Id>,
}

/// Body of `PATCH /v1/products/{id}`: what is absent stays.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ProductPatch {
    /// Unique in the tenant.
    pub identifier: Option<String>,
    /// Name and version.
    pub name_version: Option<NameVersion>,
    /// Its kind.
    pub product_type: Option<ProductType>,
    /// May be changed until the end of life, as description and classification; all else only
    /// while it is a draft.
    pub provisioning_enabled: Option<bool>,
    /// All features.
    pub features: Option<Vec<ProductFeature>>,
    /// At most 4,096 characters; empty: none.
    pub memory_data: Option<String>,
    /// At most 500 characters; empty: none. May be changed until the end of life.
    pub description: Option<String>,
    /// Shown by CRM.COM's view. May be changed until the end of life.
    pub classification: Option<Classification>,
}

impl Product {
    /// Makes one, as DRAFT. `known` are the features of the body that the caller may use.
    ///
    /// # Errors
    /// The body's faults.
    pub fn create(
        input: &ProductInput,
        namespace_id: Id,
        known: BTreeMap<Id, Feature>,
        stamp: &Stamp,
    ) -> Result<(Self, Decision), Rejection> {
        let mut faults = Faults::default();
        let id = stamp.id(0);
        let identifier =
            identifier(input.identifier.as_deref(), || format!("PRD-{id}"), &mut faults);
        let name_version = input.name_version.check(&mut faults);
        check(&input.features, &known, &mut faults);
        let memory_data = memory(input.memory_data.as_deref(), &mut faults);
        let description = text::description(input.description.as_deref());
        let description = faults.take("/description", description).flatten();
        faults.finish()?;
        let made = Self {
            id,
            identifier,
            name_version,
            product_type: input.product_type,
            life_cycle_stage: LifeCycleStage::Draft,
            provisioning_enabled: input.provisioning_enabled,
            features: input.features.clone(),
            memory_data,
            description,
            classification: input.classification,
            namespace_id,
            version: 1,
            meta: Meta::new(stamp),
            rev: Rev::default(),
        };
        let decision = Decision::default().save(made.clone());
        let decision = recount(&[], &made.features, known, decision);
        Ok((made.clone(), made.names().into_iter().fold(decision, Decision::take)))
    }

    /// Changes what is given. `known` are the features that it has or will have.
    ///
    /// # Errors
    /// The body's faults; `ILLEGAL_TRANSITION` where its stage does not allow it any more.
    pub fn update(
        &self,
        patch: &ProductPatch,
        known: BTreeMap<Id, Feature>,
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
        next.product_type = patch.product_type.unwrap_or(self.product_type);
        if let Some(features) = &patch.features {
            check(features, &known, &mut faults);
            next.features.clone_from(features);
        }
        if patch.memory_data.is_some() {
            next.memory_data = memory(patch.memory_data.as_deref(), &mut faults);
        }
        let described = patch.description.as_deref().map(|text| text::description(Some(text)));
        let described = described.and_then(|text| faults.take("/description", text));
        faults.finish()?;
        let content_changed = next != *self;
        next.description = described.unwrap_or(next.description);
        next.classification = patch.classification.or(self.classification);
        next.provisioning_enabled = patch.provisioning_enabled.unwrap_or(self.provisioning_enabled);
        let allowed = match self.life_cycle_stage {
            LifeCycleStage::Draft => true,
            LifeCycleStage::Commit => !content_changed,
            LifeCycleStage::Eol => next == *self,
        };
        if !allowed {
            let detail = "What is sold stays as it is: of a product in stage COMMIT only \
                          provisioningEnabled, description and classification can change, of \
                          one in EOL nothing.";
            return Err(self.illegal(detail, ()));
        }
        next.version += 1;
        next.meta.touch(stamp);
        let decision = Decision::default().save(next.clone());
        let decision = recount(&self.features, &next.features, known, decision);
        Ok((next.clone(), decision.replace(&self.names(), &next.names())))
    }

    /// Removes a draft that has no association.
    ///
    /// # Errors
    /// `ILLEGAL_TRANSITION` unless DRAFT, `IN_USE`.
    pub fn delete(
        self,
        associated: bool,
        known: BTreeMap<Id, Feature>,
    ) -> Result<Decision, Rejection> {
        if self.life_cycle_stage != LifeCycleStage::Draft {
            return Err(self.illegal("Only a draft is deleted.", ()));
        }
        if associated {
            let detail = "The product has a plan and a method. Delete its association first.";
            return Err(Rejection::new(Code::InUse, detail));
        }
        let decision = recount(&self.features, &[], known, Decision::default());
        let names = self.names();
        Ok(names.into_iter().fold(decision.delete(self), Decision::release))
    }

    /// "Complete": from DRAFT to COMMIT; only such products can be queued or produced.
    ///
    /// # Errors
    /// `ILLEGAL_TRANSITION` unless DRAFT; `PRODUCT_NOT_COMPLETE` naming what its features lack.
    pub fn complete(self, stamp: &Stamp) -> Result<(Self, Decision), Rejection> {
        self.step(Event::Complete, LifeCycleStage::Commit, stamp)
    }

    /// From COMMIT to EOL: it is sold no more; what was sold goes on.
    ///
    /// # Errors
    /// `ILLEGAL_TRANSITION` unless COMMIT.
    pub fn retire(self, stamp: &Stamp) -> Result<(Self, Decision), Rejection> {
        self.step(Event::Retire, LifeCycleStage::Eol, stamp)
    }

    fn step(
        mut self,
        event: Event,
        to: LifeCycleStage,
        stamp: &Stamp,
    ) -> Result<(Self, Decision), Rejection> {
        self.permit(event, ())?;
        Self::MACHINE.on(Some(self.life_cycle_stage), event, to)?;
        self.life_cycle_stage = to;
        self.version += 1;
        self.meta.touch(stamp);
        Ok((self.clone(), Decision::default().save(self)))
    }

    /// A feature of it.
    pub fn feature(&self, id: Id) -> Option<&ProductFeature> {
        self.features.iter().find(|feature| feature.feature_id == Some(id))
    }

    fn names(&self) -> [Name; 2] {
        let name = |member, value: &String, scope| Name {
            kind: Kind::Product,
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

fn memory(given: Option<&str>, faults: &mut Faults) -> Option<String> {
    let given = given.filter(|text| !text.is_empty())?;
    faults.take("/memoryData", text::free(given, MEMORY_DATA_CHARS))
}

/// Counts the uses of the features anew.
fn recount(
    before: &[ProductFeature],
    after: &[ProductFeature],
    known: BTreeMap<Id, Feature>,
    decision: Decision,
) -> Decision {
    let has = |list: &[ProductFeature], id| list.iter().any(|f| f.feature_id == Some(id));
    known.into_iter().fold(decision, |decision, (id, mut feature)| {
        match (has(before, id), has(after, id)) {
            (false, true) => feature.uses += 1,
            (true, false) => feature.uses = feature.uses.saturating_sub(1),
            _ => return decision,
        }
        decision.save(feature)
    })
}
