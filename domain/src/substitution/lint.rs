//! Warnings at save: what is allowed, but probably not meant.
//!
//! Neighbours: the answers of `POST` and `PUT /v1/plans`. More of them come with issue 5.

use serde::Serialize;

use crate::substitution::compile::{Definition, Node};
use crate::substitution::expression::{Expression, is_expression};

/// A warning of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Warning {
    /// Its place in the definition, such as `$["a"][0]`.
    pub at: String,
    /// WARNING.
    pub severity: &'static str,
    /// `UNKNOWN_PATH`, `PREFIX_MISSING` or `LEADING_SPACE`.
    pub code: &'static str,
    /// What will happen, and what to do.
    pub detail: String,
    /// The nearest thing that would work; null when there is none.
    pub did_you_mean: Option<String>,
}

const PREFIX: &str = "$.provisioningRequest";

/// Every warning, expressions first.
pub fn lint(definition: &Definition) -> Vec<Warning> {
    let mut out: Vec<Warning> = definition.expressions().iter().filter_map(unknown).collect();
    spaces(&definition.root, &mut "$".to_owned(), &mut out);
    out
}

fn unknown(expression: &Expression) -> Option<Warning> {
    let unknown = expression.path.as_ref().err()?;
    let source = &expression.source;
    let prefixed = format!("{PREFIX}{}", &source[1..]);
    let forgot = Expression::compile(String::new(), &prefixed).is_ok_and(|e| e.path.is_ok());
    let (code, detail, did_you_mean) = if forgot {
        let detail = format!("{source} is unknown: the prefix {PREFIX} is missing");
        ("PREFIX_MISSING", detail, Some(prefixed))
    } else {
        let detail = format!(
            "{source} is unknown from segment {} on: the member will be left out of the payload",
            unknown.segment
        );
        ("UNKNOWN_PATH", detail, unknown.did_you_mean.clone())
    };
    Some(Warning { at: expression.at.clone(), severity: "WARNING", code, detail, did_you_mean })
}

/// A string that is an expression but for white space in front stays as it is (G30).
fn spaces(node: &Node, at: &mut String, out: &mut Vec<Warning>) {
    let length = at.len();
    match node {
        Node::Static(text) => {
            let meant = text.strip_prefix('"').map(|t| t.trim_end_matches('"').trim_start());
            if text.starts_with("\" ") && meant.is_some_and(is_expression) {
                out.push(Warning {
                    at: at.clone(),
                    severity: "WARNING",
                    code: "LEADING_SPACE",
                    detail: "white space in front makes this a plain text".to_owned(),
                    did_you_mean: meant.map(str::to_owned),
                });
            }
        }
        Node::Dynamic(_) => {}
        Node::Object(members) => {
            for (key, member) in members {
                at.push_str(&format!("[{}]", key.trim_end_matches(':')));
                spaces(member, at, out);
                at.truncate(length);
            }
        }
        Node::Array(elements) => {
            for (i, element) in elements.iter().enumerate() {
                at.push_str(&format!("[{i}]"));
                spaces(element, at, out);
                at.truncate(length);
            }
        }
    }
}
