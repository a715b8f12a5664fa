//! What comes again when nothing moves any more: every call, message and callback, and a comment.
//!
//! Neighbours: `check` looks at everything before. Guarantee: nothing comes of it.

use model::invariants::{Violation, check};
use serde_json::json;
use store::keys::{Key, REPEATS};
use store::port::Item;

use crate::clients::{Client, Wish};
use crate::gate::Fate;
use crate::provider::Callback;
use crate::world::{DISPATCH, Run, Work};

impl Run<'_> {
    /// Everything once more: every call, message and callback. Nothing may change (I11).
    ///
    /// # Errors
    /// The violation.
    pub async fn repeat(&mut self) -> Result<(), Violation> {
        let before = self.world.shared.store.rows().clone();
        let keyed = |client: &Client| client.granted.is_some();
        let clients = (0..self.clients.len()).filter(|i| keyed(&self.clients[*i]));
        let heard = |callback: &Callback| {
            callback.answered.as_ref().is_some_and(|reply| reply.status == 200)
        };
        let callbacks = (0..self.callbacks.len()).filter(|i| heard(&self.callbacks[*i]));
        let mut work: Vec<Work> = clients.map(Work::Call).collect();
        work.extend(callbacks.map(Work::Report));
        for body in self.sent.clone() {
            self.push(body, 0);
        }
        work.push(Work::Batch(self.visible()));
        for work in work {
            if let Work::Report(place) = work {
                // Its answer is heard anew; that it was accepted before is known from the rows.
                self.callbacks[place].answered = None;
            }
            let slot = if matches!(work, Work::Batch(_)) { DISPATCH.start } else { 0 };
            self.start(slot, work).await;
            while self.is_moving() {
                self.release(0, Fate::Go).await?;
            }
        }
        // A contradiction that came before is kept once more, if it was pushed out since; that a
        // callback came again is noted beside the request; and the first call of a day that could
        // do so notes on its key that it was used.
        let trace = |key: &Key| key.sk == "C#conflicts" || key.sk.starts_with(REPEATS);
        let kept = |(key, _): &(&Key, &Item)| !trace(key);
        let unused = |(key, item): (&Key, &Item)| {
            let mut item = item.clone();
            if key.sk == "KEY" {
                item.retain(|name, _| !["lastUsedDate", "rev", "f"].contains(&name.as_str()));
            }
            (key.clone(), item)
        };
        let after = self.world.shared.store.rows();
        let mut were = before.iter().filter(kept).map(unused);
        let mut are = after.iter().filter(kept).map(unused);
        loop {
            let (was, is) = (were.next(), are.next());
            check("I11", was == is, || {
                format!("a repeated call, message or callback changed {was:?} to {is:?}")
            })?;
            if was.is_none() {
                return Ok(());
            }
        }
    }

    /// An operator comments on every request: nothing else comes of it.
    ///
    /// # Errors
    /// I2 when an activation has another request, or is elsewhere; what the client hears.
    pub async fn remark(&mut self) -> Result<(), Violation> {
        let world = self.world;
        for (number, sale) in world.sales.iter().enumerate() {
            let before = self.rows(sale)?;
            for request in &before.requests {
                let wish = Wish::Operate("", json!({"comments": "At rest."}));
                let mut client = Client::new(self.clients.len(), number, wish);
                client.write(sale, Some(request.id.get()), None);
                self.clients.push(client);
                self.start(0, Work::Call(self.clients.len() - 1)).await;
                while self.is_moving() {
                    self.release(0, Fate::Go).await?;
                }
            }
            let after = self.rows(sale)?;
            let same = before.activations == after.activations
                && before.requests.len() == after.requests.len();
            check("I2", same, || "a comment changed an activation".to_owned())?;
        }
        Ok(())
    }
}
