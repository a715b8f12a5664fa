//! Reads a JSON body, and tells all its faults at once.
//!
//! Neighbours: `Cx::json`. Guarantee: null is absent, unknown members are refused, and every
//! fault has its JSON Pointer.

use std::collections::HashMap;

use axum::body::Bytes;
use axum::http::{HeaderMap, header};
use domain::limits::{DRAINED_BYTES, EXACT_INTEGER, TYPE_FAULTS};
use domain::rejection::{Code, Fault, Faults, Rejection, pointer_part};
use domain::told::{not_json, told};
use futures::StreamExt;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::value::RawValue;
use serde_path_to_error::Segment;

use crate::http::positions::positions;
use crate::http::repeated::repeated;
use crate::http::shape::Shape;

/// A body as it was read, and what is wrong in its form. Only a decision on it, or the answer to
/// it, gets at what it says, so that no fault is lost.
#[derive(Debug, Default)]
pub struct Body<T> {
    pub(super) input: T,
    pub(super) faults: Vec<Fault>,
}

/// Receives a body of at most `most` bytes. The rest of a larger one is received too and dropped,
/// within reason: who is still sending does not hear the answer.
///
/// # Errors
/// 413; 400 when it breaks off.
pub async fn receive(body: axum::body::Body, most: usize) -> Result<Bytes, Rejection> {
    let (mut chunks, mut kept, mut seen) = (body.into_data_stream(), Vec::new(), 0);
    while let Some(chunk) = chunks.next().await {
        let broken = |_| Rejection::at("", Code::MalformedJson, "The body broke off.");
        let chunk = chunk.map_err(broken)?;
        seen += chunk.len();
        if seen <= most {
            kept.extend_from_slice(&chunk);
        } else if seen > DRAINED_BYTES {
            break;
        }
    }
    if seen > most {
        let detail = format!("The body is larger than {most} bytes.");
        return Err(Rejection::new(Code::BodyTooLarge, detail));
    }
    Ok(kept.into())
}

/// Refuses a body that does not say it is one of what is taken.
///
/// # Errors
/// 415.
pub fn content_type(headers: &HeaderMap, body: &[u8], taken: &[&str]) -> Result<(), Rejection> {
    let given = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = given.unwrap_or_default().split(';').next().unwrap_or_default().trim();
    if body.is_empty() || taken.iter().any(|kind| essence.eq_ignore_ascii_case(kind)) {
        return Ok(());
    }
    let detail = format!("Send the body as {}.", taken.join(" or "));
    Err(Rejection::new(Code::UnsupportedMediaType, detail))
}

/// Refuses a body that says something to a call that takes nothing.
///
/// # Errors
/// Every fault of it.
pub fn nothing(bytes: &[u8]) -> Result<(), Rejection> {
    #[derive(serde::Deserialize)]
    struct Nothing {}
    let (Nothing {}, faults) = read(bytes, None)?;
    Faults::from(faults).finish()
}

/// Reads a body; an empty one is `{}`. What was wrong is taken out and noted, so that the rules
/// of the domain can be asked about the rest. `shape` is the schema of `T`;
/// none where its parts are read one by one.
///
/// # Errors
/// Every fault, when nothing can be read of it.
pub fn read<T: DeserializeOwned>(
    bytes: &[u8],
    shape: Option<Shape>,
) -> Result<(T, Vec<Fault>), Rejection> {
    let bytes = unmarked(bytes);
    let value =
        if bytes.is_empty() { Value::Object(serde_json::Map::new()) } else { parse(bytes)? };
    let twice = |at| Fault::new(at, Code::DuplicateKey, "this member stands twice; keep one");
    let faults: Vec<Fault> = repeated(bytes).into_iter().map(twice).collect();
    read_value(value, faults, shape)
}

