//! The body of a status callback, read so that no side matter decides over the status.
//!
//! Neighbours: `functions/callbacks` verifies the signature first, `reported` decides. Guarantee:
//! a text that is too long is cut and marked, and never loses the status that came with it.

use std::fmt;

use serde::de::{Deserializer, Error as _, MapAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::ids::Id;
use crate::limits::{COMMENT_CHARS, TEXT_CHARS};
use crate::rejection::{Code, Fault, Faults, Rejection};
use crate::request::states::Status;
use crate::text::squeezed;
use crate::told::not_json;

/// Body of a callback. Unknown members are ignored; of the texts, what is too long is cut, and
/// what is no text is taken as its JSON text.
#[derive(Clone, Debug, Default, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReportInput {
    /// `IN_PROGRESS`, COMPLETED or FAILED; display names are taken too.
    pub status: String,
    /// The request's id, as the header `provisioning-request-id` named it. Needed unless the
    /// method has `callbackId` OPTIONAL; one that is sent must be this request's.
    #[schema(value_type = Option<u64>)]
    pub id: Option<u64>,
    /// The generation; one that is sent must be the callback address's.
    pub generation: Option<u32>,
    /// At most 500 characters.
    pub comments: Option<String>,
    /// The provider's own number, at most 255 characters.
    pub reference_number: Option<String>,
    /// Why it failed, at most 255 characters.
    pub error_code: Option<String>,
    /// The same for people, at most 500 characters.
    pub error_description: Option<String>,
    /// Anything.
    #[schema(value_type = Option<serde_json::Value>)]
    pub response: Option<serde_json::Value>,
}

/// A report, read.
#[derive(Clone, Debug)]
pub struct Report {
    pub(super) status: Status,
    pub(super) id: Option<Id>,
    pub(super) generation: Option<u32>,
    pub(super) comments: Option<String>,
    pub(super) reference_number: Option<String>,
    pub(super) error_code: Option<String>,
    pub(super) error_description: Option<String>,
    pub(super) response: Option<String>,
}

impl Report {
    /// Reads a body (Q4).
    ///
    /// # Errors
    /// When it is no JSON object, or its status, id or generation cannot be read.
    pub fn read(body: &[u8]) -> Result<Self, Rejection> {
        let members: Members = serde_json::from_slice(body).map_err(|error| {
            let detail = format!("The body is not a JSON object: {}.", not_json(&error));
            let mut fault = Fault::new("", Code::MalformedJson, detail.clone());
            (fault.line, fault.column) = (Some(error.line()), Some(error.column()));
            Rejection { faults: vec![fault], ..Rejection::new(Code::MalformedJson, detail) }
        })?;
        let mut faults = Faults::default();
        let status = members.status(&mut faults);
        let id = members.number("id", &mut faults);
        let generation = members.number("generation", &mut faults);
        faults.finish()?;
        Ok(Self {
            status: status.unwrap_or(Status::InProgress),
            id,
            generation,
            comments: members.text("comments", COMMENT_CHARS),
            reference_number: members.text("referenceNumber", TEXT_CHARS),
            error_code: members.text("errorCode", TEXT_CHARS),
            error_description: members.text("errorDescription", COMMENT_CHARS),
            response: members.last("response").map(str::to_owned),
        })
    }
}

/// The members of an object, each as it was sent; one that is null is absent.
struct Members(Vec<(String, Box<RawValue>)>);

impl Members {
    fn all(&self, name: &str) -> Vec<&str> {
        let found = self.0.iter().filter(|(member, _)| member == name);
        found.map(|(_, raw)| raw.get()).filter(|raw| *raw != "null").collect()
    }

    fn last(&self, name: &str) -> Option<&str> {
        self.all(name).pop()
    }

    /// A member that decides: it may not stand twice.
    fn one(&self, name: &str, faults: &mut Faults) -> Option<&str> {
        if self.all(name).len() > 1 {
            let detail = "this member stands twice; keep one";
            faults.add(format!("/{name}"), Code::DuplicateKey, detail);
        }
        self.last(name)
    }

