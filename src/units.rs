//! Sizes and durations as people write them: `8GiB`, `10m`.

use std::time::Duration;

const SIZES: [(&str, u64); 9] = [
    ("B", 1),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("TiB", 1 << 40),
    ("kB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("TB", 1_000_000_000_000),
];
const DURATIONS: [(&str, f64); 5] = [("ms", 0.001), ("s", 1.0), ("m", 60.0), ("h", 3600.0), ("d", 86_400.0)];

/// Reads a size in bytes.
pub fn size(text: &str) -> Result<u64, String> {
    let wrong = || format!("'{text}' is not a size; write a number and a unit, such as 512MiB or 8GiB");
    let (number, unit) = split(text).ok_or_else(wrong)?;
    let (_, factor) = SIZES.iter().find(|(name, _)| *name == unit).ok_or_else(wrong)?;
    let bytes = number * *factor as f64;
    if (1.0..1e18).contains(&bytes) { Ok(bytes as u64) } else { Err(wrong()) }
}

/// Reads a duration.
pub fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("'{text}' is not a duration; write a number and a unit, such as 30s, 10m or 2h");
    let (number, unit) = split(text).ok_or_else(wrong)?;
    let (_, factor) = DURATIONS.iter().find(|(name, _)| *name == unit).ok_or_else(wrong)?;
    let seconds = number * factor;
    if (0.001..1e9).contains(&seconds) { Ok(Duration::from_secs_f64(seconds)) } else { Err(wrong()) }
}

fn split(text: &str) -> Option<(f64, &str)> {
    let unit = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    Some((text[..unit].parse().ok()?, &text[unit..]))
}

/// `1.5 GiB`.
pub fn show_size(bytes: u64) -> String {
    let (unit, factor) = SIZES[..5].iter().rev().find(|(_, factor)| bytes >= *factor).unwrap_or(&SIZES[0]);
    if *factor == 1 { format!("{bytes} B") } else { format!("{:.1} {unit}", bytes as f64 / *factor as f64) }
}

/// `0.12 s`, `3 min 5 s`.
pub fn show_duration(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    match duration.as_secs() {
        0..60 => format!("{seconds:.2} s"),
        60..3600 => format!("{} min {} s", duration.as_secs() / 60, duration.as_secs() % 60),
        _ => format!("{} h {} min", duration.as_secs() / 3600, duration.as_secs() / 60 % 60),
    }
}

/// `1,234,567`.
pub fn show_count(count: u64) -> String {
    let digits = count.to_string();
    let mut shown = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_durations_are_read_and_nonsense_is_refused() {
        assert_eq!(size("8GiB"), Ok(8 << 30));
        assert_eq!(size("1.5kB"), Ok(1500));
        assert_eq!(duration("10m"), Ok(Duration::from_secs(600)));
        assert_eq!(duration("250ms"), Ok(Duration::from_millis(250)));
        for bad in ["", "8", "GiB", "-1GiB", "8 GiB", "8gib", "0MiB", "1.2.3MiB", "99999999999TiB"] {
            assert!(size(bad).unwrap_err().contains("is not a size"), "{bad}");
        }
        for bad in ["", "10", "m", "-1s", "0s", "10min", "1e9s"] {
            assert!(duration(bad).unwrap_err().contains("is not a duration"), "{bad}");
        }
    }

    #[test]
    fn numbers_are_shown_for_people() {
        assert_eq!(show_size(1536), "1.5 KiB");
        assert_eq!(show_size(12), "12 B");
        assert_eq!(show_duration(Duration::from_secs(185)), "3 min 5 s");
        assert_eq!(show_count(1_234_567), "1,234,567");
        assert_eq!(show_count(123), "123");
    }
}
