//! Reads a JSON body, and tells all its faults at once.
//!
//! Neighbours: `Cx::json`. Guarantee: null is absent, unknown members are refused, and every
//! fault has its JSON Pointer.

use std::collections::HashMap;

use axum::http::{HeaderMap, header};
use domain::rejection::{Code, Fault, Faults, Rejection};
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::value::RawValue;
use serde_path_to_error::Segment;

/// A body larger than this many type faults is not worth telling further.
const MOST_FAULTS: usize = 50;

/// Refuses a body that does not say it is JSON.
///
/// # Errors
/// 415.
pub fn content_type(headers: &HeaderMap, body: &[u8]) -> Result<(), Rejection> {
    let given = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = given.unwrap_or_default().split(';').next().unwrap_or_default().trim();
    if body.is_empty() || essence.eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    let detail = "Send the body as application/json.";
    Err(Rejection::new(Code::UnsupportedMediaType, detail))
}

/// Reads a body; an empty one is `{}`. What was wrong is taken out and noted, so that the rules
/// of the domain can be asked about the rest.
///
/// # Errors
/// Every fault, when nothing can be read of it.
pub fn read<T: DeserializeOwned>(
    bytes: &[u8],
    ignore_unknown: bool,
) -> Result<(T, Vec<Fault>), Rejection> {
    let mut value =
        if bytes.is_empty() { Value::Object(serde_json::Map::new()) } else { parse(bytes)? };
    if !value.is_object() {
        return Err(Rejection::at("", Code::ValidationFailed, "The body must be a JSON object."));
    }
    drop_nulls(&mut value);
    let mut faults = Vec::new();
    let mut unknown: Vec<String> = Vec::new();
    let mut read = None;
    for _ in 0..MOST_FAULTS {
        unknown.clear();
        let mut note = |path: serde_ignored::Path<'_>| unknown.push(pointer(&path));
        let source = serde_ignored::Deserializer::new(&value, &mut note);
        let error = match serde_path_to_error::deserialize(source) {
            Ok(done) => {
                read = Some(done);
                break;
            }
            Err(error) => error,
        };
        // What is wrong is noted and taken out, so that the next round finds the next fault.
        let path: Vec<&Segment> = error.path().iter().collect();
        let at: String = path.iter().map(|segment| step(segment)).collect();
        faults.push(Fault::new(at, Code::ValidationFailed, error.inner().to_string()));
        if !take_out(&mut value, &path) {
            break;
        }
    }
    if !ignore_unknown {
        for at in unknown {
            let detail = "this call does not know such a member; check its spelling and case";
            faults.push(Fault::new(at, Code::UnknownMember, detail));
        }
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
    let mut members: HashMap<String, Box<RawValue>> = serde_json::from_slice(bytes).ok()?;
    members.remove(name).map(|raw| raw.get().to_owned())
}

fn parse(bytes: &[u8]) -> Result<Value, Rejection> {
    serde_json::from_slice(bytes).map_err(|error| {
        let mut rejection =
            Rejection::at("", Code::MalformedJson, format!("The body is not JSON: {error}."));
        if let Some(fault) = rejection.faults.first_mut() {
            fault.line = Some(error.line());
            fault.column = Some(error.column());
        }
        rejection
    })
}

/// On input null is absent.
fn drop_nulls(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|_, member| !member.is_null());
            members.values_mut().for_each(drop_nulls);
        }
        Value::Array(list) => list.iter_mut().for_each(drop_nulls),
        _ => {}
    }
}

fn escape(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

fn step(segment: &Segment) -> String {
    match segment {
        Segment::Seq { index } => format!("/{index}"),
        Segment::Map { key } => format!("/{}", escape(key)),
        Segment::Enum { .. } | Segment::Unknown => String::new(),
    }
}

fn pointer(path: &serde_ignored::Path<'_>) -> String {
    use serde_ignored::Path;
    match path {
        Path::Root => String::new(),
        Path::Seq { parent, index } => format!("{}/{index}", pointer(parent)),
        Path::Map { parent, key } => format!("{}/{}", pointer(parent), escape(key)),
        Path::Some { parent }
        | Path::NewtypeStruct { parent }
        | Path::NewtypeVariant { parent } => pointer(parent),
    }
}

/// Takes the member at fault out; false when there is none to take out.
fn take_out(value: &mut Value, path: &[&Segment]) -> bool {
    let keys: Vec<&String> = path
        .iter()
        .map_while(|segment| match segment {
            Segment::Map { key } => Some(key),
            _ => None,
        })
        .collect();
    let Some((last, parents)) = keys.split_last() else { return false };
    let parent = parents.iter().try_fold(value, |value, key| value.get_mut(key.as_str()));
    let members = parent.and_then(Value::as_object_mut);
    members.is_some_and(|members| members.shift_remove(last.as_str()).is_some())
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
        let (_, faults) = read::<Outer>(body.as_bytes(), false).unwrap();
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
    fn null_is_absent_and_an_empty_body_is_an_empty_object() {
        let body = br#"{"name":null,"inner":{"count":null}}"#;
        assert_eq!(read::<Outer>(body, false), Ok((Outer::default(), Vec::new())));
        assert_eq!(read::<Outer>(b"", false), Ok((Outer::default(), Vec::new())));
    }

    #[test]
    fn broken_json_has_line_and_column() {
        let rejection = read::<Outer>(b"{\n \"name\": }", false).unwrap_err();
        assert_eq!(rejection.code, Code::MalformedJson);
        assert_eq!((rejection.faults[0].line, rejection.faults[0].column), (Some(2), Some(10)));
        for wrong in [&b"[]"[..], b"5", b"null"] {
            let rejection = read::<Outer>(wrong, false).unwrap_err();
            assert_eq!(rejection.code, Code::ValidationFailed);
        }
    }

    #[test]
    fn a_member_is_kept_to_the_letter() {
        let body = br#"{"a": {"x" : 1.50, "x": 2}, "b": 1}"#;
        assert_eq!(raw_member(body, "a").as_deref(), Some(r#"{"x" : 1.50, "x": 2}"#));
    }
}
