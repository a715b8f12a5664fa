//! Starts and stops the service.
//!
//! Neighbours: `main` and the tests. Guarantee: when `start` returns, the API answers.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::http::{HeaderValue, header};
use axum::middleware::map_response;
use axum::response::Response;
use domain::access::keys::KeyInfo;
use domain::access::secrets::{KEY, new_secret};
use domain::ids::{Id, sha256_hex};
use domain::record::Kind;
use edge::App;
use edge::http::router::finish;
use edge::http::routes::Function;
use edge::ports::{Clock, SystemClock, SystemIds};
use edge::provider::client::HttpProvider;
use edge::provider::egress::Policy;
use store::Store;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use utoipa_swagger_ui::{Config, SwaggerUi};

use crate::data_dir::DataDir;
use crate::database::{ADMIN_KEY, OPERATOR_KEY, open};
use crate::door::{self, Door, OPERATOR};
use crate::limits::STOP_TIMEOUT;
use crate::on_disk::OnDisk;
use crate::options::{Options, ProviderOptions};
use crate::parts::parts;
use crate::provider::{FakeProvider, Seat};
use crate::queue::LocalQueue;
use crate::script::Script;
use crate::serve::serve;
use crate::start_error::StartError;
use crate::workers;

/// A running service.
pub struct Running {
    /// Address of the API.
    pub api: String,
    /// Address of the demo provider.
    pub provider_url: String,
    /// The administrator's key.
    pub api_key: String,
    /// The folder with everything.
    pub data: DataDir,
    /// The parts that the handlers run with.
    pub app: Arc<App>,
    /// The queue.
    pub queue: Arc<LocalQueue>,
    /// The demo provider.
    pub demo_provider: Arc<FakeProvider>,
    tasks: TaskTracker,
    stop: CancellationToken,
}

/// Starts everything on 127.0.0.1.
///
/// # Errors
/// When a port is taken, or the data folder cannot be used.
pub async fn start(options: &Options) -> Result<Running, StartError> {
    let data = DataDir::open(&options.data_dir)?;
    let (engine, master) = open(&data, &SystemIds).await?;
    let store: Arc<dyn Store> = Arc::new(OnDisk::new(&engine));
    let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
    let api = bind(options.port, "--port").await?;
    let provider = bind(options.provider_port, "--provider-port").await?;
    let (api_address, provider_address) = (api.local_addr()?, provider.local_addr()?);
    let queue = Arc::new(LocalQueue::default());
    let private = if options.allow_private_egress { Policy::private_ranges() } else { Vec::new() };
    let egress = Policy { loopback: true, private };
    let mut app = parts(store, master, format!("http://{api_address}"), egress);
    app.queue = queue.clone();
    let app = Arc::new(app);
    let api_key = admin_key(&data, &app).await?;
    let door = Door { app: Arc::clone(&app), hash: operator_hash(&data, &app)? };
    let seat = Seat {
        http: Arc::clone(&app.provider),
        clock: Arc::clone(&app.clock),
        tasks: tasks.clone(),
        stop: stop.clone(),
        say: |_| {},
    };
    let demo_provider = Arc::new(FakeProvider::new(seat, Script::new(Vec::new())));
    serve(api, router(&app).merge(door::router(door)), &tasks, &stop);
    serve(provider, demo_provider.router(), &tasks, &stop);
    workers::start(&app, &queue, engine, &tasks, &stop);
    Ok(Running {
        api: format!("http://{api_address}"),
        provider_url: format!("http://{provider_address}"),
        api_key,
        data,
        app,
        queue,
        demo_provider,
        tasks,
        stop,
    })
}

/// Starts the fake provider alone, on 127.0.0.1, until it is stopped.
///
/// # Errors
/// When its port is taken.
pub async fn provide(
    options: &ProviderOptions,
    stop: CancellationToken,
    say: fn(&str),
) -> Result<(), StartError> {
    let listener = bind(options.port, "--port").await?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let policy = Policy { loopback: true, private: Policy::private_ranges() };
    let tasks = TaskTracker::new();
    let seat = Seat {
        http: Arc::new(HttpProvider::new(policy, Arc::clone(&clock))),
        clock,
        tasks: tasks.clone(),
        stop: stop.clone(),
        say,
    };
    let provider = Arc::new(FakeProvider::new(seat, Script::new(options.script.clone())));
    options.secret.open().into_iter().for_each(|secret| provider.learn(secret));
    say(&format!("A provider that follows {:?}.", options.script));
    say(&format!("  endpointUrl  http://{}/", listener.local_addr()?));
    say("Ctrl-C stops it.");
    serve(listener, provider.router(), &tasks, &stop);
    tasks.close();
    tasks.wait().await;
    Ok(())
}

