//! Status callbacks: a provider reports what became of a request, signed.
//!
//! Neighbours: `domain::request::reported` decides. Guarantee: nothing is read of a tenant before
//! the signature holds, and an unknown method answers like a wrong signature (Q3).

use std::sync::Arc;

use axum::Router;
use domain::decision::{Actor, Decision, Stamp};
use domain::ids::{Entropy, Id};
use domain::limits::{CALLBACK_ANSWERED, COMMIT_TRIES};
use domain::plan::door::Door;
use domain::rejection::{Code, Rejection};
use domain::request::report::Report;
use domain::request::reported::{Arrival, Verdict};
use domain::request::{Conflict, Request};
use edge::http::routes::Function;
use edge::provider::signature::{ID, SIGNATURE, Signed, TIMESTAMP, verify};
use edge::secret::Secret;
use edge::{Answer, App, Cx, Problem, Routes};
use serde_json::json;
use store::{Extra, StoreError};

/// The routes of this function.
pub fn router(app: Arc<App>) -> Router {
    Routes::of(Function::Callbacks, app).on("reportStatus", report).router()
}

async fn report(cx: Cx) -> Result<Answer, Problem> {
    let cx = &cx;
    let door = authentic(cx).await?;
    let generation = cx.query.get("generation")?;
    let report = Report::read(&cx.body);
    let id = cx.id("id")?;
    let late = cx.app.clock.now().after(CALLBACK_ANSWERED);
    for race in 0..COMMIT_TRIES {
        if cx.app.clock.now() > late {
            break;
        }
        let stamp = cx.app.stamp(Actor::Provider(door.method));
        let request = cx.store().load_request(door.tenant, id).await?;
        let earlier = match request.earlier(generation) {
            Some(earlier) => cx.store().find_payload(door.tenant, id, earlier).await?,
            None => None,
        };
        let arrival = Arrival {
            method: door.method,
            webhook_id: header(cx, ID),
            body: &cx.body,
            generation,
            callback_id: door.callback_id,
            earlier: earlier.map(|payload| payload.method.id),
            callback_timeout: door.callback_timeout,
        };
        match settle(cx, &door, &request, &report, &arrival, &stamp).await {
            Err(Unsettled::Race) => cx.app.back_off(race).await,
            Err(Unsettled::Said(problem)) => return Err(*problem),
            Ok(answer) => return Ok(answer),
        }
    }
    Err(StoreError::Conflict.into())
}

/// Why there is no good answer.
enum Unsettled {
    /// Somebody else wrote first: load and decide again.
    Race,
    /// A problem to answer with.
    Said(Box<Problem>),
}

impl<E: Into<Problem>> From<E> for Unsettled {
    fn from(error: E) -> Self {
        Self::Said(Box::new(error.into()))
    }
}

async fn settle(
    cx: &Cx,
    door: &Door,
    request: &Request,
    report: &Result<Report, Rejection>,
    arrival: &Arrival<'_>,
    stamp: &Stamp,
) -> Result<Answer, Unsettled> {
    let report = match report {
        Ok(report) => report,
        Err(refused) => {
            let conflict = request.unread(refused, arrival, stamp)?;
            keep(cx, door.tenant, conflict, request, None, stamp).await?;
            return Err(refused.clone().into());
        }
    };
    let (state, outcome) = match request.reported(report, arrival, stamp)? {
        Verdict::Duplicate(trace) => {
            commit(cx, door.tenant, &trace).await?;
            (request.life.state, "DUPLICATE")
        }
        Verdict::Conflicting(conflict, rejection, provided) => {
            keep(cx, door.tenant, conflict, request, provided, stamp).await?;
            return Err(rejection.into());
        }
        Verdict::Accepted(next, decision) => {
            let before = request.standing();
            let decision = cx.app.conclude(door.tenant, before, &next, decision, stamp).await?;
            commit(cx, door.tenant, &decision).await?;
            (next.life.state, "ACCEPTED")
        }
    };
    let body = json!({"id": request.id, "status": state, "outcome": outcome});
    Ok(Answer::ok(&body)?)
}

/// Keeps the contradiction. What was `provided` after all, of an activation that is revoked, is
/// also taken back.
async fn keep(
    cx: &Cx,
    tenant: Id,
    conflict: Conflict,
    request: &Request,
    provided: Option<Box<Request>>,
    stamp: &Stamp,
) -> Result<(), Unsettled> {
    let conflicts = cx.store().load_conflicts(tenant, request.id).await?;
    let mut decision = conflicts.keep(conflict);
    if let Some(provided) = provided {
        decision = decision.save((*provided).clone());
        if provided.taken_back {
            let revocation = cx.store().load_revocation(tenant, &provided.aid).await?;
            decision = revocation.provided_late(&provided, decision, stamp)?;
        }
    }
    commit(cx, tenant, &decision).await
}

async fn commit(cx: &Cx, tenant: Id, decision: &Decision) -> Result<(), Unsettled> {
    match cx.app.commit(tenant, decision, &Extra::default()).await {
        Err(StoreError::Conflict) => Err(Unsettled::Race),
        other => Ok(other?),
    }
}

/// The door of the method, when it is open and one of its secrets signed the raw bytes just now.
async fn authentic(cx: &Cx) -> Result<Door, Problem> {
    let refused = || Rejection::of(Code::BadSignature);
    let door = match cx.param("methodId").parse().ok() {
        Some(method) => cx.store().find_door(method, cx.app.clock.now()).await?,
        None => None,
    };
    let secrets = match &door {
        Some(door) => {
            let opened = cx.app.open_secrets(door.method, door.live_secrets(cx.app.clock.now()));
            opened.map_err(|error| {
                tracing::error!(%error, method = %door.method, "callback secrets");
                Problem::of_code(Code::Internal)
            })?
        }
        // The same work for an unknown method, so that time does not tell which ones exist.
        None => vec![Secret::callback(&Entropy::new([0; 32]))],
    };
    let signed = Signed {
        id: header(cx, ID),
        timestamp: header(cx, TIMESTAMP),
        signature: header(cx, SIGNATURE),
    };
    let right = verify(&secrets, &signed, cx.app.clock.now(), &cx.body);
    // What we sent ourselves cannot come back as a report (Q2).
    let reflected = signed.id.starts_with("pr_");
    match door {
        Some(door) if right && !reflected => Ok(door),
        _ => Err(refused().into()),
    }
}

fn header<'a>(cx: &'a Cx, name: &str) -> &'a str {
    cx.parts.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}
