//! The full matrix of every table: each listed step is taken, each other one refused.

use std::collections::BTreeMap;
use std::fmt::Write;

use domain::activation::Activation;
use domain::catalog::Product;
use domain::entitlement::Entitlement;
use domain::entitlement::product_key::ProductKey;
use domain::machine::{Machine, Stateful};
use domain::rejection::Code;
use domain::request::Request;
use strum::IntoEnumIterator;

/// The rows of the tables, written down anew: id, from, event, to.
fn specified(machine: &str) -> BTreeMap<(String, String, String), String> {
    let text = include_str!("../cases/machines.txt");
    let mut rows = BTreeMap::new();
    let wanted = text.split("# ").find(|part| part.lines().next() == Some(machine)).unwrap();
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

fn check<T: Stateful>(machine: &Machine<T>) {
    let rows = specified(machine.name);
    let mut taken = 0;
    let states = T::State::iter().map(Some).chain([None]);
    for from in states {
        for event in T::Event::iter() {
            for to in T::State::iter() {
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
    check(&Request::MACHINE);
}

#[test]
fn entitlement() {
    check(&Entitlement::MACHINE);
}

#[test]
fn product_key() {
    check(&ProductKey::MACHINE);
}

#[test]
fn activation() {
    check(&Activation::MACHINE);
}

#[test]
fn product() {
    check(&Product::MACHINE);
}

#[test]
fn terminal_states() {
    use domain::request::states::Status;
    let machine = &Request::MACHINE;
    assert!(machine.is_terminal(Status::Completed));
    assert!(machine.is_terminal(Status::Failed));
    assert!(!machine.is_terminal(Status::DispatchFailed));
    assert!(ProductKey::MACHINE.is_terminal(domain::entitlement::states::KeyState::Void));
}

#[test]
fn diagrams() {
    let mut out = String::new();
    write!(out, "{}", Request::MACHINE.mermaid()).unwrap();
    write!(out, "{}", Entitlement::MACHINE.mermaid()).unwrap();
    write!(out, "{}", ProductKey::MACHINE.mermaid()).unwrap();
    write!(out, "{}", Activation::MACHINE.mermaid()).unwrap();
    write!(out, "{}", Product::MACHINE.mermaid()).unwrap();
    insta::assert_snapshot!(out);
}
