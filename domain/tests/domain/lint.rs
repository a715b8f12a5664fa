//! Every warning of a plan, with a case that has it and one that has not.

use std::collections::BTreeSet;

use domain::attributes::Entity;
use domain::substitution::Definition;
use domain::substitution::lint::{Lint, Registered, Warning, grown, lint};
use domain::substitution::version::DocumentVersion;
use serde_json::{Value, json};
use strum::IntoEnumIterator;

const PR: &str = "$.provisioningRequest";

fn registered() -> Registered {
    let names = [
        (Entity::Entitlement, "Region"),
        (Entity::Activation, "Lab"),
        (Entity::ProductKey, "Rack"),
        (Entity::Customer, "Tier"),
    ];
    Registered(names.map(|(entity, name)| (entity, name.to_owned())).into())
}

fn warnings(definition: &Value) -> Vec<Warning> {
    lint(&Definition::compile(&definition.to_string()).unwrap(), Some(&registered()))
}

/// The codes for `value` as that of a member `x`.
fn codes(value: &str) -> Vec<&'static str> {
    warnings(&json!({"x": value})).iter().map(|warning| warning.code).collect()
}

fn attribute(path: &str, name: &str) -> String {
    format!("{PR}.{path}.customAttributes.customAttribute[?(@.name == \"{name}\")].value")
}

fn sold(name: &str) -> String {
    let product = ".activationRef.activation.activationProductKey.activationItem.activationProduct";
    let feature = "activationFeatures.activationFeature[0]";
    format!("{PR}{product}.{feature}.attributes.attribute[?(@.name == \"{name}\")].value")
}

fn activation_attribute(name: &str) -> String {
    let product = ".entitlement.productKeys.productKey[0].item.itemProduct";
    let wanted = format!("[?(@.attributeName == \"{name}\")].attributeValue");
    format!("{PR}{product}.activationAttributes{wanted}")
}

/// Value, the codes it has, and what it should have been.
fn cases() -> Vec<(String, &'static [&'static str], Option<String>)> {
    let pr = |rest: &str| format!("{PR}{rest}");
    let plain = |text: &str| text.to_owned();
    let some = |text: &str| Some(text.to_owned());
    let key = ".entitlement.productKeys.productKey";
    vec![
        (pr(".id"), &[], None),
        (pr(".ids"), &["UNKNOWN_PATH"], some("id")),
        (pr(".nothingLikeIt"), &["UNKNOWN_PATH"], None),
        (pr(".entitlement.EID"), &["WRONG_CASE"], some("eId")),
        (plain("$.entitlement.eId"), &["PREFIX_MISSING"], Some(pr(".entitlement.eId"))),
        (plain("entitlement.eId"), &["PREFIX_MISSING"], Some(pr(".entitlement.eId"))),
        (plain("provisioningRequest.id"), &["PREFIX_MISSING"], Some(pr(".id"))),
        (plain("$provisioningRequest.id"), &["PREFIX_MISSING"], Some(pr(".id"))),
        (pr(".entitlement[0].eId"), &["NOT_AN_ARRAY"], None),
        (pr(".id[0]"), &["NOT_AN_ARRAY"], None),
        (pr(&format!("{key}.pkId")), &["INDEX_MISSING"], None),
        (pr(&format!("{key}[0].pkId")), &[], None),
        (pr(&format!("{key}[?@.pkId].pkId")), &["POSSIBLE_ARRAY"], None),
        (pr(&format!("{key}[*].pkId")), &["ALWAYS_ARRAY"], None),
        (pr("..eId"), &["ALWAYS_ARRAY"], None),
        (attribute("entitlement", "Region"), &[], None),
        (attribute("entitlement", "Regions"), &["ATTRIBUTE_NOT_REGISTERED"], some("Region")),
        (attribute("entitlement", "Tier"), &["ATTRIBUTE_NOT_REGISTERED"], None),
        (attribute("entitlement.customer", "Tier"), &[], None),
        (attribute("customer", "tier"), &["ATTRIBUTE_NOT_REGISTERED"], some("Tier")),
        (attribute("activationRef.activation", "Lab"), &[], None),
        (attribute("entitlement.productKeys.productKey[0]", "Rack"), &[], None),
        (attribute("activationRef.activation.activationProductKey", "Rack"), &[], None),
        (pr(".activationRef.activation.activatee.emailId"), &["PERSONAL_DATA"], None),
        (pr(".activationRef.activation.activatee"), &["PERSONAL_DATA"], None),
        (pr(".activationRef.activation"), &["PERSONAL_DATA"], None),
        (pr("..emailId"), &["ALWAYS_ARRAY", "PERSONAL_DATA"], None),
        (pr(".entitlement.contact.name"), &["PERSONAL_DATA"], None),
        (pr(".customer"), &["PERSONAL_DATA"], None),
        (pr(".customer.emails[0]"), &["PERSONAL_DATA"], None),
        (pr(".customer.name"), &[], None),
        (sold("EXECUTION_COUNT"), &[], None),
        (sold("EXECUTION_COUNTS"), &["ATTRIBUTE_NOT_REGISTERED"], some("EXECUTION_COUNT")),
        (activation_attribute("ACKNOWLEDGEMENT_REQUEST"), &[], None),
        (activation_attribute("nope"), &["ATTRIBUTE_NOT_REGISTERED"], None),
        (plain("ops@tucano.example"), &["PERSONAL_DATA"], None),
        (plain("$5.00"), &["DOLLAR_TEXT"], None),
        (plain("$"), &["DOLLAR_TEXT"], None),
        (plain("US$ 5.00"), &[], None),
        (format!("${PR}.id"), &["ESCAPED_EXPRESSION"], Some(pr(".id"))),
        (plain("$$.50"), &["ESCAPED_EXPRESSION"], None),
        (format!("Hello {PR}.customer.name"), &["INSIDE_TEXT"], None),
        (format!(" {PR}.id"), &["LEADING_SPACE"], Some(pr(".id"))),
        (format!("\t{PR}.id"), &["LEADING_SPACE"], Some(pr(".id"))),
        (plain("AKIAIOSFODNN7EXAMPLE"), &["SECRET_TEXT"], None),
        (plain("Bearer abcdefghij"), &["SECRET_TEXT"], None),
        (plain("basic QWxhZGRpbjpvcGVu"), &["SECRET_TEXT"], None),
        (plain("Bearer of good news"), &[], None),
        (plain("eyJhbGciOiJIUzI1NiJ9.e30.x"), &["SECRET_TEXT"], None),
        (plain("ASIA is a continent"), &[], None),
        (plain("-----BEGIN RSA PRIVATE KEY-----"), &["SECRET_TEXT"], None),
        (plain("whsec_AAAAAAAA"), &["SECRET_TEXT"], None),
        (plain("5"), &[], None),
        (plain(""), &[], None),
        (plain("a plain text."), &[], None),
    ]
}

