//! The command: `cargo run --profile proof -p simulator -- --seeds 1000000`; `--seed N`: a story.

use std::collections::BTreeMap;
use std::io::{IsTerminal, Write, stderr, stdout};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{Sender, channel};
use std::time::{Duration, Instant};

use clap::Parser;
use simulator::plant::PlantedFault;
use simulator::schedule::Ended;
use simulator::{Simulator, schedule};

/// Most of a run is small rows made and dropped.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Runs seeded schedules of the real handlers, with faults, and checks every invariant.
#[derive(Clone, Debug, Parser)]
struct Options {
    /// How many seeds.
    #[arg(long, default_value_t = 10_000)]
    seeds: u64,
    /// The first seed.
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// Runs this one seed, and tells its story.
    #[arg(long)]
    seed: Option<u64>,
    /// Threads; as many as the machine has cores when absent.
    #[arg(long)]
    threads: Option<usize>,
    /// Takes a part of the design out, to see that it is missed.
    #[arg(long, value_enum, default_value_t = PlantedFault::None)]
    plant: PlantedFault,
}

/// How often progress is shown.
const PROGRESS: Duration = Duration::from_secs(2);

#[derive(Default)]
struct Totals {
    runs: u64,
    acts: u64,
    met: BTreeMap<String, u64>,
}

fn main() -> ExitCode {
    let options = Options::parse();
    let shown = match options.seed {
        Some(seed) => story(seed, options.plant),
        None => many(&options),
    };
    match shown {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprint(&format!("{error}\n"));
            ExitCode::from(2)
        }
    }
}

fn eprint(text: &str) {
    // A closed terminal is no reason to stop.
    drop(stderr().write_all(text.as_bytes()));
}

/// Tells one seed's story; twice the same, or it is none.
fn story(seed: u64, plant: PlantedFault) -> std::io::Result<bool> {
    let simulator = Simulator::new();
    let ended = simulator.run(seed, plant, true);
    let again = simulator.run(seed, plant, true);
    let mut out = stdout().lock();
    for line in &ended.story {
        writeln!(out, "{line}")?;
    }
    writeln!(out, "seed {seed}: fingerprint {:016x}, {} acts", ended.hash, ended.acts)?;
    if again.hash != ended.hash {
        writeln!(out, "but {:016x} when it was run again", again.hash)?;
    }
    if let Some(violation) = &ended.violation {
        writeln!(out, "{violation}")?;
    }
    Ok(ended.violation.is_none() && again.hash == ended.hash)
}

fn many(options: &Options) -> std::io::Result<bool> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = options.threads.unwrap_or(cores).max(1);
    let (next, stop) = (AtomicU64::new(options.from), AtomicBool::new(false));
    let end = options.from + options.seeds;
    let begun = Instant::now();
    let mut totals = Totals::default();
    let mut failed = None;
    std::thread::scope(|scope| {
        let (tell, heard) = channel();
        for _ in 0..threads {
            let tell = tell.clone();
            let (next, stop) = (&next, &stop);
            scope.spawn(move || work(options.plant, next, end, stop, &tell));
        }
        drop(tell);
        let mut shown = Instant::now();
        for (seed, ended) in heard {
            totals.runs += 1;
            totals.acts += ended.acts;
            for (name, count) in ended.met {
                *totals.met.entry(name).or_default() += count;
            }
            if let (Some(violation), None) = (ended.violation, &failed) {
                failed = Some((seed, violation));
                stop.store(true, Relaxed);
            }
            if shown.elapsed() >= PROGRESS {
                progress(&totals, options.seeds, begun);
                shown = Instant::now();
            }
        }
    });
    let seconds = begun.elapsed().as_secs_f64();
    let mut out = stdout().lock();
    writeln!(out)?;
    for (name, count) in &totals.met {
        writeln!(out, "{count:>12}  {name}")?;
    }
    let Totals { runs, acts, .. } = totals;
    writeln!(out, "{runs} schedules, {acts} acts, {threads} threads, {seconds:.1} s")?;
    match failed {
        None => writeln!(out, "0 violations")?,
        Some((seed, ref violation)) => {
            writeln!(out, "seed {seed}: {violation}")?;
            writeln!(out, "its story: cargo run --profile proof -p simulator -- --seed {seed}")?;
        }
    }
    Ok(failed.is_none())
}

fn work(
    plant: PlantedFault,
    next: &AtomicU64,
    end: u64,
    stop: &AtomicBool,
    tell: &Sender<(u64, schedule::Ended)>,
) {
    let simulator = Simulator::new();
    while !stop.load(Relaxed) {
        let seed = next.fetch_add(1, Relaxed);
        if seed >= end {
            return;
        }
        let ended: Ended = simulator.run(seed, plant, false);
        if tell.send((seed, ended)).is_err() {
            return;
        }
    }
}

fn progress(totals: &Totals, seeds: u64, begun: Instant) {
    let rate = totals.runs as f64 / begun.elapsed().as_secs_f64();
    let left = (seeds - totals.runs) as f64 / rate;
    let end = if stderr().is_terminal() { '\r' } else { '\n' };
    let runs = totals.runs;
    eprint(&format!("{runs} of {seeds} schedules, {rate:.0} a second, {left:.0} s left   {end}"));
}
