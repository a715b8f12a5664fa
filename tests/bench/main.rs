//! What the Lambdas weigh: size, instructions before the first call, memory after many.
//!
//! `sam build` (or `cargo lambda build --release`), then `cargo run -p tests --bin bench --` and
//! the folder with a `bootstrap` for each function. Needs valgrind. Neighbours: `world` is AWS to
//! them, `runtime` hands them calls. These are measurements, not gates; goals: ARCHITECTURE.md.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test may end so")]

mod runtime;
mod world;

use std::io::Write as _;
use std::path::{Path, PathBuf};

use clap::Parser;
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::runtime::Runtime;
use crate::world::World;

/// Measures the functions of a folder.
#[derive(Debug, Parser)]
struct Options {
    /// Such as `.aws-sam/build` or `target/lambda`.
    folder: PathBuf,
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
#[expect(clippy::print_stdout, reason = "this is what the user looks at")]
async fn main() {
    let options = Options::parse();
    let world = World::start().await;
    println!("| function | bytes | gzipped | instructions before the first call | KiB after 300 |");
    println!("|---|---|---|---|---|");
    for function in FUNCTIONS {
        let binary = binary(&options.folder, function);
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
