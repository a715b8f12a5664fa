//! Why a request failed, or its last attempt did: a type, so that what a provider calls its own
//! failure is never taken for one of ours.
//!
//! Neighbours: plans and dispatch name what keeps a request from being sent, callbacks what the
//! provider said. Guarantee: only `row` and [`Own::read`] make causes of texts.

use serde::{Deserialize, Serialize};
use strum::{Display, EnumString};

/// Why there was no answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Display, EnumString)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum Silence {
    /// The name has no address.
    #[default]
    Dns,
    /// Nobody accepted the connection.
    Connect,
    /// No answer within the method's time-out.
    Timeout,
    /// The connection broke after it was made.
    Broken,
    /// The token server gave no access token: the provider was not called.
    Token,
    /// The master key that opens the method's secrets was not to be had: the provider was not
    /// called.
    Secret,
}

/// Causes that this service found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Display, EnumString)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum Own {
    /// The product has no plan.
    PlanMissing,
    /// The plan cannot be filled.
    PlanInvalid,
    /// The payload is larger than a provider gets.
    PayloadTooLarge,
    /// The payload breaks the plan's `payloadSchema`.
    PayloadInvalid,
    /// The method is gone or disabled.
    MethodMissing,
    /// The method's address may not be called.
    MethodInvalid,
    /// A row that it needs cannot be read.
    Unreadable,
    /// No callback was accepted before the deadline.
    CallbackTimeout,
    /// An operator, or a revocation, cancelled it.
    Cancelled,
    /// An operator set it to Failed.
    Operator,
    /// The worker of an attempt was not heard of again.
    #[strum(serialize = "DISPATCH_LOST")]
    Lost,
    /// There was no answer.
    #[strum(to_string = "DISPATCH_{0}")]
    Silent(Silence),
    /// An HTTP status that does not say what became of the request.
    #[strum(to_string = "DISPATCH_HTTP_{0}")]
    Unsettled(u16),
    /// An HTTP status by which the provider refused.
    #[strum(to_string = "PROVIDER_HTTP_{0}")]
    Refused(u16),
}

impl Own {
    /// The cause that has this code; none if the code is not ours.
    pub fn read(code: &str) -> Option<Self> {
        let after = |prefix| code.strip_prefix(prefix);
        if let Some(status) = after("DISPATCH_HTTP_") {
            return status.parse().ok().map(Self::Unsettled);
        }
        if let Some(status) = after("PROVIDER_HTTP_") {
            return status.parse().ok().map(Self::Refused);
        }
        let silence = after("DISPATCH_").and_then(|name| name.parse().ok());
        // `parse` also takes the bare name of a kind that has a value; such a code is not ours.
        let plain = || code.parse().ok().filter(|own: &Self| own.to_string() == code);
        silence.map(Self::Silent).or_else(plain)
    }

    /// The failure with this cause.
    pub fn because(self, description: impl Into<String>) -> Failure {
        Failure { cause: Cause::Own(self), description: description.into() }
    }
}

/// Whose word it is, and its code.
#[derive(Clone, Debug, PartialEq, Eq, Hash, strum::Display)]
pub enum Cause {
    /// This service's.
    #[strum(to_string = "{0}")]
    Own(Own),
    /// The provider's own text, from a callback; it says nothing to us.
    #[strum(to_string = "{0}")]
    Provider(String),
}

/// The party that gave an error its code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ErrorBy {
    /// This service.
    Service,
    /// The provider, in a callback.
    Provider,
}

/// A cause, and the same for people.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Failure {
    /// Why.
    pub cause: Cause,
    /// In words.
    pub description: String,
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.cause, self.description)
    }
}

/// A failure as rows and answers have it; all members are null where nothing failed.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ErrorLine {
    /// Why it failed, or why its last attempt did.
    pub error_code: Option<String>,
    /// The same for people.
    pub error_description: Option<String>,
    /// Whose code it is.
    pub error_by: Option<ErrorBy>,
    /// Attempts of 0.1.0 have code and description in one text.
    #[serde(skip_serializing)]
    #[schema(ignore)]
    error: Option<String>,
}

