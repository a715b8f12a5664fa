//! License models and attributes: the fixed tables of source 004.
//!
//! Neighbours: features of products name them, `/v1/attributes` shows them. Guarantee: ids and
//! names are the source's; what it calls deprecated is marked; a value is read here alone.

use serde::Serialize;

use crate::limits::{LICENSE_NUMBER, MEMORY_DATA_CHARS, TEXT_CHARS, UNLIMITED_INSTANCES};
use crate::rejection::Code;
use crate::text;
use crate::time::Day;

/// A license model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LicenseModel {
    /// The source's `licenseModelId`.
    pub id: u64,
    /// Its name.
    pub name: &'static str,
    /// Another distinction, where names are equal.
    pub note: Option<&'static str>,
    /// The attribute whose value it needs; null when it needs none.
    pub attribute_id: Option<u64>,
}

/// A license model, and what it takes.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = LicenseModel)]
pub struct LicenseModelView {
    /// The model.
    #[serde(flatten)]
    pub model: LicenseModel,
    /// The attributes that its features may have.
    pub attribute_ids: Vec<u64>,
}

/// An attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Attribute {
    /// The source's `attributeId`.
    pub id: u64,
    /// Its name.
    pub name: &'static str,
    /// The kind of its values.
    #[serde(rename = "type")]
    pub kind: AttributeKind,
    /// The lowest value of an INTEGER.
    pub minimum: Option<u64>,
    /// The highest value of an INTEGER.
    pub maximum: Option<u64>,
    /// The values of an ENUMERATION.
    pub values: &'static [&'static str],
    /// Kept for old data; take no new values of it.
    pub deprecated: bool,
}

/// The kinds of values. All are strings, which go to the provider as they were sold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AttributeKind {
    /// 1 to 255 characters.
    Text,
    /// TRUE or FALSE, also in lower case.
    Boolean,
    /// A whole number within its bounds.
    Integer,
    /// A day, YYYY-MM-DD.
    Date,
    /// Bytes as pairs of hexadecimal digits.
    Hex,
    /// One of its values.
    Enumeration,
}

use AttributeKind::{Boolean, Date, Enumeration, Hex, Integer, Text};

/// The attribute that says how often.
pub const EXECUTION_COUNT: u64 = 2;
/// The attribute that says until when.
pub const EXPIRATION_DATE: u64 = 3;
/// The attribute that says how long.
pub const TIME_PERIOD: u64 = 4;
/// The attribute that allows concurrency.
pub const ENABLE_CONCURRENCY: u64 = 5;
/// The attribute that says how many instances.
pub const CONCURRENT_INSTANCES: u64 = 6;

const fn model(id: u64, name: &'static str, attribute_id: Option<u64>) -> LicenseModel {
    let note = match id {
        11 => Some("on-premises"),
        13 => Some("subscriptions"),
        _ => None,
    };
    LicenseModel { id, name, note, attribute_id }
}

const fn attribute(id: u64, name: &'static str, kind: AttributeKind) -> Attribute {
    let (minimum, maximum) = match kind {
        Integer => (Some(0), Some(LICENSE_NUMBER)),
        _ => (None, None),
    };
    Attribute { id, name, kind, minimum, maximum, values: &[], deprecated: false }
}

