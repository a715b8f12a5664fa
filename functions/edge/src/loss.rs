//! Losses that were chosen (invariant 11): no other error is passed over.

/// A loss that was chosen, with its reason (invariant 11).
pub fn accept_loss<T, E: std::fmt::Display>(result: Result<T, E>, why: &str) {
    if let Err(error) = result {
        tracing::warn!(%error, why, "passed over");
    }
}
