//! Warnings about an expression.

use jsonpath_rust::parser::model::{
    Comparable, Comparison, Filter, FilterAtom, Literal, Segment, Selector, SingularQuery,
    SingularQuerySegment,
};

use super::{Found, Lint, PREFIX, Registered, is_known};
use crate::attributes::Entity;
use crate::catalog::license::ATTRIBUTES;
use crate::substitution::expression::{Expression, Path, parse};
use crate::substitution::known::{self, Unknown, Why};
use crate::substitution::version::DocumentVersion;

/// Everything about an expression.
pub(super) fn lint(
    expression: &Expression,
    registered: Option<&Registered>,
    version: DocumentVersion,
) -> Vec<Found> {
    let segments = match &expression.path {
        Err(why) => return vec![unknown(&expression.source, why)],
        Ok(_) => parse(&expression.source).unwrap_or_default(),
    };
    let wanted = attribute(&segments);
    let mut out: Vec<Found> = match &expression.path {
        // The names of attributes are unique: such a filter finds at most one.
        Ok(Path::Filtered(_)) if wanted.is_none() => {
            let detail = "if the filter finds several, the value is an array of them";
            vec![Found::new(Lint::PossibleArray, detail)]
        }
        Ok(Path::Many(_)) => {
            let detail = "the value is always an array, also when it has one element or none";
            vec![Found::new(Lint::AlwaysArray, detail)]
        }
        _ => Vec::new(),
    };
    for (of, name) in wanted.into_iter().flat_map(|(of, names)| names.map(move |n| (of, n))) {
        out.extend(not_there(of, &name, registered));
    }
    if known::is_personal(&segments, version) {
        let detail = "a person's e-mail address and name are sent to the provider";
        out.push(Found::new(Lint::PersonalData, detail));
    }
    out
}

fn unknown(source: &str, unknown: &Unknown) -> Found {
    let prefixed = format!("{PREFIX}{}", &source[1..]);
    if is_known(&prefixed) {
        let detail = format!("{source} is unknown: the prefix {PREFIX} is missing");
        return Found::new(Lint::PrefixMissing, detail).mean(prefixed);
    }
    let (code, because) = match unknown.why {
        Why::OtherCase => (Lint::WrongCase, "names are case-sensitive"),
        Why::NotAList => (Lint::NotAnArray, "there is no array that could have an index"),
        Why::List => (Lint::IndexMissing, "there is an array: say which element, such as [0]"),
        Why::NoMember => (Lint::UnknownPath, "there is no such member"),
    };
    let detail = format!(
        "{source} is unknown from segment {} on ({because}): the member will be left out of the \
         payload",
        unknown.segment
    );
    Found { code, detail, did_you_mean: unknown.did_you_mean.clone() }
}

/// The attributes that a filter can ask for by their names.
#[derive(Clone, Copy)]
enum Attributes {
    /// The custom ones of an entity (001-R8).
    Custom(Entity),
    /// Those of a feature that is sold, or of a line item's activations.
    License,
}

/// The first filter that asks for attributes by their names, wherever it stands, and the names:
/// `<entity>.customAttributes.customAttribute[?@.name == "…"]`, `attributes.attribute[?@.name ==
/// "…"]`, `activationAttributes[?@.attributeName == "…"]`.
fn attribute(segments: &[Segment]) -> Option<(Attributes, std::vec::IntoIter<String>)> {
    let (mut entity, mut list) = (None, "");
    for segment in segments {
        let Segment::Selector(selector) = segment else { continue };
        match selector {
            Selector::Name(name) => {
                entity = Entity::at(name).or(entity);
                list = name;
            }
            Selector::Filter(filter) => {
                let (of, member) = match list {
                    "customAttribute" => (Attributes::Custom(entity?), "name"),
                    "attribute" => (Attributes::License, "name"),
                    "activationAttributes" => (Attributes::License, "attributeName"),
                    _ => return None,
                };
                let mut names = Vec::new();
                named(filter, member, &mut names);
                return (!names.is_empty()).then(|| (of, names.into_iter()));
            }
            _ => {}
        }
    }
    None
}

/// The texts that a filter compares `@.<member>` with.
fn named(filter: &Filter, member: &str, out: &mut Vec<String>) {
    match filter {
        Filter::Or(list) | Filter::And(list) => list.iter().for_each(|f| named(f, member, out)),
        Filter::Atom(FilterAtom::Filter { expr, not: false }) => named(expr, member, out),
        Filter::Atom(FilterAtom::Comparison(comparison)) => {
            if let Comparison::Eq(left, right) = &**comparison {
                match (left, right) {
                    (Comparable::SingularQuery(query), Comparable::Literal(literal))
                    | (Comparable::Literal(literal), Comparable::SingularQuery(query))
                        if is_member(query, member) =>
                    {
                        if let Literal::String(name) = literal {
                            out.push(name.clone());
                        }
                    }
                    _ => {}
                }
            }
        }
        Filter::Atom(_) => {}
    }
}

fn is_member(query: &SingularQuery, member: &str) -> bool {
    matches!(query, SingularQuery::Current(segments)
        if matches!(&segments[..], [SingularQuerySegment::Name(name)] if name == member))
}

/// Custom attributes are only judged when it is known which are registered.
fn not_there(of: Attributes, name: &str, registered: Option<&Registered>) -> Option<Found> {
    let (names, detail): (Vec<&str>, String) = match of {
        Attributes::License => (
            ATTRIBUTES.iter().map(|attribute| attribute.name).collect(),
            format!("there is no attribute {name:?} in /v1/attributes: it is blank"),
        ),
        Attributes::Custom(entity) => (
            registered?.0.iter().filter(|(e, _)| *e == entity).map(|(_, n)| n.as_str()).collect(),
            format!("no custom attribute {name:?} is registered for {entity}: it is blank"),
        ),
    };
    if names.contains(&name) {
        return None;
    }
    let found = Found::new(Lint::AttributeNotRegistered, detail);
    Some(match known::nearest(names.into_iter(), name) {
        Some(near) => found.mean(near),
        None => found,
    })
}
