//! The search through every state that is within reach of a scope, by stateright.
//!
//! Neighbours: `main` runs it; thirteen mutants of the design must each be found out.

use domain::activation::Activation;
use domain::activation::states::State as ActivationState;
use domain::rejection::Rejection;
use domain::request::Request;
use domain::time::Period;
use stateright::{Checker, HasDiscoveries, Model as _, Property};

use crate::fixture::Fixture;
use crate::invariants;
use crate::possible::Step;
use crate::system::{Budget, Client, System};

/// The design with one thing wrong, for the model alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mutant {
    /// Send after commit, and nobody sends again what was lost.
    NoResend,
    /// The outcome of an attempt is written whatever happened meanwhile.
    UnconditionalSent,
    /// In Progress is taken for news over Completed.
    LateInProgress,
    /// Quantity is read, reduced and written back.
    ReadThenWrite,
    /// Every attempt has an idempotency key of its own.
    KeyPerAttempt,
    /// Nobody sweeps.
    NoSweeper,
    /// No idempotency record is kept.
    NoRecord,
    /// Nothing is believed after Dispatch Failed.
    DispatchFailedIsTerminal,
    /// A callback is answered before it is committed.
    AnswerBeforeCommit,
    /// No webhook id is remembered.
    NoRing,
    /// A callback is taken for its request's, whatever method's secret signed it.
    AnyDoor,
    /// What is still being provided when it is revoked is forgotten.
    ForgetsBehind,
    /// Nobody asks whether a tenant is suspended.
    Unheld,
}

/// All thirteen, each with the scope it is looked for in.
pub const MUTANTS: [(Mutant, Scope); 13] = [
    (Mutant::NoResend, Scope::Delivery),
    (Mutant::UnconditionalSent, Scope::Delivery),
    (Mutant::LateInProgress, Scope::Delivery),
    (Mutant::ReadThenWrite, Scope::Quantity),
    (Mutant::KeyPerAttempt, Scope::Delivery),
    (Mutant::NoSweeper, Scope::Delivery),
    (Mutant::NoRecord, Scope::Quantity),
    (Mutant::DispatchFailedIsTerminal, Scope::Delivery),
    (Mutant::AnswerBeforeCommit, Scope::Delivery),
    (Mutant::NoRing, Scope::Delivery),
    (Mutant::AnyDoor, Scope::Delivery),
    (Mutant::ForgetsBehind, Scope::Revoked),
    (Mutant::Unheld, Scope::Held),
];

/// How large a world is searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Three clients, two units, nothing provisioned: calls that race, die and are repeated.
    Quantity,
    /// One activation, two dispatchers: everything that can happen to a request.
    Delivery,
    /// The same while the plan is edited.
    Edited,
    /// Two activations that race, one dispatcher.
    Both,
    /// One activation that is revoked at any moment, and what takes it back.
    Revoked,
    /// One activation whose tenant is suspended at any moment, and resumed.
    Held,
}

/// All scopes.
pub const SCOPES: [Scope; 6] =
    [Scope::Quantity, Scope::Both, Scope::Revoked, Scope::Held, Scope::Edited, Scope::Delivery];

/// A scope, perhaps with a mutant.
#[derive(Clone, Debug)]
pub struct Model {
    /// What is sold.
    pub fixture: Fixture,
    /// Clients.
    pub clients: usize,
    /// Dispatchers.
    pub workers: usize,
    /// What may go wrong.
    pub left: Budget,
    /// What is wrong with the design.
    pub mutant: Option<Mutant>,
}

/// What a search found.
#[derive(Debug)]
pub struct Found {
    /// Different states.
    pub states: usize,
    /// Broken invariants, each with the length of its shortest trace.
    pub broken: Vec<(&'static str, usize)>,
    /// A trace to one of them.
    pub trace: Vec<String>,
}

impl Model {
    /// Of a scope.
    ///
    /// # Errors
    /// When the domain refuses the fixture.
    pub fn new(scope: Scope, mutant: Option<Mutant>) -> Result<Self, Rejection> {
        let (units, clients, workers, left) = match scope {
            Scope::Quantity => (2, 3, 0, Budget { crashes: 2, ..Budget::default() }),
            Scope::Delivery => (1, 1, 2, Budget { edits: 0, ..ONE_EACH }),
            Scope::Edited => (1, 1, 2, Budget { losses: 0, repeats: 0, ..ONE_EACH }),
            Scope::Both => (2, 2, 1, Budget { crashes: 1, ..Budget::default() }),
            Scope::Revoked => {
                let left = Budget { crashes: 1, revocations: 1, ..Budget::default() };
                (1, 1, 1, left)
            }
            Scope::Held => {
                let left = Budget { crashes: 1, losses: 1, delays: 1, ..Budget::default() };
                (1, 1, 1, Budget { suspensions: 1, ..left })
            }
        };
        let fixture = Fixture::new(units, workers > 0)?;
        Ok(Self { fixture, clients, workers, left, mutant })
    }

