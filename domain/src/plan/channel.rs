//! How a method reaches its provider: its type, with what that type needs.
//!
//! Neighbours: `method` has a channel, the edge's `provider` posts to a target. Guarantee: rows and
//! answers have the type and its members beside those of the method, as those of 0.1.0 do.

use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;

use crate::ids::Id;
use crate::plan::auth::AuthProfile;
use crate::plan::door::Sealed;
use crate::time::Period;

/// The way to a provider.
#[derive(Clone, Debug, PartialEq, Eq, IntoStaticStr, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "type", rename_all = "SCREAMING_SNAKE_CASE")]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum Channel {
    /// An HTTP POST.
    Callout(Target),
}

/// Where something is posted to, how we say who we are, how long to wait, how often to try.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Target {
    /// Where requests are posted to.
    pub endpoint_url: String,
    /// How the provider recognises us.
    pub auth_profile: AuthProfile,
    /// How long one attempt may take.
    pub timeout: Period,
    /// The wait before each attempt (Q7).
    pub retry_ladder: Vec<Period>,
}

impl Channel {
    /// Where it posts to.
    pub const fn target(&self) -> &Target {
        match self {
            Self::Callout(target) => target,
        }
    }
}

/// A target with the secrets that a call to it needs.
#[derive(Clone, Copy, Debug)]
pub struct Recipient<'a> {
    /// Whose the target is, such as a method; its secrets are sealed for it.
    pub id: Id,
    /// Another version may have other credentials.
    pub version: u64,
    /// Where to.
    pub target: &'a Target,
    /// The secrets that calls are signed with, newest first.
    pub secrets: &'a [Sealed],
    /// The secret of its authentication profile.
    pub credential: Option<&'a Sealed>,
}
