//! The shape of the document: every path that a plan may use (D7), and what it means.
//!
//! Neighbours: `known` asks whether a path is in it, `parts` which of it a plan reads,
//! `/v1/plans/document-shape` lists it. Guarantee: `request::document` builds nothing that is not
//! in here (a test compares them).

use std::sync::LazyLock;

use serde::Serialize;

use crate::substitution::version::DocumentVersion;

/// A part of the shape.
#[derive(Debug)]
pub enum Shape {
    /// A single value: type, may be null, meaning.
    Leaf(&'static str, bool, &'static str),
    /// Members; may be null as a whole.
    Object(Vec<Member>, bool),
    /// A list of elements of one shape.
    List(Box<Shape>),
}

/// A member of an object.
#[derive(Debug)]
pub struct Member {
    /// Its name.
    pub name: &'static str,
    /// What it is.
    pub shape: Shape,
    /// The first version of the document that has it.
    pub since: DocumentVersion,
}

use DocumentVersion::{First, Second};
use Shape::{Leaf, List, Object};

/// The whole document.
pub static DOCUMENT: LazyLock<Shape> =
    LazyLock::new(|| object([("provisioningRequest", provisioning_request())]));

impl Shape {
    /// The members of an object, as far as a version has them; of anything else none.
    pub fn members(&self, version: DocumentVersion) -> impl Iterator<Item = &Member> {
        let members: &[Member] = if let Object(members, _) = self { members } else { &[] };
        members.iter().filter(move |member| member.since <= version)
    }

    /// The same object with what the second version added.
    fn and<const N: usize>(mut self, added: [(&'static str, Self); N]) -> Self {
        if let Object(members, _) = &mut self {
            members.extend(added.into_iter().map(|(name, shape)| Member {
                name,
                shape,
                since: Second,
            }));
        }
        self
    }
}

fn object<const N: usize>(members: [(&'static str, Shape); N]) -> Shape {
    let first = |(name, shape)| Member { name, shape, since: First };
    Object(members.into_iter().map(first).collect(), false)
}

fn optional<const N: usize>(members: [(&'static str, Shape); N]) -> Shape {
    let Object(members, _) = object(members) else { return object([]) };
    Object(members, true)
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
    object([("customAttribute", list(one))])
}

fn list(element: Shape) -> Shape {
    List(Box::new(element))
}

fn texts(meaning: &'static str) -> Shape {
    list(text(meaning))
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
    .and([
        ("number", text("Its number, as people write it")),
        ("type", text("PROVISION or DEPROVISION")),
        ("generation", number("Counted from 1; a retry counts on")),
        ("activatedQuantity", number("Quantity activated")),
        ("scheduledDate", text_or_null("Asked to be sent not before this, RFC 3339")),
        ("referenceNumber", text_or_null(REFERENCE)),
        ("productId", number("The product")),
        ("productName", text("Its name")),
        ("eId", text("GUID of the entitlement")),
        ("aid", text("GUID of the activation")),
        ("pkId", text("The activated product key")),
        ("plan", named("The plan")),
        ("method", named("The method")),
    ])
}

const REFERENCE: &str =
    "The provider's own number: of a DEPROVISION, the one of what is to be taken back";

fn named(meaning: &'static str) -> Shape {
    optional([
        ("id", number(meaning)),
        ("name", text("Its name")),
        ("version", Leaf("number", true, "Its version, counted from 1")),
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
    .and([("emails", texts("E-mail address"))])
}

fn person() -> Shape {
    optional([
        ("id", Leaf("number", true, "The person, if known")),
        ("emailId", text("E-mail address")),
        ("name", text_or_null("Name")),
    ])
}

/// The members that are persons, or lead to them.
pub const PERSONS: [&str; 3] = ["contact", "activatee", "emails"];

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
        ("productKeys", object([("productKey", list(product_key()))])),
    ])
    .and([
        ("isTest", Leaf("boolean", false, "Sold for a test")),
        ("registrationRequired", text("NOT_REQUIRED, DESIRED or MANDATORY")),
    ])
}

fn product_key() -> Shape {
    let feature = object([("feature", feature()), ("licenseModel", license_model())])
        .and([("attributes", license_attributes())]);
    let features = object([("itemProductFeature", list(feature))]);
    let item =
        object([("product", product(true)), ("itemProductFeatures", features)]).and(sold_with());
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
    .and([("protectionKeyIds", texts("A key to update, for ProtectionKey_Update"))])
}

/// What a line item says besides its product.
fn sold_with() -> [(&'static str, Shape); 3] {
    let attribute = object([
        ("attributeName", text("Name of an attribute of /v1/attributes")),
        ("attributeValue", text("Its value")),
    ]);
    [
        ("lineItemType", text_or_null("Product_Key, Hardware_Key or ProtectionKey_Update")),
        ("memoryData", text_or_null("As sold, else the product's own")),
        ("activationAttributes", list(attribute)),
    ]
}

/// What was sold of a feature: the values as specified, else the product's own.
fn license_attributes() -> Shape {
    let one = object([
        ("id", number("An attribute of /v1/attributes")),
        ("name", text("Its name, such as EXECUTION_COUNT")),
        ("value", text("Its value as sold")),
    ]);
    object([("attribute", list(one))])
}

fn product(with_flag: bool) -> Shape {
    let (id, identifier) = (("id", number("The product")), ("identifier", text("Its identifier")));
    let name_version = ("nameVersion", name_version());
    let kind = ("productType", text("BASE, UNLOCKED, MODIFICATION or CANCELLATION"));
    if !with_flag {
        return object([id, identifier, name_version, kind]);
    }
    let meaning = "Its activation makes a provisioning request";
    let flag = ("provisioningEnabled", Leaf("boolean", false, meaning));
    object([id, identifier, name_version, kind, flag])
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
    let feature = object([("feature", feature())])
        .and([("licenseModel", license_model()), ("attributes", license_attributes())]);
    let features = object([("activationFeature", list(feature))]);
    let product =
        object([("product", product(false)), ("activationFeatures", features)]).and(sold_with());
    object([
        ("pkId", text("The activated product key")),
        ("activationQuantity", number("Quantity activated")),
        ("activationItem", object([("activationProduct", product)])),
        ("customAttributes", attributes()),
    ])
}

/// A path of the document, as `/v1/plans/document-shape` answers it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
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
    /// The first version of the document that has it.
    #[schema(value_type = u8)]
    pub document_version: DocumentVersion,
}

/// Every path, in document order.
pub fn paths() -> Vec<PathLine> {
    let mut out = Vec::new();
    walk(&DOCUMENT, "$", (false, First), &mut out);
    out
}

fn walk(
    shape: &Shape,
    path: &str,
    (nullable, since): (bool, DocumentVersion),
    out: &mut Vec<PathLine>,
) {
    let line = |kind, nullable, meaning| PathLine {
        path: path.to_owned(),
        kind,
        nullable,
        meaning,
        document_version: since,
    };
    match shape {
        Leaf(kind, null, meaning) => out.push(line(kind, nullable || *null, meaning)),
        List(element) => {
            out.push(line("array", nullable, "A list"));
            walk(element, &format!("{path}[0]"), (true, since), out);
        }
        Object(members, null) => {
            if path != "$" {
                out.push(line("object", nullable || *null, "An object"));
            }
            for Member { name, shape, since: own } in members {
                let path = format!("{path}.{name}");
                walk(shape, &path, (nullable || *null, since.max(*own)), out);
            }
        }
    }
}
