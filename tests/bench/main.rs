//! What is measured: what the Lambdas weigh, and how a burst is carried on this machine.
//!
//! `weights`: size, instructions before the first call, memory after many, of the functions of a
//! folder that `sam build` (or `cargo lambda build --release`) made. Needs valgrind. `burst`: see
//! there. Neighbours: `world` is AWS to the functions, `runtime` hands them calls. Goals:
//! OPERATING.md.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test may end so")]

mod burst;
mod runtime;
mod world;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::runtime::Runtime;
use crate::world::World;

/// Measures.
#[derive(Debug, Parser)]
enum Options {
    /// The functions of a folder.
    Weights {
        /// Such as `.aws-sam/build` or `target/lambda`.
        folder: PathBuf,
    },
    /// Many activations at once through one method.
    Burst {
        /// How many, by sixteen clients.
        #[arg(long, default_value_t = 20_000)]
        activations: u64,
    },
}

/// Calls before the memory is looked at.
const CALLS: u32 = 300;
/// The functions.
const FUNCTIONS: [&str; 11] = [
    "access",
    "catalog",
    "customers",
    "plans",
    "entitlements",
    "activations",
    "requests",
    "callbacks",
    "dispatch",
    "sweeper",
    "bootstrap",
];

#[tokio::main]
async fn main() -> ExitCode {
    match Options::parse() {
        Options::Weights { folder } => weights(&folder).await,
        Options::Burst { activations } => return burst::burst(activations).await,
    }
    ExitCode::SUCCESS
}

#[expect(clippy::print_stdout, reason = "this is what the user looks at")]
async fn weights(folder: &Path) {
    let world = World::start().await;
    println!("| function | bytes | gzipped | instructions before the first call | KiB after 300 |");
    println!("|---|---|---|---|---|");
    for function in FUNCTIONS {
        let binary = binary(folder, function);
        let Ok(bytes) = std::fs::read(&binary) else { continue };
        let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
        gzip.write_all(&bytes).unwrap();
        let gzipped = gzip.finish().unwrap().len();
        let instructions = Runtime::start(function).await.instructions(&binary, &world).await;
        let event = world.event(function);
        let memory = Runtime::start(function).await.memory(&binary, &world, &event, CALLS).await;
        println!("| {function} | {} | {gzipped} | {instructions} | {memory} |", bytes.len());
    }
}

/// `sam build` names a function's folder `AccessFunction`, `cargo lambda build` `access`.
fn binary(folder: &Path, function: &str) -> PathBuf {
    let mut title = function.to_owned();
    title[..1].make_ascii_uppercase();
    let of_sam = folder.join(format!("{title}Function/bootstrap"));
    if of_sam.exists() { of_sam } else { folder.join(function).join("bootstrap") }
}
