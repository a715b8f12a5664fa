//! Every decision of an API key has an entry in the audit, in the same transaction.
//!
//! Neighbours: `Cx::decide` asks for it, `domain::access::audit` makes it. Guarantee: no handler
//! can leave it out, and none needs to think of it.

use domain::access::audit::{AuditEntry, Call};
use domain::decision::Decision;
use domain::record::Kind;
use domain::rejection::{Code, Rejection};
use domain::request::manual::comments;
use domain::stamp::Stamp;
use serde::Deserialize;

use crate::http::body::unmarked;
use crate::http::context::Cx;
use crate::http::problem::Problem;

/// The header that says why.
pub const REASON: &str = "audit-reason";

/// The members of a body that give a reason.
#[derive(Deserialize)]
struct Said {
    comments: Option<String>,
}

impl Cx {
    /// The decision with its entry.
    pub(super) fn audited(&self, decision: Decision, stamp: &Stamp) -> Result<Decision, Problem> {
        // An activation that names a customer may change its entitlement, too (004-H23).
        let registers = || AuditEntry::registers(&decision).then_some(Kind::Entitlement);
        let Some(kind) = self.route.audits.or_else(registers) else { return Ok(decision) };
        let caller = self.caller()?;
        let reason = self.reason()?;
        let call = Call {
            act: self.route.operation,
            key: &caller.key,
            reason: reason.as_deref(),
            request_id: &self.request_id,
            pk_id: self.param("pkId"),
        };
        Ok(AuditEntry::note(decision, kind, &call, stamp))
    }

    /// Why: the header, else the comments of the body.
    fn reason(&self) -> Result<Option<String>, Rejection> {
        if let Some(given) = self.parts.headers.get(REASON) {
            let no_text = |_| Rejection::at(REASON, Code::ValidationFailed, "must be UTF-8");
            let text = std::str::from_utf8(given.as_bytes()).map_err(no_text)?;
            let at = |mut rejection: Rejection| {
                rejection.detail = rejection.detail.replace("/comments", REASON);
                rejection.faults.iter_mut().for_each(|fault| REASON.clone_into(&mut fault.pointer));
                rejection
            };
            if let Some(given) = comments(Some(text)).map_err(at)? {
                return Ok(Some(given));
            }
        }
        let said: Option<Said> = serde_json::from_slice(unmarked(&self.body)).ok();
        Ok(said.and_then(|said| said.comments))
    }
}
