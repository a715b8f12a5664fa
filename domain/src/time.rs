//! Instants, days and durations as the API writes them.
//!
//! Neighbours: every entity. Guarantee: an instant has milliseconds and `Z`, a day has neither.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use jiff::{SignedDuration, SpanRelativeTo, Timestamp, civil};
use serde::{Deserialize, Serialize};

use crate::limits::PERIOD_LONGEST;

/// A day, UTC, `YYYY-MM-DD`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[derive(Serialize, Deserialize, utoipa::ToSchema)]
#[serde(into = "String", try_from = "String")]
#[schema(value_type = String, format = Date, example = "2027-04-30")]
pub struct Day(civil::Date);

/// An instant: milliseconds since 1970, written as RFC 3339 with milliseconds and `Z`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[derive(Serialize, Deserialize, utoipa::ToSchema)]
#[serde(into = "String", try_from = "String")]
#[schema(value_type = String, format = DateTime, example = "2026-05-04T10:00:00.000Z")]
pub struct Time(i64);

impl Day {
    /// What is wrong with a text or a day that somebody gives.
    pub const WRONG: &'static str =
        "must be a day such as 2027-04-30: YYYY-MM-DD, in the years 0001 to 9999";

    /// Whether it may be given: 0.1.0 took years before 1, and its rows still have them.
    pub fn has_common_year(self) -> bool {
        self.0.year() >= 1
    }

    /// Whether there is such a day in the years 1 to 9999.
    pub fn exists(year: u16, month: u8, day: u8) -> bool {
        let date = || {
            let (month, day) = (month.try_into().ok()?, day.try_into().ok()?);
            civil::Date::new(year.try_into().ok()?, month, day).ok()
        };
        date().is_some_and(|date| date.year() >= 1)
    }
}

impl FromStr for Day {
    type Err = &'static str;

    /// Reads exactly what is written: no time of day, no zone, no other form.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let day = text.parse().map(Self).map_err(|_| Self::WRONG)?;
        if day.to_string() == text { Ok(day) } else { Err(Self::WRONG) }
    }
}

impl From<Day> for String {
    fn from(day: Day) -> Self {
        day.to_string()
    }
}

impl TryFrom<String> for Day {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// The last instant that has a text: 9999-12-30T22:00:00Z.
const LAST_MS: i64 = 253_402_207_200_000;

impl Time {
    /// From milliseconds since 1970, clamped to the years 1970 to 9999 (less its last 26 hours).
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

