//! Warnings about an expression.

use jsonpath_rust::parser::model::{
    Comparable, Comparison, Filter, FilterAtom, Literal, Segment, Selector, SingularQuery,
    SingularQuerySegment,
};

use super::{Found, Lint, PREFIX, Registered, is_known};
use crate::attributes::Entity;
use crate::substitution::expression::{Expression, Path, parse};
use crate::substitution::known::{self, Unknown, Why};

/// Everything about an expression.
pub(super) fn lint(expression: &Expression, registered: Option<&Registered>) -> Vec<Found> {
    let segments = match &expression.path {
        Err(why) => return vec![unknown(&expression.source, why)],
        Ok(_) => parse(&expression.source).unwrap_or_default(),
    };
    let wanted = attributes(&segments);
    let mut out: Vec<Found> = match &expression.path {
        // The names of an entity's custom attributes are unique: such a filter finds at most one.
        Ok(Path::Filtered(_)) if wanted.is_empty() => {
            let detail = "if the filter finds several, the value is an array of them";
            vec![Found::new(Lint::PossibleArray, detail)]
        }
        Ok(Path::Many(_)) => {
            let detail = "the value is always an array, also when it has one element or none";
            vec![Found::new(Lint::AlwaysArray, detail)]
        }
        _ => Vec::new(),
    };
    if let Some(registered) = registered {
        out.extend(wanted.iter().filter_map(|wanted| unregistered(wanted, registered)));
    }
    if known::is_personal(&segments) {
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

/// A custom attribute that a filter asks for.
struct Wanted {
    entity: Entity,
    name: String,
}

/// `<entity>.customAttributes.customAttribute[?@.name == "…"]`, wherever it stands (001-R8).
fn attributes(segments: &[Segment]) -> Vec<Wanted> {
    let mut entity = None;
    for segment in segments {
        let Segment::Selector(selector) = segment else { continue };
        match selector {
            Selector::Name(name) => entity = Entity::at(name).or(entity),
            Selector::Filter(filter) => {
                let Some(entity) = entity else { return Vec::new() };
                let mut names = Vec::new();
                named(filter, &mut names);
                return names.into_iter().map(|name| Wanted { entity, name }).collect();
            }
            _ => {}
        }
    }
    Vec::new()
}

/// The names that a filter compares `@.name` with.
fn named(filter: &Filter, out: &mut Vec<String>) {
    match filter {
        Filter::Or(list) | Filter::And(list) => list.iter().for_each(|f| named(f, out)),
        Filter::Atom(FilterAtom::Filter { expr, not: false }) => named(expr, out),
        Filter::Atom(FilterAtom::Comparison(comparison)) => {
            if let Comparison::Eq(left, right) = &**comparison {
                match (left, right) {
                    (Comparable::SingularQuery(query), Comparable::Literal(literal))
                    | (Comparable::Literal(literal), Comparable::SingularQuery(query))
                        if is_name(query) =>
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

fn is_name(query: &SingularQuery) -> bool {
    matches!(query, SingularQuery::Current(segments)
        if matches!(&segments[..], [SingularQuerySegment::Name(name)] if name == "name"))
}

fn unregistered(wanted: &Wanted, registered: &Registered) -> Option<Found> {
    let Wanted { entity, name } = wanted;
    if registered.0.contains(&(*entity, name.clone())) {
        return None;
    }
    let detail = format!("no custom attribute {name:?} is registered for {entity}: it is blank");
    let found = Found::new(Lint::AttributeNotRegistered, detail);
    let names = registered.0.iter().filter(|(e, _)| e == entity).map(|(_, n)| n.as_str());
    Some(match known::nearest(names, name) {
        Some(near) => found.mean(near),
        None => found,
    })
}
