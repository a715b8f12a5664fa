//! Every scope that is quick without optimisation, and the thirteen mutants. The command does all:
//! `cargo run --profile proof -p model`.

#![allow(clippy::unwrap_used, reason = "a test may end so")]

use model::search::{MUTANTS, Model, Mutant, Scope};

#[test]
fn three_clients_and_two_units() {
    let found = Model::new(Scope::Quantity, None).unwrap().search(2);
    assert!(found.broken.is_empty(), "{:?}\n{}", found.broken, found.trace.join("\n"));
    assert!(found.states > 1_000, "{} states", found.states);
}

#[test]
fn a_tenant_that_is_suspended_and_resumed() {
    let found = Model::new(Scope::Held, None).unwrap().search(2);
    assert!(found.broken.is_empty(), "{:?}\n{}", found.broken, found.trace.join("\n"));
    assert!(found.states > 1_000, "{} states", found.states);
}

#[test]
fn thirteen_mutants_are_found_out() {
    use Mutant::{
        AnswerBeforeCommit, AnyDoor, DispatchFailedIsTerminal, ForgetsBehind, KeyPerAttempt,
        LateInProgress, NoRecord, NoResend, NoRing, NoSweeper, ReadThenWrite, UnconditionalSent,
        Unheld,
    };
    for (mutant, scope) in MUTANTS {
        let expected: &[&str] = match mutant {
            NoResend | NoSweeper => &["I5"],
            UnconditionalSent | LateInProgress => &["I3", "I8", "I10"],
            ReadThenWrite => &["I1"],
            KeyPerAttempt => &["I4"],
            NoRecord | AnswerBeforeCommit => &["I10"],
            DispatchFailedIsTerminal => &["I6"],
            NoRing => &["I11"],
            AnyDoor => &["I9"],
            ForgetsBehind => &["I2"],
            Unheld => &["I17"],
        };
        let found = Model::new(scope, Some(mutant)).unwrap().search(2);
        let names: Vec<_> = found.broken.iter().map(|(name, _)| *name).collect();
        assert!(!names.is_empty(), "{mutant:?} survives {} states", found.states);
        assert!(names.iter().all(|name| expected.contains(name)), "{mutant:?}: {names:?}");
    }
}
