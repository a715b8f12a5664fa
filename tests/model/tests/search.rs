//! Every scope that is quick without optimisation, and the nine mutants. The command does all:
//! `cargo run --release -p model`.

#![allow(clippy::unwrap_used, reason = "a test may end so")]

use model::search::{MUTANTS, Model, Scope};

#[test]
fn three_clients_and_two_units() {
    let found = Model::new(Scope::Quantity, None).unwrap().search(2);
    assert!(found.broken.is_empty(), "{:?}\n{}", found.broken, found.trace.join("\n"));
    assert!(found.states > 1_000, "{} states", found.states);
}

#[test]
fn nine_mutants_are_found_out() {
    for (mutant, scope) in MUTANTS {
        let found = Model::new(scope, Some(mutant)).unwrap().search(2);
        assert!(!found.broken.is_empty(), "{mutant:?} survives {} states", found.states);
    }
}
