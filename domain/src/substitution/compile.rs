//! Compiles a definition from its text, so that keys, numbers and order stay as written (D2).
//!
//! Neighbours: `plan` at save, `request` before a render. Guarantee: all faults are reported at
//! once, each with its place.

use std::collections::HashSet;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::limits::{DEFINITION_BYTES, DEFINITION_DEPTH, DEFINITION_EXPRESSIONS};
use crate::rejection::{Code, Fault, pointer_part};
use crate::substitution::expression::{Expression, is_expression, unescaped};
use crate::substitution::parts::Parts;
use crate::substitution::version::DocumentVersion;
use crate::told::told;

/// A compiled definition.
#[derive(Debug)]
pub struct Definition {
    pub(super) root: Node,
    pub(super) expressions: Vec<Expression>,
    pub(super) version: DocumentVersion,
    parts: Parts,
}

/// A part of the definition.
#[derive(Debug)]
pub(super) enum Node {
    /// JSON text that goes into the payload as it is.
    Static(String),
    /// The expression of this index.
    Dynamic(usize),
    /// Members: the key as JSON text with its colon.
    Object(Vec<(String, Node)>),
    /// Elements.
    Array(Vec<Node>),
}

/// A fault of a definition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DefinitionFault {
    /// The code of the answer.
    pub code: Code,
    /// Its place, such as `$["a"][0]`; `$` for the whole.
    pub at: String,
    /// The same as a JSON Pointer into the definition.
    pub pointer: String,
    /// The fault.
    pub detail: String,
    /// The text at fault: the expression, or the key.
    pub text: String,
    /// Line and column, for a syntax error.
    pub position: Option<(usize, usize)>,
}

impl DefinitionFault {
    /// The fault as an answer shows it; `base` is the pointer to the definition in the body.
    pub fn fault(&self, base: &str) -> Fault {
        let mut fault = Fault::new(format!("{base}{}", self.pointer), self.code, &*self.detail);
        if let Some((line, column)) = self.position {
            fault.line = Some(line);
            fault.column = Some(column);
        }
        fault
    }

    fn whole(code: Code, detail: impl Into<String>) -> Self {
        Self {
            code,
            at: "$".to_owned(),
            pointer: String::new(),
            detail: detail.into(),
            text: String::new(),
            position: None,
        }
    }
}

impl Definition {
    /// Compiles `text` for the document of today (D1 to D8).
    ///
    /// # Errors
    /// Every fault, in the order of the text.
    pub fn compile(text: &str) -> Result<Self, Vec<DefinitionFault>> {
        Self::compile_for(text, DocumentVersion::default())
    }

    /// Compiles `text` for this version of the document.
    ///
    /// # Errors
    /// As [`Definition::compile`].
    pub fn compile_for(text: &str, version: DocumentVersion) -> Result<Self, Vec<DefinitionFault>> {
        syntax(text).map_err(|fault| vec![fault])?;
        let mut compiler = Compiler { version, expressions: Vec::new(), faults: Vec::new() };
        let raw =
            serde_json::from_str::<&RawValue>(text).map_err(|error| vec![not_json(&error)])?;
        let root = compiler.node(raw, &mut Place::default());
        if compiler.expressions.len() > DEFINITION_EXPRESSIONS {
            let detail = format!("a definition has at most {DEFINITION_EXPRESSIONS} expressions");
            compiler.faults.push(DefinitionFault::whole(Code::DefinitionTooLarge, detail));
        }
        match root {
            Some(root) if compiler.faults.is_empty() => {
                let expressions = compiler.expressions;
                let parts = Parts::of(&expressions, version);
                Ok(Self { root, expressions, version, parts })
            }
            _ => Err(compiler.faults),
        }
    }

    /// Its expressions, in order.
    pub fn expressions(&self) -> &[Expression] {
        &self.expressions
    }

    /// What it reads of the document.
    pub const fn parts(&self) -> &Parts {
        &self.parts
    }
}

