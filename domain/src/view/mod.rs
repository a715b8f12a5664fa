//! The shapes that answers have where they differ from the rows.
//!
//! Neighbours: HTTP functions answer with them.
//! Guarantee: every member is present, null when unset.

pub mod activation;
pub mod attempt;
pub mod crm;
pub mod customer;
pub mod entitlement;
pub mod explain;
pub mod method;
pub mod product;
pub mod request;

use serde::Serialize;

use crate::life::Step;
use crate::time::Time;

/// A step of a history.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct HistoryLine {
    /// The row of the state table.
    pub row: String,
    /// The state it led to.
    pub state: String,
    /// When.
    pub at: Time,
    /// Who.
    pub by: String,
    /// The comment, or the reason given with it.
    pub note: Option<String>,
}

impl From<Step<String>> for HistoryLine {
    fn from(step: Step<String>) -> Self {
        Self { row: step.row, state: step.to, at: step.at, by: step.by, note: step.note }
    }
}
