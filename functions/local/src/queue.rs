//! The queue in memory, with SQS's semantics: at least once, visibility time-out, partial batch
//! answers, max receives, dead-letter queue.
//!
//! Neighbours: `workers` receives from it. After a restart it is empty: the sweeper finds every
//! queued row.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use aws_lambda_events::sqs::{SqsEvent, SqsMessage};
use domain::ids::Id;
use domain::message::Message;
use edge::ports::{Queue, QueueError};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

/// Messages of one batch.
const BATCH: usize = 10;
/// A message that was received comes again after this, unless it was deleted.
const VISIBILITY: Duration = Duration::from_mins(1);
/// Messages of one group in flight: as with SQS's fair queues, one slow provider does not hold up
/// the others.
const GROUP: usize = 16;
/// Received so often without being deleted, it goes to the dead letters.
const MAX_RECEIVES: u32 = 5;

struct Waiting {
    id: u64,
    group: Option<Id>,
    body: String,
    visible: Instant,
    receives: u32,
}

#[derive(Default)]
struct State {
    next: u64,
    waiting: Vec<Waiting>,
    dead: Vec<String>,
}

/// A queue in memory.
#[derive(Default)]
pub struct LocalQueue {
    state: Mutex<State>,
    changed: Notify,
}

impl LocalQueue {
    fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts any text into the queue, as anybody with access to it could.
    pub fn push(&self, group: Option<Id>, body: String, delay: Duration) {
        self.with(|state| {
            state.next += 1;
            let (id, visible) = (state.next, Instant::now() + delay);
            state.waiting.push(Waiting { id, group, body, visible, receives: 0 });
        });
        self.changed.notify_one();
    }

    /// Waits for messages; at most ten, hidden from others until they are deleted.
    pub async fn receive(&self) -> SqsEvent {
        loop {
            let changed = self.changed.notified();
            let now = Instant::now();
            let records = self.with(|state| state.take(now));
            if !records.is_empty() {
                let mut lambda_event = SqsEvent::default();
                lambda_event.records = records;
                return lambda_event;
            }
            // Those that are visible but not taken wait for a place in their group.
            let later = |state: &mut State| {
                state.waiting.iter().map(|m| m.visible).filter(|at| *at > now).min()
            };
            let wake = self.with(later).unwrap_or(now + VISIBILITY);
            tokio::select! {
                () = changed => {}
                () = sleep_until(wake) => {}
            }
        }
    }

    /// Forgets what was dealt with.
    pub fn delete(&self, ids: &[String]) {
        self.with(|state| state.waiting.retain(|m| !ids.contains(&m.id.to_string())));
        // A group that was full has places again.
        self.changed.notify_one();
    }

    /// The dead letters.
    pub fn dead(&self) -> Vec<String> {
        self.with(|state| state.dead.clone())
    }
}

impl State {
    fn take(&mut self, now: Instant) -> Vec<SqsMessage> {
        let mut taken = Vec::new();
        let mut in_flight: HashMap<Option<Id>, usize> = HashMap::new();
        for message in self.waiting.iter().filter(|m| m.receives > 0 && m.visible > now) {
            *in_flight.entry(message.group).or_default() += 1;
        }
        let mut kept = Vec::with_capacity(self.waiting.len());
        for mut message in self.waiting.drain(..) {
            let group = in_flight.entry(message.group).or_default();
            if message.visible > now || taken.len() == BATCH || *group == GROUP {
                kept.push(message);
            } else if message.receives == MAX_RECEIVES {
                self.dead.push(message.body);
            } else {
                *group += 1;
                message.receives += 1;
                message.visible = now + VISIBILITY;
                let mut record = SqsMessage::default();
                record.message_id = Some(message.id.to_string());
                record.body = Some(message.body.clone());
                taken.push(record);
                kept.push(message);
            }
        }
        self.waiting = kept;
        taken
    }
}

#[async_trait]
impl Queue for LocalQueue {
    async fn send(&self, messages: &[Message]) -> Result<(), QueueError> {
        for message in messages {
            let body =
                serde_json::to_string(message).map_err(|error| QueueError(error.to_string()))?;
            let delay = message.delay.map_or(0, |delay| delay.millis().unsigned_abs());
            self.push(Some(message.method), body, Duration::from_millis(delay));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(lambda_event: &SqsEvent) -> Vec<String> {
        lambda_event.records.iter().filter_map(|r| r.message_id.clone()).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn a_message_comes_again_until_it_is_deleted() {
        let queue = LocalQueue::default();
        queue.push(None, "a".to_owned(), Duration::ZERO);
        let before = Instant::now();
        let first = queue.receive().await;
        let second = queue.receive().await;
        assert_eq!(ids(&first), ids(&second));
        assert_eq!(Instant::now() - before, VISIBILITY);
        queue.delete(&ids(&second));
        queue.push(None, "b".to_owned(), Duration::from_secs(9));
        assert_eq!(queue.receive().await.records[0].body.as_deref(), Some("b"));
    }

    #[tokio::test(start_paused = true)]
    async fn after_five_receives_it_is_a_dead_letter() {
        let queue = LocalQueue::default();
        queue.push(None, "poison".to_owned(), Duration::ZERO);
        for _ in 0..MAX_RECEIVES {
            assert_eq!(queue.receive().await.records.len(), 1);
        }
        queue.push(None, "good".to_owned(), VISIBILITY + Duration::from_secs(1));
        assert_eq!(queue.receive().await.records[0].body.as_deref(), Some("good"));
        assert_eq!(queue.dead(), ["poison"]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_group_leaves_places_to_others() {
        let queue = LocalQueue::default();
        let (slow, quick) = ("1".parse().ok(), "2".parse().ok());
        (0..40).for_each(|i| queue.push(slow, format!("slow {i}"), Duration::ZERO));
        queue.push(quick, "quick".to_owned(), Duration::ZERO);
        assert_eq!(queue.receive().await.records.len(), 10);
        let second = queue.receive().await;
        let bodies: Vec<_> = second.records.iter().filter_map(|r| r.body.clone()).collect();
        assert_eq!((bodies.len(), bodies.last().unwrap().as_str()), (7, "quick"));
        queue.delete(&ids(&second));
        assert_eq!(queue.receive().await.records.len(), 6, "as many as were dealt with");
    }

    #[tokio::test(start_paused = true)]
    async fn a_batch_has_ten() {
        let queue = LocalQueue::default();
        (0..11).for_each(|i| queue.push(None, i.to_string(), Duration::ZERO));
        assert_eq!(queue.receive().await.records.len(), 10);
        assert_eq!(queue.receive().await.records.len(), 1);
    }
}
