//! A batch from SQS: each record parsed, worked on and caught alone.
//!
//! Neighbours: `functions/dispatch`. Guarantee: a bad record or a panic harms only itself.

use std::future::Future;

use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent};
use domain::task::Message;
use futures::future::join_all;

use crate::telemetry::traced;

/// The result of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The queue may forget it.
    Done,
    /// The queue shall bring it again.
    Again,
}

/// Works on every record at once; those that must come again are named in the answer.
pub async fn batch<F>(
    lambda_event: SqsEvent,
    work: impl Fn(Message) -> F + Clone + Send + 'static,
) -> SqsBatchResponse
where
    F: Future<Output = Outcome> + Send + 'static,
{
    let each = lambda_event.records.into_iter().map(|record| {
        let work = work.clone();
        async move {
            let id = record.message_id.clone().unwrap_or_default();
            let trace = record.attributes.get("AWSTraceHeader").cloned();
            let outcome = match Message::read(record.body.as_deref().unwrap_or_default()) {
                // A task of its own: a panic ends there.
                Some(message) => {
                    tokio::spawn(traced(trace, async move { work(message).await })).await
                }
                None => Ok(Outcome::Again),
            };
            let again = match outcome {
                Ok(outcome) => outcome == Outcome::Again,
                Err(panic) => {
                    tracing::error!(message = id, %panic, "a record panicked");
                    true
                }
            };
            again.then_some(id)
        }
    });
    let again = join_all(each).await.into_iter().flatten();
    let mut answer = SqsBatchResponse::default();
    answer.batch_item_failures = again.map(failure).collect();
    answer
}

fn failure(id: String) -> BatchItemFailure {
    let mut failure = BatchItemFailure::default();
    failure.item_identifier = id;
    failure
}
