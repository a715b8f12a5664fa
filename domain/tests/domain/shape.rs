//! The document's shape: the one in code is the one of the specification, and what is built fits.

use domain::substitution::shape::{DOCUMENT, Shape, paths};
use serde_json::Value;

/// The specified one, with the inputs of an activation besides (004-H19).
fn expected() -> Value {
    serde_json::from_str(include_str!("../cases/shape/shape.json")).unwrap()
}

/// Same members in the same order, lists as lists, types as types.
fn same(shape: &Shape, value: &Value, at: &str) {
    match (shape, value) {
        (Shape::Object(members, _), Value::Object(map)) => {
            let mut names: Vec<&str> = members.iter().map(|(name, _)| *name).collect();
            let mut wanted: Vec<&str> = map.keys().map(String::as_str).collect();
            names.sort_unstable();
            wanted.sort_unstable();
            assert_eq!(names, wanted, "{at}");
            members
                .iter()
                .for_each(|(name, inner)| same(inner, &map[*name], &format!("{at}.{name}")));
        }
        (Shape::List(element), Value::Array(list)) => {
            list.iter().for_each(|value| same(element, value, &format!("{at}[]")));
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
fn the_shape_in_code_is_the_specified_one() {
    same(&DOCUMENT, &expected(), "$");
}

#[test]
fn every_path_of_the_shape_is_a_known_expression_with_a_meaning() {
    for line in paths() {
        let definition = serde_json::json!([line.path]).to_string();
        let compiled = domain::substitution::Definition::compile(&definition).unwrap();
        assert!(compiled.expressions()[0].path.is_ok(), "{}", line.path);
        assert!(!line.meaning.is_empty());
    }
}
