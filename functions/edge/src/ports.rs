//! The six ports, less `Store`: queue, provider, vault, clock, ids. The only seams
//! (ARCHITECTURE.md).
//!
//! Neighbours: `main` hands them in, handlers use them; one seed can drive a whole run.

use std::borrow::Cow;
use std::time::{SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use domain::ids::Entropy;
use domain::request::dispatched::Answer;
use domain::task::Message;
use domain::time::{Period, Time};

/// The queue did not take a message.
#[derive(Debug, thiserror::Error)]
#[error("the queue did not take the message: {0}")]
pub struct QueueError(pub String);

/// How many messages there are, about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Depth {
    /// Waiting, delayed or under way.
    pub waiting: u64,
    /// Dead letters.
    pub dead: u64,
}

/// Where messages wait. Receiving is a plain function, `handle(SqsEvent)`.
#[async_trait]
pub trait Queue: Send + Sync {
    /// Sends all messages, each not to be seen before its delay has passed.
    async fn send(&self, messages: &[Message]) -> Result<(), QueueError>;

    /// How deep it is, where that is known.
    async fn depth(&self) -> Result<Option<Depth>, QueueError> {
        Ok(None)
    }
}

/// A message to a provider.
#[derive(Clone, Debug)]
pub struct Post {
    /// The method's endpoint.
    pub url: String,
    /// Name and value, in order.
    pub headers: Vec<(Cow<'static, str>, String)>,
    /// The frozen bytes.
    pub body: String,
    /// The deadline over everything.
    pub timeout: Period,
}

/// The port to providers.
#[async_trait]
pub trait Provider: Send + Sync {
    /// Posts, and says what came of it. It never fails: silence is an answer too.
    async fn post(&self, post: &Post) -> Answer;
}

/// The master keys are not to be had.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// Where they are kept does not answer, or refuses.
    #[error("{0}")]
    Unavailable(String),
    /// What is kept there are none.
    #[error("the master keys must be 64 hex digits, or JSON with such by number")]
    NoKeys,
}

/// Where the master keys are kept: one text, of which each write replaces the whole.
#[async_trait]
pub trait Vault: Send + Sync {
    /// The text.
    async fn read(&self) -> Result<String, VaultError>;

    /// Replaces it.
    async fn write(&self, text: &str) -> Result<(), VaultError>;
}

/// The clock.
#[async_trait]
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Time;

    /// Waits.
    async fn wait(&self, period: Period);
}

/// Where randomness comes from.
pub trait Ids: Send + Sync {
    /// Fresh randomness for one decision.
    fn entropy(&self) -> Entropy;
}

/// The machine's clock.
pub struct SystemClock;

#[async_trait]
impl Clock for SystemClock {
    fn now(&self) -> Time {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Time::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }

    async fn wait(&self, period: Period) {
        tokio::time::sleep(period.duration()).await;
    }
}

/// The machine's generator.
pub struct SystemIds;

impl Ids for SystemIds {
    fn entropy(&self) -> Entropy {
        let mut bytes = [0; 32];
        // A machine without randomness cannot make ids or secrets: better to stop than to guess.
        #[expect(clippy::expect_used, reason = "there is no safe way on")]
        getrandom::fill(&mut bytes).expect("the operating system gives randomness");
        Entropy::new(bytes)
    }
}
