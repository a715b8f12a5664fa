//! The log: `RUST_LOG` chooses how much, within bounds.
//!
//! Neighbours: `main` starts it, the canary test listens by the same filter. Guarantee:
//! dependencies say no more than INFO, since below that some print bodies with personal data.

use tracing::Metadata;
use tracing::level_filters::LevelFilter;
use tracing::subscriber::Subscriber;
use tracing_subscriber::filter::{EnvFilter, FilterExt, filter_fn};
use tracing_subscriber::layer::{Filter, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt, registry};

/// What is logged when nothing is wanted: the store tells its own faults in its own words.
const QUIET: &str = "warn,dynoxide=off,aws_smithy_runtime=off";

/// Logs to stderr.
pub fn start() {
    let wanted = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(QUIET));
    let lines = fmt::layer().with_writer(std::io::stderr).with_filter(bounded(wanted));
    registry().with(lines).init();
}

/// What is wanted, of others as far as INFO.
pub fn bounded<S>(wanted: EnvFilter) -> impl Filter<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    wanted.and(filter_fn(|line| is_ours(line) || line.level() <= &LevelFilter::INFO))
}

/// The crates of this workspace that log.
const OURS: [&str; 8] =
    ["bootstrap", "callbacks", "dispatch", "edge", "local", "provisio", "store", "sweeper"];

fn is_ours(line: &Metadata<'_>) -> bool {
    let root = line.target().split("::").next().unwrap_or_default();
    OURS.contains(&root)
}
