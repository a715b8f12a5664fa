//! The dispatcher: from a queue message to an answer of the provider.
//!
//! Neighbours: the queue brings messages; `domain::request` decides. Guarantee: the claim is
//! committed before the POST, so no two workers send the same attempt (Q9).

mod render;

use std::convert::Infallible;
use std::sync::Arc;

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use domain::decision::Decision;
use domain::ids::Id;
use domain::plan::method::Method;
use domain::request::claim::Claim;
use domain::request::dispatched::{Answer, Ended};
use domain::request::{Payload, Request};
use domain::stamp::{Actor, Stamp};
use domain::task::{Message, Task, TaskKind};
use domain::time::Time;
use edge::App;
use edge::app::Undone;
use edge::loss::accept_loss;
use edge::provider::call::Letter;
use edge::queue::batch::{Outcome, batch};
use edge::telemetry::attempted;
use store::{Extra, StoreError, readable};

use crate::render::Prepared;

/// The handler that Lambda calls.
///
/// # Errors
/// Never: what failed is in the answer.
pub async fn on_event(
    app: Arc<App>,
    lambda_event: SqsEvent,
) -> Result<SqsBatchResponse, Infallible> {
    Ok(handle(app, lambda_event).await)
}

/// Works on a batch of messages, each alone.
pub async fn handle(app: Arc<App>, lambda_event: SqsEvent) -> SqsBatchResponse {
    let work = move |message: Message| {
        let app = Arc::clone(&app);
        async move {
            let Task { kind, tenant, id } = message.task;
            let done = match kind {
                TaskKind::Dispatch => one(&app, tenant, id).await,
                // The sweeper does it; no message tells of it.
                TaskKind::Reseal | TaskKind::Erase => Ok(()),
            };
            match done {
                Ok(()) => Outcome::Done,
                Err(error) => {
                    tracing::warn!(%error, %kind, %id, "task");
                    Outcome::Again
                }
            }
        }
    };
    batch(lambda_event, work).await
}

/// One request: claim, post, commit the outcome. Those of a suspended tenant are held: the sweeper
/// finds them, again and again, until that ends.
async fn one(app: &App, tenant: Id, id: Id) -> Result<(), StoreError> {
    if app.tenants.know(&*app.store, tenant, app.clock.now()).await?.suspended {
        return Ok(());
    }
    app.until_won(|_| attempt(app, tenant, id)).await
}

async fn attempt(app: &App, tenant: Id, id: Id) -> Result<(), Undone<StoreError>> {
    let request = app.store.load_request(tenant, id).await?;
    if request.claimable(app.clock.now()).is_err() {
        return Ok(());
    }
    let stamp = app.stamp(Actor::System);
    if let Some(decision) = unfinished(app, tenant, &request, &stamp).await? {
        return write(app, tenant, decision, &stamp).await;
    }
    let ready = match render::prepare(app, tenant, &request, &stamp).await? {
        Prepared::Deferred(decision) => {
            return write(app, tenant, decision, &stamp).await;
        }
        Prepared::New(payload, method) => {
            render::freeze(app, tenant, &request, (payload, method), &stamp).await?
        }
        Prepared::Settled(ready) => ready,
    };
    let (payload, method) = match ready {
        Ok(ready) => ready,
        Err(failure) => {
            let decision = request.unusable(failure, &stamp).map_err(illegal)?;
            return write(app, tenant, decision, &stamp).await;
        }
    };
    match request.claim(&payload, &method.info, &stamp).map_err(illegal)? {
        Claim::Exhausted(decision) => write(app, tenant, decision, &stamp).await,
        Claim::Attempt(claimed, decision) => {
            write(app, tenant, decision, &stamp).await?;
            let answer = post(app, tenant, &claimed, &payload, &method).await;
            Ok(finish(app, tenant, &claimed, &method, &answer, stamp.now).await?)
        }
    }
}

