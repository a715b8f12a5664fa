//! The outcome of every expression of a definition, in the order of the definition.

use serde::Serialize;
use strum::IntoStaticStr;

/// The outcome of an expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, IntoStaticStr, utoipa::ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum Outcome {
    /// Its value stands in the payload.
    Substituted,
    /// Known, but without a value: `""` (D9, D11).
    Blank,
    /// Unknown: the member is left out (D8).
    Excluded,
}

/// One expression and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TraceEntry {
    /// Its place in the definition, such as `$["a"][0]`.
    pub at: String,
    /// The expression as written.
    pub expression: String,
    /// Its outcome.
    pub outcome: Outcome,
    /// `UNKNOWN_PATH` or `MISSING_VALUE`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
    /// How many nodes it found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub matches: Option<usize>,
    /// The first unknown segment, from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub segment: Option<usize>,
    /// The nearest known member.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub did_you_mean: Option<String>,
    /// `MULTIPLE_MATCHES`: a filter found several (D11).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warning: Option<&'static str>,
}
