//! Finds lists where the schema of a body has an object: a reader would fill its members by
//! position.
//!
//! Neighbours: `body` tells them with the other faults of a body; `openapi` has the schemas.

use domain::rejection::{Code, Fault, pointer_part};
use serde_json::{Map, Value, json};

use crate::http::shape::{self, Shape};

/// The faults of a body, at most so many. An empty object stands in their places from now on, so
/// that the rest can be read.
pub fn positions(shape: Shape, value: &mut Value, most: usize) -> Vec<Fault> {
    let (schema, all) = shape::of(shape);
    let mut walk = Walk { all: &all, most, found: Vec::new() };
    let kinds = walk.kinds(&schema);
    walk.visit("", value, &kinds);
    walk.found
}

struct Walk<'a> {
    all: &'a Map<String, Value>,
    most: usize,
    found: Vec<Fault>,
}

impl<'a> Walk<'a> {
    /// What a value of this schema may be: its alternatives and parts, with no reference left.
    fn kinds(&self, schema: &'a Value) -> Vec<&'a Value> {
        let parts = ["allOf", "oneOf", "anyOf"].into_iter().filter_map(|of| schema[of].as_array());
        let name = schema["$ref"].as_str().and_then(|reference| reference.rsplit('/').next());
        let named = name.and_then(|name| self.all.get(name));
        let within: Vec<&Value> = parts.flatten().chain(named).collect();
        match within.as_slice() {
            [] => vec![schema],
            within => within.iter().flat_map(|part| self.kinds(part)).collect(),
        }
    }

    /// What a member or an element of a value of these kinds may be.
    fn below(&self, kinds: &[&'a Value], step: impl Fn(&'a Value) -> &'a Value) -> Vec<&'a Value> {
        let known = kinds.iter().map(|kind| step(kind)).filter(|schema| schema.is_object());
        known.flat_map(|schema| self.kinds(schema)).collect()
    }

    fn visit(&mut self, at: &str, value: &mut Value, kinds: &[&'a Value]) {
        match value {
            Value::Array(_) if !kinds.is_empty() && kinds.iter().all(|kind| is_object(kind)) => {
                if self.found.len() < self.most {
                    let detail = "must be an object with named members, not a list";
                    self.found.push(Fault::new(at, Code::ValidationFailed, detail));
                }
                *value = json!({});
            }
            Value::Array(elements) => {
                let below = self.below(kinds, |kind| &kind["items"]);
                for (index, element) in elements.iter_mut().enumerate() {
                    self.visit(&format!("{at}/{index}"), element, &below);
                }
            }
            Value::Object(members) => {
                for (name, member) in members {
                    let below = self.below(kinds, |kind| &kind["properties"][name.as_str()]);
                    self.visit(&format!("{at}/{}", pointer_part(name)), member, &below);
                }
            }
            _ => {}
        }
    }
}

/// Null is absent, so it is no other kind.
fn is_object(kind: &Value) -> bool {
    match &kind["type"] {
        Value::Array(types) => types.iter().all(|name| name == "object" || name == "null"),
        name => name == "object" || name == "null",
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use utoipa::ToSchema;

    use super::*;
    use crate::http::shape::shape;

    #[derive(ToSchema)]
    #[expect(dead_code, reason = "its schema is what is asked for")]
    struct Inner {
        count: u32,
    }

    #[derive(ToSchema)]
    #[serde(tag = "kind")]
    #[expect(dead_code, reason = "its schema is what is asked for")]
    enum Either {
        One(Inner),
        Other { list: Vec<Inner> },
    }

    #[derive(ToSchema)]
    #[expect(dead_code, reason = "its schema is what is asked for")]
    struct Outer {
        #[schema(inline)]
        inner: Inner,
        perhaps: Option<Inner>,
        list: Vec<Inner>,
        either: Either,
        #[schema(value_type = Object)]
        map: BTreeMap<String, String>,
        #[schema(value_type = serde_json::Value)]
        any: Value,
    }

    fn check(body: &Value, places: &[&str]) {
        let mut read = body.clone();
        let found = positions(shape::<Outer>(), &mut read, 3);
        let found: Vec<&str> = found.iter().map(|fault| fault.pointer.as_str()).collect();
        assert_eq!(found, places, "{body}");
        for place in places {
            assert_eq!(read.pointer(place), Some(&json!({})), "{body}");
        }
    }

    #[test]
    fn a_list_is_no_object() {
        check(&json!({"inner": [1]}), &["/inner"]);
        check(&json!({"perhaps": [1]}), &["/perhaps"]);
        check(&json!({"list": [[1], {"count": 1}, []]}), &["/list/0", "/list/2"]);
        check(&json!({"either": ["One", 1]}), &["/either"]);
        check(&json!({"either": {"kind": "Other", "list": [[1]]}}), &["/either/list/0"]);
        check(&json!({"map": []}), &["/map"]);
        check(&json!([1]), &[""]);
        check(&json!({"list": [[], [], [], []]}), &["/list/0", "/list/1", "/list/2"]);
    }

    #[test]
    fn what_may_be_a_list_may_be_one() {
        check(&json!({"list": [], "any": [1], "unknown": [[1]]}), &[]);
        check(&json!({"any": {"list": [[1]]}, "list": 5, "inner": 5, "perhaps": null}), &[]);
    }
}
