//! `plans check FILE`: lint and preview of a definition, without a service.
//!
//! Neighbours: the same domain that saves and fills plans. It ends with 0 when all is well, 1 when
//! something is probably not meant or a request would fail, 2 when the plan could not be saved or a
//! file not read.

use std::io::Read;
use std::path::{Path, PathBuf};

use clap::Args;
use domain::plan::content::{Content, Explained};
use domain::substitution::lint::{Severity, Warning, lint};
use domain::substitution::values::Values;
use domain::substitution::{Definition, DefinitionFault, TraceEntry};
use domain::told::not_json;
use serde_json::Value;

/// The flags of `plans check`.
#[derive(Clone, Debug, Args)]
pub struct Check {
    /// The definition, JSON; `-` reads standard input.
    pub file: PathBuf,
    /// A document to fill it from, `{"provisioningRequest": …}`, as `?view=substitution` shows.
    #[arg(long)]
    pub document: Option<PathBuf>,
    /// The form of the values: native, or text.
    #[arg(long, default_value = "native", value_parser = values)]
    pub values: Values,
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Verdict {
    /// All is well.
    Fine = 0,
    /// Probably not meant, or a request would fail.
    Doubtful = 1,
    /// It cannot be saved, or not be read.
    Wrong = 2,
}

impl Check {
    /// Tells everything line by line.
    pub fn run(&self, say: &mut dyn FnMut(&str)) -> Verdict {
        let read = |path: &Path| read(path).map_err(|why| format!("{}: {why}", path.display()));
        let text = match read(&self.file) {
            Ok(text) => text,
            Err(why) => return wrong(say, &why),
        };
        let definition = match Definition::compile(&text) {
            Ok(definition) => definition,
            Err(faults) => {
                faults.iter().for_each(|fault| say(&fault_line(fault)));
                return Verdict::Wrong;
            }
        };
        let warnings = lint(&definition, None);
        warnings.iter().for_each(|warning| say(&warning_line(warning)));
        let count = definition.expressions().len();
        say(&format!("{count} expressions, {} warnings and notes", warnings.len()));
        let doubtful = warnings.iter().any(|warning| warning.severity == Severity::Warning);
        let Some(path) = &self.document else { return verdict(doubtful) };
        let document = read(path).and_then(|text| document(&text, path));
        match document {
            Ok(document) => {
                let (definition, values) = (Some(text), self.values);
                let content = Content { definition, values, ..Content::default() };
                let failed = show(&content.explain(&document), say);
                verdict(doubtful || failed)
            }
            Err(why) => wrong(say, &why),
        }
    }
}

fn values(text: &str) -> Result<Values, String> {
    text.parse().map_err(|_| "write native, or text".to_owned())
}

const fn verdict(doubtful: bool) -> Verdict {
    if doubtful { Verdict::Doubtful } else { Verdict::Fine }
}

fn wrong(say: &mut dyn FnMut(&str), why: &str) -> Verdict {
    say(&format!("error: {why}"));
    Verdict::Wrong
}

fn read(path: &Path) -> Result<String, std::io::Error> {
    if path.as_os_str() == "-" {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text)?;
        return Ok(text);
    }
    // Some editors put a byte order mark in front.
    Ok(std::fs::read_to_string(path)?.trim_start_matches('\u{feff}').to_owned())
}

fn document(text: &str, path: &Path) -> Result<Value, String> {
    let document: Value = serde_json::from_str(text)
        .map_err(|error| format!("{}: no JSON: {}", path.display(), not_json(&error)))?;
    if document.get("provisioningRequest").is_some_and(Value::is_object) {
        return Ok(document);
    }
    Err(format!("{}: a document is {{\"provisioningRequest\": {{…}}}}", path.display()))
}

fn fault_line(fault: &DefinitionFault) -> String {
    let place = match fault.position {
        Some((line, column)) => format!("line {line}, column {column}"),
        None => fault.at.clone(),
    };
    format!("error: {} at {place}: {}", fault.code, fault.detail)
}

fn warning_line(warning: &Warning) -> String {
    let severity = match warning.severity {
        Severity::Warning => "warning",
        Severity::Note => "note",
    };
    let meant = warning.did_you_mean.as_ref().map(|meant| format!(" Did you mean {meant:?}?"));
    let Warning { at, code, detail, .. } = warning;
    format!("{severity}: {code} at {at}: {detail}.{}", meant.unwrap_or_default())
}

/// The trace and the payload; whether a request with it would fail.
fn show(explained: &Explained, say: &mut dyn FnMut(&str)) -> bool {
    explained.trace.iter().for_each(|entry| say(&trace_line(entry)));
    if let Some(failure) = &explained.problem {
        say(&format!("error: a request would fail, {failure}"));
    }
    if let Some(text) = &explained.text {
        say(text);
    }
    explained.problem.is_some()
}

fn trace_line(entry: &TraceEntry) -> String {
    let outcome: &str = entry.outcome.into();
    let why = entry.reason.or(entry.warning).map(|why| format!(" ({why})")).unwrap_or_default();
    format!("{outcome}{why} {} {}", entry.at, entry.expression)
}
