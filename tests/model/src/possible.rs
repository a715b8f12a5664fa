//! Everything that can happen next.
//!
//! Neighbours: `steps` says what becomes of it.

use domain::activation::Activation;
use domain::activation::states::State as ActivationState;
use domain::ids::Id;
use domain::limits::TENANT_KEPT;
use domain::request::Request;
use domain::request::states::Status;
use domain::time::Time;

use crate::search::{Model, Mutant};
use crate::system::{Client, Reply, System, Worker};

/// Something that can happen.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "their names say what they are; the number is who")]
pub enum Step {
    Load(usize),
    Commit(usize),
    CommitUnsent(usize),
    Answer(usize),
    CallDies(usize),
    Receive(usize, Id),
    ReceiveTwice(usize, Id),
    ReceiveUnaware(usize, Id),
    Claim(usize),
    Post(usize, Reply),
    Finish(usize),
    WorkerDies(usize),
    Report(Id, u32, String),
    Settle,
    SettleAgain,
    ReportDies,
    Sweep(Id),
    SweepUnsent(Id),
    Retry(Id),
    Revoke(usize),
    Suspend,
    Resume,
    Edit,
    Time,
}

const REPLIES: [Reply; 4] = [Reply::Accepted, Reply::Mute, Reply::Silent, Reply::Down];

impl Model {
    /// Everything that can happen.
    pub fn possible(&self, system: &System) -> Vec<Step> {
        let mut steps = self.pending(system);
        let idle = steps.is_empty();
        if (idle || system.left.delays > 0) && next_instant(system).is_some() {
            steps.push(Step::Time);
        }
        if system.left.retries > 0 {
            let failed = |request: &&Request| {
                matches!(request.life.state, Status::Failed | Status::DispatchFailed)
            };
            steps.extend(system.requests.iter().filter(failed).map(|r| Step::Retry(r.id)));
        }
        if system.left.revocations > 0 {
            let active = |(_, a): &(usize, Activation)| a.life.state == ActivationState::Active;
            let places = system.activations.iter().enumerate().filter(|(_, row)| active(row));
            steps.extend(places.map(|(place, _)| Step::Revoke(place)));
        }
        if system.left.suspensions > 0 && !system.requests.is_empty() {
            steps.push(Step::Suspend);
        }
        if system.left.edits > 0 && !system.payloads.is_empty() {
            steps.push(Step::Edit);
        }
        steps
    }

    /// What somebody is about to do.
    pub(crate) fn pending(&self, system: &System) -> Vec<Step> {
        let mut steps = Vec::new();
        self.clients(system, &mut steps);
        workers(system, &mut steps);
        callbacks(system, &mut steps);
        self.sweeps(system, &mut steps);
        steps.extend(system.suspended.map(|_| Step::Resume));
        steps
    }

    fn clients(&self, system: &System, steps: &mut Vec<Step>) {
        for (n, client) in system.clients.iter().enumerate() {
            match client {
                Client::Calling => steps.push(Step::Load(n)),
                Client::Loaded(_) => {
                    steps.push(Step::Commit(n));
                    if system.left.losses > 0 && self.workers > 0 {
                        steps.push(Step::CommitUnsent(n));
                    }
                }
                Client::Answering => steps.push(Step::Answer(n)),
                Client::Done(_) => continue,
            }
            if system.left.crashes > 0 && *client != Client::Calling {
                steps.push(Step::CallDies(n));
            }
        }
    }

    fn sweeps(&self, system: &System, steps: &mut Vec<Step>) {
        if self.mutant == Some(Mutant::NoSweeper) {
            return;
        }
        let due = |request: &&Request| {
            request.next_attempt_at.is_some_and(|at| at.millis() <= system.now)
        };
        for request in system.requests.iter().filter(due) {
            let queued = request.life.state == Status::RequestQueued;
            if queued && self.mutant == Some(Mutant::NoResend) {
                continue;
            }
            steps.push(Step::Sweep(request.id));
            if queued && system.left.losses > 0 {
                steps.push(Step::SweepUnsent(request.id));
            }
        }
    }
}

fn workers(system: &System, steps: &mut Vec<Step>) {
    // Idle dispatchers are all alike: the first one receives.
    let idle = system.workers.iter().position(|worker| *worker == Worker::Idle);
    if let Some(n) = idle {
        for (id, count) in &system.queue {
            if *count > 0 {
                steps.push(Step::Receive(n, *id));
                if system.left.repeats > 0 {
                    steps.push(Step::ReceiveTwice(n, *id));
                }
                if system.suspended.is_some_and(|since| system.now - since < TENANT_KEPT.millis()) {
                    steps.push(Step::ReceiveUnaware(n, *id));
                }
            }
        }
    }
    for (n, worker) in system.workers.iter().enumerate() {
        match worker {
            Worker::Idle => continue,
            Worker::Loaded(_) => steps.push(Step::Claim(n)),
            Worker::Claimed(..) => steps.extend(REPLIES.map(|reply| Step::Post(n, reply))),
            Worker::Posted(..) => steps.push(Step::Finish(n)),
        }
        if system.left.crashes > 0 {
            steps.push(Step::WorkerDies(n));
        }
    }
}

fn callbacks(system: &System, steps: &mut Vec<Step>) {
    if system.reporting.is_some() {
        steps.push(Step::Settle);
        if system.left.repeats > 0 {
            steps.push(Step::SettleAgain);
        }
        if system.left.crashes > 0 {
            steps.push(Step::ReportDies);
        }
        return;
    }
    for (id, generation, status) in &system.owed {
        steps.push(Step::Report(*id, *generation, status.clone()));
    }
}

/// The next instant at which something changes by itself.
pub(crate) fn next_instant(system: &System) -> Option<i64> {
    let of = |request: &Request| {
        let lease = request.lease.as_ref().map(|lease| lease.until);
        [request.next_attempt_at, request.not_before, lease].into_iter().flatten()
    };
    let instants = system.requests.iter().flat_map(of).map(Time::millis);
    instants.filter(|at| *at > system.now).min()
}
