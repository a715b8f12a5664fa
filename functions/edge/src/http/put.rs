//! A PUT takes back what a GET gave: members that only answers have are passed over.
//!
//! Neighbours: `body` has noted them as unknown.

use std::future::Future;

use domain::rejection::Code;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::http::body::{Body, unmarked};
use crate::http::context::Cx;
use crate::http::problem::Problem;

impl Cx {
    /// The body of a PUT. Members that only the answer of a GET has are passed over where they say
    /// the same as it. That answer, with its version, is asked for if there are such; none: there
    /// is nothing yet.
    ///
    /// # Errors
    /// As [`Cx::json`]; the errors of the reading.
    pub async fn json_of<T: DeserializeOwned + ToSchema, V: Serialize>(
        &self,
        shown: impl Future<Output = Result<Option<(V, u64)>, Problem>> + Send,
    ) -> Result<Body<T>, Problem> {
        let mut body = self.json::<T>()?;
        if body.faults.iter().any(|fault| fault.code == Code::UnknownMember)
            && let Some((shown, version)) = shown.await?
        {
            // What was read of an older version is not held against this one.
            self.if_match(version)?;
            body.pass_over(&self.body, &json!(shown));
        }
        Ok(body)
    }
}

impl<T> Body<T> {
    /// Passes over members that only answers have, as far as they say what the answer `shown` does.
    /// A client that reads, changes a member and sends all of it back means no other member.
    fn pass_over(&mut self, bytes: &[u8], shown: &Value) {
        let sent: Value = serde_json::from_slice(unmarked(bytes)).unwrap_or_default();
        self.faults.retain_mut(|fault| {
            let unknown = fault.code == Code::UnknownMember;
            let Some(is) = shown.pointer(&fault.pointer).filter(|_| unknown) else { return true };
            fault.code = Code::ReadOnly;
            "the service decides it; leave it out, or send it as it was read"
                .clone_into(&mut fault.detail);
            sent.pointer(&fault.pointer) != Some(is)
        });
    }
}
