//! Definitions that mean harm: refused at save with a reason, or filled without a panic. How long
//! that takes, the benchmark of `tests/render` tells.

use domain::cause::{Cause, Own};
use domain::limits::NODE_VISITS;
use domain::plan::content::Content;
use domain::substitution::Definition;
use domain::substitution::values::Values;
use serde_json::{Value, json};

use crate::hostile_cases::cases;

#[test]
fn every_hostile_definition_is_refused_with_its_reason_or_filled() {
    let path = format!("{}/tests/cases/shape/sample.json", env!("CARGO_MANIFEST_DIR"));
    let document: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let (mut refused, mut filled) = (0, 0);
    for (name, text) in cases() {
        match Definition::compile(&text) {
            Err(faults) => {
                assert!(!faults.is_empty(), "{name}");
                for fault in &faults {
                    assert!(fault.detail.len() > 10, "{name}: {}", fault.detail);
                    assert!(fault.detail.len() < 500, "{name}: {}", fault.detail);
                }
                refused += 1;
            }
            Ok(definition) => {
                let filled_once = || definition.render(&document, Values::Native);
                let same = [filled_once(), filled_once()];
                assert_eq!(same[0], same[1], "{name}");
                filled += 1;
            }
        }
    }
    assert!(refused >= 100 && filled >= 20, "{refused} refused, {filled} filled");
}

/// Each part is within its bound: 200 expressions, a document of less than a megabyte. Their
/// product is not.
#[test]
fn many_expressions_on_a_large_document_have_a_bound_together() {
    let list: Vec<Value> = (0..30_000).map(|n| json!({"name": format!("n{n}"), "v": n})).collect();
    let customer = json!({"customAttributes": {"customAttribute": list}});
    let document = json!({"provisioningRequest": {"customer": customer}});
    let expression = "$.provisioningRequest.customer.customAttributes\
        .customAttribute[?search(@.name, 'x.*y')].value";
    let fill = |count: usize| {
        let members = (0..count).map(|n| (n.to_string(), expression.into()));
        let definition = Value::Object(members.collect()).to_string();
        Content { definition: Some(definition), ..Content::default() }.fill(&document)
    };
    assert!(fill(5).is_ok());
    let failure = fill(200).unwrap_err();
    assert_eq!(failure.cause, Cause::Own(Own::PlanInvalid));
    assert!(failure.description.contains(&NODE_VISITS.to_string()), "{failure}");
}
