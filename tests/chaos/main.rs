//! Chaos: the real local process on disk, killed at random under load; then its store is audited.
//!
//! `cargo build && cargo run -p tests --bin chaos -- --binary target/debug/provisio`. Neighbours:
//! `service` starts and kills, `provider` answers and calls back, `load` activates, `operator`
//! retries, cancels and updates, `audit` reads the store when all is over.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test may end so")]

mod audit;
mod load;
mod operator;
mod provider;
mod service;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use clap::Parser;
use domain::time::Period;
use edge::ports::{Clock, SystemClock};
use fastrand::Rng;
use harness::{Client, until};
use serde_json::Value;

use crate::load::Load;
use crate::provider::ChaosProvider;
use crate::service::Service;

/// Kills the real process under load, and audits its store.
#[derive(Clone, Debug, Parser)]
struct Options {
    /// The local binary.
    #[arg(long)]
    binary: PathBuf,
    /// How often it is killed.
    #[arg(long, default_value_t = 200)]
    kills: u32,
    /// How many activations are asked for, at least.
    #[arg(long, default_value_t = 5_000)]
    activations: u64,
    /// Of the moments of death and the provider's moods.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// It lives at most so long, milliseconds.
const LIFE_MS: u64 = 1_500;
/// Between two lines of progress.
const PROGRESS: Duration = Duration::from_secs(5);

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    let begun = Instant::now();
    let folder = tempfile::tempdir().expect("a folder");
    let provider = ChaosProvider::start(options.seed).await;
    let mut service = Service::start(&options.binary, folder.path()).await;
    let client = Client::new(&service.api, &service.api_key);
    let sale = load::sale(&client, &provider.url).await;
    provider.secret(&sale.secret);
    let load = Arc::new(Load::new(client.clone(), sale));
    let clients = load::start(&load);
    let seeds = (0..operator::OPERATORS).map(|n| options.seed * operator::OPERATORS + n);
    let operators: Vec<_> =
        seeds.map(|seed| tokio::spawn(operator::work(Arc::clone(&load), seed))).collect();
    let mut rng = Rng::with_seed(options.seed);
    let (mut kills, mut shown) = (0, Instant::now());
    while kills < options.kills || load.asked.load(Relaxed) < options.activations {
        tokio::time::sleep(Duration::from_millis(rng.u64(1..LIFE_MS))).await;
        service.kill_and_restart().await;
        kills += 1;
        if shown.elapsed() > PROGRESS {
            say(&format!("{kills} kills, {} activations asked for", load.asked.load(Relaxed)));
            shown = Instant::now();
        }
    }
    load.stop();
    for client in clients {
        client.await.expect("a client");
    }
    let mut acts = operator::Acts::new();
    for operator in operators {
        for (act, count) in operator.await.expect("an operator") {
            *acts.entry(act).or_default() += count;
        }
    }
    say(&format!("{kills} kills; waiting for {} requests to end", load.granted().len()));
    for status in ["REQUEST_QUEUED", "REQUEST_SENT", "IN_PROGRESS"] {
        loop {
            let open = open(&client, status).await;
            if open.is_empty() {
                break;
            }
            assert!(begun.elapsed() < Duration::from_mins(30), "requests stay {status}");
            let cancelled = operator::end_waiting(&load, &left_alone(&client, &open).await).await;
            *acts.entry(("cancel", 200)).or_default() += cancelled;
            if shown.elapsed() > PROGRESS {
                say(&format!("{} are {status}, {cancelled} cancelled", open.len()));
                shown = Instant::now();
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }
    until("the provider's callbacks", || async { provider.is_quiet().then_some(()) }).await;
    service.stop().await;
    let report = audit::audit(folder.path(), &load, &provider, &acts).await;
    say(&format!("{report}\n{kills} kills, {:.0} s", begun.elapsed().as_secs_f64()));
    say(&format!("{} revoked; acts of an operator: {acts:?}", load.revoked.load(Relaxed)));
    ExitCode::SUCCESS
}

/// The requests that have this status.
async fn open(client: &Client, status: &str) -> Vec<Value> {
    let path = format!("/v1/provisioning-requests?status={status}&limit=100");
    let (mut page, mut found) = (client.get(&path).await.expect(200), Vec::new());
    loop {
        found.extend(page["data"].as_array().unwrap().iter().cloned());
        let Some(cursor) = page["nextCursor"].as_str() else { return found };
        page = client.get(&format!("{path}&cursor={cursor}")).await.expect(200);
    }
}

/// Those that are not sent again within the hour.
async fn left_alone(client: &Client, open: &[Value]) -> Vec<u64> {
    let soon = SystemClock.now().after(Period::from_secs(3_600)).to_string();
    let mut found = Vec::new();
    for id in open.iter().map(harness::story::id) {
        let request = client.get(&format!("/v1/provisioning-requests/{id}")).await.expect(200);
        let late = request["nextAttemptAt"].as_str().is_some_and(|at| at > soon.as_str());
        found.extend(late.then_some(id));
    }
    found
}

#[expect(clippy::print_stdout, reason = "this is what the user looks at")]
fn say(line: &str) {
    println!("{line}");
}
