//! The port `Queue` on SQS: a standard queue with fair groups, ids only.

use std::collections::HashMap;

use async_trait::async_trait;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::ProvideErrorMetadata;
use aws_sdk_sqs::types::{
    MessageSystemAttributeNameForSends as SystemAttribute, MessageSystemAttributeValue,
    SendMessageBatchRequestEntry,
};
use domain::message::Message;

use crate::ports::{Queue, QueueError};
use crate::telemetry::trace_header;

/// A queue of SQS.
#[derive(Clone, Debug)]
pub struct SqsQueue {
    client: Client,
    url: String,
}

/// Messages of one call.
const BATCH: usize = 10;

impl SqsQueue {
    /// Over a client and the queue's URL.
    pub const fn new(client: Client, url: String) -> Self {
        Self { client, url }
    }
}

#[async_trait]
impl Queue for SqsQueue {
    async fn send(&self, messages: &[Message]) -> Result<(), QueueError> {
        for chunk in messages.chunks(BATCH) {
            let entries = chunk.iter().enumerate().map(|(i, message)| entry(i, message));
            let entries = entries.collect::<Result<Vec<_>, _>>()?;
            let call = self.client.send_message_batch().queue_url(&self.url);
            let answer = call.set_entries(Some(entries)).send().await;
            let answer = answer
                .map_err(|error| QueueError(error.code().unwrap_or("no answer").to_owned()))?;
            if let Some(failed) = answer.failed().first() {
                return Err(QueueError(failed.code().to_owned()));
            }
        }
        Ok(())
    }
}

fn entry(i: usize, message: &Message) -> Result<SendMessageBatchRequestEntry, QueueError> {
    let body = serde_json::to_string(message).map_err(|error| QueueError(error.to_string()))?;
    // A second too late is fine, a moment too early would find a request that is not due.
    let seconds = message.delay.map_or(0, |delay| (delay.millis() + 999) / 1000);
    SendMessageBatchRequestEntry::builder()
        .id(i.to_string())
        .message_body(body)
        .message_group_id(message.method.to_string())
        .set_message_system_attributes(trace_header().map(traced).transpose()?)
        .delay_seconds(i32::try_from(seconds).unwrap_or(i32::MAX))
        .build()
        .map_err(|error| QueueError(error.to_string()))
}

/// The trace goes beside the message, where X-Ray looks for it.
fn traced(
    header: String,
) -> Result<HashMap<SystemAttribute, MessageSystemAttributeValue>, QueueError> {
    let value = MessageSystemAttributeValue::builder().data_type("String").string_value(header);
    let value = value.build().map_err(|error| QueueError(error.to_string()))?;
    Ok(HashMap::from([(SystemAttribute::AwsTraceHeader, value)]))
}
