//! The common part of the `main` of every Lambda.
//!
//! Neighbours: `functions/*/src/main.rs`. Guarantee: clients are made once, before the first call.

use std::future::Future;
use std::sync::Arc;

use aws_sdk_dynamodb::config::Credentials;
use axum::Router;
use lambda_http::tracing::subscriber;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde::Serialize;
use serde::de::DeserializeOwned;
use store::dynamo::DynamoStore;
use tower::ServiceExt;

use crate::app::App;
use crate::aws::Access;
use crate::config::Config;
use crate::http::router::finish;
use crate::mark;
use crate::master::MasterKeys;
use crate::ports::{SystemClock, SystemIds};
use crate::provider::client::HttpProvider;
use crate::provider::egress::Policy;
use crate::provider::token::Tokens;
use crate::queue::sqs::SqsQueue;
use crate::telemetry::Telemetry;
use crate::tenants::Tenants;
use crate::vault::SecretsManager;

/// A function on Lambda, before its first call.
pub struct Lambda {
    app: App,
    telemetry: Telemetry,
}

impl Lambda {
    /// Makes everything that a function runs with, from its environment: also the master key, where
    /// the environment names it. It does not start with a key that the data was not made with, nor
    /// on rows of a later version.
    ///
    /// # Errors
    /// Which name of the environment is missing or wrong; why the function does not fit the data.
    pub async fn start() -> Result<Self, Error> {
        // A line says its span once, not each of those around it, too.
        let json = subscriber::fmt().json().with_span_list(false);
        // At TRACE the runtime would print bodies.
        json.with_max_level(lambda_http::tracing::Level::INFO).init();
        let config = Config::from_environment()?;
        let (id, secret) = (config.access_key_id, config.secret_access_key);
        let credentials = Credentials::new(id, secret, config.session_token, None, "lambda");
        let access = Access::new(config.region, config.endpoint_url, credentials);
        let dynamodb = access.dynamodb();
        let clock = Arc::new(SystemClock);
        // With AWS itself on this machine, so may be the providers.
        let egress = Policy { loopback: access.is_on_this_machine(), ..Policy::default() };
        let store = DynamoStore::new(dynamodb, config.table_core, config.table_catalog);
        let master = match config.master_key_arn {
            Some(arn) => {
                let client = access.secrets_manager();
                Some(MasterKeys::open(Arc::new(SecretsManager { client, arn })).await?)
            }
            None => None,
        };
        let marked = mark::compare(&store, master.as_ref()).await?;
        let store = store.in_phase(config.indexes.phase(marked));
        let app = App {
            store: Arc::new(store),
            queue: Arc::new(SqsQueue::new(
                access.sqs(),
                config.queue_url,
                config.dead_letter_queue_url,
            )),
            provider: Arc::new(HttpProvider::new(egress.clone(), clock.clone())),
            clock,
            ids: Arc::new(SystemIds),
            master,
            public_url: config.public_url.trim_end_matches('/').to_owned(),
            egress,
            tokens: Tokens::default(),
            tenants: Tenants::default(),
        };
        let telemetry = Telemetry::start(config.service, config.function)?;
        Ok(Self { app, telemetry })
    }

    /// Serves a function's router behind API Gateway.
    ///
    /// # Errors
    /// When the runtime ends.
    pub async fn serve(self, router: impl FnOnce(Arc<App>) -> Router) -> Result<(), Error> {
        let (app, telemetry) = (Arc::new(self.app), self.telemetry);
        let router = finish(router(Arc::clone(&app)), &app);
        lambda_http::run(lambda_http::service_fn(move |http_request| {
            let router = router.clone();
            async move {
                let answer = router.oneshot(http_request).await;
                telemetry.flush();
                answer
            }
        }))
        .await
    }

    /// Hands events to a function that is not behind API Gateway.
    ///
    /// # Errors
    /// When the runtime ends.
    pub async fn run<E, A, N, F>(self, handle: impl Fn(Arc<App>, E) -> F) -> Result<(), Error>
    where
        E: DeserializeOwned,
        A: Serialize,
        N: Into<Error>,
        F: Future<Output = Result<A, N>>,
    {
        let (app, telemetry) = (Arc::new(self.app), self.telemetry);
        lambda_runtime::run(service_fn(move |lambda_event: LambdaEvent<E>| {
            let work = handle(Arc::clone(&app), lambda_event.payload);
            async move {
                let answer = work.await;
                telemetry.flush();
                answer.map_err(Into::<Error>::into)
            }
        }))
        .await
    }
}
