//! What would change if a plan that sees an older version of the document were saved again.

use std::slice;

use super::{Found, Lint, Warning};
use crate::substitution::compile::Definition;
use crate::substitution::expression::Expression;
use crate::substitution::parts::Parts;
use crate::substitution::version::DocumentVersion;

/// Everything about a saved definition; none: the whole document is sent.
pub fn grown(text: Option<&str>, seen: DocumentVersion) -> Vec<Warning> {
    let today = DocumentVersion::default();
    if seen == today {
        return Vec::new();
    }
    let note = |at: &str, detail: &str| Found::new(Lint::DocumentGrew, detail).at(at);
    let Some(text) = text else {
        return vec![note(
            "$",
            "once the plan is saved again, the document has what was sold, too",
        )];
    };
    let compiled = [seen, today].map(|version| Definition::compile_for(text, version));
    let [Ok(old), Ok(new)] = compiled else { return Vec::new() };
    let parts = |one: &Expression, version| Parts::of(slice::from_ref(one), version);
    let pairs = old.expressions.iter().zip(&new.expressions);
    let each = pairs.filter_map(|(old, new)| match (&old.path, &new.path) {
        (Err(_), Ok(_)) => {
            let detail = "is left out as yet; once the plan is saved again, it has a value";
            Some(note(&new.at, detail))
        }
        _ if parts(old, seen) != parts(new, today) => {
            Some(note(&new.at, "once the plan is saved again, its value has more members"))
        }
        _ => None,
    });
    each.collect()
}
