//! A provider with moods: it accepts, refuses, hangs, asks to be left alone for ever, refuses a
//! repetition, deduplicates by the idempotency key, and calls back until it is heard.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::routing::post;
use edge::ports::{Clock, SystemClock};
use edge::provider::signature::sign;
use edge::secret::Secret;
use fastrand::Rng;
use harness::Client;
use model::invariants::Received;
use reqwest::Method;
use serde_json::json;
use tokio::net::TcpListener;

/// Longer than the method's time-out.
const HANG: Duration = Duration::from_millis(1_500);
/// Of a hundred: it refuses below this, and hangs up to that.
const REFUSES: u32 = 10;
const HANGS: u32 = 18;
/// Of those that it refuses, it wants to be left alone for longer than time lasts.
const FOR_EVER: u32 = 1;
/// What it answers to every third POST that it has seen before.
const SEEN: [u16; 5] = [409, 400, 404, 410, 422];
/// Longer than a lease.
const LATE: Duration = Duration::from_secs(7);
/// Between two tries of a callback.
const AGAIN: Duration = Duration::from_millis(100);

#[derive(Default)]
struct Seen {
    received: Received,
    posts: u64,
    /// Answers to callbacks, by status.
    answers: BTreeMap<u16, u64>,
    secret: Option<String>,
}

/// A provider.
#[derive(Clone)]
pub(crate) struct ChaosProvider {
    /// Its address.
    pub(crate) url: String,
    seen: Arc<Mutex<Seen>>,
    rng: Arc<Mutex<Rng>>,
    calling: Arc<AtomicU64>,
}

impl ChaosProvider {
    /// Starts one.
    pub(crate) async fn start(seed: u64) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let provider = Self {
            url: format!("http://{}/provision", listener.local_addr().unwrap()),
            seen: Arc::default(),
            rng: Arc::new(Mutex::new(Rng::with_seed(seed))),
            calling: Arc::default(),
        };
        let router = Router::new().route("/provision", post(receive)).with_state(provider.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        provider
    }

    /// What it signs its callbacks with.
    pub(crate) fn secret(&self, secret: &str) {
        self.seen.lock().unwrap().secret = Some(secret.to_owned());
    }

    /// Whether it has nothing left to report.
    pub(crate) fn is_quiet(&self) -> bool {
        self.calling.load(SeqCst) == 0
    }

    /// What it received, how often it was called, and what its callbacks were answered.
    pub(crate) fn seen(&self) -> (Received, u64, BTreeMap<u16, u64>) {
        let seen = self.seen.lock().unwrap();
        (seen.received.clone(), seen.posts, seen.answers.clone())
    }

    /// Reports the work, in two callbacks, each until it is answered for good.
    async fn report(self, link: String, key: String) {
        let (api, path) = link.split_at(link.find("/v1/").unwrap());
        let client = Client::new(api, "");
        let secret = self.seen.lock().unwrap().secret.clone().unwrap();
        for status in ["IN_PROGRESS", "COMPLETED"] {
            let body = json!({"status": status, "id": request_of(path)}).to_string();
            let webhook_id = format!("{}-{}", key.trim_start_matches("pr_"), &status[..1]);
            loop {
                let secret = Secret::from_whsec(&secret).unwrap();
                let headers = sign(&[secret], &webhook_id, SystemClock.now(), body.as_bytes());
                let headers: Vec<(&str, &str)> =
                    headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
                let body = Some(body.clone().into_bytes());
                let reply = client.try_call(Method::POST, path, &headers, body).await;
                if let Some(reply) = reply.filter(|reply| reply.status < 500) {
                    *self.seen.lock().unwrap().answers.entry(reply.status).or_default() += 1;
                    break;
                }
                tokio::time::sleep(AGAIN).await;
            }
        }
        self.calling.fetch_sub(1, SeqCst);
    }
}

/// The request that a callback address is of.
fn request_of(path: &str) -> &str {
    let id = path.split("/provisioning-requests/").nth(1).unwrap();
    id.split('?').next().unwrap()
}

async fn receive(
    State(provider): State<ChaosProvider>,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, HeaderMap) {
    let text = |name: &str| headers[name].to_str().unwrap().to_owned();
    let key = text("webhook-id");
    let dice = provider.rng.lock().unwrap().u32(..100);
    let mut answer = HeaderMap::new();
    if dice % 10 < FOR_EVER {
        answer.insert("retry-after", HeaderValue::from_static("99999999999999999999"));
    }
    if dice < REFUSES {
        return (StatusCode::SERVICE_UNAVAILABLE, answer);
    }
    let first = {
        let mut seen = provider.seen.lock().unwrap();
        seen.posts += 1;
        let first = !seen.received.has(&key);
        seen.received.note(&key, std::str::from_utf8(&body).unwrap()).unwrap();
        if dice >= HANGS {
            seen.received.answer(&key);
        }
        first
    };
    if first {
        provider.calling.fetch_add(1, SeqCst);
        let link = text("provisioning-callback-url");
        let reporter = provider.clone();
        // Where it hangs it reports late, too, so that the POST comes again first.
        let late = if dice < HANGS { LATE } else { Duration::ZERO };
        tokio::spawn(async move {
            tokio::time::sleep(late).await;
            reporter.report(link, key).await;
        });
    }
    if dice < HANGS {
        tokio::time::sleep(HANG).await;
    }
    let repeated = !first && dice.is_multiple_of(3);
    let status = if repeated { SEEN[dice as usize % SEEN.len()] } else { 202 };
    (status.try_into().unwrap(), answer)
}
