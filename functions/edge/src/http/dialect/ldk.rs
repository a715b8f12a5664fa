//! XML in and out, errors in plain text, for the facade of source 004.
//!
//! Neighbours: `functions/entitlements` reads documents. Guarantee:
//! a document type, or more depth, attributes or elements than are allowed, is refused before
//! anything is made of the document.

use axum::body::Body;
use axum::http::{HeaderValue, Response, header};
use domain::limits::{XML_ATTRIBUTES, XML_DEPTH, XML_ELEMENTS};
use domain::rejection::{Code, Fault, Rejection};
use domain::told::told;
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, Writer};
use serde::de::DeserializeOwned;
use serde_json::json;
use uppsala::XmlError;

use crate::http::dialect::{Described, Dialect, api_key, no_token};
use crate::http::problem::{Problem, of_content, status};
use crate::http::query::Query;

/// The dialect.
pub const LDK: Dialect = Dialect {
    content: &["application/xml", "text/xml"],
    ours: false,
    query: Query::parse,
    token: no_token,
    refuse: |problem| text(&problem),
    codes: &[],
    described: Described {
        security: api_key,
        refusal: |_| json!({"$ref": "#/components/responses/PlainText"}),
    },
};

/// The media type of an XML answer.
pub const XML: &str = "application/xml; charset=utf-8";

/// Reads a document whose root element is `root`.
///
/// # Errors
/// 400 with the line and column, or with what the schema does not know.
pub fn read<T: DeserializeOwned>(bytes: &[u8], root: &str) -> Result<T, Rejection> {
    let text = std::str::from_utf8(bytes).map_err(|_| refused("The XML must be UTF-8."))?;
    let text = text.trim_start_matches('\u{feff}');
    bounded(text, root)?;
    uppsala::parse(text).map_err(|error| ill_formed(&error))?;
    quick_xml::de::from_str(&plain(text)?).map_err(|error| {
        let inner = error.to_string();
        // The reader's name for text that is not wanted.
        let why = match inner.split_once("unknown field `$text`") {
            Some(_) => "text stands where only elements may".to_owned(),
            None => told(&inner),
        };
        refused(format!("The XML does not comply with the schema: {why}."))
    })
}

/// The document without what the schema leaves to every document: declarations of namespaces, and
/// attributes that speak of schemas.
fn plain(text: &str) -> Result<String, Rejection> {
    let broken = || refused("The XML is not well-formed.");
    let (mut reader, mut writer) = (Reader::from_str(text), Writer::new(Vec::new()));
    loop {
        let written = match reader.read_event().map_err(|_| broken())? {
            Event::Eof => break,
            Event::Start(start) => writer.write_event(Event::Start(bare(&start))),
            Event::Empty(start) => writer.write_event(Event::Empty(bare(&start))),
            other => writer.write_event(other),
        };
        written.map_err(|_| broken())?;
    }
    String::from_utf8(writer.into_inner()).map_err(|_| broken())
}

