//! The queue in memory, with SQS's semantics: at least once, visibility time-out, max receives,
//! dead-letter queue. A message is handed out by itself, so that its place is free when its post
//! ends.
//!
//! Neighbours: `workers` receives from it. After a restart it is empty: the sweeper finds every
//! queued row.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use aws_lambda_events::sqs::{SqsEvent, SqsMessage};
use domain::ids::Id;
use domain::task::{Message, Task};
use edge::ports::{Depth, Queue, QueueError};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use crate::limits::{GROUP, MAX_RECEIVES, VISIBILITY};

struct Held {
    group: Option<Id>,
    about: Option<Task>,
    body: String,
    receives: u32,
    /// When it is seen next; none while it waits in its group's line.
    visible: Option<Instant>,
    under_way: bool,
}

#[derive(Default)]
struct Group {
    line: VecDeque<u64>,
    under_way: usize,
}

#[derive(Default)]
struct State {
    next: u64,
    held: HashMap<u64, Held>,
    groups: HashMap<Option<Id>, Group>,
    /// Groups that have somebody in line and a place, each once, in turn.
    turns: VecDeque<Option<Id>>,
    /// The messages that are seen later, soonest first.
    later: BTreeSet<(Instant, u64)>,
    /// The message that waits about something: no second one is needed.
    waiting: HashMap<Task, u64>,
    /// How many messages are about something, those under way included.
    about: HashMap<Task, usize>,
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
        self.with(|state| state.push(group, None, body, Instant::now() + delay));
        self.changed.notify_one();
    }

    /// Whether a message about this task waits or is under way.
    pub fn holds(&self, task: &Task) -> bool {
        self.with(|state| state.about.contains_key(task))
    }

    /// Waits for a message; it is hidden from others until it is deleted.
    pub async fn receive(&self) -> SqsEvent {
        loop {
            let changed = self.changed.notified();
            let now = Instant::now();
            let (taken, wake) = self.with(|state| (state.take(now), state.wake()));
            if let Some(record) = taken {
                // There may be another one for another worker.
                self.changed.notify_one();
                let mut lambda_event = SqsEvent::default();
                lambda_event.records = vec![record];
                return lambda_event;
            }
            tokio::select! {
                () = changed => {}
                () = sleep_until(wake.unwrap_or(now + VISIBILITY)) => {}
            }
        }
    }

    /// Gives the place of a message back; one that was dealt with is forgotten, any other comes
    /// again when its visibility time-out is over.
    pub fn end(&self, id: &str, is_done: bool) {
        if let Ok(id) = id.parse() {
            self.with(|state| state.end(id, is_done));
            self.changed.notify_one();
        }
    }

    /// The dead letters.
    pub fn dead(&self) -> Vec<String> {
        self.with(|state| state.dead.clone())
    }
}

impl State {
    fn push(&mut self, group: Option<Id>, about: Option<Task>, body: String, visible: Instant) {
        let waiting = about.and_then(|about| self.waiting.get(&about).copied());
        if let Some(id) = waiting {
            // One that waits already is only seen sooner.
            let later = self.held.get(&id).and_then(|held| held.visible);
            if later.is_some_and(|at| visible < at) {
                self.hide(id, visible);
            }
            return;
        }
        self.next += 1;
        let id = self.next;
        let held = Held { group, about, body, receives: 0, visible: None, under_way: false };
        self.held.insert(id, held);
        if let Some(about) = about {
            self.waiting.insert(about, id);
            *self.about.entry(about).or_default() += 1;
        }
        self.hide(id, visible);
    }

    /// Has a message seen at an instant, which may have passed.
    fn hide(&mut self, id: u64, until: Instant) {
        let Some(held) = self.held.get_mut(&id) else { return };
        if let Some(before) = held.visible.replace(until) {
            self.later.remove(&(before, id));
        }
        self.later.insert((until, id));
    }

    /// Puts those into line that are seen by now.
    fn show(&mut self, now: Instant) {
        while let Some(first) = self.later.first().copied().filter(|(at, _)| *at <= now) {
            self.later.remove(&first);
            let id = first.1;
            // Its worker took too long: another one may have it.
            self.free(id);
            let Some(held) = self.held.get_mut(&id) else { continue };
            held.visible = None;
            let group = held.group;
            if let Some(about) = held.about {
                self.waiting.entry(about).or_insert(id);
            }
            self.groups.entry(group).or_default().line.push_back(id);
            self.call(group);
        }
    }

    /// Gives a group its turn, if it has somebody in line and a place.
    fn call(&mut self, group: Option<Id>) {
        let Some(of) = self.groups.get(&group) else { return };
        if of.line.is_empty() && of.under_way == 0 {
            self.groups.remove(&group);
        } else if !of.line.is_empty() && of.under_way < GROUP && !self.turns.contains(&group) {
            self.turns.push_back(group);
        }
    }

    fn take(&mut self, now: Instant) -> Option<SqsMessage> {
        self.show(now);
        while let Some(group) = self.turns.pop_front() {
            let Some(of) = self.groups.get_mut(&group) else { continue };
            let Some(id) = of.line.pop_front() else { continue };
            let Some(held) = self.held.get_mut(&id) else { continue };
            if held.receives == MAX_RECEIVES {
                let body = std::mem::take(&mut held.body);
                self.dead.push(body);
                self.forget(id);
                self.call(group);
                continue;
            }
            of.under_way += 1;
            held.under_way = true;
            held.receives += 1;
            let mut record = SqsMessage::default();
            record.message_id = Some(id.to_string());
            record.body = Some(held.body.clone());
            let about = held.about;
            self.no_longer_waits(id, about);
            self.hide(id, now + VISIBILITY);
            self.call(group);
            return Some(record);
        }
        None
    }

