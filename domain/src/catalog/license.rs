//! License models and attributes: the fixed tables of source 004.
//!
//! Neighbours: features of products name them. Guarantee: ids and names are the source's; what it
//! calls deprecated is marked.

use serde::Serialize;

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

/// An attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Attribute {
    /// The source's `attributeId`.
    pub id: u64,
    /// Its name.
    pub name: &'static str,
    /// Kept for old data; take no new values of it.
    pub deprecated: bool,
}

/// Unlimited concurrency is this many instances (source 004).
pub const UNLIMITED_INSTANCES: u64 = 10_000_000;
/// The attribute that says how often.
pub const EXECUTION_COUNT: u64 = 2;
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

const fn attribute(id: u64, name: &'static str) -> Attribute {
    Attribute { id, name, deprecated: false }
}

const fn deprecated(id: u64, name: &'static str) -> Attribute {
    Attribute { id, name, deprecated: true }
}

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
pub const ATTRIBUTES: [Attribute; 34] = [
    attribute(1, "LICENSE_TYPE"),
    attribute(2, "EXECUTION_COUNT"),
    attribute(3, "EXPIRATION_DATE"),
    attribute(4, "TIME_PERIOD"),
    attribute(5, "ENABLE_CONCURRENCY"),
    attribute(6, "CONCURRENT_INSTANCES"),
    attribute(7, "COUNT_CRITERIA"),
    attribute(8, "REMOTE_DESKTOP_ACCESS"),
    attribute(9, "NETWORK_ENABLED"),
    attribute(10, "DETACHABLE"),
    attribute(11, "VIRTUAL_MACHINE_ACCESS"),
    attribute(12, "C2V"),
    attribute(13, "ACKNOWLEDGEMENT_REQUEST"),
    deprecated(14, "PROVISIONAL_FLAG"),
    attribute(15, "ENFORCEMENT_TYPE"),
    attribute(16, "MEMORY_DATA"),
    attribute(17, "REHOST_ALLOWED"),
    attribute(18, "CLEAR_BEFORE_APPLYING_UPDATE"),
    attribute(19, "UPGRADE_DL_KEY_ALLOWED"),
    attribute(20, "START_DATE"),
    attribute(21, "END_DATE"),
    deprecated(22, "USAGE_TYPE"),
    deprecated(23, "CONCURRENT_LIMIT"),
    deprecated(24, "COUNTING_TYPE"),
    deprecated(25, "LICENSE_TYPE"),
    deprecated(26, "MAXIMUM_USAGE_LIMIT"),
    deprecated(27, "GRACE_LIMIT"),
    deprecated(28, "MEASUREMENT_UNIT_DURATION"),
    deprecated(29, "MEASUREMENT_UNIT_USAGE"),
    deprecated(30, "DISCONNECTED_TIME"),
    deprecated(31, "DEPLOYMENT_TYPE"),
    deprecated(32, "KEEP_ALIVE_TIME"),
    deprecated(33, "REFRESH_PERIOD"),
    deprecated(34, "VENDOR_ATTRIBUTE"),
];

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
