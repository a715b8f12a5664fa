//! Which custom attributes there are, for each kind of entity (001-R9).
//!
//! Neighbours: lint knows by them what a plan may ask for (D13). Guarantee: names are unique for
//! each entity.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::attributes::Entity;
use crate::decision::Decision;
use crate::ids::Id;
use crate::name::{Name, Scope};
use crate::record::Kind;
use crate::rejection::{Faults, Rejection};
use crate::rev::Rev;
use crate::stamp::{Meta, Stamp};
use crate::text;
use crate::time::Day;

/// The type of a custom attribute's value, which is written as a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[derive(strum::IntoStaticStr, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum AttributeType {
    /// Any text.
    #[default]
    String,
    /// A number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// A day, `YYYY-MM-DD`.
    Date,
}

impl AttributeType {
    /// Whether a value is one of this type.
    pub fn takes(self, value: &str) -> bool {
        match self {
            Self::String => true,
            Self::Number => value.parse::<f64>().is_ok_and(f64::is_finite),
            Self::Boolean => matches!(value, "true" | "false"),
            Self::Date => value.parse().is_ok_and(Day::has_common_year),
        }
    }
}

/// The registered custom attributes of one kind of entity.
pub type AttributeTypes = BTreeMap<String, AttributeType>;

/// A custom attribute that is registered for a kind of entity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CustomAttributeDef {
    /// Its id.
    pub id: Id,
    /// The kind of entity that has it.
    pub entity: Entity,
    /// Unique for the entity; 1 to 255 characters.
    pub name: String,
    /// The type of its value.
    #[serde(rename = "type")]
    pub kind: AttributeType,
    /// Counts the changes; the `ETag`.
    pub version: u64,
    /// Created and updated.
    #[serde(flatten)]
    pub meta: Meta,
    /// Revision of the row that was read.
    #[serde(skip)]
    pub rev: Rev<Self>,
}

/// Body of `POST /v1/custom-attributes`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct CustomAttributeInput {
    /// The kind of entity that has it.
    pub entity: Option<Entity>,
    /// Unique for the entity.
    pub name: String,
    /// Default STRING.
    #[serde(rename = "type")]
    pub kind: AttributeType,
}

/// Body of `PATCH /v1/custom-attributes/{id}`: what is absent stays.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct CustomAttributePatch {
    /// Unique for the entity.
    pub name: Option<String>,
    /// The type of its value.
    #[serde(rename = "type")]
    pub kind: Option<AttributeType>,
}

impl CustomAttributeDef {
    /// Registers one.
    ///
    /// # Errors
    /// The body's faults.
    pub fn create(
        input: &CustomAttributeInput,
        stamp: &Stamp,
    ) -> Result<(Self, Decision), Rejection> {
        let mut faults = Faults::default();
        let given = "give ENTITLEMENT, ACTIVATION, PRODUCT_KEY or CUSTOMER";
        faults.check(input.entity.is_some(), "/entity", given);
        let name = faults.take("/name", text::short(&input.name));
        faults.finish()?;
        let made = Self {
            id: stamp.id(0),
            entity: input.entity.unwrap_or_default(),
            name: name.unwrap_or_default(),
            kind: input.kind,
            version: 1,
            meta: Meta::new(stamp),
            rev: Rev::default(),
        };
        let decision = Decision::default().save(made.clone()).take(made.claim());
        Ok((made, decision))
    }

    /// Changes what is given.
    ///
    /// # Errors
    /// The body's faults.
    pub fn update(
        &self,
        patch: &CustomAttributePatch,
        stamp: &Stamp,
    ) -> Result<(Self, Decision), Rejection> {
        let mut faults = Faults::default();
        let mut next = self.clone();
        if let Some(name) = &patch.name {
            next.name = faults.take("/name", text::short(name)).unwrap_or_default();
        }
        next.kind = patch.kind.unwrap_or(self.kind);
        faults.finish()?;
        next.version += 1;
        next.meta.touch(stamp);
        let decision = Decision::default().save(next.clone());
        Ok((next.clone(), decision.replace(&[self.claim()], &[next.claim()])))
    }

    /// Strikes it off. Values that entities have stay as they are.
    pub fn delete(self) -> Decision {
        let claim = self.claim();
        Decision::default().delete(self).release(claim)
    }

    fn claim(&self) -> Name {
        let member = match self.entity {
            Entity::Entitlement => "entitlement",
            Entity::Activation => "activation",
            Entity::ProductKey => "productKey",
            Entity::Customer => "customer",
        };
        let (value, scope) = (self.name.clone(), Scope::Tenant);
        Name { kind: Kind::CustomAttribute, member, value, id: self.id, scope }
    }
}
