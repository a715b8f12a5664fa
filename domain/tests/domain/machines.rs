//! The full matrix of every table: each listed step is taken, each other one refused.

use std::collections::BTreeMap;
use std::fmt::Write;

use domain::machine::{Machine, Word};
use domain::rejection::Code;
use domain::{activation, entitlement, request};

/// The rows of the tables, written down anew: id, from, event, to.
fn specified(machine: &str) -> BTreeMap<(String, String, String), String> {
    let text = include_str!("../cases/machines.txt");
    let mut rows = BTreeMap::new();
    let wanted = text.split("# ").find(|part| part.starts_with(machine)).unwrap();
    for line in wanted.lines().skip(1).filter(|line| !line.trim().is_empty()) {
        let [id, from, event, to] = line.split_whitespace().collect::<Vec<_>>()[..] else {
            panic!("{line}")
        };
        for from in from.split('|') {
            for to in to.split('|') {
                let key = (from.to_owned(), event.to_owned(), to.to_owned());
                assert_eq!(rows.insert(key, id.to_owned()), None, "{line}");
            }
        }
    }
    rows
}

fn check<S: Word, E: Word>(machine: &Machine<S, E>) {
    let rows = specified(machine.name);
    let mut taken = 0;
    let states = S::iter().map(Some).chain([None]);
    for from in states {
        for event in E::iter() {
            for to in S::iter() {
                let from_name = from.map_or("new", Into::into);
                let key = (from_name.to_owned(), event.into().to_owned(), to.into().to_owned());
                match (machine.on(from, event, to), rows.get(&key)) {
                    (Ok(row), Some(id)) => {
                        assert_eq!(row.id, id, "{key:?}");
                        taken += 1;
                    }
                    (Err(rejection), None) => {
                        assert_eq!(rejection.code, Code::IllegalTransition);
                        assert!(rejection.detail.contains(event.into()), "{}", rejection.detail);
                        assert!(rejection.state.is_some());
                    }
                    (found, wanted) => panic!("{key:?}: {}, specified: {wanted:?}", found.is_ok()),
                }
            }
        }
    }
    assert_eq!(taken, rows.len());
}

#[test]
fn provisioning_request() {
    check(&request::states::MACHINE);
}

#[test]
fn entitlement() {
    check(&entitlement::states::MACHINE);
}

#[test]
fn product_key() {
    check(&entitlement::states::KEY_MACHINE);
}

#[test]
fn activation() {
    check(&activation::states::MACHINE);
}

#[test]
fn terminal_states() {
    use request::states::Status;
    let machine = &request::states::MACHINE;
    assert!(machine.is_terminal(Status::Completed));
    assert!(machine.is_terminal(Status::Failed));
    assert!(!machine.is_terminal(Status::DispatchFailed));
    assert!(entitlement::states::KEY_MACHINE.is_terminal(entitlement::states::KeyState::Void));
}

#[test]
fn diagrams() {
    let mut out = String::new();
    write!(out, "{}", request::states::MACHINE.mermaid()).unwrap();
    write!(out, "{}", entitlement::states::MACHINE.mermaid()).unwrap();
    write!(out, "{}", entitlement::states::KEY_MACHINE.mermaid()).unwrap();
    write!(out, "{}", activation::states::MACHINE.mermaid()).unwrap();
    insta::assert_snapshot!(out);
}