/// What follows from an attempt whose worker noted it and died before it committed the outcome: the
/// answer is known, and is not asked for again.
async fn unfinished(
    app: &App,
    tenant: Id,
    request: &Request,
    stamp: &Stamp,
) -> Result<Option<Decision>, StoreError> {
    let (Some(lease), Some(method)) = (&request.lease, &request.method) else { return Ok(None) };
    let (generation, no) = (request.generation, request.attempt_count);
    // What cannot be read says nothing: the attempt is repeated, with the same idempotency key.
    let noted = readable(app.store.find_attempt(tenant, request.id, generation, no).await)?;
    let Some(attempt) = noted.flatten() else { return Ok(None) };
    let method = readable(app.store.find_method(tenant, method.id).await)?;
    let Some(method) = method.flatten() else { return Ok(None) };
    let ended = Ended {
        tenant,
        token: lease.token,
        generation,
        no,
        started: attempt.started_date,
        at: attempt.ended_date,
        method: &method.info,
        answer: &attempt.answer(),
    };
    let (_, decision) = request.clone().dispatched(&ended, stamp).map_err(illegal)?;
    Ok(Some(decision))
}

/// Posts the frozen bytes, signed, with one idempotency key per generation (Q5).
async fn post(
    app: &App,
    tenant: Id,
    request: &Request,
    payload: &Payload,
    method: &Method,
) -> Answer {
    let (id, generation) = (request.id, request.generation);
    let callback = format!(
        "{}/v1/callbacks/{}/provisioning-requests/{id}?generation={generation}",
        app.public_url, method.info.id
    );
    let headers =
        vec![("provisioning-request-id", id.to_string()), ("provisioning-callback-url", callback)];
    let body = payload.text.clone();
    let recipient = method.recipient(app.clock.now());
    let timeout = recipient.target.timeout;
    let letter = Letter { id: request.webhook_id(), body, headers, timeout };
    app.call(tenant, &recipient, &letter).await
}

/// Commits the outcome under the lease; a lost race is decided again on what is there by then.
async fn finish(
    app: &App,
    tenant: Id,
    claimed: &Request,
    method: &Method,
    answer: &Answer,
    started: Time,
) -> Result<(), StoreError> {
    let Some(lease) = &claimed.lease else { return Ok(()) };
    let ended = Ended {
        tenant,
        token: lease.token,
        generation: claimed.generation,
        no: claimed.attempt_count,
        started,
        at: app.clock.now(),
        method: &method.info,
        answer,
    };
    let due = claimed.life.moved.max(claimed.not_before.unwrap_or(claimed.life.moved));
    let outcome = claimed.outcome(answer);
    attempted(outcome, started.since(due), ended.at.since(started));
    let (request, generation, no) = (claimed.id, claimed.generation, claimed.attempt_count);
    tracing::info!(%request, generation, no, ?outcome, "attempt");
    // The claim was written: the row is one revision further than it was read.
    let claimed = &Request { rev: claimed.rev.next(), ..claimed.clone() };
    // The attempt is a fact by itself. A worker that dies between the two leaves a true record.
    let attempt = claimed.attempted(&ended);
    let noted =
        app.commit(tenant, attempt.clone(), &app.stamp(Actor::System), &Extra::default()).await;
    let unnoted = if noted.is_ok() { Vec::new() } else { attempt.changes };
    accept_loss(noted, "it goes with the outcome");
    let (ended, unnoted) = (&ended, &unnoted);
    app.until_won(|lost| async move {
        let stamp = app.stamp(Actor::System);
        let request = match lost {
            0 => claimed.clone(),
            _ => app.store.load_request(tenant, claimed.id).await?,
        };
        let (_, mut decision) = request.dispatched(ended, &stamp).map_err(illegal)?;
        decision.changes.extend(unnoted.iter().cloned());
        write(app, tenant, decision, &stamp).await
    })
    .await
}

async fn write(
    app: &App,
    tenant: Id,
    decision: Decision,
    stamp: &Stamp,
) -> Result<(), Undone<StoreError>> {
    Ok(app.commit(tenant, decision, stamp, &Extra::default()).await?)
}

/// The table has every row that the dispatcher walks; anything else is a fault of ours.
fn illegal(rejection: domain::rejection::Rejection) -> StoreError {
    StoreError::Corrupt("provisioning request", rejection.detail)
}
