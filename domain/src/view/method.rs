//! The result of a test message to a provider.

use serde::Serialize;

use crate::limits::RESPONSE_EXCERPT_BYTES;
use crate::request::attempt::AttemptOutcome;
use crate::request::dispatched::Answer;
use crate::text::cut;
use crate::time::Period;

/// The provider's answer to a signed ping.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TestAnswer {
    /// The outcome that an attempt with this answer would have.
    pub outcome: AttemptOutcome,
    /// The answer's status; null when there was none.
    pub http_status: Option<u16>,
    /// The fault; null when there was none.
    pub error: Option<String>,
    /// How long it took, milliseconds.
    pub duration_ms: i64,
    /// The first 256 bytes of the answer.
    pub response_excerpt: Option<String>,
    /// The ping's `webhook-id`.
    pub webhook_id: String,
    /// The ping's body, as it was sent.
    pub sent: String,
}

impl TestAnswer {
    /// Of an answer to a ping.
    pub fn new(answer: &Answer, webhook_id: String, sent: String, took: Period) -> Self {
        let (http_status, body) = match answer {
            Answer::Http { status, body, .. } => (Some(*status), Some(body)),
            _ => (None, None),
        };
        Self {
            outcome: answer.outcome(),
            http_status,
            error: answer.failure().map(|failure| failure.to_string()),
            duration_ms: took.millis(),
            response_excerpt: body.map(|body| cut(body, RESPONSE_EXCERPT_BYTES).to_owned()),
            webhook_id,
            sent,
        }
    }
}
