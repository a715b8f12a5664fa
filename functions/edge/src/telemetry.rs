//! Every metric with name, unit and dimensions; and the trace of a message.
//!
//! Neighbours: `app`, `functions/dispatch` and `functions/sweeper` count here; `lambda` prints it
//! as a line of the embedded metric format after each invocation. Elsewhere nobody listens.

use std::future::Future;
use std::io;

use domain::decision::{Change, Decision};
use domain::record::Record;
use domain::request::attempt::AttemptOutcome;
use domain::time::Period;
use metrics::{Unit, counter, describe_histogram, histogram};
use metrics_cloudwatch_embedded::{Builder, Collector};
use tracing::Instrument;

use crate::config;
use crate::loss::accept_loss;

/// The metrics' namespace; each has the dimension `Service`, the name of the stack.
const NAMESPACE: &str = "Provisio";
/// Milliseconds from the moment a request was due to its attempt.
const DISPATCH_LATENCY: &str = "DispatchLatency";
/// Milliseconds that a provider took to answer.
const PROVIDER_LATENCY: &str = "ProviderLatency";
/// Milliseconds that the request waited which was due longest.
const SWEEPER_LAG: &str = "SweeperLag";

tokio::task_local! {
    static TRACE: Option<String>;
}

/// Collects what a Lambda counts.
#[derive(Clone, Copy)]
pub struct Telemetry(&'static Collector);

impl Telemetry {
    /// Begins to collect; this start of the function is the first thing counted.
    ///
    /// # Errors
    /// When it began before.
    pub fn start(service: String, function: String) -> Result<Self, lambda_runtime::Error> {
        let builder = Builder::new().cloudwatch_namespace(NAMESPACE);
        let collector = builder.with_dimension("Service", service).init();
        let collector = collector.map_err(|error| error.to_string())?;
        for latency in [DISPATCH_LATENCY, PROVIDER_LATENCY, SWEEPER_LAG] {
            describe_histogram!(latency, Unit::Milliseconds, "");
        }
        counter!("ColdStarts", "Function" => function).increment(1);
        Ok(Self(collector))
    }

    /// Prints what was counted since the last time.
    pub fn flush(self) {
        accept_loss(self.0.flush(io::stdout().lock()), "metrics are not what callers wait for");
    }
}

/// Counts the states that a decision led requests to: `Requests` by `State`.
pub(crate) fn walked(decision: &Decision) {
    for change in &decision.changes {
        let Change::Save(record) = change else { continue };
        let Record::Request(request) = &**record else { continue };
        for step in request.life.fresh() {
            let state: &'static str = step.to.into();
            counter!("Requests", "State" => state).increment(1);
        }
    }
}

/// Counts an attempt: `Attempts` by `Outcome`, how late it began, and how long it took.
pub fn attempted(outcome: AttemptOutcome, late: Period, took: Period) {
    let outcome: &'static str = outcome.into();
    counter!("Attempts", "Outcome" => outcome).increment(1);
    histogram!(DISPATCH_LATENCY).record(late.millis() as f64);
    histogram!(PROVIDER_LATENCY).record(took.millis() as f64);
}

/// Reports how far the sweeper is behind: at every sweep, so that silence means there was none.
pub fn swept(lag: Period) {
    histogram!(SWEEPER_LAG).record(lag.millis() as f64);
}

/// Counts rows that cannot be read: `Unreadable`. An alarm is set on it.
pub fn unreadable(rows: usize) {
    counter!("Unreadable").increment(rows as u64);
}

/// Does some work as part of the X-Ray trace that a message carried; its log lines name it.
pub async fn traced<T>(header: Option<String>, work: impl Future<Output = T>) -> T {
    let span = tracing::info_span!("message", trace = header.as_deref());
    TRACE.scope(header, work).instrument(span).await
}

/// The X-Ray trace that this work is part of: that of its message, else that of the invocation.
pub(crate) fn trace_header() -> Option<String> {
    TRACE.try_with(Clone::clone).unwrap_or_else(|_| config::trace_header())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_message_s_trace_goes_before_the_invocation_s() {
        assert_eq!(trace_header(), None);
        let inner = traced(Some("Root=1-2-3".to_owned()), async { trace_header() }).await;
        assert_eq!(inner.as_deref(), Some("Root=1-2-3"));
    }
}