impl From<Option<&Failure>> for ErrorLine {
    fn from(failure: Option<&Failure>) -> Self {
        let by = |failure: &Failure| match failure.cause {
            Cause::Own(_) => ErrorBy::Service,
            Cause::Provider(_) => ErrorBy::Provider,
        };
        Self {
            error_code: failure.map(|failure| failure.cause.to_string()),
            error_description: failure.map(|failure| failure.description.clone()),
            error_by: failure.map(by),
            error: None,
        }
    }
}

impl From<ErrorLine> for Option<Failure> {
    /// Rows of 0.1.0 do not say whose code it is: one that is ours is taken for ours.
    fn from(line: ErrorLine) -> Self {
        let of_attempt = || line.error.as_ref()?.split_once(": ");
        let (code, description) = match line.error_code {
            Some(code) => (code, line.error_description.unwrap_or_default()),
            None => of_attempt().map(|(code, why)| (code.to_owned(), why.to_owned()))?,
        };
        let own = Own::read(&code).filter(|_| line.error_by != Some(ErrorBy::Provider));
        Some(Failure { cause: own.map_or(Cause::Provider(code), Cause::Own), description })
    }
}

/// A failure in a row of the store: the members of [`ErrorLine`], beside those of what failed.
pub(crate) mod row {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::{ErrorLine, Failure};

    #[expect(clippy::ref_option, reason = "the form that serde asks for")]
    pub(crate) fn serialize<S: Serializer>(
        failure: &Option<Failure>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        ErrorLine::from(failure.as_ref()).serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Failure>, D::Error> {
        ErrorLine::deserialize(deserializer).map(Into::into)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn again(cause: Cause) -> Option<Failure> {
        let failure = Failure { cause, description: "why".to_owned() };
        let text = serde_json::to_string(&ErrorLine::from(Some(&failure))).unwrap();
        serde_json::from_str::<ErrorLine>(&text).unwrap().into()
    }

    #[test]
    fn what_is_written_is_read() {
        let own = [
            Own::PlanMissing,
            Own::PlanInvalid,
            Own::PayloadTooLarge,
            Own::PayloadInvalid,
            Own::MethodMissing,
            Own::MethodInvalid,
            Own::Unreadable,
            Own::CallbackTimeout,
            Own::Cancelled,
            Own::Operator,
            Own::Lost,
            Own::Silent(Silence::Dns),
            Own::Silent(Silence::Connect),
            Own::Silent(Silence::Timeout),
            Own::Silent(Silence::Broken),
            Own::Silent(Silence::Token),
            Own::Silent(Silence::Secret),
            Own::Unsettled(500),
            Own::Refused(404),
        ];
        for cause in own {
            assert_eq!(Own::read(&cause.to_string()), Some(cause));
            assert_eq!(
                again(Cause::Own(cause)).map(|failure| failure.cause),
                Some(Cause::Own(cause))
            );
            let theirs = Cause::Provider(cause.to_string());
            assert_eq!(again(theirs.clone()).map(|failure| failure.cause), Some(theirs));
        }
    }

    #[test]
    fn rows_of_0_1_0_are_read() {
        let check = |row: Value, cause: Cause| {
            let failure: Option<Failure> = serde_json::from_value::<ErrorLine>(row).unwrap().into();
            assert_eq!(failure, Some(Failure { cause, description: "gone: now".to_owned() }));
        };
        let request = |code| json!({"errorCode": code, "errorDescription": "gone: now"});
        check(request("METHOD_MISSING"), Cause::Own(Own::MethodMissing));
        for theirs in ["E42", "REFUSED", "SILENT", "DISPATCH_", "PROVIDER_HTTP_"] {
            check(request(theirs), Cause::Provider(theirs.to_owned()));
        }
        let attempt = json!({"error": "DISPATCH_CONNECT: gone: now", "errorCode": null});
        check(attempt, Cause::Own(Own::Silent(Silence::Connect)));
    }
}
