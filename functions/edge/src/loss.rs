//! Losses that were chosen (invariant 11): no other error is passed over.

/// Logs the error of a step that may fail, with the reason why nothing depends on it.
pub fn accept_loss<T, E: std::fmt::Display>(result: Result<T, E>, why: &str) {
    if let Err(error) = result {
        tracing::warn!(%error, why, "passed over");
    }
}
