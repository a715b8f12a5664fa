//! An operator at work while processes die: retries, cancels and updates some request, retries all
//! that failed at once, each act repeated until it is answered.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use fastrand::Rng;
use reqwest::Method;
use serde_json::{Value, json};

use crate::load::Load;

/// Between two acts, and between two tries of one.
const PAUSE: Duration = Duration::from_millis(20);

/// Of so many acts one is a retry of many.
const MANY: u32 = 20;

/// Acts by name and HTTP status.
pub(crate) type Acts = BTreeMap<(&'static str, u16), usize>;

/// Operators at once, each with keys of its own.
pub(crate) const OPERATORS: u64 = 4;
/// No operator uses so many Idempotency-Keys.
const KEYS: u64 = 1_000_000;

/// Acts until the load stops.
pub(crate) async fn work(load: Arc<Load>, seed: u64) -> Acts {
    let mut rng = Rng::with_seed(seed);
    let (mut acts, mut number) = (BTreeMap::new(), seed * KEYS);
    while !load.is_stopped() {
        tokio::time::sleep(PAUSE).await;
        // What was granted lately is not at rest yet.
        let request = {
            let requests = load.requests.lock().unwrap();
            rng.choice(requests.iter().rev().take(50)).copied()
        };
        let Some(request) = request else { continue };
        if rng.u32(..MANY) == 0 {
            number += 1;
            let retried = retry_many(&load, number).await;
            *acts.entry(("retry", 200)).or_default() += retried;
            *acts.entry(("retry of many", 200)).or_default() += 1;
            continue;
        }
        for (act, body) in mood(&mut rng) {
            number += 1;
            let status = until_answered(&load, request, act, &body, number).await;
            assert!([200, 409].contains(&status), "{act}: {status}");
            *acts.entry((act, status)).or_default() += 1;
        }
    }
    acts
}

/// What is done to one request: what is retried must have failed.
fn mood(rng: &mut Rng) -> Vec<(&'static str, Value)> {
    let status = |status: &str| ("status", json!({"status": status, "comments": "By hand."}));
    let retry = ("retry", json!({}));
    match rng.u32(..5) {
        // Most come too late: what is granted is asked for more often.
        0 | 1 => vec![("cancel", json!({})), retry],
        2 => vec![status("FAILED"), retry],
        3 => vec![status("FAILED")],
        _ => vec![status(["IN_PROGRESS", "COMPLETED"][rng.usize(..2)])],
    }
}

/// Retries a page of all that failed; how many were.
async fn retry_many(load: &Load, number: u64) -> usize {
    let path = "/v1/provisioning-requests/retry?status=FAILED,DISPATCH_FAILED&limit=20";
    let key = format!("operator-{number}");
    loop {
        let headers = [("idempotency-key", key.as_str()), ("if-match", "*")];
        let reply = load.client.try_call(Method::POST, path, &headers, None).await;
        if let Some(reply) = reply.filter(|reply| reply.status != 503) {
            let told = reply.expect(200);
            let parts = told["data"].as_array().unwrap();
            let of = |status: u64| parts.iter().filter(|part| part["status"] == status).count();
            // A part that could not be done now is done when the call is repeated.
            if of(503) == 0 {
                return of(200);
            }
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Cancels what a provider asked to be left alone for a day; how many were.
pub(crate) async fn end_waiting(load: &Load, ids: &[u64]) -> usize {
    let mut cancelled = 0;
    for (number, id) in ids.iter().enumerate() {
        let number = u64::MAX - number as u64;
        cancelled +=
            usize::from(until_answered(load, *id, "cancel", &json!({}), number).await == 200);
    }
    cancelled
}

async fn until_answered(load: &Load, request: u64, act: &str, body: &Value, number: u64) -> u16 {
    let path = format!("/v1/provisioning-requests/{request}/{act}");
    let key = format!("operator-{number}");
    loop {
        let headers = [("idempotency-key", key.as_str()), ("if-match", "*")];
        let body = Some(body.to_string().into_bytes());
        match load.client.try_call(Method::POST, &path, &headers, body).await {
            Some(reply) if reply.status != 503 => return reply.status,
            _ => tokio::time::sleep(PAUSE).await,
        }
    }
}
