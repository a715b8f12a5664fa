//! An operator at work while processes die: retries, cancels and updates some request, each act
//! repeated until it is answered.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use fastrand::Rng;
use reqwest::Method;
use serde_json::{Value, json};

use crate::load::Load;

/// Between two acts, and between two tries of one.
const PAUSE: Duration = Duration::from_millis(20);

/// Acts by name and HTTP status.
pub(crate) type Acts = BTreeMap<(&'static str, u16), usize>;

/// Acts until the load stops.
pub(crate) async fn work(load: Arc<Load>, seed: u64) -> Acts {
    let mut rng = Rng::with_seed(seed);
    let (mut acts, mut number) = (BTreeMap::new(), 0);
    while !load.is_stopped() {
        tokio::time::sleep(PAUSE).await;
        // What was granted lately is not at rest yet.
        let request = {
            let requests = load.requests.lock().unwrap();
            rng.choice(requests.iter().rev().take(50)).copied()
        };
        let Some(request) = request else { continue };
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
