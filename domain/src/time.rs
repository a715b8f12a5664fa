//! Instants, days and durations as the API writes them.
//!
//! Neighbours: every entity. Guarantee: an instant has milliseconds and `Z`, a day has neither.

use std::fmt;
use std::str::FromStr;

use jiff::{SignedDuration, SpanRelativeTo, Timestamp, civil};
use serde::{Deserialize, Serialize};

/// A day, UTC, `YYYY-MM-DD`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[derive(Serialize, Deserialize, utoipa::ToSchema)]
#[schema(value_type = String, format = Date, example = "2027-04-30")]
pub struct Day(civil::Date);

/// An instant: milliseconds since 1970, written as RFC 3339 with milliseconds and `Z`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[derive(Serialize, Deserialize, utoipa::ToSchema)]
#[serde(into = "String", try_from = "String")]
#[schema(value_type = String, format = DateTime, example = "2026-05-04T10:00:00.000Z")]
pub struct Time(i64);

impl FromStr for Day {
    type Err = jiff::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

const LAST_MS: i64 = 253_402_300_799_999; // 9999-12-31T23:59:59.999Z

impl Time {
    /// From milliseconds since 1970, clamped to the years 1970 to 9999.
    pub fn from_millis(millis: i64) -> Self {
        Self(millis.clamp(0, LAST_MS))
    }

    /// Milliseconds since 1970.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// This instant and `period` more.
    pub fn after(self, period: Period) -> Self {
        Self::from_millis(self.0.saturating_add(period.millis()))
    }

    /// What has passed since an earlier instant; below zero since a later one.
    pub const fn since(self, earlier: Self) -> Period {
        Period(self.0 - earlier.0)
    }

    /// The UTC day of this instant.
    pub fn day(self) -> Day {
        Day(self.stamp().to_zoned(jiff::tz::TimeZone::UTC).date())
    }

    fn stamp(self) -> Timestamp {
        Timestamp::from_millisecond(self.0).unwrap_or(Timestamp::UNIX_EPOCH)
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3}", self.stamp())
    }
}

impl fmt::Debug for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Time {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let stamp: Timestamp =
            text.parse().map_err(|_| "not an instant such as 2026-05-04T10:00:00.000Z")?;
        match stamp.as_millisecond() {
            millis @ 0..=LAST_MS => Ok(Self(millis)),
            _ => Err("an instant lies in the years 1970 to 9999"),
        }
    }
}

impl From<Time> for String {
    fn from(time: Time) -> Self {
        time.to_string()
    }
}

impl TryFrom<String> for Time {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

/// A length of time in milliseconds, written as an ISO 8601 duration (`PT10S`, `P7D`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[derive(Serialize, Deserialize, utoipa::ToSchema)]
#[serde(into = "String", try_from = "String")]
#[schema(value_type = String, example = "PT10S")]
pub struct Period(i64);

impl Period {
    /// From milliseconds; never negative.
    pub const fn from_millis(millis: i64) -> Self {
        Self(if millis < 0 { 0 } else { millis })
    }

    /// From seconds.
    pub const fn from_secs(secs: i64) -> Self {
        Self::from_millis(secs.saturating_mul(1000))
    }

    /// Milliseconds, not negative.
    pub const fn millis(self) -> i64 {
        self.0
    }
}

const DAY_MS: i64 = 86_400_000;

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 != 0 && self.0 % DAY_MS == 0 {
            write!(f, "P{}D", self.0 / DAY_MS)
        } else {
            write!(f, "{}", SignedDuration::from_millis(self.0))
        }
    }
}

impl From<Period> for String {
    fn from(period: Period) -> Self {
        period.to_string()
    }
}

impl TryFrom<String> for Period {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        const WRONG: &str = "not a duration such as PT10S or P7D";
        if !text.starts_with('P') {
            return Err(WRONG);
        }
        let span: jiff::Span = text.parse().map_err(|_| WRONG)?;
        let length = span.to_duration(SpanRelativeTo::days_are_24_hours()).map_err(|_| WRONG)?;
        match i64::try_from(length.as_millis()) {
            Ok(millis) if millis >= 0 => Ok(Self(millis)),
            _ => Err(WRONG),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_written_with_milliseconds_and_z() {
        let check = |text: &str, written: &str| {
            assert_eq!(text.parse::<Time>().map(|t| t.to_string()), Ok(written.to_owned()));
        };
        check("2026-05-04T10:00:00Z", "2026-05-04T10:00:00.000Z");
        check("2026-05-04T12:00:00.5+02:00", "2026-05-04T10:00:00.500Z");
        assert!("2026-05-04".parse::<Time>().is_err());
        assert!("1969-12-31T23:59:59Z".parse::<Time>().is_err());
    }

    #[test]
    fn durations_keep_their_spelling() {
        let check = |text: &str, millis: i64, written: &str| {
            let period = Period::try_from(text.to_owned()).unwrap();
            assert_eq!((period.millis(), period.to_string()), (millis, written.to_owned()));
        };
        check("PT10S", 10_000, "PT10S");
        check("PT0.005S", 5, "PT0.005S");
        check("P7D", 604_800_000, "P7D");
        check("PT0S", 0, "PT0S");
        for wrong in ["", "10", "-PT1S", "P1M", "PT", "10s"] {
            assert!(Period::try_from(wrong.to_owned()).is_err(), "{wrong}");
        }
    }
}