    /// Searches it whole; with a mutant, until it is found out.
    pub fn search(self, threads: usize) -> Found {
        let mutant = self.mutant.is_some();
        let mut builder = self.checker().threads(threads);
        if mutant {
            builder = builder.finish_when(HasDiscoveries::Any);
        }
        // Breadth first finds the shortest trace, depth first needs less memory.
        if mutant { found(&builder.spawn_bfs().join()) } else { found(&builder.spawn_dfs().join()) }
    }
}

/// One of everything that may go wrong.
const ONE_EACH: Budget = Budget {
    crashes: 1,
    losses: 1,
    repeats: 1,
    delays: 1,
    retries: 1,
    edits: 1,
    revocations: 0,
    suspensions: 0,
};

impl Model {
    /// When nothing runs any more, nothing stays provided without an activation.
    fn is_taken_back(&self, system: &System) -> bool {
        let revoked = |(_, a): &&(usize, Activation)| a.life.state != ActivationState::Active;
        let mut revoked = system.activations.iter().filter(revoked).peekable();
        if revoked.peek().is_none() || !self.possible(system).is_empty() {
            return true;
        }
        let taken_back = |(_, activation): &(usize, Activation)| {
            let of = |request: &&Request| request.aid == activation.aid;
            let requests: Vec<&Request> = system.requests.iter().filter(of).collect();
            let back = [self.fixture.product.id];
            invariants::taken_back(activation, &requests, &back, Period::default()).is_ok()
        };
        revoked.all(taken_back)
    }
}

fn found(checker: &impl Checker<Model>) -> Found {
    let mut found =
        Found { states: checker.unique_state_count(), broken: Vec::new(), trace: Vec::new() };
    for (name, path) in checker.discoveries() {
        let steps: Vec<String> =
            path.into_actions().iter().map(|step| format!("{step:?}")).collect();
        found.broken.push((name, steps.len()));
        found.trace = steps;
    }
    found.broken.sort_by_key(|(name, steps)| (*steps, *name));
    found
}

impl stateright::Model for Model {
    type State = System;
    type Action = Step;

    fn init_states(&self) -> Vec<System> {
        vec![System::new(&self.fixture, self.clients, self.workers, self.left)]
    }

    fn actions(&self, system: &System, steps: &mut Vec<Step>) {
        // What follows a broken invariant proves nothing more.
        if system.broken.is_empty() {
            steps.extend(self.possible(system));
        }
    }

    fn next_state(&self, system: &System, step: Step) -> Option<System> {
        self.take(system, &step)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("I1", |_, system: &System| !system.broken.contains("I1")),
            Property::always("I2", |model: &Self, system: &System| {
                !system.broken.contains("I2") && model.is_taken_back(system)
            }),
            Property::always("I3", |_, system: &System| !system.broken.contains("I3")),
            Property::always("I4", |_, system: &System| !system.broken.contains("I4")),
            Property::always("I5", |model: &Self, system: &System| {
                let rested = || system.requests.iter().all(|r| invariants::rested(r).is_ok());
                let heard = || system.clients.iter().all(|c| matches!(c, Client::Done(_)));
                !system.broken.contains("I5")
                    && (!model.possible(system).is_empty() || rested() && heard())
            }),
            Property::always("I6", |_, system: &System| !system.broken.contains("I6")),
            Property::always("I7", |_, system: &System| !system.broken.contains("I7")),
            Property::always("I8", |_, system: &System| !system.broken.contains("I8")),
            Property::always("I9", |_, system: &System| !system.broken.contains("I9")),
            Property::always("I10", |_, system: &System| !system.broken.contains("I10")),
            Property::always("I11", |_, system: &System| !system.broken.contains("I11")),
            Property::always("I17", |_, system: &System| !system.broken.contains("I17")),
        ]
    }
}
