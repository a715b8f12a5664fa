//! The queue of a world: received again after a while, and a dead letter after five times.
//!
//! Neighbours: `world` hands what is received to the dispatcher; `schedule` loses and doubles it.

use fastrand::Rng;
use serde_json::json;

use crate::world::Run;

/// A message that was received comes again after this.
const VISIBILITY_MS: i64 = 60_000;
/// Then it is a dead letter.
const MAX_RECEIVES: u32 = 5;

/// A message in the queue.
#[derive(Clone, Debug)]
pub struct Queued {
    /// Its id.
    pub id: u64,
    /// Its body.
    pub body: String,
    /// Not to be received before.
    pub visible: i64,
    receives: u32,
}

impl Run<'_> {
    pub(crate) fn receive(&mut self, ids: &[u64]) -> Vec<(String, String)> {
        let visible = self.now() + VISIBILITY_MS;
        let mut records = Vec::new();
        for message in self.queue.iter_mut().filter(|message| ids.contains(&message.id)) {
            message.receives += 1;
            message.visible = visible;
            records.push((message.id.to_string(), message.body.clone()));
        }
        self.queue.retain(|message| message.receives <= MAX_RECEIVES);
        records
    }

    /// Messages that can be received.
    pub fn visible(&self) -> Vec<u64> {
        let now = self.now();
        self.queue.iter().filter(|message| message.visible <= now).map(|m| m.id).collect()
    }

    /// Puts a body into the queue.
    pub fn push(&mut self, body: String, delay: i64) {
        let visible = self.now() + delay;
        self.queue.push(Queued { id: self.next_message, body, visible, receives: 0 });
        self.next_message += 1;
    }

    /// A body that no dispatcher can work on.
    pub fn poison(&self, rng: &mut Rng) -> String {
        let known = self.sent.first().cloned().unwrap_or_default();
        let sales = &self.world.sales;
        match rng.u32(..5) {
            0 => "not json".to_owned(),
            1 => known.replace("\"v\":1", "\"v\":9"),
            2 => json!({"v": 1, "tenant": sales[0].tenant, "request": 5, "method": 5}).to_string(),
            3 => known.replace(&sales[0].tenant.to_string(), &sales[1].tenant.to_string()),
            _ => "x".repeat(2_000),
        }
    }
}
