//! The bounds of an expression's cost, checked on the parsed form.
//!
//! Neighbours: `expression` calls it at save and again before a render.

use jsonpath_rust::parser::model::{
    Comparable, Filter, FilterAtom, FnArg, Literal, Segment, Selector, Test, TestFunction,
};

use crate::limits::{
    EXPRESSION_DESCENDANTS, EXPRESSION_FILTER_DEPTH, EXPRESSION_NESTING, EXPRESSION_PATTERN_CHARS,
    EXPRESSION_SEGMENTS, EXPRESSION_SELECTORS, EXPRESSION_WILDCARDS,
};
use crate::substitution::strict::{selectors, sides};

struct Bill {
    segments: usize,
    descendants: usize,
    selectors: usize,
    wildcards: usize,
    depth: usize,
}

/// Refuses what could cost too much.
///
/// # Errors
/// Which bound it breaks.
pub fn check(segments: &[Segment]) -> Result<(), String> {
    let mut bill = Bill { segments: 0, descendants: 0, selectors: 1, wildcards: 0, depth: 0 };
    bill.query(segments, 0)?;
    let within = |count: usize, most: usize, what: &str| {
        if count <= most {
            Ok(())
        } else {
            Err(format!("{count} {what}, at most {most} are allowed"))
        }
    };
    within(bill.segments, EXPRESSION_SEGMENTS, "segments")?;
    within(bill.descendants, EXPRESSION_DESCENDANTS, "descendant segments (`..`)")?;
    within(bill.selectors, EXPRESSION_SELECTORS, "combinations of selectors")?;
    within(bill.wildcards, EXPRESSION_WILDCARDS, "wildcards")?;
    within(bill.depth, EXPRESSION_FILTER_DEPTH, "filters inside each other")
}

/// Refuses brackets and parentheses nested too deeply, before the text is parsed: the parser goes
/// back and forth three times for each open call (`count(count(…`), forty levels would never end.
///
/// # Errors
/// How deep it is.
pub fn nesting(source: &str) -> Result<(), String> {
    let (mut depth, mut deepest, mut quote, mut escaped) = (0_usize, 0, None, false);
    for c in source.chars() {
        match (quote, c) {
            (Some(_), _) if escaped => escaped = false,
            (Some(_), '\\') => escaped = true,
            (Some(open), _) if open == c => quote = None,
            (None, '\'' | '"') => quote = Some(c),
            (None, '(' | '[') => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            (None, ')' | ']') => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    if deepest <= EXPRESSION_NESTING {
        return Ok(());
    }
    Err(format!("brackets nested {deepest} deep, at most {EXPRESSION_NESTING} are allowed"))
}

impl Bill {
    fn query(&mut self, segments: &[Segment], depth: usize) -> Result<(), String> {
        for segment in segments {
            self.segments += 1;
            self.descendants += usize::from(matches!(segment, Segment::Descendant(_)));
            let list = selectors(segment);
            self.selectors = self.selectors.saturating_mul(list.len());
            for selector in list {
                self.wildcards += usize::from(matches!(selector, Selector::Wildcard));
                if let Selector::Filter(filter) = selector {
                    self.depth = self.depth.max(depth + 1);
                    self.filter(filter, depth + 1)?;
                }
            }
        }
        Ok(())
    }

    fn filter(&mut self, filter: &Filter, depth: usize) -> Result<(), String> {
        match filter {
            Filter::Or(list) | Filter::And(list) => {
                list.iter().try_for_each(|f| self.filter(f, depth))
            }
            Filter::Atom(FilterAtom::Filter { expr, .. }) => self.filter(expr, depth),
            Filter::Atom(FilterAtom::Test { expr, .. }) => self.test(expr, depth),
            Filter::Atom(FilterAtom::Comparison(comparison)) => {
                let (left, right) = sides(comparison);
                self.comparable(left, depth)?;
                self.comparable(right, depth)
            }
        }
    }

    fn test(&mut self, test: &Test, depth: usize) -> Result<(), String> {
        match test {
            Test::RelQuery(segments) => self.query(segments, depth),
            Test::AbsQuery(query) => self.query(&query.segments, depth),
            Test::Function(function) => self.function(function, depth),
        }
    }

    fn comparable(&mut self, side: &Comparable, depth: usize) -> Result<(), String> {
        match side {
            Comparable::Function(function) => self.function(function, depth),
            Comparable::Literal(_) | Comparable::SingularQuery(_) => Ok(()),
        }
    }

    fn function(&mut self, function: &TestFunction, depth: usize) -> Result<(), String> {
        match function {
            TestFunction::Match(text, pattern) | TestFunction::Search(text, pattern) => {
                cheap_pattern(pattern)?;
                self.argument(text, depth)
            }
            TestFunction::Length(arg) => self.argument(arg, depth),
            TestFunction::Value(arg) | TestFunction::Count(arg) => self.argument(arg, depth),
            TestFunction::Custom(..) => Ok(()),
        }
    }

    fn argument(&mut self, arg: &FnArg, depth: usize) -> Result<(), String> {
        match arg {
            FnArg::Literal(_) => Ok(()),
            FnArg::Test(test) => self.test(test, depth),
            FnArg::Filter(filter) => self.filter(filter, depth),
        }
    }
}

/// A pattern is a short literal without counted repetition: others compile to megabytes.
fn cheap_pattern(pattern: &FnArg) -> Result<(), String> {
    let FnArg::Literal(Literal::String(pattern)) = pattern else {
        return Err("the pattern of match and search must be a literal string".to_owned());
    };
    if pattern.chars().count() > EXPRESSION_PATTERN_CHARS {
        return Err(format!("a pattern has at most {EXPRESSION_PATTERN_CHARS} characters"));
    }
    let counted = pattern
        .match_indices('{')
        .any(|(i, _)| !pattern[..i].ends_with("\\p") && !pattern[..i].ends_with("\\P"));
    if counted { Err("a pattern has no counted repetition (`{n}`)".to_owned()) } else { Ok(()) }
}
