//! Every bound of the local process: its API, its queue, its workers, the demo.
//!
//! Neighbours: the files of this crate read them; the product's own are in `domain::limits`.

use std::time::Duration;

use domain::time::Period;

/// The head of a request must be there so long after the answer to the one before.
pub const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// A whole body must be there so long after its head.
pub const BODY_TIMEOUT: Duration = Duration::from_secs(30);
/// Calls that are under way at a stop are given so long to end.
pub const CALLS_END: Duration = Duration::from_secs(8);
/// No stop takes longer: the longest attempt and a little more.
pub const STOP_TIMEOUT: Duration = Duration::from_secs(36);

/// A message that was received comes again after this, unless it was deleted.
pub const VISIBILITY: Duration = Duration::from_mins(1);
/// Messages of one group under way: as with the fair queues of SQS, one slow provider does not hold
/// up the others.
pub const GROUP: usize = 64;
/// Received so often without being deleted, a message goes to the dead letters.
pub const MAX_RECEIVES: u32 = 5;

/// Messages that are worked on at once.
pub const WORKERS: usize = 256;
/// Between two sweeps (Q10).
pub const SWEEP: Duration = Duration::from_secs(1);
/// Shards of the index `due` in one of them. All of them take eight seconds: an idle service asks
/// little of its database.
pub const SWEEP_SHARDS: u64 = 4;
/// Between two removals of rows whose time is over.
pub const EXPIRE: Duration = Duration::from_mins(10);

/// How long the demo provider works on a request.
pub const DEMO_WORK: Duration = Duration::from_secs(2);
/// How long a callback of the demo provider may take.
pub const DEMO_CALLBACK_TIMEOUT: Period = Period::from_secs(10);
/// The demo looks at its request so often.
pub const DEMO_LOOK: Duration = Duration::from_millis(50);
/// The longest delay of a script, seconds: no method waits longer.
pub const SCRIPT_DELAY_SECS: u64 = 60;
/// The most refusals of one request that a script may ask for.
pub const SCRIPT_FAILURES: u32 = 100;
/// Between two looks at how far a running service is with a new master key.
pub const MASTER_KEY_LOOK: Duration = Duration::from_secs(2);
/// Wait for whoever reads the database's file, before its log is emptied.
pub const LOG_BUSY: Duration = Duration::from_secs(5);
