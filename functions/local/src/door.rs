//! `/operator/v1/…`: whoever runs the service looks after tenants and master keys, as on AWS by
//! IAM.
//!
//! Neighbours: `service` mounts it beside the API, `tenants` and `master` call it. Guarantee: it
//! takes the operator's key alone, which is in a file of the data folder.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use bootstrap::tenants;
use domain::ids::{Id, sha256_hex};
use domain::rejection::{Code, Rejection};
use edge::http::auth::bearer;
use edge::http::router::{named, request_id};
use edge::{Answer, App, Problem, rotation};
use serde::Deserialize;

/// The parts of these routes.
#[derive(Clone)]
pub struct Door {
    /// The parts that the handlers run with.
    pub app: Arc<App>,
    /// SHA-256 of the operator's key.
    pub hash: String,
}

/// The start of the operator's key.
pub const OPERATOR: &str = "pvo_";

/// The routes.
pub fn router(door: Door) -> Router {
    Router::new()
        .route("/operator/v1/tenants", get(list).post(create))
        .route("/operator/v1/tenants/{id}/{act}", post(suspend))
        .route("/operator/v1/master-keys", get(resealing).post(rotate))
        .route("/operator/v1/master-keys/{number}", delete(forget))
        .with_state(door)
}

/// Body of `POST /operator/v1/tenants`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    name: String,
}

impl Door {
    fn open(&self, headers: &HeaderMap) -> Result<(), Problem> {
        let known = bearer(headers).is_some_and(|key| sha256_hex(key.as_bytes()) == self.hash);
        known.then_some(()).ok_or_else(|| Problem::of_code(Code::Unauthenticated))
    }
}

async fn list(State(door): State<Door>, uri: Uri, headers: HeaderMap) -> Response {
    let told = async {
        door.open(&headers)?;
        Answer::ok(&tenants::list(&door.app).await?)
    };
    answer(&door.app, told.await, &uri)
}

async fn create(State(door): State<Door>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let told = async {
        door.open(&headers)?;
        let wrong = |_| {
            let detail = "The body is {\"name\": \"…\"}, a name of 1 to 255 characters.";
            Rejection::at("/name", Code::ValidationFailed, detail)
        };
        let named: Named = serde_json::from_slice(&body).map_err(wrong)?;
        let made = tenants::create(&door.app, &named.name).await?;
        Answer::created(&made, uri.path().to_owned())
    };
    answer(&door.app, told.await, &uri)
}

async fn suspend(
    State(door): State<Door>,
    Path((id, act)): Path<(String, String)>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let told = async {
        door.open(&headers)?;
        let id: Id = id.parse().map_err(|_| Rejection::not_found("tenant"))?;
        let suspended = match act.as_str() {
            "suspend" => true,
            "resume" => false,
            _ => return Err(Rejection::not_found("act on tenants").into()),
        };
        Answer::ok(&tenants::suspend(&door.app, id, suspended).await?)
    };
    answer(&door.app, told.await, &uri)
}

async fn resealing(State(door): State<Door>, uri: Uri, headers: HeaderMap) -> Response {
    let told = async {
        door.open(&headers)?;
        Answer::ok(&door.app.store.find_resealing().await?)
    };
    answer(&door.app, told.await, &uri)
}

async fn rotate(State(door): State<Door>, uri: Uri, headers: HeaderMap) -> Response {
    let told = async {
        door.open(&headers)?;
        Answer::ok(&rotation::rotate(&door.app).await?)
    };
    answer(&door.app, told.await, &uri)
}

async fn forget(
    State(door): State<Door>,
    Path(number): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let told = async {
        door.open(&headers)?;
        let number = number.parse().map_err(|_| Rejection::not_found("master key"))?;
        rotation::forget(&door.app, number).await?;
        Ok(Answer::deleted())
    };
    answer(&door.app, told.await, &uri)
}

fn answer(app: &App, told: Result<Answer, Problem>, uri: &Uri) -> Response {
    let request_id = request_id(app);
    let response = match told {
        Ok(told) => told.into_response(),
        Err(problem) => problem.of(uri.path(), &request_id, None).into_response(),
    };
    named(response, &request_id)
}