const fn one_of(id: u64, name: &'static str, values: &'static [&'static str]) -> Attribute {
    Attribute { values, ..attribute(id, name, Enumeration) }
}

const fn old(id: u64, name: &'static str, kind: AttributeKind) -> Attribute {
    Attribute { deprecated: true, ..attribute(id, name, kind) }
}

/// How many instances: none is no concurrency, which `ENABLE_CONCURRENCY` says.
const INSTANCES: Attribute = Attribute {
    minimum: Some(1),
    maximum: Some(UNLIMITED_INSTANCES),
    ..attribute(CONCURRENT_INSTANCES, "CONCURRENT_INSTANCES", Integer)
};

/// The terms of a license that exclude each other: a model needs one of them, or none.
const TERMS: [u64; 3] = [EXECUTION_COUNT, EXPIRATION_DATE, TIME_PERIOD];

/// THE TABLE of license models.
pub const LICENSE_MODELS: [LicenseModel; 8] = [
    model(1, "Execution Count", Some(2)),
    model(2, "Expiration Date", Some(3)),
    model(3, "Time Period", Some(4)),
    model(4, "Perpetual", None),
    model(5, "Unlocked (Time Period)", Some(4)),
    model(6, "Unlocked (Perpetual)", None),
    model(11, "Unlocked (Expiry Date)", Some(3)),
    model(13, "Unlocked (Expiry Date)", Some(3)),
];

/// THE TABLE of attributes.
#[rustfmt::skip]
pub const ATTRIBUTES: [Attribute; 34] = [
    one_of(1, "LICENSE_TYPE", &["Execution Count", "Expiration Date", "Time Period", "Perpetual"]),
    attribute(EXECUTION_COUNT, "EXECUTION_COUNT", Integer),
    attribute(EXPIRATION_DATE, "EXPIRATION_DATE", Date),
    attribute(TIME_PERIOD, "TIME_PERIOD", Integer),
    attribute(ENABLE_CONCURRENCY, "ENABLE_CONCURRENCY", Boolean),
    INSTANCES,
    one_of(7, "COUNT_CRITERIA", &["Per Login", "Per Process", "Per Station"]),
    attribute(8, "REMOTE_DESKTOP_ACCESS", Boolean),
    attribute(9, "NETWORK_ENABLED", Boolean),
    attribute(10, "DETACHABLE", Boolean),
    attribute(11, "VIRTUAL_MACHINE_ACCESS", Boolean),
    attribute(12, "C2V", Text),
    attribute(13, "ACKNOWLEDGEMENT_REQUEST", Boolean),
    old(14, "PROVISIONAL_FLAG", Boolean),
    attribute(15, "ENFORCEMENT_TYPE", Text),
    attribute(16, "MEMORY_DATA", Hex),
    attribute(17, "REHOST_ALLOWED", Boolean),
    attribute(18, "CLEAR_BEFORE_APPLYING_UPDATE", Boolean),
    attribute(19, "UPGRADE_DL_KEY_ALLOWED", Boolean),
    attribute(20, "START_DATE", Date),
    attribute(21, "END_DATE", Date),
    old(22, "USAGE_TYPE", Text),
    old(23, "CONCURRENT_LIMIT", Integer),
    old(24, "COUNTING_TYPE", Text),
    old(25, "LICENSE_TYPE", Text),
    old(26, "MAXIMUM_USAGE_LIMIT", Integer),
    old(27, "GRACE_LIMIT", Integer),
    old(28, "MEASUREMENT_UNIT_DURATION", Text),
    old(29, "MEASUREMENT_UNIT_USAGE", Text),
    old(30, "DISCONNECTED_TIME", Integer),
    old(31, "DEPLOYMENT_TYPE", Text),
    old(32, "KEEP_ALIVE_TIME", Integer),
    old(33, "REFRESH_PERIOD", Integer),
    old(34, "VENDOR_ATTRIBUTE", Text),
];

impl LicenseModel {
    /// As answers show it.
    pub fn view(self) -> LicenseModelView {
        let taken = ATTRIBUTES.iter().map(|attribute| attribute.id).filter(|id| self.takes(*id));
        LicenseModelView { attribute_ids: taken.collect(), model: self }
    }

    /// Whether its features may have this attribute: of the terms, only the one that it needs.
    pub fn takes(&self, attribute: u64) -> bool {
        !TERMS.contains(&attribute) || self.attribute_id == Some(attribute)
    }
}

impl Attribute {
    /// A value of it, as it was given.
    ///
    /// # Errors
    /// `VALIDATION_FAILED` or `INVALID_CHARACTER`, with what its values are.
    pub fn read(&self, value: &str) -> Result<String, (Code, String)> {
        let most = if self.kind == Hex { MEMORY_DATA_CHARS } else { TEXT_CHARS };
        let value = text::free(value, most)?;
        let name = self.name;
        let (fits, wanted) = match self.kind {
            Text => (true, String::new()),
            Boolean => {
                (truth(&value).is_some(), "TRUE or FALSE, in upper or lower case".to_owned())
            }
            Integer => {
                let (low, high) = (self.minimum.unwrap_or(0), self.maximum.unwrap_or(u64::MAX));
                let digits = value.bytes().all(|byte| byte.is_ascii_digit());
                let number = value.parse().ok().filter(|_| digits);
                let fits = number.is_some_and(|number| (low..=high).contains(&number));
                (fits, format!("a whole number from {low} to {high}"))
            }
            Date => {
                let fits = value.parse().is_ok_and(Day::has_common_year);
                (fits, "a day, YYYY-MM-DD, of the years 0001 to 9999".to_owned())
            }
            Hex => {
                let pairs = value.len().is_multiple_of(2);
                let fits = pairs && value.bytes().all(|byte| byte.is_ascii_hexdigit());
                (fits, "bytes, each as two digits 0 to 9 or a to f".to_owned())
            }
            Enumeration => {
                (self.values.contains(&&*value), format!("one of {}", self.values.join(", ")))
            }
        };
        if fits { Ok(value) } else { Err((Code::ValidationFailed, format!("{name} is {wanted}"))) }
    }
}

/// The truth that a BOOLEAN says.
pub fn truth(value: &str) -> Option<bool> {
    match value {
        "TRUE" | "true" => Some(true),
        "FALSE" | "false" => Some(false),
        _ => None,
    }
}

/// The license model of an id.
pub fn license_model(id: u64) -> Option<&'static LicenseModel> {
    LICENSE_MODELS.iter().find(|model| model.id == id)
}

/// The attribute of an id.
pub fn attribute_of(id: u64) -> Option<&'static Attribute> {
    ATTRIBUTES.iter().find(|attribute| attribute.id == id)
}

/// The attribute of a name; of two with one name, the one that is not deprecated.
pub fn attribute_named(name: &str) -> Option<&'static Attribute> {
    ATTRIBUTES.iter().find(|attribute| attribute.name == name)
}
