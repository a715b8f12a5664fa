//! `infra/openapi.json` is what the code says, and every reference in it leads somewhere.

use serde_json::Value;

fn path() -> String {
    format!("{}/../infra/openapi.json", env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn the_committed_document_is_fresh() {
    let made = format!("{:#}\n", edge::http::openapi::document());
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        std::fs::write(path(), &made).unwrap();
    }
    let committed = std::fs::read_to_string(path()).unwrap_or_default();
    assert!(made == committed, "run UPDATE_OPENAPI=1 cargo test -p tests openapi");
}

#[test]
fn every_reference_leads_to_a_schema() {
    fn check(value: &Value, schemas: &Value) {
        match value {
            Value::Object(members) => {
                if let Some(reference) = members.get("$ref").and_then(Value::as_str) {
                    let name = reference.rsplit('/').next().unwrap();
                    assert!(schemas.get(name).is_some(), "{reference}");
                }
                members.values().for_each(|member| check(member, schemas));
            }
            Value::Array(list) => list.iter().for_each(|member| check(member, schemas)),
            _ => {}
        }
    }
    let document = edge::http::openapi::document();
    check(&document, &document["components"]["schemas"]);
}
