//! Whether the system can ever have a value at a path (D7), and what was meant if not.
//!
//! Neighbours: `shape` is what is asked, `expression` and `lint` ask.

use jsonpath_rust::parser::model::{Segment, Selector};

use crate::substitution::shape::Shape::{self, List, Object};
use crate::substitution::shape::{DOCUMENT, PERSONS};
use crate::substitution::version::DocumentVersion;

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

/// Whether this version of the document can ever have a value at this path (D7).
///
/// # Errors
/// The failing segment and the nearest member.
pub fn know(segments: &[Segment], version: DocumentVersion) -> Result<(), Unknown> {
    let mut branches = vec![&*DOCUMENT];
    for (i, segment) in segments.iter().enumerate() {
        let follow = |branch: &&'static Shape| follow(branch, segment, version);
        let next: Vec<&Shape> = branches.iter().flat_map(follow).collect();
        if next.is_empty() {
            return Err(explain(i, &branches, segment, version));
        }
        branches = next;
    }
    Ok(())
}

fn explain(i: usize, branches: &[&Shape], failing: &Segment, version: DocumentVersion) -> Unknown {
    let unknown = |why, did_you_mean| Unknown { segment: i, why, did_you_mean };
    let Segment::Selector(selector) = failing else { return unknown(Why::NoMember, None) };
    match selector {
        Selector::Name(_) if branches.iter().all(|b| matches!(b, List(_))) => {
            unknown(Why::List, None)
        }
        Selector::Name(wanted) => {
            let members = branches.iter().flat_map(|branch| branch.members(version));
            let near = nearest(members.map(|member| member.name), wanted);
            let other = near.as_ref().is_some_and(|near| near.eq_ignore_ascii_case(wanted));
            unknown(if other { Why::OtherCase } else { Why::NoMember }, near)
        }
        Selector::Index(_) | Selector::Slice(..) => unknown(Why::NotAList, None),
        _ => unknown(Why::NoMember, None),
    }
}

fn follow(
    shape: &'static Shape,
    segment: &Segment,
    version: DocumentVersion,
) -> Vec<&'static Shape> {
    match segment {
        Segment::Selector(selector) => select(shape, selector, version),
        Segment::Selectors(list) => list.iter().flat_map(|s| select(shape, s, version)).collect(),
        Segment::Descendant(inner) => {
            let mut below = follow(shape, inner, version);
            let children = children(shape, version).into_iter();
            below.extend(children.flat_map(|child| follow(child, segment, version)));
            below
        }
    }
}

fn select(
    shape: &'static Shape,
    selector: &Selector,
    version: DocumentVersion,
) -> Vec<&'static Shape> {
    match (selector, shape) {
        (Selector::Name(name), Object(..)) => {
            shape.members(version).filter(|m| m.name == name).map(|m| &m.shape).collect()
        }
        (Selector::Index(_) | Selector::Slice(..), List(element)) => vec![element],
        (Selector::Wildcard | Selector::Filter(_), _) => children(shape, version),
        _ => Vec::new(),
    }
}

fn children(shape: &Shape, version: DocumentVersion) -> Vec<&Shape> {
    match shape {
        List(element) => vec![element],
        _ => shape.members(version).map(|member| &member.shape).collect(),
    }
}

/// Whether the path leads to, into or above a person: then a name and an e-mail address go along.
pub fn is_personal(segments: &[Segment], version: DocumentVersion) -> bool {
    let mut branches = vec![&*DOCUMENT];
    for segment in segments {
        let below = branches.into_iter().flat_map(|branch| follow(branch, segment, version));
        branches = below.collect();
    }
    let persons = persons(&DOCUMENT, version);
    let holds = |outer, inner| holds(outer, inner, version);
    let touches = |person: &&'static Shape, branch| holds(person, branch) || holds(branch, person);
    branches.iter().any(|branch| persons.iter().any(|person| touches(person, branch)))
}

fn persons(shape: &Shape, version: DocumentVersion) -> Vec<&Shape> {
    let here = shape.members(version).filter(|member| PERSONS.contains(&member.name));
    let below = children(shape, version).into_iter().flat_map(|child| persons(child, version));
    here.map(|member| &member.shape).chain(below).collect()
}

fn holds(outer: &Shape, inner: &Shape, version: DocumentVersion) -> bool {
    std::ptr::eq(outer, inner)
        || children(outer, version).into_iter().any(|child| holds(child, inner, version))
}

/// The same letters in another case, else an edit distance of at most 2, and of less than half of
/// the letters: nobody who writes `nope` means `type`.
pub fn nearest<'a>(names: impl Iterator<Item = &'a str>, wanted: &str) -> Option<String> {
    let distance = |name: &str| {
        if name.eq_ignore_ascii_case(wanted) { 0 } else { strsim::levenshtein(name, wanted) }
    };
    let best = names.map(|name| (distance(name), name)).min()?;
    (best.0 <= 2 && 2 * best.0 < wanted.chars().count()).then(|| best.1.to_owned())
}
