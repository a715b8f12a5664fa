//! Definitions that mean harm: refused at save with a reason, or filled without a panic. How long
//! that takes, the benchmark of `tests/render` tells.

use domain::substitution::Definition;
use serde_json::Value;

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
                let same = [definition.render(&document), definition.render(&document)];
                assert_eq!(same[0], same[1], "{name}");
                filled += 1;
            }
        }
    }
    assert!(refused >= 100 && filled >= 20, "{refused} refused, {filled} filled");
}
