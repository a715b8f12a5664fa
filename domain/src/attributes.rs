//! Custom attributes: `{"customAttribute": [{"name", "value"}]}`, as in the document of a plan.
//!
//! Neighbours: entitlement, activation, product key, customer (001-R9).

use serde::{Deserialize, Serialize};

use crate::catalog::custom_attribute::AttributeTypes;
use crate::limits::{ATTRIBUTE_CHARS, ATTRIBUTES};
use crate::rejection::{Code, Faults, Rejection};
use crate::text;

/// The kinds of entities that can have custom attributes (001-R9).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[derive(Serialize, Deserialize, strum::Display, strum::EnumString, utoipa::ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the entities of their names")]
pub enum Entity {
    #[default]
    Entitlement,
    Activation,
    ProductKey,
    Customer,
}

impl Entity {
    /// The entity that a member of the document is.
    pub fn at(member: &str) -> Option<Self> {
        match member {
            "entitlement" => Some(Self::Entitlement),
            "activation" => Some(Self::Activation),
            "productKey" | "activationProductKey" => Some(Self::ProductKey),
            "customer" | "channelPartner" => Some(Self::Customer),
            _ => None,
        }
    }
}

/// The list, with the wrapper that the source's paths force.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct CustomAttributes {
    /// At most 50.
    pub custom_attribute: Vec<CustomAttribute>,
}

/// One attribute.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default)]
pub struct CustomAttribute {
    /// Its name, unique in the list.
    pub name: String,
    /// A string of at most 1,000 characters.
    pub value: String,
}

impl CustomAttributes {
    /// Whether every value is of the type that its attribute is registered with; an attribute that
    /// is not registered takes any text.
    ///
    /// # Errors
    /// `VALIDATION_FAILED` for each that is not.
    pub fn fit(&self, types: &AttributeTypes) -> Result<(), Rejection> {
        let mut faults = Faults::default();
        for (i, attribute) in self.custom_attribute.iter().enumerate() {
            let Some(kind) = types.get(&attribute.name) else { continue };
            let name: &str = (*kind).into();
            let at = format!("/customAttributes/customAttribute/{i}/value");
            let detail = format!("the attribute {:?} is a {name}", attribute.name);
            faults.check(kind.takes(&attribute.value), &at, detail);
        }
        faults.finish()
    }

    /// Notes every fault of the list, found at `pointer`.
    pub fn check(&self, pointer: &str, faults: &mut Faults) {
        let list = &self.custom_attribute;
        let pointer = format!("{pointer}/customAttribute");
        faults.check(
            list.len() <= ATTRIBUTES,
            &pointer,
            format!("at most {ATTRIBUTES} attributes"),
        );
        for (i, attribute) in list.iter().enumerate() {
            faults.take(&format!("{pointer}/{i}/name"), text::short(&attribute.name));
            let long = attribute.value.chars().count() > ATTRIBUTE_CHARS;
            let value = format!("{pointer}/{i}/value");
            faults.check(!long, &value, format!("at most {ATTRIBUTE_CHARS} characters"));
            if list[..i].iter().any(|other| other.name == attribute.name) {
                let detail = format!("the attribute {:?} is named twice", attribute.name);
                faults.add(format!("{pointer}/{i}/name"), Code::ValidationFailed, detail);
            }
        }
    }
}
