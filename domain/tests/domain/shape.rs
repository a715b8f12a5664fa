//! The document's shape: the one in code is the one of the cases, in each version.

use domain::substitution::Definition;
use domain::substitution::shape::{DOCUMENT, Shape, paths};
use domain::substitution::values::Values;
use domain::substitution::version::DocumentVersion;
use serde_json::Value;

/// A document with everything that a version may have.
fn expected(version: DocumentVersion) -> Value {
    let text = match version {
        DocumentVersion::First => include_str!("../cases/shape/shape.json"),
        DocumentVersion::Second => include_str!("../cases/shape/shape-2.json"),
    };
    serde_json::from_str(text).unwrap()
}

/// Same members in the same order, lists as lists, types as types.
fn same(shape: &Shape, version: DocumentVersion, value: &Value, at: &str) {
    match (shape, value) {
        (Shape::Object(..), Value::Object(map)) => {
            let mut names: Vec<&str> = shape.members(version).map(|member| member.name).collect();
            let mut wanted: Vec<&str> = map.keys().map(String::as_str).collect();
            names.sort_unstable();
            wanted.sort_unstable();
            assert_eq!(names, wanted, "{at}");
            for member in shape.members(version) {
                let name = member.name;
                same(&member.shape, version, &map[name], &format!("{at}.{name}"));
            }
        }
        (Shape::List(element), Value::Array(list)) => {
            list.iter().for_each(|value| same(element, version, value, &format!("{at}[]")));
        }
        (Shape::Leaf(kind, nullable, _), value) => {
            let actual = match value {
                Value::Null => return assert!(*nullable, "{at} is null"),
                Value::Bool(_) => "boolean",
                Value::Number(_) => "number",
                Value::String(_) => "string",
                _ => "more",
            };
            assert_eq!(*kind, actual, "{at}");
        }
        _ => panic!("{at} differs"),
    }
}

#[test]
fn the_shape_in_code_is_the_one_of_the_cases() {
    for version in [DocumentVersion::First, DocumentVersion::Second] {
        same(&DOCUMENT, version, &expected(version), "$");
    }
}

#[test]
fn every_path_of_the_shape_is_known_from_its_version_on_and_has_a_meaning() {
    let mut older = 0;
    for line in paths() {
        let definition = serde_json::json!([line.path]).to_string();
        let known = |version| {
            let compiled = Definition::compile_for(&definition, version).unwrap();
            compiled.expressions()[0].path.is_ok()
        };
        assert!(known(DocumentVersion::Second), "{}", line.path);
        let first = line.document_version == DocumentVersion::First;
        assert_eq!(known(DocumentVersion::First), first, "{}", line.path);
        older += usize::from(first);
        assert!(!line.meaning.is_empty());
    }
    assert_eq!((older, paths().len()), (OLDER, ALL));
}

/// How many paths each version has.
const OLDER: usize = 163;
const ALL: usize = 221;

#[test]
fn values_are_as_they_are_or_texts() {
    let document = expected(DocumentVersion::Second);
    let check = |path: &str, native: &str, text: &str| {
        let path = format!("$.provisioningRequest{path}");
        let definition = Definition::compile(&serde_json::json!({"v": path}).to_string()).unwrap();
        for (values, wanted) in [(Values::Native, native), (Values::Text, text)] {
            let bytes = definition.render(&document, values).unwrap();
            assert_eq!(String::from_utf8(bytes).unwrap(), format!("{{\"v\":{wanted}}}"));
        }
    };
    check(".id", "97", "\"97\"");
    check(".status", "\"REQUEST_QUEUED\"", "\"REQUEST_QUEUED\"");
    check(".comments", "\"\"", "\"\"");
    check(".entitlement.isTest", "false", "\"false\"");
    check("['id', 'scheduledDate']", "[97,null]", "[\"97\",\"null\"]");
    let plan = "{\"id\":7,\"name\":\"Pods plan\",\"version\":3}";
    check(".plan", plan, "{\"id\":\"7\",\"name\":\"Pods plan\",\"version\":\"3\"}");
    let sold = ".entitlement.productKeys.productKey[0].item.itemProduct.itemProductFeatures\
                .itemProductFeature[0].attributes\
                .attribute[?(@.name == \"EXECUTION_COUNT\")].value";
    check(sold, "\"98765\"", "\"98765\"");
}
