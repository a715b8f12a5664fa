//! Well-formedness that the parser lets through: RFC 9535 refuses it, so do we (D5).
//!
//! Neighbours: `expression` calls it after the parser. The parser's nine known differences to
//! the standard end here or in `evaluate`; the property test against a second engine watches it.

use jsonpath_rust::parser::model::{
    Comparable, Comparison, Filter, FilterAtom, FnArg, Segment, Selector, Test, TestFunction,
};

/// Refuses white space inside names and numbers (`$.a b`), which the parser swallows.
///
/// # Errors
/// The position, in characters from 0, and the reason.
pub fn spaces(source: &str) -> Result<(), (usize, String)> {
    let chars: Vec<char> = source.chars().collect();
    let blank = |c: char| matches!(c, ' ' | '\t' | '\n' | '\r');
    let word = |c: char| c.is_alphanumeric() || c == '_' || !c.is_ascii();
    let mut quote = None;
    let mut i = 0;
    while i < chars.len() {
        match (quote, chars[i]) {
            (Some(_), '\\') => i += 1,
            (Some(open), c) if c == open => quote = None,
            (None, c @ ('"' | '\'')) => quote = Some(c),
            (None, c) if blank(c) => {
                let end = (i..chars.len()).find(|j| !blank(chars[*j])).unwrap_or(chars.len());
                let before = i.checked_sub(1).map_or('$', |j| chars[j]);
                let (after, then) = (chars.get(end), chars.get(end + 1));
                let splits = word(before) && after.is_some_and(|c| word(*c))
                    || matches!(before, '.' | '-')
                    || after == Some(&'.') && then.is_some_and(char::is_ascii_digit);
                if splits || after.is_none() {
                    return Err((i, "white space is not allowed here".to_owned()));
                }
                i = end - 1;
            }
            _ => {}
        }
        i += 1;
    }
    Ok(())
}

/// Refuses functions that are not well-typed (RFC 9535 section 2.4.3), in every filter.
///
/// # Errors
/// The reason.
pub fn typed(segments: &[Segment]) -> Result<(), String> {
    segments.iter().flat_map(selectors).try_for_each(|selector| match selector {
        Selector::Filter(filter) => typed_filter(filter),
        _ => Ok(()),
    })
}

/// The selectors of a segment, wherever it looks.
pub fn selectors(segment: &Segment) -> &[Selector] {
    match segment {
        Segment::Selector(one) => std::slice::from_ref(one),
        Segment::Selectors(list) => list,
        Segment::Descendant(inner) => selectors(inner),
    }
}

fn typed_filter(filter: &Filter) -> Result<(), String> {
    match filter {
        Filter::Or(list) | Filter::And(list) => list.iter().try_for_each(typed_filter),
        Filter::Atom(FilterAtom::Filter { expr, .. }) => typed_filter(expr),
        Filter::Atom(FilterAtom::Test { expr, .. }) => typed_test(expr),
        Filter::Atom(FilterAtom::Comparison(comparison)) => {
            let (left, right) = sides(comparison);
            typed_comparable(left)?;
            typed_comparable(right)
        }
    }
}

/// Both sides of a comparison.
pub fn sides(comparison: &Comparison) -> (&Comparable, &Comparable) {
    comparison.vals()
}

fn typed_test(test: &Test) -> Result<(), String> {
    match test {
        Test::RelQuery(segments) => typed(segments),
        Test::AbsQuery(query) => typed(&query.segments),
        Test::Function(function) => match &**function {
            TestFunction::Match(..) | TestFunction::Search(..) => typed_function(function),
            _ => Err("length, count and value give a value: compare it with something".to_owned()),
        },
    }
}

fn typed_comparable(side: &Comparable) -> Result<(), String> {
    match side {
        Comparable::Function(function) => match function {
            TestFunction::Match(..) | TestFunction::Search(..) => {
                Err("match and search are true or false and cannot be compared".to_owned())
            }
            _ => typed_function(function),
        },
        Comparable::Literal(_) | Comparable::SingularQuery(_) => Ok(()),
    }
}

fn typed_function(function: &TestFunction) -> Result<(), String> {
    match function {
        TestFunction::Custom(name, _) => Err(format!("there is no function {name}")),
        TestFunction::Length(arg) => value_argument(arg),
        TestFunction::Match(a, b) | TestFunction::Search(a, b) => {
            value_argument(a)?;
            value_argument(b)
        }
        TestFunction::Value(arg) | TestFunction::Count(arg) => match arg {
            FnArg::Test(test) if !matches!(**test, Test::Function(_)) => typed_test(test),
            _ => Err("count and value take a query".to_owned()),
        },
    }
}

/// A parameter of type `ValueType`: a literal, a singular query, or a function that gives a value.
fn value_argument(arg: &FnArg) -> Result<(), String> {
    const WRONG: &str = "this function takes a single value: a literal or a singular query";
    match arg {
        FnArg::Literal(_) => Ok(()),
        FnArg::Filter(_) => Err(WRONG.to_owned()),
        FnArg::Test(test) => match &**test {
            Test::RelQuery(segments) if is_singular(segments) => Ok(()),
            Test::AbsQuery(query) if is_singular(&query.segments) => Ok(()),
            Test::Function(f) if f.is_comparable() => typed_function(f),
            _ => Err(WRONG.to_owned()),
        },
    }
}

/// Only names and indexes: at most one node.
pub fn is_singular(segments: &[Segment]) -> bool {
    segments
        .iter()
        .all(|segment| matches!(segment, Segment::Selector(Selector::Name(_) | Selector::Index(_))))
}
