//! The sweeper: what is due, what was lost, what waited too long (Q10).
//!
//! Neighbours: `domain::request::sweep` decides. Guarantee: nothing waits for ever (I5).

use domain::decision::Actor;
use domain::ids::Id;
use domain::time::Period;
use edge::App;
use edge::telemetry;
use futures::future::join_all;
use store::keys::SHARDS;
use store::{Extra, StoreError};

/// Rows of a shard in one look.
const LOOK: usize = 100;
/// Requests dealt with at once, so that ten thousand take seconds.
const AT_ONCE: usize = 20;
/// Looks at a shard in one sweep.
const LOOKS: usize = 100;

/// One sweep over every shard; says how many requests it looked at.
///
/// # Errors
/// When the store is not available for a part of them, after all the others.
pub async fn sweep(app: &App) -> Result<usize, StoreError> {
    let (mut swept, mut unavailable) = (Swept::default(), None);
    for shard in 0..SHARDS {
        if let Err(error) = sweep_shard(app, shard, &mut swept).await {
            unavailable = Some(error);
        }
    }
    telemetry::swept(swept.lag);
    unavailable.map_or(Ok(swept.dealt), Err)
}

/// What a sweep came to.
#[derive(Default)]
struct Swept {
    dealt: usize,
    /// How long the one that was due longest has waited.
    lag: Period,
}

/// What cannot be dealt with now stays due: it is the next sweep's, and keeps nobody waiting.
async fn sweep_shard(app: &App, shard: u64, swept: &mut Swept) -> Result<(), StoreError> {
    let mut after = None;
    for _ in 0..LOOKS {
        let now = app.clock.now();
        let due = app.store.list_due(shard, now, after, LOOK).await?;
        swept.dealt += due.requests.len();
        let oldest = due.requests.first().map(|(at, ..)| now.since(*at));
        swept.lag = swept.lag.max(oldest.unwrap_or_default());
        for some in due.requests.chunks(AT_ONCE) {
            let each = some.iter().map(|(_, tenant, request)| one(app, *tenant, *request));
            for ((.., request), swept) in some.iter().zip(join_all(each).await) {
                match swept {
                    Err(error @ StoreError::Unavailable(_)) => return Err(error),
                    Err(error) => tracing::error!(%error, %request, "sweep"),
                    Ok(()) => {}
                }
            }
        }
        after = due.last;
        if after.is_none() {
            break;
        }
    }
    Ok(())
}

/// A lost race means that somebody else deals with the request just now.
async fn one(app: &App, tenant: Id, id: Id) -> Result<(), StoreError> {
    let request = match app.store.load_request(tenant, id).await {
        Err(StoreError::NotFound(_)) => return Ok(()),
        other => other?,
    };
    let decision = match request.swept(tenant, &app.stamp(Actor::System)) {
        Ok(decision) => decision,
        Err(error) => {
            tracing::error!(%error, request = %id, "sweep");
            return Ok(());
        }
    };
    match app.commit(tenant, &decision, &Extra::default()).await {
        Err(StoreError::Conflict) => Ok(()),
        other => other,
    }
}
