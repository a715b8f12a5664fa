//! A fake provider: verifies the signature, does what its script says, calls back.
//!
//! Neighbours: the demo's method points at one, `cargo run -- provider` is one by itself. It speaks
//! to the service over HTTP only.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use domain::request::dispatched::Answer;
use edge::ports::{Clock, Post, Provider};
use edge::provider::signature::{ID, SIGNATURE, Signed, TIMESTAMP, sign, verify};
use edge::secret::Secret;
use serde_json::{Value, json};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::limits::{DEMO_CALLBACK_TIMEOUT, DEMO_WORK};
use crate::script::{Script, Step};

/// The parts that it runs with.
pub struct Seat {
    /// The client that posts its callbacks.
    pub http: Arc<dyn Provider>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Its tasks.
    pub tasks: TaskTracker,
    /// When to stop.
    pub stop: CancellationToken,
    /// Where it tells what it does; the demo tells for itself.
    pub say: fn(&str),
}

/// A provider to look at.
pub struct FakeProvider {
    seat: Seat,
    script: Script,
    secret: OnceLock<Secret>,
    begun: Mutex<HashSet<String>>,
}

/// The requests that it received.
struct Order {
    id: String,
    callback_url: String,
}

impl FakeProvider {
    /// Without a secret yet: it refuses everything.
    pub fn new(seat: Seat, script: Script) -> Self {
        Self { seat, script, secret: OnceLock::new(), begun: Mutex::default() }
    }

    /// Learns the secret that it shares with the service.
    pub fn learn(&self, secret: Secret) {
        // A second secret in one run would be a fault of the demo; the first one stays.
        edge::loss::accept_loss(self.secret.set(secret).map_err(|_| "known already"), "it stays");
    }

    /// Its address: one route.
    pub fn router(self: &Arc<Self>) -> Router {
        Router::new().route("/", post(receive)).with_state(Arc::clone(self))
    }

    /// Works on a request and calls back; also used for what a stop interrupted.
    pub fn work(self: &Arc<Self>, id: &str, callback_url: String) {
        self.begin(Order { id: id.to_owned(), callback_url }, "COMPLETED");
    }

    fn begin(self: &Arc<Self>, order: Order, end: &'static str) {
        let this = Arc::clone(self);
        self.seat.tasks.spawn(async move {
            let report = async {
                this.report(&order, "IN_PROGRESS").await;
                sleep(DEMO_WORK).await;
                this.report(&order, end).await;
            };
            this.seat.stop.run_until_cancelled(report).await;
        });
    }

    async fn report(&self, order: &Order, status: &str) {
        let Some(secret) = self.secret.get() else { return };
        let Order { id, callback_url } = order;
        let body = told(order, status).to_string();
        let webhook_id =
            format!("demo_{}", &domain::ids::sha256_hex(format!("{id}{body}").as_bytes())[..32]);
        let secrets = std::slice::from_ref(secret);
        let mut headers = vec![("content-type", "application/json".to_owned())];
        headers.extend(sign(secrets, &webhook_id, self.seat.clock.now(), body.as_bytes()));
        let headers = headers.into_iter().map(|(name, value)| (name.into(), value)).collect();
        let post =
            Post { url: callback_url.clone(), headers, body, timeout: DEMO_CALLBACK_TIMEOUT };
        match self.seat.http.post(&post).await {
            Answer::Http { status: 200, .. } => (self.seat.say)(&format!("{id}  {status}")),
            other => {
                let (outcome, why) = (other.outcome(), other.reason());
                tracing::warn!(?outcome, "the fake provider's callback");
                (self.seat.say)(&format!("{id}  {status} was not taken: {why}"));
            }
        }
    }

    fn is_first(&self, webhook_id: &str) -> bool {
        let mut begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner);
        begun.insert(webhook_id.to_owned())
    }

    /// What the script says to it; a request that it works on already is accepted again.
    async fn follow(self: &Arc<Self>, webhook_id: &str, order: Order) -> StatusCode {
        let (step, before) = self.script.step(webhook_id);
        (self.seat.say)(&format!("{}  received, {step:?}, came {before} times before", order.id));
        match step {
            Step::Refuse => return StatusCode::UNPROCESSABLE_ENTITY,
            Step::Fail(times) if before < times => return StatusCode::SERVICE_UNAVAILABLE,
            Step::Delay(long) => sleep(long).await,
            _ => {}
        }
        match step {
            _ if !self.is_first(webhook_id) => {}
            Step::Silence => {}
            Step::Shuffle => {
                self.report(&order, "COMPLETED").await;
                let this = Arc::clone(self);
                let late = async move { this.report(&order, "IN_PROGRESS").await };
                self.seat.tasks.spawn(late);
            }
            Step::Break => self.begin(order, "FAILED"),
            _ => self.begin(order, "COMPLETED"),
        }
        StatusCode::ACCEPTED
    }
}

/// The body of a callback: it says by itself what it is about, since the address is not signed.
fn told(order: &Order, status: &str) -> Value {
    let mut body = match status {
        "COMPLETED" => json!({"status": status, "referenceNumber": format!("DEMO-{}", order.id)}),
        "FAILED" => json!({"status": status, "errorCode": "DEMO",
            "errorDescription": "The script says so."}),
        _ => json!({"status": status}),
    };
    body["id"] = order.id.as_str().into();
    let generation = order.callback_url.split_once("generation=").map(|(_, number)| number);
    if let Some(number) = generation.and_then(|number| number.parse::<u32>().ok()) {
        body["generation"] = number.into();
    }
    body
}

async fn receive(
    State(this): State<Arc<FakeProvider>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let header =
        |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let signed =
        Signed { id: header(ID), timestamp: header(TIMESTAMP), signature: header(SIGNATURE) };
    let secrets = this.secret.get().map(std::slice::from_ref).unwrap_or_default();
    if !verify(secrets, &signed, this.seat.clock.now(), &body) {
        (this.seat.say)("refused: the signature is wrong");
        return (StatusCode::UNAUTHORIZED, "the signature is wrong").into_response();
    }
    if !header("provisioning-ping").is_empty() {
        (this.seat.say)("pinged");
        return Json(json!({"pong": true})).into_response();
    }
    (this.seat.say)(&String::from_utf8_lossy(&body));
    let order = Order {
        id: header("provisioning-request-id").to_owned(),
        callback_url: header("provisioning-callback-url").to_owned(),
    };
    let status = this.follow(signed.id, order).await;
    (status, Json(json!({"accepted": status == StatusCode::ACCEPTED}))).into_response()
}
