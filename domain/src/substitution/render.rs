//! Fills a compiled definition from a document, straight to bytes (D8 to D12, D15).
//!
//! Neighbours: the dispatcher's bytes and the preview's trace come from the same walk.

use serde_json::Value;

use crate::limits::PAYLOAD_BYTES;
use crate::substitution::compile::{Definition, Node};
use crate::substitution::expression::{Expression, Path};
use crate::substitution::trace::{Outcome, TraceEntry};

/// A payload and how it came about.
#[derive(Debug)]
pub struct Rendered {
    /// Compact JSON: stored, hashed, signed and sent as it is.
    pub payload: Vec<u8>,
    /// One entry an expression, in the order of the definition.
    pub trace: Vec<TraceEntry>,
}

/// What an expression came to.
struct Finding {
    outcome: Outcome,
    matches: usize,
    several: bool,
}

impl Definition {
    /// The payload.
    ///
    /// # Errors
    /// When it is over 256 KiB.
    pub fn render(&self, document: &Value) -> Result<Vec<u8>, TooLarge> {
        self.walk(document, &mut |_, _| {})
    }

    /// The payload and the trace.
    ///
    /// # Errors
    /// As [`Definition::render`].
    pub fn explain(&self, document: &Value) -> Result<Rendered, TooLarge> {
        let mut trace = Vec::with_capacity(self.expressions.len());
        let payload = self.walk(document, &mut |expression, finding| {
            trace.push(entry(expression, &finding));
        })?;
        Ok(Rendered { payload, trace })
    }

    fn walk(
        &self,
        document: &Value,
        tell: &mut dyn FnMut(&Expression, Finding),
    ) -> Result<Vec<u8>, TooLarge> {
        let mut writer = Writer { definition: self, document, tell, out: Vec::with_capacity(1024) };
        writer.node(&self.root)?;
        Ok(writer.out)
    }
}

/// The payload is over 256 KiB (D15).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the payload is larger than {PAYLOAD_BYTES} bytes")]
pub struct TooLarge;

struct Writer<'a> {
    definition: &'a Definition,
    document: &'a Value,
    tell: &'a mut dyn FnMut(&Expression, Finding),
    out: Vec<u8>,
}

impl Writer<'_> {
    /// Writes a node; false when it is left out.
    fn node(&mut self, node: &Node) -> Result<bool, TooLarge> {
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
        if self.out.len() > PAYLOAD_BYTES { Err(TooLarge) } else { Ok(written) }
    }

    fn list<'n>(
        &mut self,
        open: u8,
        close: u8,
        entries: impl Iterator<Item = (&'n str, &'n Node)>,
    ) -> Result<bool, TooLarge> {
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
        let nodes = path.nodes(self.document);
        let many = matches!(path, Path::Many(_));
        let outcome = match nodes[..] {
            _ if many => self.values(&nodes),
            [] | [Value::Null] => {
                self.out.extend_from_slice(b"\"\"");
                Outcome::Blank
            }
            [only] => self.value(only),
            _ => self.values(&nodes),
        };
        let finding = Finding { outcome, matches: nodes.len(), several: !many && nodes.len() > 1 };
        (self.tell)(expression, finding);
        true
    }

    fn values(&mut self, nodes: &[&Value]) -> Outcome {
        self.out.push(b'[');
        for (i, node) in nodes.iter().enumerate() {
            if i > 0 {
                self.out.push(b',');
            }
            self.value(node);
        }
        self.out.push(b']');
        Outcome::Substituted
    }

    fn value(&mut self, value: &Value) -> Outcome {
        // Writing a JSON value into memory has no way to fail.
        if serde_json::to_writer(&mut self.out, value).is_err() {
            self.out.extend_from_slice(b"null");
        }
        Outcome::Substituted
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