fn bare(start: &BytesStart<'_>) -> BytesStart<'static> {
    let name = start.name();
    let mut bare = BytesStart::new(name.as_ref().to_owned());
    for attribute in start.attributes().with_checks(false).flatten() {
        let key = attribute.key.as_ref();
        if key != "xmlns" && !key.starts_with("xmlns:") && !key.starts_with("xsi:") {
            bare.push_attribute(attribute);
        }
    }
    bare
}

fn ill_formed(error: &XmlError) -> Rejection {
    let (message, line, column) = match error {
        XmlError::WellFormedness(e) => (e.message.as_str(), e.line, e.column),
        XmlError::Namespace(e) => (e.message.as_str(), e.line, e.column),
        XmlError::Parse(e) => (e.message.as_str(), e.line, e.column),
        _ => return refused("The XML is not well-formed: it ends too early."),
    };
    refused(format!("The XML is not well-formed at line {line}, column {column}: {message}."))
}

fn refused(detail: impl Into<String>) -> Rejection {
    Rejection::new(Code::ValidationFailed, detail)
}

/// Walks the whole document once, without making anything of it.
fn bounded(text: &str, root: &str) -> Result<(), Rejection> {
    let mut reader = Reader::from_str(text);
    let (mut depth, mut elements) = (0, 0);
    loop {
        let event = reader.read_event().map_err(|error| {
            let at = usize::try_from(reader.error_position()).unwrap_or(text.len());
            let (line, column) = place(text, at);
            refused(format!("The XML is not well-formed at line {line}, column {column}: {error}."))
        })?;
        match event {
            Event::Start(ref start) | Event::Empty(ref start) => {
                elements += 1;
                if elements == 1 && start.name().as_ref() != root {
                    return Err(refused(format!("The root element must be {root}.")));
                }
                element(start, depth, elements)?;
                depth += usize::from(matches!(event, Event::Start(_)));
            }
            Event::End(_) => depth -= 1,
            Event::DocType(_) => return Err(refused("A DOCTYPE is not allowed.")),
            Event::Eof if elements == 0 || depth > 0 => {
                return Err(refused(format!("The XML ends before {root} does.")));
            }
            Event::Eof => return Ok(()),
            _ => {}
        }
    }
}

fn element(start: &BytesStart<'_>, depth: usize, elements: usize) -> Result<(), Rejection> {
    if depth >= XML_DEPTH {
        return Err(refused(format!("The XML has more than {XML_DEPTH} levels.")));
    }
    if elements > XML_ELEMENTS {
        return Err(refused(format!("The XML has more than {XML_ELEMENTS} elements.")));
    }
    // Comparing every name with every other is what a long list is sent for: it is counted only.
    let attributes = start.attributes().with_checks(false).take(XML_ATTRIBUTES + 1).count();
    if attributes > XML_ATTRIBUTES {
        return Err(refused(format!("An element has more than {XML_ATTRIBUTES} attributes.")));
    }
    Ok(())
}

fn place(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().map_or(0, |last| last.chars().count()) + 1;
    (line, column)
}

/// The answer to a problem: its words as plain text, one fault a line. What a document was wrong
/// in, or a state refused, is 400 (004-H12); all else keeps its status.
pub fn text(problem: &Problem) -> Response<Body> {
    let status = match problem.code() {
        code if of_content(code) => status(Code::ValidationFailed),
        code => status(code),
    };
    let lines: Vec<String> = problem.faults().iter().map(line).collect();
    let text = if lines.is_empty() { problem.detail().to_owned() } else { lines.join("\n") };
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status.try_into().unwrap_or_default();
    let kind = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

/// A sentence stands by itself, as in the source; else the element comes first.
fn line(fault: &Fault) -> String {
    let sentence = fault.detail.ends_with('.') && fault.detail.starts_with(char::is_uppercase);
    if sentence || fault.pointer.is_empty() {
        return fault.detail.clone();
    }
    format!("{}: {}.", path(&fault.pointer), fault.detail)
}

/// A JSON Pointer as the elements of the document: `entitlementItem[1]/numProductKeys`.
fn path(pointer: &str) -> String {
    let mut out = String::new();
    for part in pointer.split('/').skip(1) {
        let named = match part {
            "entitlementItems" => "entitlementItem",
            "itemProducts" => "itemProduct",
            "features" => "product/productFeatureRef",
            "memoryData" => "product/memoryData",
            "attributes" => "attribute",
            "value" if out.contains("productFeatureRef") => "attributeValue",
            "protectionKeyIds" => "protectionKeyId",
            "activationAttributes" => "activationAttribute",
            "customAttributes" => continue,
            other => other,
        };
        match part.parse::<usize>() {
            Ok(place) => out.push_str(&format!("[{}]", place + 1)),
            Err(_) if out.is_empty() => out.push_str(named),
            Err(_) => out.push_str(&format!("/{named}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct A {}

    #[test]
    fn hostile_documents_are_refused_before_they_are_read() {
        let check = |document: &str, words: &str| {
            let refused = read::<serde_json::Value>(document.as_bytes(), "a").unwrap_err();
            assert!(refused.detail.contains(words), "{}", refused.detail);
        };
        let many = "<b/>".repeat(XML_ELEMENTS);
        let deep = "<a>".repeat(XML_DEPTH + 1);
        let wide = " n=\"\"".repeat(XML_ATTRIBUTES + 1);
        check("<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>", "DOCTYPE");
        check(&format!("<a>{many}</a>"), "more than 10000 elements");
        check(&deep, "more than 32 levels");
        check(&format!("<a{wide}/>"), "more than 64 attributes");
        check("<b/>", "The root element must be a.");
        check("<a>\n<b></a>", "line 2, column 4");
        check("<a>", "ends before a does");
        check("", "ends before a does");
        check("<a>&unknown;</a>", "Unknown entity");
        let refused = read::<A>(b"<a>x<b/></a>", "a").unwrap_err();
        assert!(refused.detail.contains("text stands where only elements may"));
    }

    #[test]
    fn a_pointer_is_told_as_elements() {
        let at = "/entitlementItems/0/itemProducts/1/features/2/attributes/0/value";
        let product = "entitlementItem[1]/itemProduct[2]/product";
        let told = format!("{product}/productFeatureRef[3]/attribute[1]/attributeValue");
        assert_eq!(path(at), told);
        assert_eq!(path("/customAttributes/customAttribute/1/value"), "customAttribute[2]/value");
    }
}
