//! What the errors of the AWS SDK mean for the port. None of their own words goes on: they may
//! repeat what was sent.
//!
//! Neighbours: `dynamo` and `tables` call DynamoDB.

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;

use crate::error::StoreError;
use crate::port::CommitError;

fn told<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> String {
    let code = error.as_service_error().and_then(ProvideErrorMetadata::code);
    let unread = matches!(error, SdkError::ResponseError(_));
    code.unwrap_or(if unread { "an unreadable answer" } else { "no answer" }).to_owned()
}

/// Not possible now.
#[expect(clippy::needless_pass_by_value, reason = "the form that `map_err` hands over")]
pub(crate) fn unavailable<E: ProvideErrorMetadata, R>(error: SdkError<E, R>) -> StoreError {
    StoreError::Unavailable(told(&error))
}

/// Why a single write did not happen.
#[expect(clippy::needless_pass_by_value, reason = "the form that `map_err` hands over")]
pub(crate) fn refused<E: ProvideErrorMetadata, R>(error: SdkError<E, R>) -> CommitError {
    match told(&error).as_str() {
        "ConditionalCheckFailedException" => CommitError::Refused(vec![0]),
        "TransactionConflictException" => CommitError::Refused(Vec::new()),
        other => CommitError::Unavailable(other.to_owned()),
    }
}

/// Why a transaction did not happen.
pub(crate) fn cancelled<R>(error: &SdkError<TransactWriteItemsError, R>) -> CommitError {
    let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) =
        error.as_service_error()
    else {
        return CommitError::Unavailable(told(error));
    };
    let reasons = cancelled.cancellation_reasons();
    let code = |i: usize| reasons[i].code().unwrap_or_default();
    let failed: Vec<usize> =
        (0..reasons.len()).filter(|i| code(*i) == "ConditionalCheckFailed").collect();
    let conflict = (0..reasons.len()).any(|i| code(i) == "TransactionConflict");
    if failed.is_empty() && !conflict {
        let codes: Vec<&str> = (0..reasons.len()).map(code).collect();
        return CommitError::Unavailable(codes.join(","));
    }
    CommitError::Refused(failed)
}