/// How a function makes its router.
type MakeRouter = fn(Arc<App>) -> Router;

/// The functions that have routes, each with its router.
pub const ROUTERS: [(Function, MakeRouter); 8] = [
    (Function::Access, access::router),
    (Function::Catalog, catalog::router),
    (Function::Customers, customers::router),
    (Function::Plans, plans::router),
    (Function::Entitlements, entitlements::router),
    (Function::Activations, activations::router),
    (Function::Requests, requests::router),
    (Function::Callbacks, callbacks::router),
];

/// Every function's router on one port, and the OpenAPI page.
pub fn router(app: &Arc<App>) -> Router {
    let routers = ROUTERS.iter().map(|(_, router)| router(Arc::clone(app)));
    let all = routers.fold(Router::new(), Router::merge);
    let docs: Router = SwaggerUi::new("/docs").config(Config::from("/openapi.json")).into();
    finish(all.merge(docs.layer(map_response(of_our_own))), app)
}

/// What a page may load and run: only what came with it, and nobody may frame it. The page sets
/// styles from its scripts and has images in its style sheets.
const OF_OUR_OWN: &str = "default-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'";

async fn of_our_own(mut page: Response) -> Response {
    let headers = page.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(OF_OUR_OWN));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    page
}

impl Running {
    /// Stops: no new work is taken, what was begun is finished.
    pub async fn stop(self) {
        self.stop.cancel();
        self.tasks.close();
        if tokio::time::timeout(STOP_TIMEOUT, self.tasks.wait()).await.is_err() {
            tracing::warn!("some work did not end in time; it goes on at the next start");
        }
    }
}

async fn bind(port: u16, flag: &'static str) -> Result<TcpListener, StartError> {
    TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], port))).await.map_err(|error| {
        match error.kind() {
            io::ErrorKind::AddrInUse => StartError::Port(port, flag),
            _ => error.into(),
        }
    })
}

/// What the operator's key is known by: made at the first start, and never printed.
fn operator_hash(data: &DataDir, app: &App) -> Result<String, StartError> {
    let kept = data.find(OPERATOR_KEY)?.filter(|key| key.starts_with(OPERATOR));
    let key = if let Some(key) = kept {
        key
    } else {
        let made = new_secret(OPERATOR, &app.ids.entropy());
        data.keep(OPERATOR_KEY, &made)?;
        made
    };
    Ok(sha256_hex(key.as_bytes()))
}

/// The administrator's key: made at the first start, printed at every one.
async fn admin_key(data: &DataDir, app: &App) -> Result<String, StartError> {
    let failed = |problem| StartError::Bootstrap(Box::new(problem));
    if let Some(key) = data.find(ADMIN_KEY)? {
        bootstrap::complete(app).await.map_err(failed)?;
        let (hash, now) = (sha256_hex(key.as_bytes()), app.clock.now());
        return match app.store.find_opened(&hash, now).await? {
            Some(found) if found.key.is_live(now) => Ok(key),
            None if !key.starts_with(KEY) => {
                Err(StartError::Key(data.file(ADMIN_KEY), "a key of this service"))
            }
            _ => Err(StartError::AdminKey(data.file(ADMIN_KEY))),
        };
    }
    if app.store.has(Id::FIRST_TENANT, Kind::ApiKey, |_: &KeyInfo| true).await? {
        tracing::warn!(
            "{} was missing, so a new administrator's key is made; the one before works until it \
             is revoked",
            data.file(ADMIN_KEY)
        );
    }
    let key = bootstrap::administrator(app, Id::FIRST_TENANT).await.map_err(failed)?;
    data.keep(ADMIN_KEY, &key)?;
    Ok(key)
}
