//! The parts of the document that a plan reads: no others are built for it (D6).
//!
//! Neighbours: `compile` collects them, `request::document` builds by them. Guarantee: what a plan
//! makes of its parts is what it makes of the whole document (a property test).

use std::collections::BTreeMap;

use crate::substitution::expression::{Expression, Path, Step, leading};
use crate::substitution::shape::{DOCUMENT, Shape};
use crate::substitution::version::DocumentVersion;

/// Members, each with the parts of it; none of a value that has no members.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parts(BTreeMap<&'static str, Parts>);

impl Parts {
    /// The whole document of a version.
    pub fn whole(version: DocumentVersion) -> Self {
        let mut parts = Self::default();
        parts.all(&DOCUMENT, version);
        parts
    }

    /// What these expressions read.
    pub(super) fn of(expressions: &[Expression], version: DocumentVersion) -> Self {
        let mut parts = Self::default();
        for expression in expressions {
            match &expression.path {
                Err(_) => {}
                // A filter may look at anything from the root on.
                Ok(_) if expression.source[1..].contains('$') => parts.all(&DOCUMENT, version),
                Ok(Path::Singular(steps)) => parts.read(&DOCUMENT, steps, version),
                Ok(Path::Filtered(segments) | Path::Many(segments)) => {
                    parts.read(&DOCUMENT, &leading(segments), version);
                }
            }
        }
        parts
    }

    /// The members that are read, each with what is read of it.
    pub fn each(&self) -> impl Iterator<Item = (&'static str, &Self)> {
        self.0.iter().map(|(name, parts)| (*name, parts))
    }

    /// What is read of a member; none when nothing is.
    pub fn get(&self, member: &str) -> Option<&Self> {
        self.0.get(member)
    }

    /// Goes down the steps; from their end on, everything is read.
    fn read(&mut self, shape: &'static Shape, steps: &[Step], version: DocumentVersion) {
        match (steps.split_first(), shape) {
            (Some((Step::Index(_), rest)), Shape::List(element)) => {
                self.read(element, rest, version);
            }
            (Some((Step::Name(name), rest)), Shape::Object(..)) => {
                for member in shape.members(version).filter(|member| member.name == name) {
                    let part = self.0.entry(member.name).or_default();
                    part.read(&member.shape, rest, version);
                }
            }
            _ => self.all(shape, version),
        }
    }

    fn all(&mut self, shape: &'static Shape, version: DocumentVersion) {
        if let Shape::List(element) = shape {
            self.all(element, version);
        }
        for member in shape.members(version) {
            self.0.entry(member.name).or_default().all(&member.shape, version);
        }
    }
}
