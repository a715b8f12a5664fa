//! Looks whether a deployment is well: its key, its tables, its rows, its queue, its clock.
//!
//! Neighbours: `provisio doctor` on this machine, the bootstrap function on AWS. Guarantee: it
//! writes nothing, and each line that is not well says what to do.

use domain::ids::Id;
use domain::limits::{DOCTOR_CLOCKS, DOCTOR_LAG};
use domain::time::Time;
use serde::Serialize;
use store::keys::SHARDS;
use store::phase::FORM;
use store::{Store, StoreError};

use crate::app::App;
use crate::mark;

/// The result of one check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The thing that was checked.
    pub check: &'static str,
    /// Whether it is well.
    pub fine: bool,
    /// The state that was found.
    pub told: String,
    /// The remedy.
    pub advice: Option<&'static str>,
}

impl Finding {
    /// All is well.
    pub fn fine(check: &'static str, told: impl Into<String>) -> Self {
        Self { check, fine: true, told: told.into(), advice: None }
    }

    /// Something is wrong.
    pub fn wrong(check: &'static str, told: impl Into<String>, advice: &'static str) -> Self {
        Self { check, fine: false, told: told.into(), advice: Some(advice) }
    }
}

/// Every look, in the order in which to mend. `elsewhere` is another clock's now, if one was asked.
pub async fn examine(app: &App, elsewhere: Option<Time>) -> Vec<Finding> {
    let store = &*app.store;
    let mut findings = vec![tables(store).await, key(app).await];
    findings.extend(form(store).await);
    findings.push(rows(store).await);
    findings.push(due(app).await);
    findings.extend(queue(app).await);
    findings.extend(elsewhere.map(|then| clock(app.clock.now(), then)));
    findings
}

async fn key(app: &App) -> Finding {
    const CHECK: &str = "master key";
    let restore = "Restore the key that the data was made with, from its backup.";
    let Ok(master) = app.master() else {
        return Finding::wrong(CHECK, "this function has no master key", restore);
    };
    match mark::compare(&*app.store, Some(master)).await {
        Ok(Some(_)) => match app.store.find_resealing().await {
            Ok(None) => Finding::fine(CHECK, "the data was made with it"),
            Ok(Some(so_far)) => Finding::fine(CHECK, so_far.to_string()),
            Err(error) => unavailable(CHECK, &error),
        },
        Ok(None) => {
            let advice = "Start this version once on it; on AWS invoke the bootstrap function.";
            Finding::wrong(CHECK, "the data does not say which key it was made with", advice)
        }
        Err(error) => Finding::wrong(CHECK, error.to_string(), restore),
    }
}

async fn tables(store: &(dyn Store + 'static)) -> Finding {
    const CHECK: &str = "tables";
    match store.lacks().await {
        Ok(lacks) if lacks.is_empty() => Finding::fine(CHECK, "tables and indexes are there"),
        Ok(lacks) => {
            let advice = "Deploy this version's tables, or migrate the data folder.";
            Finding::wrong(CHECK, lacks.join("; "), advice)
        }
        Err(error) => unavailable(CHECK, &error),
    }
}

/// What a deployment or a folder of 0.1.0 still needs; nothing, where there is no mark yet.
async fn form(store: &(dyn Store + 'static)) -> Option<Finding> {
    const CHECK: &str = "form";
    match store.find_mark().await {
        Ok(mark) if mark.as_ref()?.form == FORM => {
            Some(Finding::fine(CHECK, format!("all rows have form {FORM}")))
        }
        Ok(mark) => {
            let form = mark.map_or(1, |mark| mark.form);
            let told = format!("there are rows of form {form}, this version has {FORM}");
            let advice = "On this machine stop the service and run provisio doctor --migrate; on \
                          AWS see \"Upgrade\" in OPERATING.md.";
            Some(Finding::wrong(CHECK, told, advice))
        }
        Err(error) => Some(unavailable(CHECK, &error)),
    }
}

async fn rows(store: &(dyn Store + 'static)) -> Finding {
    const CHECK: &str = "rows";
    match store.sample(Id::FIRST_TENANT).await {
        Ok(sample) if sample.unreadable.is_empty() => {
            Finding::fine(CHECK, format!("{} of a sample can be read", sample.read))
        }
        Ok(sample) => {
            let told = format!("cannot be read: {}", sample.unreadable.join(", "));
            let advice = "Start the version that wrote them, or restore them from a backup.";
            Finding::wrong(CHECK, told, advice)
        }
        Err(error) => unavailable(CHECK, &error),
    }
}

async fn due(app: &App) -> Finding {
    const CHECK: &str = "due";
    let (now, mut oldest) = (app.clock.now(), None);
    for shard in 0..SHARDS {
        match app.store.list_due(shard, now, None, 1).await {
            Ok(due) => oldest = oldest.into_iter().chain(due.tasks.first().map(|d| d.0)).min(),
            Err(error) => return unavailable(CHECK, &error),
        }
    }
    match oldest.map(|at| now.since(at)) {
        None => Finding::fine(CHECK, "nothing waits for the sweeper"),
        Some(lag) if lag <= DOCTOR_LAG => {
            Finding::fine(CHECK, format!("the oldest waits since {lag}"))
        }
        Some(lag) => {
            let advice = "Is the service running? On AWS: is the sweeper's schedule enabled?";
            Finding::wrong(CHECK, format!("the oldest waits for the sweeper since {lag}"), advice)
        }
    }
}

/// Nothing, where it is not known: the queue of a service on this machine is in its memory.
async fn queue(app: &App) -> Option<Finding> {
    const CHECK: &str = "queue";
    Some(match app.queue.depth().await {
        Ok(None) => return None,
        Ok(Some(depth)) if depth.dead == 0 => {
            Finding::fine(CHECK, format!("{} messages, no dead letter", depth.waiting))
        }
        Ok(Some(depth)) => {
            let told = format!("{} messages, {} dead letters", depth.waiting, depth.dead);
            Finding::wrong(CHECK, told, "Read the dispatcher's log, mend the cause, redrive them.")
        }
        Err(error) => {
            let advice = "Is the queue there, and may this function reach it?";
            Finding::wrong(CHECK, error.to_string(), advice)
        }
    })
}

/// Whether two clocks agree: signatures hold for five minutes.
pub fn clock(here: Time, there: Time) -> Finding {
    let apart = here.since(there).max(there.since(here));
    if apart <= DOCTOR_CLOCKS {
        return Finding::fine("clock", format!("{apart} from the other one"));
    }
    let advice = "Set the clock: callbacks are refused when it is more than 5 minutes wrong.";
    Finding::wrong("clock", format!("{apart} from the other one"), advice)
}

fn unavailable(check: &'static str, error: &StoreError) -> Finding {
    Finding::wrong(check, error.to_string(), "Is the database there, and reachable?")
}