#[test]
fn every_value_has_its_warnings() {
    let mut seen: BTreeSet<&'static str> = BTreeSet::new();
    for (value, expected, meant) in cases() {
        assert_eq!(codes(&value), expected, "{value}");
        let told = warnings(&json!({"x": value}));
        let found = told.iter().find_map(|warning| warning.did_you_mean.clone());
        assert_eq!(found, meant, "{value}");
        seen.extend(expected);
    }
    seen.insert("DOCUMENT_GREW");
    let all: BTreeSet<&'static str> = Lint::iter().map(Into::into).collect();
    assert_eq!(seen, all, "every code has a case");
}

/// What would change for a plan of before, once it is saved again.
#[test]
fn a_plan_of_before_is_told_what_it_would_send() {
    let grows = |value: &str| {
        let told = grown(Some(&json!({"x": value}).to_string()), DocumentVersion::First);
        assert!(told.iter().all(|it| it.code == "DOCUMENT_GREW" && it.at == "$[\"x\"]"));
        told.len()
    };
    for same in [".id", ".customer.name", ".entitlement.customAttributes", ".nope", "['id']"] {
        assert_eq!(grows(&format!("{PR}{same}")), 0, "{same}");
    }
    for more in [".productId", ".customer", "", "..eId", ".entitlement.productKeys", "[*]"] {
        assert_eq!(grows(&format!("{PR}{more}")), 1, "{more}");
    }
    assert_eq!(grown(None, DocumentVersion::First).len(), 1, "the whole document");
    assert!(grown(None, DocumentVersion::Second).is_empty());
    let text = json!({"x": format!("{PR}.customer")}).to_string();
    assert!(grown(Some(&text), DocumentVersion::Second).is_empty());
}

#[test]
fn a_key_makes_its_value_a_secret() {
    for key in ["password", "Client Secret", "api_key", "ACCESS-KEY", "authToken"] {
        assert_eq!(warnings(&json!({key: "x"}))[0].code, "SECRET_TEXT", "{key}");
        assert_eq!(warnings(&json!({key: ["x"]}))[0].code, "SECRET_TEXT", "{key}");
        assert!(warnings(&json!({key: ""})).is_empty(), "{key}");
        assert!(warnings(&json!({key: 5, "other": format!("{PR}.id")})).is_empty(), "{key}");
    }
    assert!(warnings(&json!({"key": "x", "secretary's name": ""})).is_empty());
}

#[test]
fn places_are_those_of_the_definition_in_its_order() {
    let definition = json!({"a": ["$5", {"b\"c": "$.ids"}], "d": "$6"});
    let told = warnings(&definition);
    let places: Vec<&str> = told.iter().map(|warning| warning.at.as_str()).collect();
    assert_eq!(places, ["$[\"a\"][0]", "$[\"a\"][1][\"b\\\"c\"]", "$[\"d\"]"]);
}

#[test]
fn attributes_are_not_judged_where_nobody_knows_them() {
    let text = json!({"x": attribute("customer", "Nope")}).to_string();
    assert!(lint(&Definition::compile(&text).unwrap(), None).is_empty());
}
