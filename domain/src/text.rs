//! Texts with a rule: names, descriptions, short texts, e-mails.
//!
//! Neighbours: every entity that people name. Guarantee: what is stored is trimmed and clean.

use std::sync::LazyLock;

use regex::Regex;

use crate::limits::{DESCRIPTION_CHARS, NAME_CHARS, TEXT_CHARS};
use crate::rejection::Code;

type Checked = Result<String, (Code, String)>;

const NAME_SPECIALS: &str = " ^*()+[\\?$~`!@#-_={}]|:;,./";
const DESCRIPTION_SPECIALS: &str = "'%&\"<>\n\t";

/// A name: 1 to 50 letters, marks, digits, spaces and the specials of source 001 (001-H1).
///
/// # Errors
/// `VALIDATION_FAILED` for the length, `INVALID_CHARACTER` naming the character.
pub fn name(text: &str) -> Checked {
    limited(text, NAME_CHARS, "")
}

/// A description: absent, or 1 to 500 characters; also `' % & " < >`, newline, tab (001-H2).
///
/// # Errors
/// As for a name.
pub fn description(text: Option<&str>) -> Result<Option<String>, (Code, String)> {
    match text.map(str::trim) {
        None | Some("") => Ok(None),
        Some(text) => limited(text, DESCRIPTION_CHARS, DESCRIPTION_SPECIALS).map(Some),
    }
}

fn limited(text: &str, most: usize, also: &str) -> Checked {
    let text = sized(text, most)?;
    let allowed = |c: char| is_letter(c) || NAME_SPECIALS.contains(c) || also.contains(c);
    match text.chars().find(|c| !allowed(*c)) {
        None => Ok(text),
        Some(wrong) => Err((
            Code::InvalidCharacter,
            format!("the character {} is not allowed here; remove or replace it", shown(wrong)),
        )),
    }
}

/// Letters, digits, and the marks that write them, of every script.
fn is_letter(c: char) -> bool {
    LETTER.is_match(c.encode_utf8(&mut [0; 4]))
}

#[expect(clippy::expect_used, reason = "a literal that every test of a name goes through")]
static LETTER: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\p{L}|\p{M}|\p{Nd}").expect("the literal is a pattern"));

/// A free short text: 1 to 255 characters, none of them a control character or unseen.
///
/// # Errors
/// `VALIDATION_FAILED` for the length, `INVALID_CHARACTER` naming the character.
pub fn short(text: &str) -> Checked {
    free(text, TEXT_CHARS)
}

/// A free text of at most `most` characters, none of them a control character or unseen.
///
/// # Errors
/// As [`short`].
pub fn free(text: &str, most: usize) -> Checked {
    let text = sized(text, most)?;
    match text.chars().find(|c| c.is_control() || is_unseen(*c)) {
        None => Ok(text),
        Some(c) => {
            let detail = format!("the character {} is not allowed here; remove it", shown(c));
            Err((Code::InvalidCharacter, detail))
        }
    }
}

/// A character in a sentence: what shows nothing by its number in Unicode.
pub fn shown(c: char) -> String {
    if c.is_control() || is_unseen(c) {
        format!("U+{:04X}", u32::from(c))
    } else {
        format!("{c:?}")
    }
}