    fn status(&self, faults: &mut Faults) -> Option<Status> {
        let wanted = [Status::InProgress, Status::Completed, Status::Failed];
        let sent = self.one("status", faults);
        let sent: Option<String> = sent.and_then(|raw| serde_json::from_str(raw).ok());
        let named = |s: &Status| {
            let name: &str = (*s).into();
            sent.as_deref().is_some_and(|sent| sent == name || sent == s.display())
        };
        let status = wanted.into_iter().find(named);
        faults.check(status.is_some(), "/status", "must be IN_PROGRESS, COMPLETED or FAILED");
        status
    }

    /// A whole number, or the same as a text.
    fn number<T: std::str::FromStr>(&self, name: &str, faults: &mut Faults) -> Option<T> {
        let raw = self.one(name, faults)?;
        let read = raw.trim_matches('"').parse().ok();
        faults.check(read.is_some(), &format!("/{name}"), "must be the number that we sent");
        read
    }

    fn text(&self, name: &str, most: usize) -> Option<String> {
        let raw = self.last(name)?;
        let text = serde_json::from_str(raw).unwrap_or_else(|_| raw.to_owned());
        squeezed(&text, most)
    }
}

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Each;
        impl<'de> Visitor<'de> for Each {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry().map_err(A::Error::custom)? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Each)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Report {
        Report::read(body.as_bytes()).unwrap()
    }

    fn wrong(body: &str) -> Vec<(String, Code)> {
        let refused = Report::read(body.as_bytes()).unwrap_err();
        refused.faults.into_iter().map(|fault| (fault.pointer, fault.code)).collect()
    }

    #[test]
    fn no_side_matter_decides_over_the_status() {
        let long = "é".repeat(1_014);
        let report = read(&format!(
            r#"{{"status": "FAILED", "errorDescription": "{long}", "errorCode": 5.10,
                "referenceNumber": 12345678901234567890123, "comments": ["a", {{"b": 1}}],
                "comments": "a\u0007b\nc", "other": [1], "errorCode": null,
                "response": {deep}}}"#,
            deep = "[".repeat(500) + &"]".repeat(500)
        ));
        assert_eq!(report.status, Status::Failed);
        let description = report.error_description.unwrap();
        assert_eq!(description, format!("{}…", "é".repeat(499)));
        assert_eq!(report.error_code.as_deref(), Some("5.10"));
        assert_eq!(report.reference_number.as_deref(), Some("12345678901234567890123"));
        assert_eq!(report.comments.as_deref(), Some("a b\nc"));
        assert_eq!(report.response.map(|response| response.len()), Some(1_000));
        let blank = read(r#"{"status": "In Progress", "comments": "  ", "errorCode": null}"#);
        assert_eq!((blank.status, blank.comments), (Status::InProgress, None));
    }

    #[test]
    fn what_it_is_about_must_be_told_once_and_rightly() {
        let check = |body: &str, at: &str, code: Code| {
            assert_eq!(wrong(body), [(at.to_owned(), code)], "{body}");
        };
        check("{}", "/status", Code::ValidationFailed);
        check(r#"{"status": 5}"#, "/status", Code::ValidationFailed);
        check(r#"{"status": "REQUEST_SENT"}"#, "/status", Code::ValidationFailed);
        let twice = r#"{"status": "FAILED", "status": "COMPLETED"}"#;
        check(twice, "/status", Code::DuplicateKey);
        check(r#"{"status": "FAILED", "id": "x"}"#, "/id", Code::ValidationFailed);
        check(r#"{"status": "FAILED", "id": 1.5}"#, "/id", Code::ValidationFailed);
        check(r#"{"status": "FAILED", "generation": -1}"#, "/generation", Code::ValidationFailed);
        for body in ["", "[]", "5", "null", "{\"status\":", "\u{1}"] {
            check(body, "", Code::MalformedJson);
        }
        let report = read(r#"{"status": "FAILED", "id": "97", "generation": 2}"#);
        assert_eq!((report.id, report.generation), ("97".parse().ok(), Some(2)));
    }
}
