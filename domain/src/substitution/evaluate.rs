//! Finds the nodes of a parsed query in a document, in the order of RFC 9535.
//!
//! Neighbours: `render` for everything that is not a plain path. One evaluator for all, because
//! two that differ (the parser's own has nine faults) would be two truths.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::cmp::Ordering;

use jsonpath_rust::parser::model::{
    Comparable, Comparison, Filter, FilterAtom, FnArg, Literal, Segment, Selector, SingularQuery,
    SingularQuerySegment, Test, TestFunction,
};
use regex::Regex;
use serde_json::Value;

use crate::limits::{PATTERNS_KEPT, TEXT_OF_A_VISIT};

/// How many nodes may still be visited: the bounds on one expression, on how many there are, and on
/// the document do not bound their product.
#[derive(Debug)]
pub struct Visits(Cell<usize>);

impl Visits {
    /// So many.
    pub const fn of(most: usize) -> Self {
        Self(Cell::new(most))
    }

    /// Counts some, and says whether they are left.
    fn count(&self, nodes: usize) -> bool {
        let left = self.0.get().checked_sub(nodes);
        self.0.set(left.unwrap_or(0));
        left.is_some()
    }

    /// None is left: what was found is not all.
    pub const fn are_used_up(&self) -> bool {
        self.0.get() == 0
    }
}

/// The document that a query reads, and what it may still cost.
#[derive(Clone, Copy)]
struct On<'a, 'v> {
    root: &'a Value,
    visits: &'v Visits,
}

/// The nodes that `segments` find, from `root`; not all, when the visits are used up.
pub fn query<'a>(segments: &[Segment], root: &'a Value, visits: &Visits) -> Vec<&'a Value> {
    from(segments, root, On { root, visits })
}

fn from<'a>(segments: &[Segment], start: &'a Value, on: On<'a, '_>) -> Vec<&'a Value> {
    let mut nodes = vec![start];
    for segment in segments {
        let mut next = Vec::new();
        for node in nodes.into_iter().take_while(|_| on.visits.count(1)) {
            follow(segment, node, on, &mut next);
        }
        nodes = next;
    }
    nodes
}

fn follow<'a>(segment: &Segment, node: &'a Value, on: On<'a, '_>, out: &mut Vec<&'a Value>) {
    match segment {
        Segment::Selector(selector) => select(selector, node, on, out),
        Segment::Selectors(list) => list.iter().for_each(|s| select(s, node, on, out)),
        Segment::Descendant(inner) => {
            follow(inner, node, on, out);
            let within = children(node).take_while(|_| on.visits.count(1));
            within.for_each(|child| follow(segment, child, on, out));
        }
    }
}

fn children(node: &Value) -> Box<dyn Iterator<Item = &Value> + '_> {
    match node {
        Value::Array(list) => Box::new(list.iter()),
        Value::Object(members) => Box::new(members.values()),
        _ => Box::new(std::iter::empty()),
    }
}

fn select<'a>(selector: &Selector, node: &'a Value, on: On<'a, '_>, out: &mut Vec<&'a Value>) {
    match selector {
        Selector::Name(name) => out.extend(node.get(name.as_str())),
        Selector::Index(index) => out.extend(at(node, *index)),
        Selector::Wildcard => out.extend(children(node).take_while(|_| on.visits.count(1))),
        Selector::Slice(start, end, step) => {
            if let Value::Array(list) = node {
                slice(list, (*start, *end, step.unwrap_or(1)), on.visits, out);
            }
        }
        Selector::Filter(filter) => {
            let within = children(node).take_while(|_| on.visits.count(1));
            out.extend(within.filter(|child| holds(filter, child, on)));
        }
    }
}

/// The element at `index`; a negative one counts from the end.
pub fn at(node: &Value, index: i64) -> Option<&Value> {
    let list = node.as_array()?;
    let length = i64::try_from(list.len()).ok()?;
    let index = if index < 0 { index + length } else { index };
    list.get(usize::try_from(index).ok()?)
}

