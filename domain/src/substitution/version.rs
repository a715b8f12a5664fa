//! The versions of the document that plans are filled from.
//!
//! Neighbours: `shape` says what each has, a plan's content which one it sees.

use serde::{Deserialize, Serialize};

/// A version of the document. A plan sees the one of the day that it was last saved, so that what a
/// provider is sent never grows by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[derive(Serialize, Deserialize)]
#[serde(into = "u8", try_from = "u8")]
pub enum DocumentVersion {
    /// Without what was sold: of plans that were last saved by 0.1.0.
    First,
    /// With what was sold.
    #[default]
    Second,
}

impl DocumentVersion {
    /// The version of a row that says none.
    pub const fn unsaid() -> Self {
        Self::First
    }
}

impl From<DocumentVersion> for u8 {
    fn from(version: DocumentVersion) -> Self {
        match version {
            DocumentVersion::First => 1,
            DocumentVersion::Second => 2,
        }
    }
}

impl TryFrom<u8> for DocumentVersion {
    type Error = &'static str;

    fn try_from(number: u8) -> Result<Self, Self::Error> {
        match number {
            1 => Ok(Self::First),
            2 => Ok(Self::Second),
            _ => Err("there is no such version of the document"),
        }
    }
}
