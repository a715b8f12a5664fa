//! The sweeper: what is due, what was lost, what waited too long (Q10).
//!
//! Neighbours: `domain::request::sweep` decides. Guarantee: nothing waits for ever (I5), and its
//! help costs little while nothing is lost.

use std::ops::Range;
use std::sync::Arc;

use aws_lambda_events::cloudwatch_events::CloudWatchEvent;
use domain::ids::Id;
use domain::limits::{
    ERASE_SWEEP, RESEAL_SWEEP, SWEEP_AT_ONCE, SWEEP_READ, SWEEP_READS, SWEEP_RESENDS,
};
use domain::rejection::Rejection;
use domain::request::Request;
use domain::request::states::Status;
use domain::stamp::Actor;
use domain::task::{Task, TaskKind};
use domain::time::{Period, Time};
use edge::{App, erasure, rotation, telemetry};
use futures::future::join_all;
use store::keys::SHARDS;
use store::resealing::Resealing;
use store::{Extra, StoreError};

/// Whether a queue is known to hold a message about a task.
pub type Holds<'a> = &'a (dyn Fn(&Task) -> bool + Sync);

/// The handler that Lambda calls.
///
/// # Errors
/// As [`sweep`].
pub async fn on_event(app: Arc<App>, _: CloudWatchEvent) -> Result<usize, StoreError> {
    sweep(&app).await
}

/// One sweep over every shard; says how many requests it looked at.
///
/// # Errors
/// When the store is not available for a part of them, after all the others.
pub async fn sweep(app: &App) -> Result<usize, StoreError> {
    sweep_lost(app, 0..SHARDS, &|_| false).await
}

/// The same of some shards, beside a queue that can be asked: what it `holds` is not lost, and is
/// left alone.
///
/// # Errors
/// As [`sweep`].
pub async fn sweep_lost(
    app: &App,
    shards: Range<u64>,
    holds: Holds<'_>,
) -> Result<usize, StoreError> {
    let (mut swept, mut unavailable) = (Swept::default(), None);
    for shard in shards {
        if let Err(error) = sweep_shard(app, shard, holds, &mut swept).await {
            unavailable = Some(error);
        }
    }
    // Retry ladders and deadlines are done by now: what is only sent again does not hold them up.
    let resends = std::mem::take(&mut swept.resends);
    if let Err(error) = all(app, resends).await {
        unavailable = Some(error);
    }
    if swept.reseals {
        reseal(app).await;
    }
    let end = app.clock.now().after(ERASE_SWEEP);
    for (tenant, id) in swept.erasures {
        erase(app, tenant, id, end).await;
    }
    telemetry::swept(swept.lag);
    unavailable.map_or(Ok(swept.dealt), Err)
}

/// Seals anew for some seconds; the next sweep goes on.
async fn reseal(app: &App) {
    let end = app.clock.now().after(RESEAL_SWEEP);
    loop {
        match rotation::step(app).await {
            Ok(Some(so_far)) => {
                let Resealing { number, rows, found, changed, done, .. } = so_far;
                let changed = changed + found;
                tracing::info!(number, rows, changed, done, "what older master keys sealed");
                if so_far.due.is_none_or(|due| due > app.clock.now()) || app.clock.now() >= end {
                    return;
                }
            }
            Ok(None) => return,
            Err(problem) => return tracing::error!(%problem, "what older master keys sealed"),
        }
    }
}

/// Erases until the end of its time; the next sweep goes on.
async fn erase(app: &App, tenant: Id, id: Id, end: Time) {
    while app.clock.now() < end {
        match erasure::step(app, tenant, id).await {
            Ok(Some(so_far)) => {
                tracing::info!(%tenant, %id, part = ?so_far.part, "erasure");
                if so_far.due.is_none_or(|due| due > app.clock.now()) {
                    return;
                }
            }
            Ok(None) => return,
            Err(error) => return tracing::error!(%error, %tenant, %id, "erasure"),
        }
    }
}

/// The result of a sweep.
#[derive(Default)]
struct Swept {
    dealt: usize,
    /// How long the one that was due longest has waited.
    lag: Period,
    /// The tasks that have no message, as far as is known.
    resends: Vec<(Id, Request)>,
    /// Something is to be sealed with a newer master key.
    reseals: bool,
    /// Customers and partners who are to be erased.
    erasures: Vec<(Id, Id)>,
}

/// What cannot be dealt with now stays due: it is the next sweep's, and keeps nobody waiting.
async fn sweep_shard(
    app: &App,
    shard: u64,
    holds: Holds<'_>,
    swept: &mut Swept,
) -> Result<(), StoreError> {
    let mut after = None;
    for _ in 0..SWEEP_READS {
        let now = app.clock.now();
        let due = app.store.list_due(shard, now, after, SWEEP_READ).await?;
        swept.dealt += due.tasks.len();
        let oldest = due.tasks.first().map(|(at, _)| now.since(*at));
        swept.lag = swept.lag.max(oldest.unwrap_or_default());
        let (mut requests, mut first) = (Vec::new(), Vec::new());
        for (_, task) in due.tasks.iter().filter(|(_, task)| !holds(task)) {
            match task.kind {
                TaskKind::Dispatch => requests.push((task.tenant, task.id)),
                TaskKind::Reseal => swept.reseals = true,
                TaskKind::Erase => swept.erasures.push((task.tenant, task.id)),
            }
        }
        for (tenant, request) in readable(app, &requests).await? {
            let is_resend =
                request.life.state == Status::RequestQueued && request.not_before.is_none();
            if !is_resend {
                first.push((tenant, request));
            } else if swept.resends.len() < SWEEP_RESENDS {
                swept.resends.push((tenant, request));
            }
        }
        all(app, first).await?;
        after = due.last;
        if after.is_none() {
            break;
        }
    }
    Ok(())
}

/// Those of the requests that exist and can be read: one that cannot harms only itself.
async fn readable(app: &App, ids: &[(Id, Id)]) -> Result<Vec<(Id, Request)>, StoreError> {
    let mut found = Vec::new();
    for ((tenant, id), row) in ids.iter().zip(app.store.find_each_request(ids).await?) {
        match row {
            Ok(request) => found.extend(request.map(|request| (*tenant, request))),
            Err(error) => {
                telemetry::unreadable(1);
                tracing::error!(%error, request = %id, "sweep");
            }
        }
    }
    Ok(found)
}

async fn all(app: &App, requests: Vec<(Id, Request)>) -> Result<(), StoreError> {
    for some in requests.chunks(SWEEP_AT_ONCE) {
        let each = some.iter().map(|(tenant, request)| one(app, *tenant, request.clone()));
        for ((_, request), swept) in some.iter().zip(join_all(each).await) {
            match swept {
                Err(error @ StoreError::Unavailable(_)) => return Err(error),
                Err(error) => tracing::error!(%error, request = %request.id, "sweep"),
                Ok(()) => {}
            }
        }
    }
    Ok(())
}

/// A lost race means that somebody else deals with the request just now.
async fn one(app: &App, tenant: Id, request: Request) -> Result<(), StoreError> {
    let stamp = app.stamp(Actor::System);
    let illegal = |r: Rejection| StoreError::Corrupt("provisioning request", r.detail);
    let (_, decision) = request.swept(tenant, &stamp).map_err(illegal)?;
    match app.commit(tenant, decision, &stamp, &Extra::default()).await {
        Err(StoreError::Conflict) => Ok(()),
        other => other,
    }
}
