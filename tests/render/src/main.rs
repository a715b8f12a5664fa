//! How long it takes to fill a plan: the source's own, hostile ones, and random ones.
//!
//! `cargo run --profile proof -p render -- bench | hostile | random`. Neighbours: `random` makes
//! plans, `engines` are what ours is measured beside. Measurements, but for two gates: a hostile
//! plan that takes 50 ms, and a plan that panics.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a measurement may end so")]
#![expect(clippy::print_stdout, reason = "this is what the user looks at")]

mod engines;
#[path = "../../../domain/tests/domain/hostile_cases.rs"]
mod hostile_cases;
mod random;

use std::hint::black_box;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use clap::{Parser, Subcommand};
use domain::substitution::Definition;
use domain::substitution::values::Values;
use serde_json::Value;

use crate::engines::Engine;
use crate::random::Plans;

/// Measures how plans are filled.
#[derive(Debug, Parser)]
struct Options {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// The source's plan, beside jsonpath-rust: nanoseconds, and instructions by callgrind.
    Bench,
    /// Hostile plans: refused, or filled within 50 ms.
    Hostile,
    /// Random plans until so many were accepted: none may panic.
    Random {
        /// How many.
        #[arg(long, default_value_t = 1_000_000)]
        plans: u64,
        /// Where they come from.
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// Fills the source's plan so many times; for callgrind.
    Once {
        /// Which engine.
        engine: Engine,
        /// How often.
        times: u64,
    },
}

/// No hostile plan may take longer.
const LONGEST: Duration = Duration::from_millis(50);

fn main() -> ExitCode {
    match Options::parse().what {
        What::Bench => bench(),
        What::Hostile => return hostile(),
        What::Random { plans, seed } => random(plans, seed),
        What::Once { engine, times } => {
            let filler = engine.filler();
            (0..times).for_each(|_| drop(black_box(filler())));
        }
    }
    ExitCode::SUCCESS
}

/// The document on which every expression of the source resolves.
fn document() -> Value {
    let text = include_str!("../../../domain/tests/cases/shape/sample.json");
    serde_json::from_str(text).unwrap()
}

fn bench() {
    println!("| source 001's plan to bytes | ns | instructions |\n|---|---|---|");
    let expected = Engine::Compiled.filler()();
    for engine in Engine::ALL {
        let filler = engine.filler();
        assert_eq!(filler(), expected, "{engine:?} makes other bytes");
        println!("| {} | {} | {} |", engine.name(), nanoseconds(&*filler), instructions(engine));
    }
    let engine = Engine::Everything;
    let (time, counted) = (nanoseconds(&*engine.filler()), instructions(engine));
    println!("| a plan that reads everything | {time} | {counted} |");
}

/// The best of several rounds.
fn nanoseconds(filler: &dyn Fn() -> Vec<u8>) -> u128 {
    let rounds = (0..20).map(|_| {
        let begun = Instant::now();
        (0..5_000).for_each(|_| drop(black_box(filler())));
        begun.elapsed().as_nanos() / 5_000
    });
    rounds.min().unwrap_or_default()
}

/// What one more filling costs, by callgrind; `-` where there is no valgrind.
fn instructions(engine: Engine) -> String {
    let counted = |times: u64| -> Option<u64> {
        let binary = std::env::current_exe().ok()?;
        let mut valgrind = Command::new("valgrind");
        valgrind.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]);
        let output = valgrind.arg(binary).args(["once", engine.name()]).arg(times.to_string());
        let output = output.output().ok()?;
        let words = String::from_utf8_lossy(&output.stderr).into_owned();
        words.split("Collected :").nth(1)?.split_whitespace().next()?.parse().ok()
    };
    match (counted(1_000), counted(2_000)) {
        (Some(few), Some(many)) => ((many - few) / 1_000).to_string(),
        _ => "-".to_owned(),
    }
}

fn hostile() -> ExitCode {
    let document = document();
    let (mut refused, mut times) = (0, Vec::new());
    for (name, text) in hostile_cases::cases() {
        let begun = Instant::now();
        let compiled = Definition::compile(&text);
        refused += u32::from(compiled.is_err());
        let filled = compiled.map(|definition| definition.render(&document, Values::Native));
        drop(black_box(filled));
        times.push((begun.elapsed(), name));
    }
    times.sort();
    times.reverse();
    println!("{} hostile plans: {refused} refused, the others filled. Slowest:", times.len());
    for (took, name) in times.iter().take(10) {
        println!("{took:>12.1?}  {name}");
    }
    if times[0].0 > LONGEST { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn random(plans: u64, seed: u64) {
    let documents = [document(), random::large(&document()), Value::Null];
    let mut made = Plans::new(seed);
    let (mut accepted, mut tried, mut slowest) = (0, 0_u64, (Duration::ZERO, String::new()));
    let begun = Instant::now();
    while accepted < plans {
        let text = made.plan();
        tried += 1;
        let Ok(definition) = Definition::compile(&text) else { continue };
        for document in &documents {
            let begun = Instant::now();
            drop(black_box(definition.explain(document, Values::Native)));
            let took = begun.elapsed();
            if took > slowest.0 {
                slowest = (took, text.clone());
            }
        }
        accepted += 1;
        if accepted % 100_000 == 0 {
            println!("{accepted} accepted of {tried}, {:.0?}", begun.elapsed());
        }
    }
    println!("{accepted} plans accepted of {tried}, each filled from 3 documents, no panic.");
    println!("slowest {:.1?}: {}", slowest.0, slowest.1);
}
