//! Every call of a port waits here until the simulator lets it go, with a fate.
//!
//! Neighbours: `seat` passes through, `world` opens. Guarantee: nothing touches the world unless it
//! was let go, so one seed orders everything.

use std::fmt;
use std::future::pending;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};

use domain::request::dispatched::Answer;
use edge::ports::Post;
use tokio::sync::oneshot;

/// What a process is about to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Act {
    /// Read rows by key.
    Read,
    /// Read what is due.
    Due,
    /// Commit an activation (S1).
    Activate,
    /// Freeze the bytes of a generation (part of S4).
    Freeze,
    /// Take the lease (S4).
    Claim,
    /// Note an attempt (part of S6).
    Attempt,
    /// Move a request: the outcome (S6), a callback (S8), a sweep (S9), or an operator.
    Move,
    /// Write anything else.
    Write,
    /// Send to the queue (S3).
    Send,
    /// POST to the provider (S5).
    Post,
    /// Answer the caller (S2), the queue (S7), or the provider.
    Answer,
    /// Wait after a lost race.
    Wait,
}

/// What becomes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It happens.
    Go,
    /// It does not happen, and an error says so.
    Fail,
    /// It happens, and an error says that nobody knows.
    Lost,
    /// Another transaction is in the way.
    Conflict,
    /// An index shows what was there before.
    Stale,
    /// The code around it panics.
    Panic,
    /// The process dies before it.
    DieBefore,
    /// The process dies after it.
    DieAfter,
    /// What the provider answers to a POST.
    Answered(Answer),
}

/// A process that waits to be let go.
pub struct Waiting {
    /// Which.
    pub slot: usize,
    /// What it is about to do.
    pub act: Act,
    /// For the story.
    pub about: String,
    /// For a POST.
    pub post: Option<Post>,
    go: oneshot::Sender<Fate>,
}

/// What comes next if it is let go.
pub struct Next {
    /// The process.
    pub slot: usize,
    /// What it is about to do.
    pub act: Act,
    /// For a POST.
    pub post: Option<Post>,
}

/// The gate.
#[derive(Default)]
pub struct Gate {
    waiting: Mutex<Vec<Waiting>>,
    /// Whether stories are wanted.
    pub telling: AtomicBool,
}

impl Gate {
    fn lock(&self) -> MutexGuard<'_, Vec<Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the fate of an act. Who dies waits for ever.
    pub async fn pass(
        &self,
        slot: usize,
        act: Act,
        about: impl fmt::Debug,
        post: Option<Post>,
    ) -> Fate {
        let (go, told) = oneshot::channel();
        let about = if self.telling.load(Relaxed) { format!("{about:?}") } else { String::new() };
        self.lock().push(Waiting { slot, act, about, post, go });
        match told.await {
            Ok(Fate::DieBefore) | Err(_) => pending().await,
            Ok(fate) => fate,
        }
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.lock().len()
    }

    /// Whether nobody waits.
    pub fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    /// What waits at a place.
    pub fn look(&self, place: usize) -> Next {
        let waiting = &self.lock()[place];
        Next { slot: waiting.slot, act: waiting.act, post: waiting.post.clone() }
    }

    /// Takes one of those who wait.
    pub fn take(&self, place: usize) -> Waiting {
        self.lock().remove(place)
    }

    /// Nobody of this slot is ever let go any more.
    pub fn forget(&self, slot: usize) {
        self.lock().retain(|waiting| waiting.slot != slot);
    }

    /// Begins anew.
    pub fn clear(&self) {
        self.lock().clear();
    }
}

impl Hash for Fate {
    fn hash<H: Hasher>(&self, state: &mut H) {
        std::mem::discriminant(self).hash(state);
        if let Self::Answered(Answer::Http { status, .. }) = self {
            status.hash(state);
        }
    }
}

impl Waiting {
    /// Lets it go.
    pub fn go(self, fate: Fate) {
        // Its process may have died meanwhile; then nobody hears.
        drop(self.go.send(fate));
    }
}

/// A fingerprint of everything that happened, in order.
#[derive(Default)]
pub struct Trace(DefaultHasher);

impl Trace {
    /// Adds what happened.
    pub fn add(&mut self, what: impl Hash) {
        what.hash(&mut self.0);
    }

    /// The fingerprint so far.
    pub fn hash(&self) -> u64 {
        self.0.finish()
    }
}
