//! A burst: many activations through one method, by sixteen clients, on the local service.
//!
//! `cargo run --profile proof -p tests --bin bench -- burst`. What is delivered keeps up with what
//! is accepted, nothing is posted twice, and the sweeper costs next to nothing while nothing is
//! lost: the bounds are ratios within one run.

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use harness::story::{associate, id, product};
use harness::{Client, Service};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tracing::Subscriber;
use tracing::span::{Attributes, Id};
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, registry};

/// Clients at once, each with an entitlement of its own: what is looked at is the way to the
/// provider, not the counter of one sale.
const CLIENTS: u64 = 16;
/// The last delivery comes by this much of the time that the last acceptance took.
const KEEPS_UP: f64 = 1.2;
/// POSTs for each request.
const POSTS: f64 = 1.01;
/// The sweeper's part of all calls of the database.
const SWEEPS: f64 = 0.02;
/// Between two lines of progress.
const PROGRESS: Duration = Duration::from_secs(5);

/// Calls of DynamoDB: all, and those of the sweeper.
#[derive(Clone, Default)]
struct Calls(Arc<[AtomicU64; 2]>);

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Calls {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if !attributes.metadata().name().starts_with(CALL) {
            return;
        }
        self.0[0].fetch_add(1, Relaxed);
        let mut around = context.span_scope(id).into_iter().flatten();
        self.0[1].fetch_add(u64::from(around.any(|span| span.name() == "sweep")), Relaxed);
    }
}

/// How the SDK names the span of a call.
const CALL: &str = "DynamoDB.";

/// What the provider was sent: how much, and when the last of it came.
#[derive(Default)]
struct Received {
    posts: AtomicU64,
    last_ms: AtomicU64,
}

/// Accepts everything at once.
async fn provider(begun: Instant) -> (String, Arc<Received>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let received = Arc::new(Received::default());
    let noted = Arc::clone(&received);
    let accept = move || {
        noted.posts.fetch_add(1, Relaxed);
        noted.last_ms.fetch_max(begun.elapsed().as_millis() as u64, Relaxed);
        std::future::ready(axum::http::StatusCode::ACCEPTED)
    };
    let router = axum::Router::new().route("/", axum::routing::post(accept));
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    (url, received)
}

async fn sold(admin: &Client, url: &str, units: u64) -> Vec<String> {
    let body = json!({"name": "Farm", "endpointUrl": url});
    let method = id(&admin.post("/v1/methods", &body).await.expect(201));
    let body = json!({"name": "Pods", "definition": {"id": "$.provisioningRequest.id"}});
    let plan = id(&admin.post("/v1/plans", &body).await.expect(201));
    let product = product(admin, "Pod").await;
    associate(admin, product, plan, method).await;
    let mut keys = Vec::new();
    for _ in 0..CLIENTS {
        let body = json!({"action": "PRODUCE", "entitlementItems": [{
            "lineItemType": "Product_Key", "numProductKeys": 1,
            "numActivationPerProductKey": units, "itemProducts": [{"productId": product}]}]});
        let made = admin.post("/v1/entitlements", &body).await.expect(201);
        let path = format!("/v1/entitlements/{}/product-keys", made["eId"].as_str().unwrap());
        let listed: Value = admin.get(&path).await.expect(200);
        keys.push(listed["data"][0]["pkId"].as_str().unwrap().to_owned());
    }
    keys
}

/// Carries the burst; fails when a bound is not kept.
#[expect(clippy::print_stdout, reason = "this is what the user looks at")]
pub(crate) async fn burst(activations: u64) -> ExitCode {
    let calls = Calls::default();
    let counted = |name: &str| name == "sweep" || name.starts_with(CALL);
    let layer = calls.clone().with_filter(filter_fn(move |span| counted(span.name())));
    registry().with(layer).init();
    let service = Service::start().await;
    let each = activations.div_ceil(CLIENTS);
    let begun = Instant::now();
    let (url, received) = provider(begun).await;
    let keys = sold(&service.admin, &url, each).await;
    let (from, calls_before) = (begun.elapsed(), calls.0[0].load(Relaxed));
    let accepted = Arc::new(AtomicU64::new(0));
    let clients = keys.into_iter().map(|pk_id| {
        let (admin, accepted) = (service.admin.clone(), Arc::clone(&accepted));
        tokio::spawn(async move {
            let body = json!({"pkId": pk_id, "activationQuantity": 1});
            for _ in 0..each {
                admin.post("/v1/activations", &body).await.expect(201);
                accepted.fetch_add(1, Relaxed);
            }
        })
    });
    let clients: Vec<_> = clients.collect();
    let (wanted, mut shown, mut accepted_in) = (each * CLIENTS, Instant::now(), None);
    while received.posts.load(Relaxed) < wanted {
        tokio::time::sleep(Duration::from_millis(20)).await;
        let accepted = accepted.load(Relaxed);
        if accepted == wanted && accepted_in.is_none() {
            accepted_in = Some(begun.elapsed().saturating_sub(from));
        }
        if shown.elapsed() > PROGRESS {
            let posts = received.posts.load(Relaxed);
            println!("{accepted} of {wanted} accepted, {posts} delivered");
            shown = Instant::now();
        }
    }
    for client in clients {
        client.await.expect("a client");
    }
    let accepted_in =
        accepted_in.unwrap_or_else(|| begun.elapsed().saturating_sub(from)).as_secs_f64();
    // A second POST of the same request would come about now.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let delivered_in = received.last_ms.load(Relaxed) as f64 / 1e3 - from.as_secs_f64();
    let posts = received.posts.load(Relaxed);
    let [all, swept] = [0, 1].map(|place| calls.0[place].load(Relaxed));
    let all = all - calls_before;
    let ratios =
        [delivered_in / accepted_in, posts as f64 / wanted as f64, swept as f64 / all as f64];
    println!(
        "{wanted} accepted in {accepted_in:.1} s, the last delivered after {delivered_in:.1} s"
    );
    println!("{posts} POSTs; {all} calls of DynamoDB, {swept} of them the sweeper's");
    println!(
        "delivered/accepted {:.3}, POSTs/requests {:.4}, sweeper {:.4}",
        ratios[0], ratios[1], ratios[2]
    );
    let kept = ratios.iter().zip([KEEPS_UP, POSTS, SWEEPS]).all(|(ratio, bound)| *ratio <= bound);
    if kept { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
