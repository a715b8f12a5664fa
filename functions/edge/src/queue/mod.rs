//! The queue: sending to SQS, and answering a batch record by record.

pub mod batch;
pub mod sqs;
