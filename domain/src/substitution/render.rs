//! Fills a compiled definition from a document, straight to bytes (D8 to D12, D15).
//!
//! Neighbours: the dispatcher's bytes and the preview's trace come from the same walk.

use serde_json::Value;

use crate::limits::{NODE_VISITS, PAYLOAD_BYTES};
use crate::substitution::compile::{Definition, Node};
use crate::substitution::evaluate::{Visits, query};
use crate::substitution::expression::{Expression, Path, singular};
use crate::substitution::trace::{Outcome, TraceEntry};
use crate::substitution::values::Values;

/// A payload and how it came about.
#[derive(Debug)]
pub struct Rendered {
    /// Compact JSON: stored, hashed, signed and sent as it is.
    pub payload: Vec<u8>,
    /// One entry an expression, in the order of the definition.
    pub trace: Vec<TraceEntry>,
}

/// The result of an expression.
struct Finding {
    outcome: Outcome,
    matches: usize,
    several: bool,
}

impl Definition {
    /// The payload.
    ///
    /// # Errors
    /// When it is over 256 KiB, or costs too much.
    pub fn render(&self, document: &Value, values: Values) -> Result<Vec<u8>, Excess> {
        self.walk(document, values, &mut |_, _| {})
    }

    /// The payload and the trace.
    ///
    /// # Errors
    /// As [`Definition::render`].
    pub fn explain(&self, document: &Value, values: Values) -> Result<Rendered, Excess> {
        let mut trace = Vec::with_capacity(self.expressions.len());
        let payload = self.walk(document, values, &mut |expression, finding| {
            trace.push(entry(expression, &finding));
        })?;
        Ok(Rendered { payload, trace })
    }

    fn walk(
        &self,
        document: &Value,
        values: Values,
        tell: &mut dyn FnMut(&Expression, Finding),
    ) -> Result<Vec<u8>, Excess> {
        let mut writer = Writer {
            definition: self,
            document,
            values,
            tell,
            out: Vec::with_capacity(1024),
            visits: Visits::of(NODE_VISITS),
        };
        writer.node(&self.root)?;
        Ok(writer.out)
    }
}

/// Why there is no payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Excess {
    /// It is over 256 KiB (D15).
    #[error("the payload is larger than {PAYLOAD_BYTES} bytes")]
    Bytes,
    /// The expressions visit too much of the document.
    #[error("the expressions visit more than {NODE_VISITS} nodes of the document")]
    Visits,
}

struct Writer<'a> {
    definition: &'a Definition,
    document: &'a Value,
    values: Values,
    tell: &'a mut dyn FnMut(&Expression, Finding),
    out: Vec<u8>,
    visits: Visits,
}

impl Writer<'_> {
    /// Writes a node; false when it is left out.
    fn node(&mut self, node: &Node) -> Result<bool, Excess> {
        let written = match node {
            Node::Static(text) => {
                self.out.extend_from_slice(text.as_bytes());
                true
            }
            Node::Dynamic(i) => self.expression(&self.definition.expressions[*i]),
            Node::Object(members) => {
                self.list(b'{', b'}', members.iter().map(|(k, n)| (k.as_str(), n)))?
            }
            Node::Array(elements) => self.list(b'[', b']', elements.iter().map(|n| ("", n)))?,
        };
        match () {
            () if self.out.len() > PAYLOAD_BYTES => Err(Excess::Bytes),
            () if self.visits.are_used_up() => Err(Excess::Visits),
            () => Ok(written),
        }
    }

    fn list<'n>(
        &mut self,
        open: u8,
        close: u8,
        entries: impl Iterator<Item = (&'n str, &'n Node)>,
    ) -> Result<bool, Excess> {
        self.out.push(open);
        let start = self.out.len();
        for (key, node) in entries {
            let before = self.out.len();
            if before > start {
                self.out.push(b',');
            }
            self.out.extend_from_slice(key.as_bytes());
            if !self.node(node)? {
                self.out.truncate(before);
            }
        }
        self.out.push(close);
        Ok(true)
    }

    fn expression(&mut self, expression: &Expression) -> bool {
        let Ok(path) = &expression.path else {
            let excluded = Finding { outcome: Outcome::Excluded, matches: 0, several: false };
            (self.tell)(expression, excluded);
            return false;
        };
        let finding = match path {
            // The usual path finds one node or none: it needs no list of them.
            Path::Singular(steps) => match singular(steps, self.document) {
                None => self.blank(0),
                Some(node) => self.one(node),
            },
            Path::Filtered(segments) => match query(segments, self.document, &self.visits)[..] {
                [] => self.blank(0),
                [only] => self.one(only),
                ref several => Finding { several: true, ..self.list_of(several) },
            },
            Path::Many(segments) => self.list_of(&query(segments, self.document, &self.visits)),
        };
        (self.tell)(expression, finding);
        true
    }

    fn blank(&mut self, matches: usize) -> Finding {
        self.out.extend_from_slice(b"\"\"");
        Finding { outcome: Outcome::Blank, matches, several: false }
    }

    fn one(&mut self, node: &Value) -> Finding {
        if node.is_null() {
            return self.blank(1);
        }
        self.value(node);
        Finding { outcome: Outcome::Substituted, matches: 1, several: false }
    }

    fn list_of(&mut self, nodes: &[&Value]) -> Finding {
        self.out.push(b'[');
        for (i, node) in nodes.iter().enumerate() {
            if i > 0 {
                self.out.push(b',');
            }
            self.value(node);
        }
        self.out.push(b']');
        Finding { outcome: Outcome::Substituted, matches: nodes.len(), several: false }
    }

    fn value(&mut self, value: &Value) {
        self.values.write(value, &mut self.out);
    }
}

fn entry(expression: &Expression, finding: &Finding) -> TraceEntry {
    let unknown = expression.path.as_ref().err();
    let reason = match finding.outcome {
        Outcome::Substituted => None,
        Outcome::Blank => Some("MISSING_VALUE"),
        Outcome::Excluded => Some("UNKNOWN_PATH"),
    };
    TraceEntry {
        at: expression.at.clone(),
        expression: expression.source.clone(),
        outcome: finding.outcome,
        reason,
        matches: (finding.outcome == Outcome::Substituted).then_some(finding.matches),
        segment: unknown.map(|u| u.segment),
        did_you_mean: unknown.and_then(|u| u.did_you_mean.clone()),
        warning: finding.several.then_some("MULTIPLE_MATCHES"),
    }
}
