//! Products: what is sold, and whether activating it provisions something.

use serde::{Deserialize, Serialize};
use strum::{Display, EnumString};

use crate::decision::{Decision, Kind, Meta, Name, Stamp};
use crate::ids::Id;
use crate::rejection::{Code, Faults, Rejection};
use crate::text;

/// Name and version of a product or feature.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default)]
pub struct NameVersion {
    /// 1 to 255 characters.
    pub name: String,
    /// 1 to 255 characters.
    pub version: String,
}

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

/// Draft, complete, or at its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[derive(EnumString, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum LifeCycleStage {
    /// Still being made.
    Draft,
    /// "Complete": can be sold.
    Commit,
    /// End of life.
    Eol,
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
    /// The namespace it belongs to.
    pub namespace_id: Id,
    /// Counts the changes; the `ETag`.
    pub version: u64,
    /// Created and updated.
    #[serde(flatten)]
    pub meta: Meta,
    /// Revision of the row that was read.
    #[serde(skip)]
    pub rev: u64,
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
    /// Default: the default namespace.
    pub namespace_id: Option<Id>,
}

impl Product {
    /// Makes one, as DRAFT.
    ///
    /// # Errors
    /// The body's faults.
    pub fn create(
        input: &ProductInput,
        namespace_id: Id,
        stamp: &Stamp,
    ) -> Result<(Self, Decision), Rejection> {
        let mut faults = Faults::default();
        let id = stamp.id(0);
        let identifier = match &input.identifier {
            Some(given) => faults.take("/identifier", text::short(given)),
            None => Some(format!("PRD-{id}")),
        };
        let name = faults.take("/nameVersion/name", text::short(&input.name_version.name));
        let version = faults.take("/nameVersion/version", text::short(&input.name_version.version));
        faults.finish()?;
        let made = Self {
            id,
            identifier: identifier.unwrap_or_default(),
            name_version: NameVersion {
                name: name.unwrap_or_default(),
                version: version.unwrap_or_default(),
            },
            product_type: input.product_type,
            life_cycle_stage: LifeCycleStage::Draft,
            provisioning_enabled: input.provisioning_enabled,
            namespace_id,
            version: 1,
            meta: Meta::new(stamp),
            rev: 0,
        };
        let decision = Decision::default()
            .save(made.clone())
            .claim(made.name("identifier", made.identifier.clone(), true))
            .claim(made.name("name", made.name_version.name.clone(), false));
        Ok((made, decision))
    }

    /// "Complete": from DRAFT to COMMIT; only such products can be queued or produced.
    ///
    /// # Errors
    /// `ILLEGAL_TRANSITION` unless DRAFT.
    pub fn complete(mut self, stamp: &Stamp) -> Result<(Self, Decision), Rejection> {
        if self.life_cycle_stage != LifeCycleStage::Draft {
            return Err(self.refuse("COMPLETE"));
        }
        self.life_cycle_stage = LifeCycleStage::Commit;
        self.version += 1;
        self.meta.touch(stamp);
        Ok((self.clone(), Decision::default().save(self)))
    }

    fn refuse(&self, act: &str) -> Rejection {
        let (state, allowed) = match self.life_cycle_stage {
            LifeCycleStage::Draft => ("DRAFT", vec!["COMPLETE"]),
            LifeCycleStage::Commit => ("COMMIT", vec![]),
            LifeCycleStage::Eol => ("EOL", vec![]),
        };
        let detail = format!("{act} is not possible for a product in stage {state}.");
        Rejection::new(Code::IllegalTransition, detail).with_state(state, allowed)
    }

    fn name(&self, member: &'static str, value: String, unique: bool) -> Name {
        Name { kind: Kind::Product, member, value, id: self.id, unique }
    }
}