    /// What has passed since an earlier instant; nothing since a later one.
    pub const fn since(self, earlier: Self) -> Period {
        Period::from_millis(self.0 - earlier.0)
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

    /// Reads RFC 3339 and nothing looser.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const WRONG: &str = "must be an instant such as 2026-05-04T10:00:00.000Z, not before 1970 \
                             and not after 9999-12-30T22:00:00Z";
        let stamp: Timestamp = text.parse().map_err(|_| WRONG)?;
        if !is_rfc3339(text) {
            return Err(WRONG);
        }
        match stamp.as_millisecond() {
            millis @ 0..=LAST_MS => Ok(Self(millis)),
            _ => Err(WRONG),
        }
    }
}

/// Whether a text that names an instant does so in the form of RFC 3339.
fn is_rfc3339(text: &str) -> bool {
    let (Some(date), Some(rest)) = (text.get(..19), text.get(19..)) else { return false };
    let fraction = rest
        .strip_prefix('.')
        .map_or(rest, |digits| digits.trim_start_matches(|c: char| c.is_ascii_digit()));
    let digit = |c: char| if c.is_ascii_digit() { '0' } else { c.to_ascii_uppercase() };
    let form = |text: &str| text.chars().map(digit).collect::<String>();
    form(date) == "0000-00-00T00:00:00"
        && ["Z", "+00:00", "-00:00"].contains(&form(fraction).as_str())
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

/// A length of time, 0 to 36,525 days (a hundred years) in milliseconds, written as an ISO 8601
/// duration (`PT10S`, `P7D`). What is longer is that long: every one that is written can be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[derive(Serialize, Deserialize, utoipa::ToSchema)]
#[serde(into = "String", try_from = "String")]
#[schema(value_type = String, example = "PT10S")]
pub struct Period(i64);

impl Period {
    /// From milliseconds, clamped to the bounds.
    pub const fn from_millis(millis: i64) -> Self {
        Self(if millis < 0 {
            0
        } else if millis > PERIOD_LONGEST_MS {
            PERIOD_LONGEST_MS
        } else {
            millis
        })
    }

    /// From seconds.
    pub const fn from_secs(secs: i64) -> Self {
        Self::from_millis(secs.saturating_mul(1000))
    }

    /// Milliseconds, not negative.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// As the standard library has it.
    pub const fn duration(self) -> Duration {
        Duration::from_millis(self.0.unsigned_abs())
    }
}

const DAY_MS: i64 = 86_400_000;
const PERIOD_LONGEST_MS: i64 = PERIOD_LONGEST * DAY_MS;

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
        let spanned = || {
            let span: jiff::Span = text.parse().ok()?;
            span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()
        };
        // A length beyond the calendar still is one: 0.1.0 wrote such.
        let days = || {
            let days = text.strip_prefix('P')?.strip_suffix('D')?.parse::<u32>().ok()?;
            Some(SignedDuration::from_hours(24 * i64::from(days)))
        };
        let length = spanned().or_else(|| text.parse().ok()).or_else(days).ok_or(WRONG)?;
        if length.is_negative() {
            return Err(WRONG);
        }
        Ok(Self::from_millis(i64::try_from(length.as_millis()).unwrap_or(i64::MAX)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_instant_is_written_with_milliseconds_and_z() {
        let check = |text: &str, written: &str| {
            assert_eq!(text.parse::<Time>().map(|t| t.to_string()), Ok(written.to_owned()));
        };
        check("2026-05-04T10:00:00Z", "2026-05-04T10:00:00.000Z");
        check("2026-05-04T12:00:00.5+02:00", "2026-05-04T10:00:00.500Z");
        check("2026-05-04t10:00:00.123456z", "2026-05-04T10:00:00.123Z");
        for wrong in [
            "2026-05-04",
            "1969-12-31T23:59:59Z",
            "2026-05-04 10:00:00Z",
            "2026-05-04T10:00Z",
            "20260504T100000Z",
            "2026-05-04T10:00:00,5Z",
            "2026-05-04T10:00:00+02",
            "2026-05-04T10:00:00+02:00[Europe/Berlin]",
        ] {
            assert!(wrong.parse::<Time>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_day_is_read_as_it_is_written() {
        let check = |text: &str| assert_eq!(text.parse::<Day>().unwrap().to_string(), text);
        for day in ["2027-04-30", "0001-01-01", "9999-12-31", "2024-02-29", "0000-01-01"] {
            check(day);
        }
        assert!(!"0000-01-01".parse::<Day>().unwrap().has_common_year());
        for wrong in [
            "2026-12-31T23:30:00-08:00",
            "2026-12-31T00:00",
            "20261231",
            "2026-12-31Z",
            "2026-W53-4",
            "2025-02-29",
            "10000-01-01",
            " 2026-12-31",
            "",
        ] {
            assert_eq!(wrong.parse::<Day>(), Err(Day::WRONG), "{wrong}");
        }
    }

    #[test]
    fn only_days_that_exist_exist() {
        for (year, month, day) in [(2024, 2, 29), (1, 1, 1), (9999, 12, 31)] {
            assert!(Day::exists(year, month, day), "{year}-{month}-{day}");
        }
        for (year, month, day) in
            [(2023, 2, 29), (2000, 2, 31), (0, 1, 1), (10_000, 1, 1), (2000, 13, 1), (2000, 1, 200)]
        {
            assert!(!Day::exists(year, month, day), "{year}-{month}-{day}");
        }
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
        check("PT2562047788015H12M55.807S", PERIOD_LONGEST_MS, "P36525D");
        check("P4294967295D", PERIOD_LONGEST_MS, "P36525D");
        for wrong in ["", "10", "-PT1S", "P1M", "PT", "10s", "P1Y", "PT-1S"] {
            assert!(Period::try_from(wrong.to_owned()).is_err(), "{wrong}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

        /// However a length or an instant came about, what is written of it is read.
        #[test]
        fn what_is_written_is_read(millis: i64, bits in 0_u32..64, other: i64) {
            let (at, length) = (Time::from_millis(millis), Period::from_millis(millis >> bits));
            let seconds = Period::from_secs(millis >> bits);
            for length in [length, seconds, at.since(Time::from_millis(other))] {
                prop_assert_eq!(Period::try_from(length.to_string()), Ok(length));
            }
            for at in [at, Time::from_millis(millis >> bits), at.after(length)] {
                prop_assert_eq!(at.to_string().parse(), Ok(at));
                prop_assert_eq!(at.day().to_string().parse(), Ok(at.day()));
            }
        }
    }
}
