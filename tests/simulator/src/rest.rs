//! How a world comes to rest: everybody goes on, in order, until nothing is left to do.
//!
//! Neighbours: `schedule` after its wild part; the tests of crash points, orders and deadlines.

use model::invariants::{Violation, check};

use crate::gate::{Fate, Next};
use crate::plant::PlantedFault;
use crate::provider::Callback;
use crate::world::{API, DISPATCH, Run, SWEEP, Work};

/// More rounds than any run needs.
const PATIENCE: u32 = 20_000;
/// Messages of a batch.
const BATCH: usize = 10;

impl Run<'_> {
    /// Lets everybody go on until nobody is at work; `decide` gives every act its fate.
    ///
    /// # Errors
    /// The first violation.
    pub async fn drain<F>(&mut self, decide: &mut F) -> Result<(), Violation>
    where
        F: FnMut(&mut Self, &Next) -> Result<Fate, Violation>,
    {
        while self.is_moving() {
            let next = self.world.shared.gate.look(0);
            let fate = decide(self, &next)?;
            self.release(0, fate).await?;
        }
        Ok(())
    }

    /// Messages are received, callbacks made, time passes and sweeps follow, until nothing is due
    /// any more.
    ///
    /// # Errors
    /// The first violation; I5 when it never ends.
    pub async fn come_to_rest<F>(&mut self, decide: &mut F) -> Result<(), Violation>
    where
        F: FnMut(&mut Self, &Next) -> Result<Fate, Violation>,
    {
        for _ in 0..PATIENCE {
            self.drain(decide).await?;
            let now = self.now();
            let batch: Vec<u64> = self.visible().into_iter().take(BATCH).collect();
            if !batch.is_empty() {
                self.start(DISPATCH.start, Work::Batch(batch)).await;
                continue;
            }
            let open = |callback: &Callback| callback.answered.is_none();
            let due = self.callbacks.iter().position(|c| open(c) && c.due <= now);
            if let Some(place) = due {
                self.start(API.start, Work::Report(place)).await;
                continue;
            }
            let queued = self.queue.iter().map(|message| message.visible);
            let reports = self.callbacks.iter().filter(|c| open(c)).map(|c| c.due);
            let due = self.world.shared.store.rows().next_due();
            let Some(next) = queued.chain(reports).chain(due).min() else { return Ok(()) };
            if self.plant == PlantedFault::Sweeper && next <= now {
                // Nobody will ever come.
                return Ok(());
            }
            self.pass((next - now).max(0));
            self.sweep().await;
        }
        check("I5", false, || "the world does not come to rest".to_owned())
    }

    /// Begins a sweep.
    pub async fn sweep(&mut self) {
        if self.plant != PlantedFault::Sweeper {
            self.start(SWEEP, Work::Sweep).await;
        }
    }
}
