//! The demo provider: verifies the signature, accepts, works two seconds, calls back.
//!
//! Neighbours: the demo's method points at it. It speaks to the service over HTTP only.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use domain::request::dispatched::Answer;
use domain::time::Period;
use edge::App;
use edge::ports::Post;
use edge::provider::signature::{ID, SIGNATURE, Signed, TIMESTAMP, sign, verify};
use edge::secret::Secret;
use serde_json::{Value, json};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long it works.
const WORK: Duration = Duration::from_secs(2);
/// How long a callback may take.
const CALLBACK_TIMEOUT: Period = Period::from_secs(10);

/// A provider to look at.
pub struct DemoProvider {
    app: Arc<App>,
    tasks: TaskTracker,
    stop: CancellationToken,
    secret: OnceLock<Secret>,
}

impl DemoProvider {
    /// Without a secret yet: it refuses everything.
    pub fn new(app: Arc<App>, tasks: TaskTracker, stop: CancellationToken) -> Self {
        Self { app, tasks, stop, secret: OnceLock::new() }
    }

    /// Learns the secret that it shares with the service.
    pub fn learn(&self, secret: Secret) {
        // A second secret in one run would be a fault of the demo; the first one stays.
        edge::app::can_fail(self.secret.set(secret).map_err(|_| "known already"), "it stays");
    }

    /// Its address: one route.
    pub fn router(self: &Arc<Self>) -> Router {
        Router::new().route("/", post(receive)).with_state(Arc::clone(self))
    }

    /// Works on a request and calls back; also used for what a stop interrupted.
    pub fn work(self: &Arc<Self>, id: &str, callback_url: String) {
        let (this, id) = (Arc::clone(self), id.to_owned());
        self.tasks.spawn(async move {
            let report = async {
                this.report(&id, &callback_url, &json!({"status": "IN_PROGRESS"})).await;
                sleep(WORK).await;
                let done = json!({"status": "COMPLETED", "referenceNumber": format!("DEMO-{id}")});
                this.report(&id, &callback_url, &done).await;
            };
            this.stop.run_until_cancelled(report).await;
        });
    }

    async fn report(&self, id: &str, url: &str, body: &Value) {
        let Some(secret) = self.secret.get() else { return };
        let body = body.to_string();
        let mut headers = vec![("content-type", "application/json".to_owned())];
        let webhook_id =
            format!("demo_{}", &domain::ids::sha256_hex(format!("{id}{body}").as_bytes())[..32]);
        let secrets = std::slice::from_ref(secret);
        headers.extend(sign(secrets, &webhook_id, self.app.clock.now(), body.as_bytes()));
        let headers = headers.into_iter().map(|(name, value)| (name.into(), value)).collect();
        let post = Post { url: url.to_owned(), headers, body, timeout: CALLBACK_TIMEOUT };
        match self.app.provider.post(&post).await {
            Answer::Http { status: 200, .. } => {}
            other => tracing::warn!(outcome = ?other.outcome(), "the demo provider's callback"),
        }
    }
}

async fn receive(
    State(this): State<Arc<DemoProvider>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let header =
        |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let signed =
        Signed { id: header(ID), timestamp: header(TIMESTAMP), signature: header(SIGNATURE) };
    let secrets = this.secret.get().map(std::slice::from_ref).unwrap_or_default();
    if !verify(secrets, &signed, this.app.clock.now(), &body) {
        return (StatusCode::UNAUTHORIZED, "the signature is wrong").into_response();
    }
    let url = header("provisioning-callback-url").to_owned();
    this.work(header("provisioning-request-id"), url);
    (StatusCode::ACCEPTED, Json(json!({"accepted": true}))).into_response()
}
