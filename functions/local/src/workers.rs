//! The work of Lambda on AWS: batches of the queue to the dispatcher, the sweeper on its schedule.
//!
//! Neighbours: `service` starts them. Guarantee: the handlers are those of the Lambdas.

use std::sync::Arc;

use domain::limits::{PAGE_ROWS, RESEND_AFTER};
use domain::task::{Task, TaskKind};
use edge::App;
use edge::loss::accept_loss;
use store::StoreError;
use store::keys::SHARDS;
use tokio::sync::Semaphore;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{Instrument, debug_span};

use crate::engine::Engine;
use crate::limits::{EXPIRE, SWEEP, SWEEP_SHARDS, WORKERS};
use crate::queue::LocalQueue;

/// Starts the dispatcher and the sweeper.
pub fn start(
    app: &Arc<App>,
    queue: &Arc<LocalQueue>,
    engine: Engine,
    tasks: &TaskTracker,
    stop: &CancellationToken,
) {
    let (dispatching, sweeping, expiring) = (stop.clone(), stop.clone(), stop.clone());
    let (for_dispatch, for_sweep) = (Arc::clone(app), Arc::clone(app));
    let (held, queue, inner) = (Arc::clone(queue), Arc::clone(queue), tasks.clone());
    tasks.spawn(async move {
        dispatching.run_until_cancelled(dispatch(for_dispatch, queue, inner)).await;
    });
    tasks.spawn(async move {
        let work = async {
            accept_loss(resume(&for_sweep).await, "the sweeper finds what is queued");
            sweep(for_sweep, held).await;
        };
        sweeping.run_until_cancelled(work).await;
    });
    tasks.spawn(async move {
        expiring.run_until_cancelled(expire(engine)).await;
    });
}

async fn expire(engine: Engine) {
    let mut tick = interval(EXPIRE);
    loop {
        tick.tick().await;
        accept_loss(engine.expire().await, "what is over is not read, either");
    }
}

async fn dispatch(app: Arc<App>, queue: Arc<LocalQueue>, tasks: TaskTracker) {
    let places = Arc::new(Semaphore::new(WORKERS));
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        let lambda_event = queue.receive().await;
        let (app, queue) = (Arc::clone(&app), Arc::clone(&queue));
        // What was begun is finished, also while the service stops.
        tasks.spawn(async move {
            let ids: Vec<String> =
                lambda_event.records.iter().filter_map(|r| r.message_id.clone()).collect();
            let answer = dispatch::handle(app, lambda_event).await;
            let failed =
                |id: &String| answer.batch_item_failures.iter().any(|f| f.item_identifier == *id);
            ids.iter().for_each(|id| queue.end(id, !failed(id)));
            drop(place);
        });
    }
}

/// The queue was in memory and is empty: what was queued lately gets its message again, so that
/// nobody waits for the sweeper to miss it. The sweeper does the rest when it is due.
async fn resume(app: &App) -> Result<(), StoreError> {
    let soon = app.clock.now().after(RESEND_AFTER);
    for shard in 0..SHARDS {
        let due = app.store.list_due(shard, soon, None, PAGE_ROWS).await?;
        for (_, task) in due.tasks {
            let message = match task.kind {
                // A row that cannot be read is the sweeper's to tell of; it does not stop a start.
                TaskKind::Dispatch => match app.store.load_request(task.tenant, task.id).await {
                    Ok(request) => request.message(task.tenant, app.clock.now()),
                    Err(_) => None,
                },
                TaskKind::Reseal | TaskKind::Erase => None,
            };
            accept_loss(
                app.queue.send(message.as_slice()).await,
                "the sweeper finds the queued row",
            );
        }
    }
    Ok(())
}

async fn sweep(app: Arc<App>, queue: Arc<LocalQueue>) {
    let holds = move |task: &Task| queue.holds(task);
    let mut tick = interval(SWEEP);
    let mut first = 0;
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        let shards = first..first + SWEEP_SHARDS;
        // Its span tells its costs from those of calls.
        let swept = sweeper::sweep_lost(&app, shards, &holds).instrument(debug_span!("sweep"));
        if let Err(error) = swept.await {
            tracing::warn!(%error, "sweep");
        }
        first = (first + SWEEP_SHARDS) % SHARDS;
    }
}
