//! Status callbacks: a provider reports what became of a request, signed.
//!
//! Neighbours: `domain::request::reported` decides. Guarantee: nothing is read of a tenant before
//! the signature holds, and an unknown method answers like a wrong signature (Q3).

use std::sync::Arc;

use axum::Router;
use domain::decision::Decision;
use domain::ids::Entropy;
use domain::limits::CALLBACK_ANSWERED;
use domain::plan::door::Door;
use domain::rejection::{Code, Rejection};
use domain::request::Request;
use domain::request::report::Report;
use domain::request::reported::{Arrival, Verdict};
use domain::stamp::{Actor, Stamp};
use edge::app::Undone;
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
    let (door, report) = (&door, &report);
    cx.app
        .until_won(|_| async move {
            if cx.app.clock.now() > late {
                return Err(Undone::Said(StoreError::Conflict.into()));
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
            settle(cx, door, &request, report, &arrival, &stamp).await
        })
        .await
}

async fn settle(
    cx: &Cx,
    door: &Door,
    request: &Request,
    report: &Result<Report, Rejection>,
    arrival: &Arrival<'_>,
    stamp: &Stamp,
) -> Result<Answer, Undone<Problem>> {
    let verdict = match report {
        Ok(report) => request.reported(report, arrival, stamp)?,
        Err(refused) => {
            let conflict = request.unread(refused, arrival, stamp)?;
            Verdict::Conflicting(conflict, refused.clone(), Decision::default())
        }
    };
    let (said, decision) = match verdict {
        Verdict::Accepted(next, decision) => (Ok((next.life.state, "ACCEPTED")), decision),
        Verdict::Duplicate(trace) => (Ok((request.life.state, "DUPLICATE")), trace),
        Verdict::Conflicting(conflict, refused, decision) => {
            let conflicts = cx.store().load_conflicts(door.tenant, request.id).await?;
            (Err(refused), conflicts.keep(conflict, decision))
        }
    };
    cx.app.commit(door.tenant, decision, stamp, &Extra::default()).await?;
    let (state, outcome) = said?;
    let body = json!({"id": request.id, "status": state, "outcome": outcome});
    Ok(Answer::ok(&body)?)
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
            let live = door.live_secrets(cx.app.clock.now());
            cx.app.open_secrets(door.method, live).await.map_err(|error| {
                tracing::error!(%error, method = %door.method, "callback secrets");
                Problem::from(error)
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