/// RFC 9535 section 2.3.4.2.2.
fn slice<'a>(
    list: &'a [Value],
    (start, end, step): (Option<i64>, Option<i64>, i64),
    visits: &Visits,
    out: &mut Vec<&'a Value>,
) {
    let length = i64::try_from(list.len()).unwrap_or(i64::MAX);
    let real = |bound: i64| if bound < 0 { bound.saturating_add(length) } else { bound };
    let mut push = |i: i64| out.extend(usize::try_from(i).ok().and_then(|i| list.get(i)));
    match step.cmp(&0) {
        Ordering::Equal => {}
        Ordering::Greater => {
            let mut i = real(start.unwrap_or(0)).clamp(0, length);
            let end = real(end.unwrap_or(length)).clamp(0, length);
            while i < end && visits.count(1) {
                push(i);
                i = i.saturating_add(step);
            }
        }
        Ordering::Less => {
            let mut i = real(start.unwrap_or(length - 1)).clamp(-1, length - 1);
            let end = end.map_or(-1, real).clamp(-1, length - 1);
            while i > end && visits.count(1) {
                push(i);
                i = i.saturating_add(step);
            }
        }
    }
}

fn holds(filter: &Filter, node: &Value, on: On<'_, '_>) -> bool {
    match filter {
        Filter::Or(list) => list.iter().any(|f| holds(f, node, on)),
        Filter::And(list) => list.iter().all(|f| holds(f, node, on)),
        Filter::Atom(FilterAtom::Filter { expr, not }) => holds(expr, node, on) != *not,
        Filter::Atom(FilterAtom::Test { expr, not }) => tests(expr, node, on) != *not,
        Filter::Atom(FilterAtom::Comparison(comparison)) => compares(comparison, node, on),
    }
}

fn tests(test: &Test, node: &Value, on: On<'_, '_>) -> bool {
    match test {
        Test::RelQuery(segments) => !from(segments, node, on).is_empty(),
        Test::AbsQuery(query) => !from(&query.segments, on.root, on).is_empty(),
        Test::Function(function) => match &**function {
            TestFunction::Match(a, b) => matches(a, b, true, node, on),
            TestFunction::Search(a, b) => matches(a, b, false, node, on),
            _ => false,
        },
    }
}

fn compares(comparison: &Comparison, node: &Value, on: On<'_, '_>) -> bool {
    let (left, right) = comparison.vals();
    let (left, right) = (value(left, node, on), value(right, node, on));
    let equal = || match (&left, &right) {
        (None, None) => true,
        (Some(a), Some(b)) => same(a, b, on.visits),
        _ => false,
    };
    let order = || match (left.as_deref(), right.as_deref()) {
        (Some(Value::Number(a)), Some(Value::Number(b))) => a.as_f64().partial_cmp(&b.as_f64()),
        (Some(Value::String(a)), Some(Value::String(b))) => Some(a.cmp(b)),
        _ => None,
    };
    match comparison {
        Comparison::Eq(..) => equal(),
        Comparison::Ne(..) => !equal(),
        Comparison::Lt(..) => order() == Some(Ordering::Less),
        Comparison::Gt(..) => order() == Some(Ordering::Greater),
        Comparison::Lte(..) => order() == Some(Ordering::Less) || equal(),
        Comparison::Gte(..) => order() == Some(Ordering::Greater) || equal(),
    }
}

/// Equality with numbers by value: `1` is `1.0`, at any depth.
fn same(a: &Value, b: &Value, visits: &Visits) -> bool {
    if !visits.count(1) {
        return false;
    }
    match (a, b) {
        (Value::Number(x), Value::Number(y)) => x == y || x.as_f64() == y.as_f64(),
        (Value::Array(x), Value::Array(y)) => {
            x.len() == y.len() && x.iter().zip(y).all(|(x, y)| same(x, y, visits))
        }
        (Value::Object(x), Value::Object(y)) => {
            x.len() == y.len()
                && x.iter().all(|(k, x)| y.get(k).is_some_and(|y| same(x, y, visits)))
        }
        _ => a == b,
    }
}

fn value<'a>(side: &Comparable, node: &'a Value, on: On<'a, '_>) -> Option<Cow<'a, Value>> {
    match side {
        Comparable::Literal(literal) => Some(Cow::Owned(constant(literal))),
        Comparable::Function(function) => apply(function, node, on),
        Comparable::SingularQuery(query) => {
            let (start, path) = match query {
                SingularQuery::Current(path) => (node, path),
                SingularQuery::Root(path) => (on.root, path),
            };
            let step = |node: &'a Value, segment: &SingularQuerySegment| match segment {
                SingularQuerySegment::Name(name) => node.get(name.as_str()),
                SingularQuerySegment::Index(index) => at(node, *index),
            };
            path.iter().try_fold(start, step).map(Cow::Borrowed)
        }
    }
}

