//! The present moment and how to wait for a later one. Nothing else in the workspace reads a clock, so a story can
//! run a week of logins in a millisecond.

use std::fmt;
use std::ops::{Add, Sub};
use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

/// Microseconds since 1970-01-01 UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// A moment from microseconds since the epoch, the form in which stores keep it.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// A moment from whole seconds since the epoch, the form of JWT's NumericDate (RFC 7519 §2).
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1_000_000))
    }

    /// Microseconds since the epoch.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Whole seconds since the epoch, rounded down (RFC 7519 §2).
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// A moment as [`fmt::Display`] prints it, without milliseconds, or a date alone, which is its beginning (RFC 3339 §5.6 in
    /// UTC).
    pub fn read(text: &str) -> Option<Self> {
        let (date, time) = text.split_once('T').unwrap_or((text, "00:00:00Z"));
        let (time, millis) = match time.strip_suffix('Z')?.split_once('.') {
            None => (time.strip_suffix('Z')?, 0),
            Some((time, digits)) if (1..=3).contains(&digits.len()) => {
                (time, number(digits)? * 10_i64.pow(u32::try_from(3 - digits.len()).ok()?))
            }
            Some(_) => return None,
        };
        let [year, month, day] = parts(date, '-', [4, 2, 2])?;
        let [hour, minute, second] = parts(time, ':', [2, 2, 2])?;
        let days = days_of(year, month, day);
        if civil(days) != (year, month, day) || hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        Some(Self((((days * 24 + hour) * 60 + minute) * 60 + second) * 1_000_000 + millis * 1_000))
    }

    /// How long ago `earlier` was; zero when it lies in the future.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

impl Add<Duration> for Timestamp {
    type Output = Self;

    fn add(self, rhs: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(rhs.as_micros()).unwrap_or(i64::MAX)))
    }
}

impl Sub<Duration> for Timestamp {
    type Output = Self;

    fn sub(self, rhs: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(rhs.as_micros()).unwrap_or(i64::MAX)))
    }
}

impl fmt::Display for Timestamp {
    /// RFC 3339 in UTC with milliseconds, as SCIM's `meta.created` wants it (RFC 7643 §2.3.5).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.seconds();
        let (days, of_day) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
        let (year, month, day) = civil(days);
        let millis = self.0.rem_euclid(1_000_000) / 1_000;
        let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z")
    }
}

/// Gregorian date of a day number counted from 1970-01-01 (eras of 400 years, each starting on 1 March).
const fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + if month <= 2 { 1 } else { 0 };
    (year, month, day)
}

/// Day number of a Gregorian date, the reverse of [`civil`]; of a date that there is not, that of another one.
const fn days_of(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// Three numbers of so many digits.
fn parts(text: &str, between: char, digits: [usize; 3]) -> Option<[i64; 3]> {
    let mut words = text.split(between);
    let mut next = |digits| words.next().filter(|word| word.len() == digits).and_then(number);
    let [one, two, three] = digits;
    let read = [next(one)?, next(two)?, next(three)?];
    words.next().is_none().then_some(read)
}

fn number(text: &str) -> Option<i64> {
    text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

/// Reads the present moment and waits for a later one.
#[async_trait]
pub trait Clock: Send + Sync {
    /// The present moment.
    fn now(&self) -> Timestamp;

    /// Returns after `span`; a story's clock only lets the other tasks run.
    async fn pause(&self, span: Duration);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_prints_as_rfc_3339() {
        assert_eq!(Timestamp::from_seconds(0).to_string(), "1970-01-01T00:00:00.000Z");
        assert_eq!(Timestamp::from_micros(1_709_210_096_789_000).to_string(), "2024-02-29T12:34:56.789Z");
        assert_eq!(Timestamp::from_seconds(4_102_444_799).to_string(), "2099-12-31T23:59:59.000Z");
    }

    #[test]
    fn a_moment_is_read_as_it_is_printed() {
        for seconds in [0, 951_782_399, 951_782_400, 1_709_210_096, 4_102_444_799] {
            let moment = Timestamp::from_micros(seconds * 1_000_000 + 789_000);
            assert_eq!(Timestamp::read(&moment.to_string()), Some(moment));
        }
        assert_eq!(Timestamp::read("2024-02-29"), Some(Timestamp::from_seconds(1_709_164_800)));
        assert_eq!(Timestamp::read("1970-01-01T00:00:01.5Z"), Some(Timestamp::from_micros(1_500_000)));
        for bad in ["", "2023-02-29", "2024-2-29", "2024-02-29T24:00:00Z", "2024-02-29T00:00:00", "2024-13-01", "x"] {
            assert_eq!(Timestamp::read(bad), None, "{bad}");
        }
    }
}