    fn end(&mut self, id: u64, is_done: bool) {
        self.free(id);
        if is_done {
            self.forget(id);
        }
    }

    /// Gives its place in the group back, if it has one.
    fn free(&mut self, id: u64) {
        let Some(held) = self.held.get_mut(&id).filter(|held| held.under_way) else { return };
        held.under_way = false;
        let group = held.group;
        if let Some(of) = self.groups.get_mut(&group) {
            of.under_way -= 1;
        }
        self.call(group);
    }

    fn forget(&mut self, id: u64) {
        let Some(held) = self.held.remove(&id) else { return };
        if let Some(at) = held.visible {
            self.later.remove(&(at, id));
        }
        self.no_longer_waits(id, held.about);
        if let Some(about) = held.about
            && let Some(count) = self.about.get_mut(&about)
        {
            *count -= 1;
            if *count == 0 {
                self.about.remove(&about);
            }
        }
    }

    fn no_longer_waits(&mut self, id: u64, about: Option<Task>) {
        if let Some(about) = about.filter(|about| self.waiting.get(about) == Some(&id)) {
            self.waiting.remove(&about);
        }
    }

    /// When to look again, if nobody calls before.
    fn wake(&self) -> Option<Instant> {
        self.later.first().map(|(at, _)| *at)
    }
}

#[async_trait]
impl Queue for LocalQueue {
    async fn send(&self, messages: &[Message]) -> Result<(), QueueError> {
        for message in messages {
            let body =
                serde_json::to_string(message).map_err(|error| QueueError(error.to_string()))?;
            let delay = message.delay.map_or(0, |delay| delay.millis().unsigned_abs());
            let (about, visible) = (message.task, Instant::now() + Duration::from_millis(delay));
            self.with(|state| state.push(Some(message.group), Some(about), body, visible));
            self.changed.notify_one();
        }
        Ok(())
    }

    async fn depth(&self) -> Result<Option<Depth>, QueueError> {
        Ok(Some(self.with(|state| Depth {
            waiting: state.held.len() as u64,
            dead: state.dead.len() as u64,
        })))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn receive(queue: &LocalQueue) -> (String, String) {
        let record = queue.receive().await.records.remove(0);
        (record.message_id.unwrap(), record.body.unwrap())
    }

    async fn is_empty(queue: &LocalQueue) -> bool {
        tokio::time::timeout(Duration::from_millis(1), queue.receive()).await.is_err()
    }

    #[tokio::test(start_paused = true)]
    async fn a_message_comes_again_until_it_is_deleted() {
        let queue = LocalQueue::default();
        queue.push(None, "a".to_owned(), Duration::ZERO);
        let before = Instant::now();
        let (first, _) = receive(&queue).await;
        queue.end(&first, false);
        let (second, _) = receive(&queue).await;
        assert_eq!(first, second);
        assert_eq!(Instant::now() - before, VISIBILITY);
        queue.end(&second, true);
        queue.push(None, "b".to_owned(), Duration::from_secs(9));
        assert_eq!(receive(&queue).await.1, "b");
    }

    #[tokio::test(start_paused = true)]
    async fn after_five_receives_it_is_a_dead_letter() {
        let queue = LocalQueue::default();
        queue.push(None, "poison".to_owned(), Duration::ZERO);
        for _ in 0..MAX_RECEIVES {
            receive(&queue).await;
        }
        queue.push(None, "good".to_owned(), VISIBILITY + Duration::from_secs(1));
        assert_eq!(receive(&queue).await.1, "good");
        assert_eq!(queue.dead(), ["poison"]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_group_leaves_places_to_others() {
        let queue = LocalQueue::default();
        let (slow, quick) = ("1".parse().ok(), "2".parse().ok());
        (0..100).for_each(|i| queue.push(slow, format!("slow {i}"), Duration::ZERO));
        queue.push(quick, "quick".to_owned(), Duration::ZERO);
        let mut taken = Vec::new();
        for _ in 0..=GROUP {
            taken.push(receive(&queue).await);
        }
        assert!(taken[..2].iter().any(|(_, body)| body == "quick"), "they take turns");
        assert!(is_empty(&queue).await, "the group is full");
        queue.end(&taken[0].0, true);
        queue.end(&taken[2].0, false);
        let again = [receive(&queue).await.1, receive(&queue).await.1];
        assert_eq!(again, ["slow 64", "slow 65"], "as many as ended, in order");
        assert!(is_empty(&queue).await);
    }

    #[tokio::test(start_paused = true)]
    async fn no_message_is_there_twice() {
        let queue = LocalQueue::default();
        let id = |n: u64| Id::try_from(n).unwrap();
        let message = |delay: i64| {
            let delay = (delay > 0).then(|| domain::time::Period::from_secs(delay));
            Message::new(Task::dispatch(id(1), id(97)), id(2), delay)
        };
        assert!(!queue.holds(&Task::dispatch(id(1), id(97))));
        queue.send(&[message(300), message(600), message(9)]).await.unwrap();
        let before = Instant::now();
        let (first, _) = receive(&queue).await;
        assert_eq!((Instant::now() - before).as_secs(), 9, "the soonest counts");
        assert!(queue.holds(&Task::dispatch(id(1), id(97))), "it is under way");
        // What follows from the message under way is another one.
        queue.send(&[message(5)]).await.unwrap();
        queue.end(&first, true);
        let (second, _) = receive(&queue).await;
        queue.end(&second, true);
        assert!(!queue.holds(&Task::dispatch(id(1), id(97))) && is_empty(&queue).await);
        assert!(queue.state.lock().unwrap().groups.is_empty(), "nothing is left behind");
    }
}
