//! The parts that handlers run with on this machine.
//!
//! Neighbours: the service, and the commands that work on a folder without one.

use std::sync::Arc;

use edge::App;
use edge::master::MasterKeys;
use edge::ports::{Clock, SystemClock, SystemIds};
use edge::provider::client::HttpProvider;
use edge::provider::egress::Policy;
use edge::provider::token::Tokens;
use edge::tenants::Tenants;
use store::Store;

use crate::queue::LocalQueue;

/// The parts over a store, with a queue of their own and a client that calls what `egress` allows.
pub(crate) fn parts(
    store: Arc<dyn Store>,
    master: MasterKeys,
    public_url: String,
    egress: Policy,
) -> App {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    App {
        store,
        queue: Arc::new(LocalQueue::default()),
        provider: Arc::new(HttpProvider::new(egress.clone(), Arc::clone(&clock))),
        clock,
        master: Some(master),
        ids: Arc::new(SystemIds),
        public_url,
        egress,
        tokens: Tokens::default(),
        tenants: Tenants::default(),
    }
}
