//! The versions of a plan, and what changed between two of them.
//!
//! Neighbours: an edit keeps the version that it replaces; requests name the one they were made
//! with. Guarantee: a version never changes, and outlives its plan.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::plan::{Plan, PlanView};
use crate::rejection::pointer_part;
use crate::time::Time;

/// A version that an edit replaced, or that was deleted with its plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PlanVersion(pub Plan);

/// A version in the list of a plan's versions.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PlanVersionLine {
    /// Counted from 1.
    pub version: u64,
    /// The plan's name then.
    pub name: String,
    /// When it was saved.
    pub updated_date: Time,
    /// The API key that saved it.
    pub updated_by: String,
}

/// A version, and what it changed.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PlanVersionView {
    /// Counted from 1.
    pub version: u64,
    /// The plan as it was.
    pub plan: PlanView,
    /// The version that it is compared with: the one before, or that of `?against=`; null for
    /// the first.
    pub against: Option<u64>,
    /// The differences, in the order of the plan's members.
    pub changes: Vec<Change>,
}

/// A member that differs between two versions.
#[derive(Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Change {
    /// JSON Pointer into the plan, such as `/definition/No. of Pods`.
    pub pointer: String,
    /// Its outcome.
    pub change: ChangeKind,
    /// The value before; null when it was not there.
    #[schema(value_type = Option<serde_json::Value>)]
    pub from: Option<Value>,
    /// The value afterwards; null when it is gone.
    #[schema(value_type = Option<serde_json::Value>)]
    pub to: Option<Value>,
}

/// The kinds of change of a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ChangeKind {
    /// It was not there before.
    Added,
    /// It is gone.
    Removed,
    /// It has another value.
    Changed,
    /// The values are the same, but not their text: order, white space or spelling of numbers.
    Rewritten,
}

impl From<&Plan> for PlanVersionLine {
    fn from(plan: &Plan) -> Self {
        Self {
            version: plan.version,
            name: plan.name.clone(),
            updated_date: plan.meta.updated_date,
            updated_by: plan.meta.updated_by.clone(),
        }
    }
}

impl PlanVersionView {
    /// A version beside another one.
    pub fn new(plan: &Plan, against: Option<&Plan>) -> Self {
        Self {
            version: plan.version,
            plan: plan.view(None),
            against: against.map(|other| other.version),
            changes: against.map(|other| changes(other, plan)).unwrap_or_default(),
        }
    }
}

/// The differences from `before` to `after`.
pub fn changes(before: &Plan, after: &Plan) -> Vec<Change> {
    let mut out = Vec::new();
    differ("/name", &json!(before.name), &json!(after.name), &mut out);
    let text = |text: &Option<String>| text.as_ref().map_or(Value::Null, |t| json!(t));
    differ("/description", &text(&before.description), &text(&after.description), &mut out);
    let (old, new) = (&before.content, &after.content);
    differ("/values", &json!(old.values), &json!(new.values), &mut out);
    let [was, is] = [old, new].map(|content| json!(content.document_version));
    differ("/documentVersion", &was, &is, &mut out);
    let texts = [
        ("/definition", &old.definition, &new.definition),
        ("/payloadSchema", &old.payload_schema, &new.payload_schema),
    ];
    for (pointer, from, to) in texts {
        let (told, value) =
            (out.len(), |t: &Option<String>| t.as_deref().map_or(Value::Null, read));
        differ(pointer, &value(from), &value(to), &mut out);
        if from != to && out.len() == told {
            let change = ChangeKind::Rewritten;
            out.push(Change { pointer: pointer.to_owned(), change, from: None, to: None });
        }
    }
    out
}

fn read(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_default()
}

/// Notes what differs between two values; objects and arrays are looked into.
pub(super) fn differ(pointer: &str, from: &Value, to: &Value, out: &mut Vec<Change>) {
    match (from, to) {
        (Value::Object(before), Value::Object(after)) => {
            let gone = before.iter().filter(|(key, _)| !after.contains_key(*key));
            for (key, value) in gone {
                out.push(change(format!("{pointer}/{}", pointer_part(key)), Some(value), None));
            }
            for (key, value) in after {
                let inner = format!("{pointer}/{}", pointer_part(key));
                match before.get(key) {
                    Some(old) => differ(&inner, old, value, out),
                    None => out.push(change(inner, None, Some(value))),
                }
            }
        }
        (Value::Array(before), Value::Array(after)) => {
            for i in 0..before.len().max(after.len()) {
                let inner = format!("{pointer}/{i}");
                match (before.get(i), after.get(i)) {
                    (Some(old), Some(new)) => differ(&inner, old, new, out),
                    (old, new) => out.push(change(inner, old, new)),
                }
            }
        }
        (Value::Null, Value::Null) => {}
        (Value::Null, to) => out.push(change(pointer.to_owned(), None, Some(to))),
        (from, Value::Null) => out.push(change(pointer.to_owned(), Some(from), None)),
        (from, to) if from == to => {}
        (from, to) => out.push(change(pointer.to_owned(), Some(from), Some(to))),
    }
}

fn change(pointer: String, from: Option<&Value>, to: Option<&Value>) -> Change {
    let kind = match (from, to) {
        (None, _) => ChangeKind::Added,
        (_, None) => ChangeKind::Removed,
        _ => ChangeKind::Changed,
    };
    Change { pointer, change: kind, from: from.cloned(), to: to.cloned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(from: &Value, to: &Value, told: &[&str]) {
        let mut out = Vec::new();
        differ("", from, to, &mut out);
        let found: Vec<String> =
            out.iter().map(|c| format!("{:?} {}", c.change, c.pointer)).collect();
        assert_eq!(found, told, "{from} {to}");
    }

    #[test]
    fn every_kind_of_change_has_its_place() {
        check(&json!({"a": 1}), &json!({"a": 1}), &[]);
        check(
            &json!({"a": 1, "b": 2}),
            &json!({"b": 3, "c/d": 4}),
            &["Removed /a", "Changed /b", "Added /c~1d"],
        );
        check(&json!([1, {"x": 1}]), &json!([1, {"x": 2}, 3]), &["Changed /1/x", "Added /2"]);
        check(&json!([1, 2]), &json!([1]), &["Removed /1"]);
        check(&Value::Null, &json!({}), &["Added "]);
        check(&json!({"a": []}), &json!({"a": {}}), &["Changed /a"]);
        check(&json!({"a": null}), &json!({"a": 1}), &["Added /a"]);
    }
}
