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
pub mod export;
pub mod method;
pub mod product;
pub mod request;

use serde::Serialize;

use crate::life::Step;
use crate::time::Time;

/// A step of a history.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct HistoryLine {
    /// The row of the state table.
    pub row: String,
    /// The state it led to.
    pub state: String,
    /// When.
    pub at: Time,
    /// Who: an API key's id, SYSTEM or PROVIDER.
    pub by: String,
    /// The name of that key; null of anybody else.
    pub by_name: Option<String>,
    /// The comment, or the reason given with it.
    pub note: Option<String>,
}

impl From<Step<String>> for HistoryLine {
    fn from(step: Step<String>) -> Self {
        let Step { row, to, at, by, note } = step;
        Self { row, state: to, at, by, by_name: None, note }
    }
}
