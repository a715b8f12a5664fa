//! What the `main` of every Lambda has in common.
//!
//! Neighbours: `functions/*/src/main.rs`.

use std::sync::Arc;

use aws_sdk_dynamodb::config::Credentials;
use axum::Router;
use lambda_http::tracing::subscriber;
use lambda_runtime::Error;
use store::dynamo::DynamoStore;

use crate::app::App;
use crate::aws::Access;
use crate::config::Config;
use crate::http::router::finish;
use crate::ports::{SystemClock, SystemIds};
use crate::provider::client::HttpProvider;
use crate::provider::egress::Policy;
use crate::queue::sqs::SqsQueue;
use crate::secret::MasterKey;

/// Everything a function runs with, from its environment.
///
/// # Errors
/// Which name of the environment is missing or wrong.
pub fn app() -> Result<Arc<App>, Error> {
    let config = Config::from_environment()?;
    let (id, secret) = (config.access_key_id, config.secret_access_key);
    let access = Access {
        region: config.region,
        endpoint_url: config.endpoint_url,
        credentials: Credentials::new(id, secret, config.session_token, None, "lambda"),
    };
    let key = <[u8; 32]>::try_from(hex::decode(config.master_key)?)
        .map_err(|_| "MASTER_KEY must have 64 hex digits")?;
    let clock = Arc::new(SystemClock);
    let egress = Policy::default();
    Ok(Arc::new(App {
        store: Arc::new(DynamoStore::new(
            access.dynamodb(),
            config.table_core,
            config.table_catalog,
        )),
        queue: Arc::new(SqsQueue::new(access.sqs(), config.queue_url)),
        provider: Arc::new(HttpProvider::new(egress.clone(), clock.clone())),
        clock,
        ids: Arc::new(SystemIds),
        master: MasterKey::new(key),
        public_url: config.public_url.trim_end_matches('/').to_owned(),
        egress,
    }))
}

/// JSON log lines, at INFO: at TRACE the runtime would print bodies.
pub fn logs() {
    subscriber::fmt().json().with_max_level(lambda_http::tracing::Level::INFO).init();
}

/// Serves a function's router behind API Gateway.
///
/// # Errors
/// When the runtime ends.
pub async fn serve(router: impl FnOnce(Arc<App>) -> Router) -> Result<(), Error> {
    logs();
    let app = app()?;
    lambda_http::run(finish(router(Arc::clone(&app)), &app)).await
}
