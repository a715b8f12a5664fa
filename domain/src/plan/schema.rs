//! `payloadSchema`: a JSON Schema that every payload of a plan must meet (D14).
//!
//! Neighbours: `plan` checks it at save, `request` applies it after a render.

use jsonschema::{PatternOptions, Retrieve, Uri, Validator};
use serde_json::Value;

use crate::limits::SCHEMA_BYTES;
use crate::told::not_json;

/// Whether the text is a schema that can be used.
///
/// # Errors
/// The fault.
pub fn check(text: &str) -> Result<(), String> {
    if text.len() > SCHEMA_BYTES {
        return Err(format!("a schema has at most {SCHEMA_BYTES} bytes"));
    }
    compile(text).map(drop)
}

/// Whether the payload meets the schema.
///
/// # Errors
/// The first place where it does not, and why, without what stands there: it may be a person's.
pub fn apply(text: &str, payload: &[u8]) -> Result<(), String> {
    let validator = compile(text)?;
    let payload: Value = serde_json::from_slice(payload).map_err(|error| not_json(&error))?;
    let fault = validator.iter_errors(&payload).next();
    let Some(fault) = fault else { return Ok(()) };
    Err(format!("at {:?}: {}", fault.instance_path().as_str(), fault.masked()))
}

/// References to the outside are refused: nothing is ever fetched.
struct NoOutside;

impl Retrieve for NoOutside {
    fn retrieve(
        &self,
        uri: &Uri<String>,
    ) -> Result<Value, Box<dyn std::error::Error + Send + Sync>> {
        Err(format!("a schema may not refer to the outside ({uri})").into())
    }
}

fn compile(text: &str) -> Result<Validator, String> {
    let schema: Value = serde_json::from_str(text).map_err(|error| not_json(&error))?;
    if !schema.is_object() {
        return Err("a schema is a JSON object".to_owned());
    }
    jsonschema::options()
        .with_retriever(NoOutside)
        .with_pattern_options(PatternOptions::regex())
        .build(&schema)
        .map_err(|error| error.to_string())
}
