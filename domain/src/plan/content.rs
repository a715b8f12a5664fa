//! The content of a plan: a definition, and a schema for its payloads. Saved plans have it,
//! and so have the ones that are only tried out.
//!
//! Neighbours: the dispatcher fills it, preview and rehearsal explain it. Guarantee: both make the
//! same bytes, because both go through here.

use std::rc::Rc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::cause::{Failure, Own};
use crate::limits::PAYLOAD_BYTES;
use crate::plan::schema;
use crate::rejection::{Code, Faults};
use crate::request::document::Sources;
use crate::substitution::kept::compiled;
use crate::substitution::lint::{Registered, Warning, grown, lint, whole};
use crate::substitution::parts::Parts;
use crate::substitution::render::Excess;
use crate::substitution::values::Values;
use crate::substitution::version::DocumentVersion;
use crate::substitution::{Definition, TraceEntry};

/// The content of a plan.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Content {
    /// The definition's text as given; absent: the whole document is sent (001-H3).
    pub definition: Option<String>,
    /// The definition was given as a string that holds JSON, and is answered so.
    pub definition_as_text: bool,
    /// A JSON Schema for the payload (D14), as text.
    pub payload_schema: Option<String>,
    /// The form of what is substituted.
    #[serde(default)]
    pub values: Values,
    /// The document that it sees; rows of 0.1.0 do not say it.
    #[serde(default = "DocumentVersion::unsaid")]
    pub document_version: DocumentVersion,
}

/// The members of a body that make a content.
#[derive(Clone, Copy, Debug, Default)]
#[expect(missing_docs, reason = "the members of `PlanInput`")]
pub struct Given<'a> {
    pub definition: Option<&'a Value>,
    pub payload_schema: Option<&'a Value>,
    pub values: Values,
}

/// Members that are kept to the letter: number spelling, order and nulls are the user's.
#[derive(Clone, Debug, Default)]
pub struct RawTexts {
    /// The definition's text, when it is a JSON value of the body.
    pub definition: Option<String>,
    /// The schema's text.
    pub payload_schema: Option<String>,
}

/// What a body is read with: its texts as they stand there, and what lint knows.
#[derive(Clone, Copy, Debug)]
pub struct Reading<'a> {
    /// The texts of the body.
    pub raw: &'a RawTexts,
    /// The custom attributes that are registered.
    pub registered: Option<&'a Registered>,
}

/// A payload that was tried out.
#[derive(Debug, Default)]
pub struct Explained {
    /// Its text; none when it cannot be made.
    pub text: Option<String>,
    /// The outcome of every expression, in the order of the definition.
    pub trace: Vec<TraceEntry>,
    /// Why a request with it would fail (P3).
    pub problem: Option<Failure>,
}

impl Content {
    /// Reads the members of a body, and warns of what is probably not meant. Every fault is noted.
    pub fn read(
        Given { definition, payload_schema, values }: Given<'_>,
        Reading { raw, registered }: Reading<'_>,
        faults: &mut Faults,
    ) -> (Self, Vec<Warning>) {
        let (definition, definition_as_text) = match definition {
            Some(Value::String(text)) => {
                (Some(text.trim_start_matches('\u{feff}').to_owned()), true)
            }
            Some(_) => (raw.definition.clone(), false),
            None => (None, false),
        };
        let warnings = match definition.as_deref().map(Definition::compile).transpose() {
            Ok(compiled) => compiled.map_or_else(whole, |d| lint(&d, registered)),
            Err(found) => {
                found.iter().for_each(|fault| faults.push(fault.fault("/definition")));
                Vec::new()
            }
        };
        let payload_schema = payload_schema.and(raw.payload_schema.clone());
        if let Some(text) = &payload_schema
            && let Err(detail) = schema::check(text)
        {
            faults.add("/payloadSchema", Code::ValidationFailed, detail);
        }
        let document_version = DocumentVersion::default();
        let content =
            Self { definition, definition_as_text, payload_schema, values, document_version };
        (content, warnings)
    }