/// Whether a character shows nothing, or turns the direction of what follows: with it, one name
/// looks like another.
pub const fn is_unseen(c: char) -> bool {
    matches!(c, '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}')
        || matches!(c, '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// An e-mail address: one `@` with something on both sides and no spaces.
///
/// # Errors
/// `VALIDATION_FAILED`.
pub fn email(text: &str) -> Checked {
    let text = short(text)?;
    let fine = text.split_once('@').is_some_and(|(user, host)| {
        !user.is_empty() && !host.is_empty() && !host.contains('@') && !text.contains(' ')
    });
    if fine { Ok(text) } else { Err((Code::ValidationFailed, "not an e-mail address".to_owned())) }
}

fn sized(text: &str, most: usize) -> Checked {
    let text = text.trim();
    let count = text.chars().count();
    if (1..=most).contains(&count) {
        Ok(text.to_owned())
    } else {
        Err((Code::ValidationFailed, format!("must have 1 to {most} characters, has {count}")))
    }
}

/// A text that must not be refused: without outer white space, control characters as spaces (line
/// feed and tab stay), and one that is longer than `most` characters cut and marked with `…`. None
/// when nothing is left.
pub fn squeezed(text: &str, most: usize) -> Option<String> {
    let plain = |c: char| if c.is_control() && !matches!(c, '\n' | '\t') { ' ' } else { c };
    let text: String = text.trim().chars().map(plain).collect();
    let text = match text.char_indices().nth(most) {
        None => text,
        Some(_) => text.chars().take(most - 1).chain(['…']).collect(),
    };
    Some(text).filter(|text| !text.is_empty())
}

/// `text` cut to at most `most` bytes at a character's end.
pub fn cut(text: &str, most: usize) -> &str {
    let mut end = most.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// A text that begins as a JSON object does. The readers of JSON take a list for an object, too,
/// and fill its members by position.
pub fn object(text: &str) -> Option<&str> {
    Some(text).filter(|text| text.trim_start().starts_with('{'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_takes_every_allowed_special_and_no_forbidden_one() {
        for c in "^*()+[\\?$~`!@#-_={}]|:;,./".chars() {
            assert_eq!(name(&format!("a{c}b")), Ok(format!("a{c}b")));
        }
        for c in "'%&\"<>\n\t\u{0}€".chars() {
            let (code, detail) = name(&format!("a{c}b")).unwrap_err();
            assert_eq!(code, Code::InvalidCharacter);
            assert!(detail.contains(&shown(c)), "{detail}");
        }
    }

    /// Every ASCII character in the middle of a text, against the source's two lists.
    #[test]
    fn every_character_is_allowed_or_forbidden_as_the_source_says() {
        let of_names = "^*()+[\\?$~`!@#-_={}]|:;,./ ";
        let of_descriptions = "'%&\"<>\n\t";
        for c in (0..128_u8).map(char::from) {
            let plain = c.is_ascii_alphanumeric() || of_names.contains(c);
            let text = format!("a{c}b");
            assert_eq!(name(&text).is_ok(), plain, "name with {c:?}");
            let described = plain || of_descriptions.contains(c);
            assert_eq!(description(Some(&text)).is_ok(), described, "description with {c:?}");
        }
        for (text, fine) in [
            ("a\u{a0}b", false),
            ("a\u{200b}b", false),
            ("a‐b", false),
            ("a²b", false),
            ("aЖ中b", true),
            ("a\u{301}b", true),
            ("a٣b", true),
            ("a😀b", false),
        ] {
            assert_eq!(name(text).is_ok(), fine, "{text:?}");
            assert_eq!(description(Some(text)).is_ok(), fine, "{text:?}");
        }
    }

    #[test]
    fn a_name_is_trimmed_and_counted_in_characters() {
        assert_eq!(name("  Pods "), Ok("Pods".to_owned()));
        assert_eq!(name("Größe नमस्ते é"), Ok("Größe नमस्ते é".to_owned()));
        assert!(name(&"ü".repeat(50)).is_ok());
        assert_eq!(name(&"ü".repeat(51)).unwrap_err().0, Code::ValidationFailed);
        assert_eq!(name("  ").unwrap_err().0, Code::ValidationFailed);
    }

    #[test]
    fn a_description_may_be_absent_and_takes_more() {
        assert_eq!(description(None), Ok(None));
        assert_eq!(description(Some("")), Ok(None));
        assert_eq!(description(Some("100 % & \"<>\"\n")), Ok(Some("100 % & \"<>\"".to_owned())));
        assert_eq!(description(Some("it's")), Ok(Some("it's".to_owned())));
        assert!(description(Some(&"x".repeat(501))).is_err());
    }

    #[test]
    fn a_free_text_shows_all_that_it_has() {
        for c in "\u{7}\u{200b}\u{200e}\u{202e}\u{2060}\u{2066}\u{2069}\u{feff}".chars() {
            let (code, detail) = short(&format!("Tucano{c}")).unwrap_err();
            assert_eq!(code, Code::InvalidCharacter);
            assert!(detail.contains(&shown(c)), "{detail}");
        }
        for fine in ["Größe (5)", "नमस्\u{200d}ते", "می\u{200c}خواهم", "50 %", "😀"]
        {
            assert_eq!(short(fine).as_deref(), Ok(fine));
        }
    }

    #[test]
    fn an_email_has_one_at() {
        assert!(email("it@tucano.example").is_ok());
        for wrong in ["", "a", "@b", "a@", "a@b@c", "a b@c"] {
            assert!(email(wrong).is_err(), "{wrong}");
        }
    }
}