fn syntax(text: &str) -> Result<(), DefinitionFault> {
    if text.len() > DEFINITION_BYTES {
        let detail = format!("a definition has at most {DEFINITION_BYTES} bytes");
        return Err(DefinitionFault::whole(Code::DefinitionTooLarge, detail));
    }
    if depth(text) > DEFINITION_DEPTH {
        let detail = format!("a definition has at most {DEFINITION_DEPTH} levels");
        return Err(DefinitionFault::whole(Code::DefinitionTooLarge, detail));
    }
    // The whole value is parsed first, so that every error has its line and column in the text.
    let value: serde_json::Value = serde_json::from_str(text).map_err(|e| not_json(&e))?;
    if value.is_object() || value.is_array() {
        return Ok(());
    }
    let detail = "a definition is a JSON object or array, not a single value";
    Err(DefinitionFault::whole(Code::DefinitionNotObject, detail))
}

fn not_json(error: &serde_json::Error) -> DefinitionFault {
    let mut fault = DefinitionFault::whole(Code::DefinitionNotJson, told(&error.to_string()));
    fault.position = Some((error.line(), error.column()));
    fault
}

/// The deepest nesting of brackets outside strings.
fn depth(text: &str) -> usize {
    let (mut depth, mut deepest, mut string, mut escaped) = (0_usize, 0, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if string => escaped = true,
            b'"' => string = !string,
            b'{' | b'[' if !string => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' if !string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// Where the compiler is: the same place in two spellings.
#[derive(Clone, Default)]
struct Place {
    at: String,
    pointer: String,
}

impl Place {
    fn member(&self, key: &str) -> Self {
        Self {
            at: format!("{}[{}]", self.at, json(key)),
            pointer: format!("{}/{}", self.pointer, pointer_part(key)),
        }
    }

    fn element(&self, i: usize) -> Self {
        Self { at: format!("{}[{i}]", self.at), pointer: format!("{}/{i}", self.pointer) }
    }
}

fn json(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

struct Compiler {
    version: DocumentVersion,
    expressions: Vec<Expression>,
    faults: Vec<DefinitionFault>,
}

impl Compiler {
    fn node(&mut self, raw: &RawValue, place: &mut Place) -> Option<Node> {
        match raw.get().as_bytes().first()? {
            b'{' => self.object(raw, place),
            b'[' => self.array(raw, place),
            b'"' => self.string(raw, place),
            _ => Some(Node::Static(raw.get().to_owned())),
        }
    }

    fn object(&mut self, raw: &RawValue, place: &Place) -> Option<Node> {
        let members: Members = serde_json::from_str(raw.get()).ok()?;
        let mut nodes = Vec::with_capacity(members.0.len());
        let mut keys = HashSet::new();
        for (key, value) in &members.0 {
            let mut inner = place.member(key);
            if !keys.insert(key) {
                let detail = format!("the key {} stands twice in one object", json(key));
                self.fault(&inner, Code::DuplicateKey, detail, key);
            }
            let node = self.node(value, &mut inner)?;
            nodes.push((format!("{}:", json(key)), node));
        }
        Some(Node::Object(nodes))
    }

    fn array(&mut self, raw: &RawValue, place: &Place) -> Option<Node> {
        let elements: Vec<&RawValue> = serde_json::from_str(raw.get()).ok()?;
        let each = |(i, raw): (usize, &&RawValue)| self.node(raw, &mut place.element(i));
        elements.iter().enumerate().map(each).collect::<Option<_>>().map(Node::Array)
    }

    fn string(&mut self, raw: &RawValue, place: &Place) -> Option<Node> {
        let text: String = serde_json::from_str(raw.get()).ok()?;
        if !is_expression(&text) {
            return Some(Node::Static(json(unescaped(&text).unwrap_or(&text))));
        }
        match Expression::compile(format!("${}", place.at), &text, self.version) {
            Ok(expression) => self.expressions.push(expression),
            Err((code, detail)) => {
                self.fault(place, code, detail, &text);
                return Some(Node::Static(String::new()));
            }
        }
        Some(Node::Dynamic(self.expressions.len() - 1))
    }

    fn fault(&mut self, place: &Place, code: Code, detail: String, text: &str) {
        self.faults.push(DefinitionFault {
            code,
            at: format!("${}", place.at),
            pointer: place.pointer.clone(),
            detail,
            text: text.to_owned(),
            position: None,
        });
    }
}

/// The members of an object in their order, repeated keys included.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visit;
        impl<'de> Visitor<'de> for Visit {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry::<String, &'de RawValue>()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Visit)
    }
}