/// The same of a value that was parsed already, such as a part of a bulk.
///
/// # Errors
/// As [`read`].
pub fn read_value<T: DeserializeOwned>(
    mut value: Value,
    mut faults: Vec<Fault>,
    shape: Option<Shape>,
) -> Result<(T, Vec<Fault>), Rejection> {
    if !value.is_object() {
        return Err(Rejection::at("", Code::ValidationFailed, "This must be a JSON object."));
    }
    as_meant(&mut value);
    faults.extend(shape.into_iter().flat_map(|shape| positions(shape, &mut value, TYPE_FAULTS)));
    let mut patient = Patient { value, removed: Vec::new() };
    let mut unknown: Vec<Vec<Step>> = Vec::new();
    let mut read = None;
    for _ in 0..TYPE_FAULTS {
        unknown.clear();
        let mut note = |path: serde_ignored::Path<'_>| unknown.push(ignored(&path));
        let source = serde_ignored::Deserializer::new(&patient.value, &mut note);
        let error = match serde_path_to_error::deserialize(source) {
            Ok(done) => {
                read = Some(done);
                break;
            }
            Err(error) => error,
        };
        // What is wrong is noted and taken out, so that the next round finds the next fault.
        let path: Vec<Step> = error.path().iter().filter_map(step).collect();
        let at = patient.place(&path);
        faults.push(Fault::new(at, Code::ValidationFailed, told(&error.inner().to_string())));
        if !patient.take_out(&path) {
            break;
        }
    }
    for path in unknown {
        let detail = "this call does not know such a member; check its spelling and case";
        faults.push(Fault::new(patient.place(&path), Code::UnknownMember, detail));
    }
    match read {
        Some(read) => Ok((read, faults)),
        None => Err(Faults::from(faults)
            .finish()
            .err()
            .unwrap_or_else(|| Rejection::of(Code::ValidationFailed))),
    }
}

/// The text of one member of the body, exactly as it was sent.
pub fn raw_member(bytes: &[u8], name: &str) -> Option<String> {
    let mut members: HashMap<String, Box<RawValue>> =
        serde_json::from_slice(unmarked(bytes)).ok()?;
    members.remove(name).map(|raw| raw.get().to_owned())
}

/// Without the byte order mark that some programs put in front.
pub fn unmarked(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes)
}

fn parse(bytes: &[u8]) -> Result<Value, Rejection> {
    serde_json::from_slice(bytes).map_err(|error| {
        let detail = format!("The body is not JSON: {}.", not_json(&error));
        let mut rejection = Rejection::at("", Code::MalformedJson, detail);
        if let Some(fault) = rejection.faults.first_mut() {
            fault.line = Some(error.line());
            fault.column = Some(error.column());
        }
        rejection
    })
}

/// On input null is absent, and 1.0 is the integer 1.
fn as_meant(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|_, member| !member.is_null());
            members.values_mut().for_each(as_meant);
        }
        Value::Array(list) => list.iter_mut().for_each(as_meant),
        Value::Number(number) => {
            let float = number.as_f64().filter(|_| number.is_f64());
            let whole = float.filter(|float| float.fract() == 0.0 && float.abs() <= EXACT_INTEGER);
            if let Some(whole) = whole.and_then(|float| format!("{float:.0}").parse::<i64>().ok()) {
                *number = whole.into();
            }
        }
        _ => {}
    }
}

/// A step into a body.
enum Step {
    Key(String),
    Index(usize),
}

fn step(segment: &Segment) -> Option<Step> {
    match segment {
        Segment::Seq { index } => Some(Step::Index(*index)),
        Segment::Map { key } => Some(Step::Key(key.clone())),
        Segment::Enum { .. } | Segment::Unknown => None,
    }
}

fn ignored(path: &serde_ignored::Path<'_>) -> Vec<Step> {
    use serde_ignored::Path;
    let (parent, last) = match path {
        Path::Root => return Vec::new(),
        Path::Seq { parent, index } => (parent, Some(Step::Index(*index))),
        Path::Map { parent, key } => (parent, Some(Step::Key(key.clone()))),
        Path::Some { parent }
        | Path::NewtypeStruct { parent }
        | Path::NewtypeVariant { parent } => (parent, None),
    };
    let mut steps = ignored(parent);
    steps.extend(last);
    steps
}

/// A body that faults are taken out of, one by one.
struct Patient {
    value: Value,
    /// Elements that are gone: the pointer of their list, and their index in the body as sent.
    removed: Vec<(String, usize)>,
}

impl Patient {
    /// The JSON Pointer into the body as it was sent.
    fn place(&self, path: &[Step]) -> String {
        let mut at = String::new();
        for step in path {
            let part = match step {
                Step::Key(key) => pointer_part(key),
                Step::Index(index) => self.sent_index(&at, *index).to_string(),
            };
            at = format!("{at}/{part}");
        }
        at
    }

    fn sent_index(&self, list: &str, mut index: usize) -> usize {
        let mut gone: Vec<usize> =
            self.removed.iter().filter(|(at, _)| at == list).map(|(_, i)| *i).collect();
        gone.sort_unstable();
        for removed in gone {
            index += usize::from(removed <= index);
        }
        index
    }

