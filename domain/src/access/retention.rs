//! How long a tenant keeps what was sent and heard.
//!
//! Neighbours: `tenant` has it as a setting, `request::kept` counts with it.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::limits::{RETENTION, RETENTION_DEFAULT, YEAR};
use crate::time::Period;

/// A length of time in days, or in years of 365 days: `P180D` to `P10Y`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(into = "String", try_from = "String")]
#[schema(value_type = String, example = "P2Y")]
pub struct Retention(Period);

impl Default for Retention {
    fn default() -> Self {
        Self(RETENTION_DEFAULT)
    }
}

impl Retention {
    /// The length of time.
    pub const fn period(self) -> Period {
        self.0
    }
}

impl TryFrom<String> for Retention {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let (least, most) = RETENTION;
        let years = text.strip_prefix('P').and_then(|text| text.strip_suffix('Y'));
        let years = years.and_then(|years| years.parse::<u8>().ok());
        let period = match years {
            Some(years) => Some(Period::from_millis(YEAR.millis() * i64::from(years))),
            None => Period::try_from(text).ok(),
        };
        let fits = period.filter(|period| (least..=most).contains(period));
        fits.map(Self).ok_or_else(|| format!("not a duration from {least} to {}", Self(most)))
    }
}

impl From<Retention> for String {
    fn from(retention: Retention) -> Self {
        retention.to_string()
    }
}

impl fmt::Display for Retention {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (millis, year) = (self.0.millis(), YEAR.millis());
        if millis % year == 0 { write!(f, "P{}Y", millis / year) } else { write!(f, "{}", self.0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_told_in_years_or_days() {
        let check = |text: &str, told: Option<&str>| {
            let read = Retention::try_from(text.to_owned());
            assert_eq!(read.ok().map(|read| read.to_string()).as_deref(), told, "{text}");
        };
        check("P2Y", Some("P2Y"));
        check("P730D", Some("P2Y"));
        check("P180D", Some("P180D"));
        check("P10Y", Some("P10Y"));
        for wrong in ["P179D", "P3651D", "P11Y", "P300Y", "PT0S", "P0Y", "PY", "P-2Y", "2Y", ""] {
            check(wrong, None);
        }
    }
}
