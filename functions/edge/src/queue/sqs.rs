//! The port `Queue` on SQS: a standard queue with fair groups, ids only.

use async_trait::async_trait;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::ProvideErrorMetadata;
use aws_sdk_sqs::types::{
    MessageSystemAttributeNameForSends as SystemAttribute, MessageSystemAttributeValue,
    QueueAttributeName,
};
use domain::task::Message;
use futures::future::join_all;

use crate::ports::{Depth, Queue, QueueError};
use crate::telemetry::trace_header;

/// A queue of SQS.
#[derive(Clone, Debug)]
pub struct SqsQueue {
    client: Client,
    url: String,
    dead_letters: Option<String>,
}

impl SqsQueue {
    /// Over a client, the queue's URL, and that of its dead letters where they are looked at.
    pub const fn new(client: Client, url: String, dead_letters: Option<String>) -> Self {
        Self { client, url, dead_letters }
    }

    /// About how many messages a queue holds.
    async fn count(&self, url: &str) -> Result<u64, QueueError> {
        let names = [
            QueueAttributeName::ApproximateNumberOfMessages,
            QueueAttributeName::ApproximateNumberOfMessagesDelayed,
            QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
        ];
        let call = self.client.get_queue_attributes().queue_url(url);
        let told = call.set_attribute_names(Some(names.to_vec())).send().await;
        let told = told.map_err(|error| QueueError(error.code().unwrap_or("no answer").into()))?;
        let numbers = told.attributes.unwrap_or_default();
        Ok(numbers.values().filter_map(|number| number.parse::<u64>().ok()).sum())
    }

    async fn one(&self, message: &Message) -> Result<(), QueueError> {
        let body = serde_json::to_string(message).map_err(|error| wrong(&error))?;
        // A second too late is fine, a moment too early would find a request that is not due.
        let seconds = message.delay.map_or(0, |delay| (delay.millis() + 999) / 1000);
        let mut call = self
            .client
            .send_message()
            .queue_url(&self.url)
            .message_body(body)
            .message_group_id(message.group.to_string())
            .delay_seconds(i32::try_from(seconds).unwrap_or(i32::MAX));
        // The trace goes beside the message, where X-Ray looks for it.
        if let Some(header) = trace_header() {
            let value = MessageSystemAttributeValue::builder().data_type("String");
            let value = value.string_value(header).build().map_err(|error| wrong(&error))?;
            call = call.message_system_attributes(SystemAttribute::AwsTraceHeader, value);
        }
        let sent = call.send().await;
        sent.map(drop).map_err(|error| QueueError(error.code().unwrap_or("no answer").to_owned()))
    }
}

#[async_trait]
impl Queue for SqsQueue {
    /// A commit has one message for each product, so mostly one: each is sent by itself, and none
    /// is kept back because another failed.
    async fn send(&self, messages: &[Message]) -> Result<(), QueueError> {
        let sent = join_all(messages.iter().map(|message| self.one(message))).await;
        sent.into_iter().collect()
    }

    async fn depth(&self) -> Result<Option<Depth>, QueueError> {
        let Some(dead) = &self.dead_letters else { return Ok(None) };
        Ok(Some(Depth { waiting: self.count(&self.url).await?, dead: self.count(dead).await? }))
    }
}

fn wrong(error: &dyn std::fmt::Display) -> QueueError {
    QueueError(error.to_string())
}