    /// Takes the member or element at fault out; false when there is none.
    fn take_out(&mut self, path: &[Step]) -> bool {
        let Some((last, parents)) = path.split_last() else { return false };
        let within = self.place(parents);
        let parent = parents.iter().try_fold(&mut self.value, |value, step| match step {
            Step::Key(key) => value.get_mut(key.as_str()),
            Step::Index(index) => value.get_mut(*index),
        });
        match (parent, last) {
            (Some(Value::Object(members)), Step::Key(key)) => members.shift_remove(key).is_some(),
            (Some(Value::Array(elements)), Step::Index(index)) if *index < elements.len() => {
                elements.remove(*index);
                let sent = self.sent_index(&within, *index);
                self.removed.push((within, sent));
                true
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Default, Deserialize, PartialEq)]
    #[serde(rename_all = "camelCase", default)]
    struct Inner {
        count: u32,
        list: Vec<u8>,
    }

    #[derive(Debug, Default, Deserialize, PartialEq)]
    #[serde(rename_all = "camelCase", default)]
    struct Outer {
        name: String,
        some_number: Option<u32>,
        inner: Inner,
    }

    fn faults(body: &str) -> Vec<(String, String)> {
        let (_, faults) = read::<Outer>(body.as_bytes(), None).unwrap();
        faults.into_iter().map(|f| (f.pointer, f.code.to_string())).collect()
    }

    #[test]
    fn every_fault_is_told_at_once() {
        let body =
            r#"{"name":5,"someNumber":"x","inner":{"count":-1,"list":[1,300],"a/b":1},"else":1}"#;
        let told = faults(body);
        let places: Vec<&str> = told.iter().map(|(at, _)| at.as_str()).collect();
        assert_eq!(
            places,
            ["/name", "/someNumber", "/inner/count", "/inner/list/1", "/inner/a~1b", "/else"]
        );
        assert_eq!(told[5].1, "UNKNOWN_MEMBER");
    }

    #[test]
    fn faults_inside_lists_keep_their_index() {
        let body = r#"{"inner":{"list":[300,1,"x",2,-1,[]]}}"#;
        let places: Vec<String> = faults(body).into_iter().map(|(at, _)| at).collect();
        let expected = ["/inner/list/0", "/inner/list/2", "/inner/list/4", "/inner/list/5"];
        assert_eq!(places, expected);
    }

    #[test]
    fn a_whole_number_is_an_integer_however_it_is_written() {
        let body = br#"{"someNumber":1.0,"inner":{"count":2e1,"list":[3.0]}}"#;
        let inner = Inner { count: 20, list: vec![3] };
        let expected = Outer { some_number: Some(1), inner, ..Outer::default() };
        assert_eq!(read::<Outer>(body, None), Ok((expected, Vec::new())));
        assert_eq!(faults(r#"{"someNumber":1.5,"inner":{"count":1e300}}"#).len(), 2);
    }

    #[test]
    fn a_byte_order_mark_is_no_part_of_a_body() {
        let body = "\u{feff}{\"name\": \"x\"}".as_bytes();
        let expected = Outer { name: "x".to_owned(), ..Outer::default() };
        assert_eq!(read::<Outer>(body, None), Ok((expected, Vec::new())));
        assert_eq!(raw_member(body, "name").as_deref(), Some("\"x\""));
    }

    #[test]
    fn null_is_absent_and_an_empty_body_is_an_empty_object() {
        let body = br#"{"name":null,"inner":{"count":null}}"#;
        assert_eq!(read::<Outer>(body, None), Ok((Outer::default(), Vec::new())));
        assert_eq!(read::<Outer>(b"", None), Ok((Outer::default(), Vec::new())));
    }

    #[test]
    fn broken_json_has_line_and_column() {
        let rejection = read::<Outer>(b"{\n \"name\": }", None).unwrap_err();
        assert_eq!(rejection.code, Code::MalformedJson);
        assert_eq!((rejection.faults[0].line, rejection.faults[0].column), (Some(2), Some(10)));
        for wrong in [&b"[]"[..], b"5", b"null"] {
            let rejection = read::<Outer>(wrong, None).unwrap_err();
            assert_eq!(rejection.code, Code::ValidationFailed);
        }
    }

    #[test]
    fn a_member_is_kept_to_the_letter() {
        let body = br#"{"a": {"x" : 1.50, "x": 2}, "b": 1}"#;
        assert_eq!(raw_member(body, "a").as_deref(), Some(r#"{"x" : 1.50, "x": 2}"#));
    }
}