    /// The document of these rows, as far as it reads it.
    pub fn document(&self, sources: &Sources) -> Value {
        self.reading(|parts| sources.document(parts))
    }

    /// Whether what it makes may hold data of people.
    pub fn speaks_of_people(&self) -> bool {
        self.reading(Parts::speak_of_people)
    }

    fn reading<T>(&self, parts: impl FnOnce(&Parts) -> T) -> T {
        match self.compiled() {
            Ok(Some(definition)) => parts(definition.parts()),
            _ => parts(&Parts::whole(self.document_version)),
        }
    }

    /// What is probably not meant, and what would change if a saved content were saved again.
    pub fn warnings(&self, registered: &Registered) -> Vec<Warning> {
        let own = match self.compiled() {
            Ok(Some(definition)) => lint(&definition, Some(registered)),
            Ok(None) => whole(),
            // A request with it fails, and says why.
            Err(_) => Vec::new(),
        };
        let grown = grown(self.definition.as_deref(), self.document_version);
        own.into_iter().chain(grown).collect()
    }

    /// The payload: the definition filled from the document; without one, the whole document
    /// (001-H3).
    ///
    /// # Errors
    /// `PLAN_INVALID`, `PAYLOAD_TOO_LARGE` or `PAYLOAD_INVALID`, with the reason.
    pub fn fill(&self, document: &Value) -> Result<String, Failure> {
        let text = match self.compiled()? {
            None => self.whole(document)?,
            Some(definition) => text(definition.render(document, self.values).map_err(unfilled)?)?,
        };
        self.meets_schema(&text)?;
        Ok(text)
    }

    /// The payload with its trace, as far as it can be made.
    pub fn explain(&self, document: &Value) -> Explained {
        let made = self.compiled().and_then(|compiled| match compiled {
            None => Ok((self.whole(document)?, Vec::new())),
            Some(definition) => {
                let rendered = definition.explain(document, self.values).map_err(unfilled)?;
                Ok((text(rendered.payload)?, rendered.trace))
            }
        });
        match made {
            Err(problem) => Explained { problem: Some(problem), ..Explained::default() },
            Ok((text, trace)) => {
                let problem = self.meets_schema(&text).err();
                Explained { text: Some(text), trace, problem }
            }
        }
    }

    fn compiled(&self) -> Result<Option<Rc<Definition>>, Failure> {
        let compile = |text| compiled(text, self.document_version);
        let compiled = self.definition.as_deref().map(compile).transpose();
        compiled.map_err(|faults| {
            let told = faults.first().map(|f| format!("{} at {}: {}", f.code, f.at, f.detail));
            Own::PlanInvalid.because(told.unwrap_or_default())
        })
    }

    fn meets_schema(&self, text: &str) -> Result<(), Failure> {
        let Some(schema) = &self.payload_schema else { return Ok(()) };
        let broken =
            |why| Own::PayloadInvalid.because(format!("The payload breaks payloadSchema {why}."));
        schema::apply(schema, text.as_bytes()).map_err(broken)
    }

    fn whole(&self, document: &Value) -> Result<String, Failure> {
        let mut bytes = Vec::new();
        self.values.write(document, &mut bytes);
        if bytes.len() > PAYLOAD_BYTES {
            return Err(unfilled(Excess::Bytes));
        }
        text(bytes)
    }
}

fn text(bytes: Vec<u8>) -> Result<String, Failure> {
    String::from_utf8(bytes).map_err(|error| Own::PlanInvalid.because(error.to_string()))
}

fn unfilled(excess: Excess) -> Failure {
    let cause = match excess {
        Excess::Bytes => Own::PayloadTooLarge,
        Excess::Visits => Own::PlanInvalid,
    };
    cause.because(format!("{excess}."))
}
