//! Whether the system can ever have a value at a path (D7), and what was meant if not.
//!
//! Neighbours: `shape` is what is asked, `expression` and `lint` ask.

use jsonpath_rust::parser::model::{Segment, Selector};

use crate::substitution::shape::Shape::{self, Leaf, List, Object};
use crate::substitution::shape::{DOCUMENT, PERSONS};

/// Why a path is unknown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown {
    /// The first segment that no branch survives, from 0.
    pub segment: usize,
    /// The fault.
    pub why: Why,
    /// The nearest known member.
    pub did_you_mean: Option<String>,
}

/// A fault of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// There is no such member.
    NoMember,
    /// There is one whose name differs in case alone.
    OtherCase,
    /// An index or slice, where there is no list.
    NotAList,
    /// A name, where there is a list.
    List,
}

/// Whether the system can ever have a value at this path (D7).
///
/// # Errors
/// The failing segment and the nearest member.
pub fn know(segments: &[Segment]) -> Result<(), Unknown> {
    let mut branches = vec![&*DOCUMENT];
    for (i, segment) in segments.iter().enumerate() {
        let next: Vec<&Shape> = branches.iter().flat_map(|b| follow(b, segment)).collect();
        if next.is_empty() {
            return Err(explain(i, &branches, segment));
        }
        branches = next;
    }
    Ok(())
}

fn explain(i: usize, branches: &[&Shape], failing: &Segment) -> Unknown {
    let unknown = |why, did_you_mean| Unknown { segment: i, why, did_you_mean };
    let Segment::Selector(selector) = failing else { return unknown(Why::NoMember, None) };
    match selector {
        Selector::Name(_) if branches.iter().all(|b| matches!(b, List(_))) => {
            unknown(Why::List, None)
        }
        Selector::Name(wanted) => {
            let names = branches.iter().flat_map(|branch| match branch {
                Object(members, _) => members.iter().map(|(name, _)| *name).collect(),
                _ => Vec::new(),
            });
            let near = nearest(names, wanted);
            let other = near.as_ref().is_some_and(|near| near.eq_ignore_ascii_case(wanted));
            unknown(if other { Why::OtherCase } else { Why::NoMember }, near)
        }
        Selector::Index(_) | Selector::Slice(..) => unknown(Why::NotAList, None),
        _ => unknown(Why::NoMember, None),
    }
}

fn follow<'a>(shape: &'a Shape, segment: &Segment) -> Vec<&'a Shape> {
    match segment {
        Segment::Selector(selector) => select(shape, selector),
        Segment::Selectors(list) => list.iter().flat_map(|s| select(shape, s)).collect(),
        Segment::Descendant(inner) => {
            let mut below = follow(shape, inner);
            below.extend(children(shape).into_iter().flat_map(|child| follow(child, segment)));
            below
        }
    }
}

fn select<'a>(shape: &'a Shape, selector: &Selector) -> Vec<&'a Shape> {
    match (selector, shape) {
        (Selector::Name(name), Object(members, _)) => {
            members.iter().filter(|(n, _)| n == name).map(|(_, s)| s).collect()
        }
        (Selector::Index(_) | Selector::Slice(..), List(element)) => vec![element],
        (Selector::Wildcard | Selector::Filter(_), _) => children(shape),
        _ => Vec::new(),
    }
}

fn children(shape: &Shape) -> Vec<&Shape> {
    match shape {
        Leaf(..) => Vec::new(),
        List(element) => vec![element],
        Object(members, _) => members.iter().map(|(_, s)| s).collect(),
    }
}

/// Whether the path leads to, into or above a person: then a name and an e-mail address go along.
pub fn is_personal(segments: &[Segment]) -> bool {
    let mut branches = vec![&*DOCUMENT];
    for segment in segments {
        branches = branches.into_iter().flat_map(|branch| follow(branch, segment)).collect();
    }
    let persons = persons(&DOCUMENT);
    let touches = |person: &&Shape, branch| holds(person, branch) || holds(branch, person);
    branches.iter().any(|branch| persons.iter().any(|person| touches(person, branch)))
}

fn persons(shape: &Shape) -> Vec<&Shape> {
    let Object(members, _) = shape else {
        return children(shape).into_iter().flat_map(persons).collect();
    };
    let here = members.iter().filter_map(|(name, member)| PERSONS.contains(name).then_some(member));
    here.chain(members.iter().flat_map(|(_, member)| persons(member))).collect()
}

fn holds(outer: &Shape, inner: &Shape) -> bool {
    std::ptr::eq(outer, inner) || children(outer).into_iter().any(|child| holds(child, inner))
}

/// The same letters in another case, else an edit distance of at most 2.
pub fn nearest<'a>(names: impl Iterator<Item = &'a str>, wanted: &str) -> Option<String> {
    let distance = |name: &str| {
        if name.eq_ignore_ascii_case(wanted) { 0 } else { strsim::levenshtein(name, wanted) }
    };
    let best = names.map(|name| (distance(name), name)).min()?;
    (best.0 <= 2).then(|| best.1.to_owned())
}
