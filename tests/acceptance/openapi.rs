//! `infra/openapi.json` is what the code says, every reference in it leads somewhere, and its
//! examples are real answers that fit their schemas.

use edge::http::table::ROUTES;
use serde_json::{Value, json};

use crate::permissions::visit;

/// Holds a file of `infra` against what the code makes of it.
fn is_fresh(file: &str, made: &Value) {
    let path = format!("{}/../infra/{file}", env!("CARGO_MANIFEST_DIR"));
    let made = format!("{made:#}\n");
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        std::fs::write(&path, &made).unwrap();
    }
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    let how = "run UPDATE_OPENAPI=1 cargo test -p tests openapi, again if examples changed";
    assert!(made == committed, "{file} is stale: {how}");
}

#[test]
fn the_committed_document_is_fresh() {
    is_fresh("openapi.json", &edge::http::openapi::document());
}

/// The examples are what the service answers to the calls of `permissions`: every clock and id of
/// it is in the test's hand. The document itself is no example of itself.
#[tokio::test(flavor = "multi_thread")]
async fn the_examples_are_what_the_service_answers() {
    let mut examples = visit().await.examples;
    examples.remove("getOpenApi");
    is_fresh("examples.json", &json!(examples));
    let document = edge::http::openapi::document();
    for route in ROUTES {
        let Some(example) = examples.get(route.operation) else { continue };
        let verb = route.verb.to_lowercase();
        let operation = &document["paths"][route.path][&verb];
        fits(route.operation, &document, &operation["requestBody"], &example["request"]);
        let responses = operation["responses"].as_object().unwrap();
        let (_, good) = responses.iter().find(|(status, _)| status.starts_with('2')).unwrap();
        fits(route.operation, &document, good, &example["response"]);
    }
}

/// Holds a value against the JSON schema of a body.
fn fits(operation: &str, document: &Value, body: &Value, value: &Value) {
    let mut schema = body["content"]["application/json"]["schema"].clone();
    if schema.is_null() || value == "" {
        return;
    }
    schema["components"] = document["components"].clone();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let faults: Vec<String> = validator
        .iter_errors(value)
        .map(|fault| format!("{operation} at {}: {fault}", fault.instance_path()))
        .collect();
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn every_reference_leads_somewhere() {
    fn check(value: &Value, document: &Value) {
        match value {
            Value::Object(members) => {
                if let Some(reference) = members.get("$ref").and_then(Value::as_str) {
                    let leads = document.pointer(reference.trim_start_matches('#')).is_some();
                    assert!(leads, "{reference}");
                }
                members.values().for_each(|member| check(member, document));
            }
            Value::Array(list) => list.iter().for_each(|member| check(member, document)),
            _ => {}
        }
    }
    let document = edge::http::openapi::document();
    check(&document, &document);
}
