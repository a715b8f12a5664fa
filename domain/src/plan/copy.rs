//! Copies of plans and methods: how they are called (001-H14).

use crate::limits::NAME_CHARS;

const PREFIX: &str = "Copy of ";

/// The `n`-th name for a copy, from 1: `Copy of …` cut to 50 characters, then with ` (2)`.
pub fn name(original: &str, n: u32) -> String {
    let suffix = if n > 1 { format!(" ({n})") } else { String::new() };
    let room = NAME_CHARS.saturating_sub(suffix.chars().count());
    let cut: String = PREFIX.chars().chain(original.chars()).take(room).collect();
    format!("{}{suffix}", cut.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_is_named_after_its_original_within_50_characters() {
        let check = |original: &str, n, expected: &str| {
            assert_eq!(name(original, n), expected);
            assert_eq!(crate::text::name(expected), Ok(expected.to_owned()));
        };
        check("Pods", 1, "Copy of Pods");
        check("Pods", 2, "Copy of Pods (2)");
        check("Copy of Pods", 1, "Copy of Copy of Pods");
        check(&"ü".repeat(42), 1, &format!("Copy of {}", "ü".repeat(42)));
        check(&"ü".repeat(50), 1, &format!("Copy of {}", "ü".repeat(42)));
        check(&"ü".repeat(50), 12, &format!("Copy of {} (12)", "ü".repeat(37)));
        check(&format!("{} b", "a".repeat(41)), 1, &format!("Copy of {}", "a".repeat(41)));
    }
}
