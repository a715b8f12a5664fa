//! The shape of the document: every path that a plan may use (D7), and what it means.
//!
//! Neighbours: `known` asks whether a path is in it, `/v1/plans/document-shape` lists it.
//! Guarantee: `request::document` builds nothing that is not in here (a test compares them).

use std::sync::LazyLock;

use serde::Serialize;

/// A part of the shape.
#[derive(Debug)]
pub enum Shape {
    /// A single value: type, may be null, meaning.
    Leaf(&'static str, bool, &'static str),
    /// Members; may be null as a whole.
    Object(Vec<(&'static str, Shape)>, bool),
    /// A list of elements of one shape.
    List(Box<Shape>),
}

use Shape::{Leaf, List, Object};

/// The whole document.
pub static DOCUMENT: LazyLock<Shape> =
    LazyLock::new(|| object([("provisioningRequest", provisioning_request())]));

fn object<const N: usize>(members: [(&'static str, Shape); N]) -> Shape {
    Object(members.into(), false)
}

fn optional<const N: usize>(members: [(&'static str, Shape); N]) -> Shape {
    Object(members.into(), true)
}

const fn text(meaning: &'static str) -> Shape {
    Leaf("string", false, meaning)
}

const fn text_or_null(meaning: &'static str) -> Shape {
    Leaf("string", true, meaning)
}

const fn number(meaning: &'static str) -> Shape {
    Leaf("number", false, meaning)
}

fn attributes() -> Shape {
    let one = object([("name", text("Name of the attribute")), ("value", text("Its value"))]);
    object([("customAttribute", List(Box::new(one)))])
}

fn provisioning_request() -> Shape {
    object([
        ("id", number("The provisioning request")),
        ("status", text("Its status, such as REQUEST_QUEUED")),
        ("createdDate", text("When it was made, RFC 3339")),
        ("statusUpdateDate", text("When its status was last told")),
        ("comments", text_or_null("Comments of the request")),
        ("provisioningPlan", plan()),
        ("provisioningMethod", method()),
        ("customer", customer()),
        ("entitlement", entitlement()),
        ("activationRef", object([("activation", activation())])),
    ])
}

fn plan() -> Shape {
    optional([
        ("id", number("The plan")),
        ("name", text("Its name")),
        ("version", number("Its version, counted from 1")),
    ])
}

fn method() -> Shape {
    optional([("id", number("The method")), ("name", text("Its name")), ("type", text("CALLOUT"))])
}

fn customer() -> Shape {
    optional([
        ("id", number("The customer")),
        ("identifier", text("Its identifier")),
        ("name", text("Its name")),
        ("refId", text_or_null("The vendor's own reference")),
        ("customAttributes", attributes()),
    ])
}

fn person() -> Shape {
    optional([
        ("id", Leaf("number", true, "The person, if known")),
        ("emailId", text("E-mail address")),
        ("name", text_or_null("Name")),
    ])
}

/// The members that are persons.
pub const PERSONS: [&str; 2] = ["contact", "activatee"];

fn entitlement() -> Shape {
    object([
        ("id", number("The entitlement")),
        ("eId", text("Its GUID")),
        ("state", text("Its state, such as PRODUCED")),
        ("startDate", text_or_null("First day, YYYY-MM-DD")),
        ("endDate", text_or_null("Last day, YYYY-MM-DD")),
        ("refId1", text_or_null("The vendor's first reference")),
        ("refId2", text_or_null("The vendor's second reference")),
        ("customer", customer()),
        ("contact", person()),
        ("channelPartner", customer()),
        ("customAttributes", attributes()),
        ("productKeys", object([("productKey", List(Box::new(product_key())))])),
    ])
}

fn product_key() -> Shape {
    let feature = object([("feature", feature()), ("licenseModel", license_model())]);
    let features = object([("itemProductFeature", List(Box::new(feature)))]);
    let item = object([("product", product(true)), ("itemProductFeatures", features)]);
    object([
        ("pkId", text_or_null("The activated product key; null for the other line items")),
        ("totalQuantity", number("Activations that a key allows")),
        ("availableQuantity", Leaf("number", true, "What remains of them")),
        ("activationMethod", text("FULL, PARTIAL or FIXED")),
        ("fixedQuantity", Leaf("number", true, "Quantity of every activation, for FIXED")),
        ("state", text_or_null("ENABLED")),
        ("startDate", text_or_null("First day, YYYY-MM-DD")),
        ("endDate", text_or_null("Last day, YYYY-MM-DD")),
        ("customAttributes", attributes()),
        ("item", object([("itemProduct", item)])),
    ])
}

fn product(with_flag: bool) -> Shape {
    let mut members = vec![
        ("id", number("The product")),
        ("identifier", text("Its identifier")),
        ("nameVersion", name_version()),
        ("productType", text("BASE, UNLOCKED, MODIFICATION or CANCELLATION")),
    ];
    if with_flag {
        let meaning = "Its activation makes a provisioning request";
        members.push(("provisioningEnabled", Leaf("boolean", false, meaning)));
    }
    Object(members, false)
}

fn name_version() -> Shape {
    object([("name", text("Name")), ("version", text("Version"))])
}

fn feature() -> Shape {
    object([
        ("id", number("The feature")),
        ("identifier", text("Its identifier")),
        ("nameVersion", name_version()),
    ])
}

fn license_model() -> Shape {
    optional([("id", number("The license model")), ("name", text("Its name"))])
}

fn activation() -> Shape {
    let of_entitlement = object([
        ("id", number("The entitlement")),
        ("eId", text("Its GUID")),
        ("state", text("Its state")),
        ("customAttributes", attributes()),
    ]);
    object([
        ("id", number("The activation")),
        ("aid", text("Its GUID")),
        ("activationDate", text("When it was made, RFC 3339")),
        ("activationQuantity", number("Quantity activated")),
        ("state", text("ACTIVE")),
        ("customer", customer()),
        ("activatee", person()),
        ("customAttributes", attributes()),
        ("inputs", inputs()),
        ("entitlement", of_entitlement),
        ("activationProductKey", activation_product_key()),
    ])
}

fn inputs() -> Shape {
    optional([
        ("protectionKeyId", text_or_null("The key to update, for ProtectionKey_Update")),
        ("c2v", text_or_null("What the key said of itself")),
    ])
}

fn activation_product_key() -> Shape {
    let feature = object([("feature", feature())]);
    let features = object([("activationFeature", List(Box::new(feature)))]);
    let product = object([("product", product(false)), ("activationFeatures", features)]);
    object([
        ("pkId", text("The activated product key")),
        ("activationQuantity", number("Quantity activated")),
        ("activationItem", object([("activationProduct", product)])),
        ("customAttributes", attributes()),
    ])
}

/// A path of the document, as `/v1/plans/document-shape` answers it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PathLine {
    /// The expression.
    pub path: String,
    /// JSON type of its value.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// May have no value (the payload then has `""`).
    pub nullable: bool,
    /// Its meaning.
    pub meaning: &'static str,
}

/// Every path, in document order.
pub fn paths() -> Vec<PathLine> {
    let mut out = Vec::new();
    list(&DOCUMENT, "$", false, &mut out);
    out
}

fn list(shape: &Shape, path: &str, nullable: bool, out: &mut Vec<PathLine>) {
    let line =
        |kind, nullable, meaning| PathLine { path: path.to_owned(), kind, nullable, meaning };
    match shape {
        Leaf(kind, null, meaning) => out.push(line(kind, nullable || *null, meaning)),
        List(element) => {
            out.push(line("array", nullable, "A list"));
            list(element, &format!("{path}[0]"), true, out);
        }
        Object(members, null) => {
            if path != "$" {
                out.push(line("object", nullable || *null, "An object"));
            }
            for (name, member) in members {
                list(member, &format!("{path}.{name}"), nullable || *null, out);
            }
        }
    }
}
