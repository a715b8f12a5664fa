//! The service in one process, with every port but the store in the test's hands.
//!
//! Neighbours: the tests of counts, races and deadlines; the simulator sets its world up on it.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use aws_lambda_events::sqs::{SqsEvent, SqsMessage};
use axum::Router;
use domain::ids::{Entropy, Purpose};
use domain::request::dispatched::{Answer, Heard};
use domain::task::Message;
use domain::time::{Period, Time};
use edge::App;
use edge::http::router::finish;
use edge::ports::{Clock, Ids, Post, Provider, Queue, QueueError};
use edge::provider::egress::Policy;
use store::Store;

use crate::api::Api;
use crate::vault::{FIRST, master_keys};

/// A clock that stands until it is set.
pub struct HandClock(AtomicI64);

impl HandClock {
    /// Moves on.
    pub fn pass(&self, period: Period) {
        self.0.fetch_add(period.millis(), SeqCst);
    }
}

#[async_trait]
impl Clock for HandClock {
    fn now(&self) -> Time {
        Time::from_millis(self.0.load(SeqCst))
    }

    async fn wait(&self, _: Period) {
        tokio::task::yield_now().await;
    }
}

/// Randomness that is the same in every run.
pub struct CountedIds {
    seed: u64,
    made: AtomicU64,
}

impl CountedIds {
    /// Of a seed.
    pub const fn new(seed: u64) -> Self {
        Self { seed, made: AtomicU64::new(0) }
    }
}

impl Ids for CountedIds {
    fn entropy(&self) -> Entropy {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&self.seed.to_be_bytes());
        bytes[8..16].copy_from_slice(&self.made.fetch_add(1, SeqCst).to_be_bytes());
        Entropy::new(bytes).part(Purpose::Ids)
    }
}

/// A queue that keeps what it is sent.
#[derive(Default)]
pub struct HandQueue(Mutex<Vec<Message>>);

impl HandQueue {
    /// Takes what was sent so far.
    pub fn take(&self) -> Vec<Message> {
        std::mem::take(&mut *lock(&self.0))
    }
}

#[async_trait]
impl Queue for HandQueue {
    async fn send(&self, messages: &[Message]) -> Result<(), QueueError> {
        lock(&self.0).extend_from_slice(messages);
        Ok(())
    }
}

/// A provider that accepts, unless it is told otherwise.
#[derive(Default)]
pub struct HandProvider {
    answers: Mutex<VecDeque<Answer>>,
    posts: Mutex<Vec<Post>>,
}

impl HandProvider {
    /// The next answer.
    pub fn answer(&self, answer: Answer) {
        lock(&self.answers).push_back(answer);
    }

    /// What it was sent so far.
    pub fn posts(&self) -> Vec<Post> {
        lock(&self.posts).clone()
    }
}

#[async_trait]
impl Provider for HandProvider {
    async fn post(&self, post: &Post) -> Answer {
        lock(&self.posts).push(post.clone());
        let accepted = Answer::Http { status: 202, body: "{}".to_owned(), heard: Heard::default() };
        lock(&self.answers).pop_front().unwrap_or(accepted)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The instant at which every stage begins, milliseconds since 1970.
pub const START_MS: i64 = 1_800_000_000_000;

/// The service, over any store.
pub struct Stage {
    /// What the handlers run with.
    pub app: Arc<App>,
    /// The clock.
    pub clock: Arc<HandClock>,
    /// The queue.
    pub queue: Arc<HandQueue>,
    /// The provider.
    pub provider: Arc<HandProvider>,
    /// The HTTP functions.
    pub api: Api,
}

impl Stage {
    /// Over a store that may be empty.
    pub fn over(store: Arc<dyn Store>) -> Self {
        let clock = Arc::new(HandClock(AtomicI64::new(START_MS)));
        let (queue, provider) = (Arc::default(), Arc::default());
        let app = Arc::new(App {
            store,
            queue: Arc::clone(&queue) as Arc<dyn Queue>,
            provider: Arc::clone(&provider) as Arc<dyn Provider>,
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            ids: Arc::new(CountedIds::new(0)),
            master: Some(master_keys(FIRST)),
            public_url: "https://provisio.example".to_owned(),
            egress: Policy::default(),
            tokens: edge::provider::token::Tokens::default(),
            tenants: edge::tenants::Tenants::default(),
        });
        let api = Api::new(routers(&app));
        Self { app, clock, queue, provider, api }
    }

    /// Hands everything that was sent to the dispatcher, as one batch; the records that it
    /// reports.
    pub async fn dispatch(&self) -> Vec<String> {
        let bodies = self.queue.take().iter().map(body_of).collect();
        self.handle(bodies).await
    }

    /// Hands a batch to the dispatcher; the positions that it reports.
    pub async fn handle(&self, bodies: Vec<String>) -> Vec<String> {
        let records = bodies.into_iter().enumerate().map(|(i, body)| (i.to_string(), body));
        let answer = dispatch::handle(Arc::clone(&self.app), batch(records)).await;
        answer.batch_item_failures.into_iter().map(|failure| failure.item_identifier).collect()
    }
}

/// The body of a message.
pub fn body_of(message: &Message) -> String {
    serde_json::json!(message).to_string()
}

/// A batch of records: id and body.
pub fn batch(records: impl IntoIterator<Item = (String, String)>) -> SqsEvent {
    let mut lambda_event = SqsEvent::default();
    for (id, body) in records {
        let mut record = SqsMessage::default();
        record.message_id = Some(id);
        record.body = Some(body);
        lambda_event.records.push(record);
    }
    lambda_event
}

/// Every HTTP function.
pub fn routers(app: &Arc<App>) -> Router {
    let routers = [
        access::router,
        catalog::router,
        customers::router,
        plans::router,
        entitlements::router,
        activations::router,
        requests::router,
        callbacks::router,
    ];
    let all = routers.into_iter().fold(Router::new(), |all, one| all.merge(one(Arc::clone(app))));
    finish(all, app)
}
