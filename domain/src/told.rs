//! What the readers of JSON, XML and query texts say, in our words.
//!
//! Neighbours: whoever answers a caller with what a reader refused. Guarantee: the names of types
//! are those of the wire, never those of the program.

/// A refusal of a reader as half a sentence; what we said ourselves comes back as it was.
pub fn told(inner: &str) -> String {
    let wrong = ["invalid type: ", "invalid value: ", "invalid length "];
    if let Some((found, wanted)) = wrong
        .iter()
        .find_map(|kind| inner.strip_prefix(kind))
        .and_then(|rest| rest.rsplit_once(", expected "))
    {
        return format!("must be {}, not {}", of_the_wire(unplaced(wanted)), shown(found));
    }
    let name = named(inner);
    match inner.split('`').next() {
        Some("missing field ") => format!("{name} is missing"),
        Some("duplicate field ") => format!("{name} stands twice; keep one"),
        Some("unknown field ") => format!("{name} is not known here{}", known(inner)),
        Some("unknown variant ") => format!("\"{name}\" is no value of this{}", known(inner)),
        _ => plain(inner),
    }
}

/// What stands between the first backticks.
fn named(inner: &str) -> &str {
    inner.split('`').nth(1).unwrap_or_default()
}

/// The names that a reader lists as possible.
fn known(inner: &str) -> String {
    let Some((_, listed)) = inner.split_once(", expected ") else { return String::new() };
    let names: Vec<&str> = listed.split('`').skip(1).step_by(2).collect();
    if names.is_empty() { String::new() } else { format!("; known are {}", names.join(", ")) }
}

/// A reader of a whole text says where it stood; the fault carries that itself.
fn unplaced(text: &str) -> &str {
    text.split_once(" at line ").map_or(text, |(before, _)| before)
}

/// A type of the program as what a caller writes.
fn of_the_wire(wanted: &str) -> String {
    let most = match wanted {
        "u8" => Some(u64::from(u8::MAX)),
        "u16" => Some(u64::from(u16::MAX)),
        "u32" => Some(u64::from(u32::MAX)),
        "u64" | "usize" => Some(u64::MAX),
        _ => None,
    };
    if let Some(most) = most {
        return format!("a whole number from 0 to {most}");
    }
    match wanted {
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number",
        "f32" | "f64" => "a number",
        "a boolean" => "true or false",
        "a string" | "a borrowed string" | "str" | "a character" => "a text",
        "a sequence" => "a list",
        "string or map" => "one of the names that the reference lists",
        _ if wanted.contains("UUID") => "a UUID",
        _ if wanted.starts_with("enum ") || wanted.ends_with(" identifier") => {
            "one of the names that the reference lists"
        }
        _ if wanted == "a map" || wanted.starts_with("struct ") || wanted.ends_with(" enum") => {
            "an object"
        }
        _ => wanted,
    }
    .to_owned()
}

/// What was found, as the caller wrote it.
fn shown(found: &str) -> String {
    match found {
        "map" => "an object".to_owned(),
        "sequence" => "a list".to_owned(),
        "null" | "unit value" | "Option value" => "null".to_owned(),
        _ => match found.split_once(' ') {
            Some(("string", text)) => text.to_owned(),
            Some(("integer" | "boolean", text)) => text.trim_matches('`').to_owned(),
            Some(("floating", _)) => named(found).to_owned(),
            _ => found.to_owned(),
        },
    }
}

/// What the reader of UUIDs says.
const OF_UUIDS: [&str; 4] =
    ["UUID parsing failed", "invalid character: ", "invalid length: ", "invalid group "];

/// Refusals of readers that know nothing of what they read for.
fn plain(inner: &str) -> String {
    let said = |words: &str| inner.contains(words);
    if said("invalid digit found") || said("cannot parse integer from empty") {
        "must be a whole number".to_owned()
    } else if said("number too large to fit") || said("number too small to fit") {
        "the number is out of bounds".to_owned()
    } else if said("provided string was not `true` or `false`") {
        "must be true or false".to_owned()
    } else if said("Matching variant not found") {
        "must be one of the names that the reference lists".to_owned()
    } else if OF_UUIDS.iter().any(|words| said(words)) {
        "must be a UUID".to_owned()
    } else {
        inner.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use uuid::Uuid;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "SCREAMING_SNAKE_CASE")]
    enum Kind {
        One,
        OtherOne,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code, reason = "only what is refused matters")]
    struct Of {
        count: u32,
        small: Option<u8>,
        sum: Option<i64>,
        part: Option<f64>,
        yes: Option<bool>,
        name: Option<String>,
        kind: Option<Kind>,
        id: Option<Uuid>,
        list: Option<Vec<u8>>,
        inner: Option<Box<Of>>,
    }

    #[test]
    fn every_refusal_of_a_reader_is_in_our_words() {
        let check = |member: &str, words: &str| {
            let body = format!("{{\"count\":1,{member}}}");
            let sent: serde_json::Value = serde_json::from_str(&body).unwrap();
            let refused = serde_json::from_value::<Of>(sent).unwrap_err().to_string();
            assert_eq!(told(&refused), words, "{refused}");
        };
        check(r#""small":-1"#, "must be a whole number from 0 to 255, not -1");
        check(
            r#""small":"x, expected y""#,
            r#"must be a whole number from 0 to 255, not "x, expected y""#,
        );
        check(r#""small":1.5"#, "must be a whole number from 0 to 255, not 1.5");
        check(r#""sum":"5""#, r#"must be a whole number, not "5""#);
        check(r#""part":[]"#, "must be a number, not a list");
        check(r#""yes":"true""#, r#"must be true or false, not "true""#);
        check(r#""name":{}"#, "must be a text, not an object");
        check(r#""name":true"#, "must be a text, not true");
        check(r#""list":{}"#, "must be a list, not an object");
        check(r#""inner":5"#, "must be an object, not 5");
        check(r#""kind":"TWO""#, "\"TWO\" is no value of this; known are ONE, OTHER_ONE");
        check(r#""kind":5"#, "must be one of the names that the reference lists, not 5");
        check(r#""id":"x""#, "must be a UUID");
        check(r#""id":5"#, "must be a UUID, not 5");
        check(r#""inner":{}"#, "count is missing");
        check(
            r#""else":5"#,
            concat!(
                "else is not known here; known are count, small, sum, part, yes, name, kind, id, ",
                "list, inner"
            ),
        );
        let twice = serde_json::from_str::<Of>(r#"{"yes":true,"yes":true}"#).unwrap_err();
        assert_eq!(told(&twice.to_string()), "yes stands twice; keep one");
    }

    #[test]
    fn every_refusal_of_a_query_is_in_our_words() {
        let number = |text: &str| told(&text.parse::<u32>().unwrap_err().to_string());
        assert_eq!(number("x"), "must be a whole number");
        assert_eq!(number(""), "must be a whole number");
        assert_eq!(number("99999999999"), "the number is out of bounds");
        assert_eq!(told(&"x".parse::<bool>().unwrap_err().to_string()), "must be true or false");
        assert_eq!(told(&"x".parse::<Uuid>().unwrap_err().to_string()), "must be a UUID");
        assert_eq!(told("must be a day such as 2026-01-31"), "must be a day such as 2026-01-31");
    }
}
