//! A length of time as Elasticsearch's settings write it (`TimeValue`).

use std::fmt;

/// The units, finest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TimeUnit {
    /// `nanos`
    Nanoseconds,
    /// `micros`
    Microseconds,
    /// `ms`
    Milliseconds,
    /// `s`
    Seconds,
    /// `m`
    Minutes,
    /// `h`
    Hours,
    /// `d`
    Days,
}

impl TimeUnit {
    /// Every unit. `nanos`, `micros` and `ms` come before `s`, with which they end.
    pub const ALL: [TimeUnit; 7] = {
        use TimeUnit::*;
        [Nanoseconds, Microseconds, Milliseconds, Seconds, Minutes, Hours, Days]
    };

    /// What follows the number.
    pub fn suffix(self) -> &'static str {
        match self {
            TimeUnit::Nanoseconds => "nanos",
            TimeUnit::Microseconds => "micros",
            TimeUnit::Milliseconds => "ms",
            TimeUnit::Seconds => "s",
            TimeUnit::Minutes => "m",
            TimeUnit::Hours => "h",
            TimeUnit::Days => "d",
        }
    }

    /// Its length in nanoseconds.
    pub fn nanos(self) -> i64 {
        match self {
            TimeUnit::Nanoseconds => 1,
            TimeUnit::Microseconds => 1_000,
            TimeUnit::Milliseconds => 1_000_000,
            TimeUnit::Seconds => 1_000_000_000,
            TimeUnit::Minutes => 60_000_000_000,
            TimeUnit::Hours => 3_600_000_000_000,
            TimeUnit::Days => 86_400_000_000_000,
        }
    }
}

/// A length of time; `-1` is a length of its own, which some settings take for "never".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimeValue {
    nanos: i64,
}

/// A text that is no length of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum TimeValueError {
    /// A number without a unit, or something else altogether.
    #[error("a time is a whole number with a unit (nanos, micros, ms, s, m, h or d)")]
    NoUnit,
    /// `1.5s`.
    #[error("fractions are not supported, use a smaller unit")]
    Fraction,
    /// `-5s`.
    #[error("negative times are not supported")]
    Negative,
    /// The unit is there and the number is not.
    #[error("what stands before the unit is not a number")]
    NotANumber,
    /// More than 292 years.
    #[error("the time is longer than can be counted")]
    TooLong,
}

impl TimeValue {
    /// `-1`.
    pub const MINUS_ONE: TimeValue = TimeValue { nanos: -1_000_000 };

    /// So many milliseconds; at most 292 years.
    pub fn from_ms(ms: u64) -> Self {
        let nanos = i64::try_from(ms).ok().and_then(|ms| ms.checked_mul(TimeUnit::Milliseconds.nanos()));
        TimeValue { nanos: nanos.unwrap_or(i64::MAX) }
    }

    /// Whole milliseconds, rounded towards zero as `TimeValue.millis` does;
    /// `None` for [`MINUS_ONE`](Self::MINUS_ONE).
    pub fn ms(self) -> Option<u64> {
        u64::try_from(self.nanos).ok().map(|nanos| nanos / TimeUnit::Milliseconds.nanos() as u64)
    }

    /// Reads `100ms`, `3s`, `1m`, `0` and `-1` (`TimeValue.parseTimeValue`).
    /// Spaces do not matter, nor do capitals, except that `M` is refused: to
    /// some it means months.
    ///
    /// # Errors
    /// When it is none of these.
    pub fn parse(text: &str) -> Result<Self, TimeValueError> {
        let text = text.trim();
        if text == "-1" {
            return Ok(TimeValue::MINUS_ONE);
        }
        if !text.is_empty() && text.bytes().all(|byte| byte == b'0') {
            return Ok(TimeValue { nanos: 0 });
        }
        let lower = text.to_ascii_lowercase();
        let unit_of = |unit: &TimeUnit| lower.ends_with(unit.suffix()) && !text.ends_with('M');
        let unit = TimeUnit::ALL.into_iter().find(unit_of).ok_or(TimeValueError::NoUnit)?;
        let number = lower[..lower.len() - unit.suffix().len()].trim_end();
        let digits = number.strip_prefix('-').unwrap_or(number);
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
            return Err(TimeValueError::NotANumber);
        }
        if digits.contains('.') {
            return Err(TimeValueError::Fraction);
        }
        if number.starts_with('-') {
            return Err(TimeValueError::Negative);
        }
        let nanos = number.parse::<i64>().ok().and_then(|number| number.checked_mul(unit.nanos()));
        nanos.map(|nanos| TimeValue { nanos }).ok_or(TimeValueError::TooLong)
    }
}

/// With the largest unit that divides it, so that it reads back as it was.
impl fmt::Display for TimeValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == TimeValue::MINUS_ONE {
            return f.write_str("-1");
        }
        if self.nanos == 0 {
            return f.write_str("0ms");
        }
        let unit = TimeUnit::ALL.into_iter().rev().find(|unit| self.nanos % unit.nanos() == 0);
        let unit = unit.unwrap_or(TimeUnit::Nanoseconds);
        write!(f, "{}{}", self.nanos / unit.nanos(), unit.suffix())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_unit_is_read() {
        for (text, ms) in [
            ("100ms", 100),
            ("3s", 3_000),
            ("1m", 60_000),
            ("2h", 7_200_000),
            ("1d", 86_400_000),
            ("2500micros", 2),
            ("1999999nanos", 1),
            ("0", 0),
            ("000", 0),
            ("0s", 0),
            (" 10 S ", 10_000),
            ("5MS", 5),
        ] {
            assert_eq!(TimeValue::parse(text).map(TimeValue::ms), Ok(Some(ms)), "{text}");
        }
        assert_eq!(TimeValue::parse("-1"), Ok(TimeValue::MINUS_ONE));
        assert_eq!(TimeValue::MINUS_ONE.ms(), None);
        assert!(TimeValue::MINUS_ONE < TimeValue::from_ms(0));
    }

    #[test]
    fn what_is_no_time_is_refused() {
        use TimeValueError::*;
        for (text, error) in [
            ("", NoUnit),
            ("10", NoUnit),
            ("10w", NoUnit),
            ("1M", NoUnit),
            ("s", NotANumber),
            ("tens", NotANumber),
            ("1,5s", NotANumber),
            ("+5s", NotANumber),
            ("--5s", NotANumber),
            ("1.5s", Fraction),
            ("-1.5s", Fraction),
            ("-5s", Negative),
            ("-1s", Negative),
            ("9999999999999999999d", TooLong),
            ("300000d", TooLong),
        ] {
            assert_eq!(TimeValue::parse(text), Err(error), "{text}");
        }
    }

    #[test]
    fn what_is_written_is_read_back() {
        for ms in [0, 1, 99, 1_000, 1_500, 60_000, 90_000, 3_600_000, 86_400_000, 864_000_000] {
            let value = TimeValue::from_ms(ms);
            assert_eq!(TimeValue::parse(&value.to_string()), Ok(value), "{value}");
        }
        assert_eq!(TimeValue::from_ms(90_000).to_string(), "90s");
        assert_eq!(TimeValue::from_ms(180_000).to_string(), "3m");
        assert_eq!(TimeValue::from_ms(u64::MAX).ms(), Some(i64::MAX as u64 / 1_000_000));
    }
}