fn constant(literal: &Literal) -> Value {
    match literal {
        Literal::Int(number) => Value::from(*number),
        Literal::Float(number) => Value::from(*number),
        Literal::String(text) => Value::from(text.as_str()),
        Literal::Bool(truth) => Value::from(*truth),
        Literal::Null => Value::Null,
    }
}

fn apply<'a>(function: &TestFunction, node: &'a Value, on: On<'a, '_>) -> Option<Cow<'a, Value>> {
    match function {
        TestFunction::Count(arg) => Some(Cow::Owned(Value::from(nodes(arg, node, on).len()))),
        TestFunction::Value(arg) => match nodes(arg, node, on)[..] {
            [only] => Some(Cow::Borrowed(only)),
            _ => None,
        },
        TestFunction::Length(arg) => {
            let length = match &*argument(arg, node, on)? {
                Value::String(text) => text.chars().count(),
                Value::Array(list) => list.len(),
                Value::Object(members) => members.len(),
                _ => return None,
            };
            Some(Cow::Owned(Value::from(length)))
        }
        _ => None,
    }
}

fn nodes<'a>(arg: &FnArg, node: &'a Value, on: On<'a, '_>) -> Vec<&'a Value> {
    let FnArg::Test(test) = arg else { return Vec::new() };
    match &**test {
        Test::RelQuery(segments) => from(segments, node, on),
        Test::AbsQuery(query) => from(&query.segments, on.root, on),
        Test::Function(_) => Vec::new(),
    }
}

fn argument<'a>(arg: &FnArg, node: &'a Value, on: On<'a, '_>) -> Option<Cow<'a, Value>> {
    match arg {
        FnArg::Literal(literal) => Some(Cow::Owned(constant(literal))),
        FnArg::Test(test) => match &**test {
            Test::Function(function) => apply(function, node, on),
            _ => nodes(arg, node, on).first().map(|node| Cow::Borrowed(*node)),
        },
        FnArg::Filter(_) => None,
    }
}

/// I-Regexp (RFC 9485): the whole text, or a part of it.
fn matches(text: &FnArg, pattern: &FnArg, whole: bool, node: &Value, on: On<'_, '_>) -> bool {
    let (text, pattern) = (argument(text, node, on), argument(pattern, node, on));
    let (Some(Value::String(text)), Some(Value::String(pattern))) =
        (text.as_deref(), pattern.as_deref())
    else {
        return false;
    };
    if !on.visits.count(1 + text.len() / TEXT_OF_A_VISIT) {
        return false;
    }
    COMPILED.with_borrow_mut(|compiled| {
        let known = compiled.iter().position(|known| known.whole == whole && known.of == *pattern);
        let at = known.unwrap_or_else(|| {
            compiled.truncate(PATTERNS_KEPT - 1);
            compiled.insert(0, Pattern::compile(pattern, whole));
            0
        });
        compiled[at].regex.as_ref().is_some_and(|regex| regex.is_match(text))
    })
}

/// A pattern that was compiled; it is asked about every node, so it is not compiled for each.
struct Pattern {
    of: String,
    whole: bool,
    regex: Option<Regex>,
}

thread_local! {
    /// The patterns used last. What is kept here changes no result, only how long it takes.
    static COMPILED: RefCell<Vec<Pattern>> = const { RefCell::new(Vec::new()) };
}

impl Pattern {
    fn compile(of: &str, whole: bool) -> Self {
        let pattern = any_character(of);
        let pattern = if whole { format!(r"\A(?:{pattern})\z") } else { pattern };
        Self { of: of.to_owned(), whole, regex: Regex::new(&pattern).ok() }
    }
}

/// In I-Regexp `.` is neither line feed nor carriage return; elsewhere it is only not the first.
fn any_character(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len());
    let (mut escaped, mut class) = (false, false);
    for c in pattern.chars() {
        match c {
            '.' if !escaped && !class => out.push_str(r"[^\n\r]"),
            _ => out.push(c),
        }
        match c {
            '[' if !escaped => class = true,
            ']' if !escaped => class = false,
            _ => {}
        }
        escaped = c == '\\' && !escaped;
    }
    out
}
