//! What is held of a customer or partner, as an export has it.

use serde::Serialize;
use serde_json::Value;

use crate::access::audit::AuditEntry;
use crate::record::Kind;

/// A page of an export.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Export {
    /// The customer first, then contacts and API keys, then each entitlement with its activations.
    pub data: Vec<ExportLine>,
    /// Where the next page begins; null at the end.
    pub next_cursor: Option<String>,
    /// Rows that cannot be read.
    pub unreadable: usize,
}

/// A thing that is held.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ExportLine {
    /// Its kind.
    pub kind: Kind,
    /// The thing as it is shown; of an activation with its requests, and of each of these with all
    /// that was sent and heard.
    #[schema(value_type = Object)]
    pub value: Value,
    /// What the audit has of it, oldest first.
    pub audit: Vec<AuditEntry>,
}
