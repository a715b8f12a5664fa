//! One expression: parsed, checked against the budget and the shape, ready to be evaluated.
//!
//! Neighbours: `compile` makes them, `render` evaluates them.

use jsonpath_rust::parser::model::{Segment, Selector};
use jsonpath_rust::parser::parse_json_path;
use serde_json::Value;

use crate::limits::EXPRESSION_CHARS;
use crate::rejection::Code;
use crate::substitution::known::{self, Unknown};
use crate::substitution::version::DocumentVersion;
use crate::substitution::{budget, evaluate, strict};
use crate::told::wanted;

/// A string is an expression iff it starts so (D3).
pub fn is_expression(text: &str) -> bool {
    text.starts_with("$.") || text.starts_with("$[")
}

/// The literal behind an escape (`$$.`, `$$[`), if it is one (D4).
pub fn unescaped(text: &str) -> Option<&str> {
    text.strip_prefix('$').filter(|rest| is_expression(rest))
}

/// An expression of a definition.
#[derive(Debug)]
pub struct Expression {
    /// Its place in the definition, such as `$["a"][0]`.
    pub at: String,
    /// As written.
    pub source: String,
    /// How to find its nodes, or why there can be none.
    pub path: Result<Path, Unknown>,
}

/// How an expression finds its nodes.
#[derive(Debug)]
pub enum Path {
    /// Names and indexes only: at most one node (D10).
    Singular(Vec<Step>),
    /// Singular but for filters: one value, or an array of several (D11).
    Filtered(Vec<Segment>),
    /// Wildcards, slices, descendants, several selectors: always an array (D12).
    Many(Vec<Segment>),
}

/// A step of a singular path.
#[derive(Debug)]
pub enum Step {
    /// A member.
    Name(String),
    /// An element; a negative index counts from the end.
    Index(i64),
}

impl Expression {
    /// Parses and checks an expression found at `at`, for this version of the document.
    ///
    /// # Errors
    /// `INVALID_EXPRESSION` or `EXPRESSION_TOO_COSTLY`, with the reason (D5).
    pub fn compile(
        at: String,
        source: &str,
        version: DocumentVersion,
    ) -> Result<Self, (Code, String)> {
        if source.chars().count() > EXPRESSION_CHARS {
            let detail = format!("an expression has at most {EXPRESSION_CHARS} characters");
            return Err((Code::ExpressionTooCostly, detail));
        }
        budget::nesting(source).map_err(|detail| (Code::ExpressionTooCostly, detail))?;
        let segments = parse(source).map_err(|detail| (Code::InvalidExpression, detail))?;
        budget::check(&segments).map_err(|detail| (Code::ExpressionTooCostly, detail))?;
        let path = known::know(&segments, version).map(|()| classify(segments));
        Ok(Self { at, source: source.to_owned(), path })
    }
}

/// Strict RFC 9535.
///
/// # Errors
/// The fault, with its position.
pub fn parse(source: &str) -> Result<Vec<Segment>, String> {
    let money = |rest: &str| rest.starts_with(|c: char| c.is_ascii_digit());
    let hint = if source.strip_prefix("$.").is_some_and(money) {
        format!("; to write the text itself, escape it: \"${source}\"")
    } else {
        String::new()
    };
    let query = parse_json_path(source)
        .map_err(|error| format!("not JSONPath (RFC 9535): {}{hint}", first_fault(&error)))?;
    strict::spaces(source)
        .map_err(|(at, reason)| format!("not JSONPath (RFC 9535): column {}: {reason}", at + 1))?;
    strict::typed(&query.segments)
        .map_err(|reason| format!("not JSONPath (RFC 9535): {reason}"))?;
    Ok(query.segments)
}

/// The parser answers with a drawing of several lines; one line says the same.
fn first_fault(error: &jsonpath_rust::parser::errors::JsonPathError) -> String {
    let drawing = error.to_string();
    let last = drawing.lines().last().unwrap_or_default().trim().trim_start_matches("= ");
    let place = drawing.split_once("--> 1:").map(|(_, rest)| rest);
    let column: Option<String> =
        place.map(|rest| rest.chars().take_while(char::is_ascii_digit).collect());
    let wanted = wanted(last);
    column.map_or_else(|| wanted.clone(), |column| format!("column {column}: {wanted}"))
}

fn classify(segments: Vec<Segment>) -> Path {
    let steps: Option<Vec<Step>> = segments.iter().map(step).collect();
    match steps {
        Some(steps) => Path::Singular(steps),
        None if segments.iter().all(|s| step(s).is_some() || is_filter(s)) => {
            Path::Filtered(segments)
        }
        None => Path::Many(segments),
    }
}

fn step(segment: &Segment) -> Option<Step> {
    match segment {
        Segment::Selector(Selector::Name(name)) => Some(Step::Name(name.clone())),
        Segment::Selector(Selector::Index(index)) => Some(Step::Index(*index)),
        _ => None,
    }
}

/// The steps before anything else.
pub(super) fn leading(segments: &[Segment]) -> Vec<Step> {
    segments.iter().map_while(step).collect()
}

const fn is_filter(segment: &Segment) -> bool {
    matches!(segment, Segment::Selector(Selector::Filter(_)))
}

/// The one node that a singular path finds.
pub(super) fn singular<'a>(steps: &[Step], document: &'a Value) -> Option<&'a Value> {
    steps.iter().try_fold(document, |node, step| match step {
        Step::Name(name) => node.get(name.as_str()),
        Step::Index(index) => evaluate::at(node, *index),
    })
}
