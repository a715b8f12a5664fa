//! The queue's message: ids, never payloads.
//!
//! Neighbours: `decision` orders it, the edge carries it. Guarantee: no personal data in it.

use serde::{Deserialize, Serialize};

use crate::ids::Id;
use crate::time::Period;

/// The version of the envelope that this code writes.
pub const VERSION: u8 = 1;

/// "Look at this request": the dispatcher reads the truth from the store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Version of the envelope.
    pub v: u8,
    /// The tenant, named because the queue is shared.
    pub tenant: Id,
    /// The provisioning request.
    pub request: Id,
    /// The method: one slow provider does not hold up the others (fair queue).
    pub method: Id,
    /// Not to be seen before this has passed; not part of the body.
    #[serde(skip)]
    pub delay: Option<Period>,
}

impl Message {
    /// A message about a request of a tenant.
    pub const fn new(tenant: Id, request: Id, method: Id) -> Self {
        Self { v: VERSION, tenant, request, method, delay: None }
    }
}
