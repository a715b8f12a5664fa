//! The messages of the readers of JSON, `JSONPath`, XML and query texts, in our words.
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

/// The text between the first backticks.
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
        "string or map" | "map with a single key" | "unit" => {
            "one of the names that the reference lists"
        }
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

/// The value that was found, as the caller wrote it.
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
        syntax(inner)
    }
}

/// What the reader of JSON says of a text that is none, and our words for it.
const OF_SYNTAX: [(&str, &str); 13] = [
    ("EOF while parsing an object", "it ends within an object"),
    ("EOF while parsing a list", "it ends within a list"),
    ("EOF while parsing a string", "it ends within a text"),
    ("EOF while parsing a value", "it ends where a value should stand"),
    ("expected value", "a value should stand here"),
    ("expected ident", "true, false or null should stand here"),
    ("key must be a string", "the name of a member should stand here, in quotes"),
    ("trailing characters", "more stands behind its end"),
    ("number out of range", "the number is too large"),
    ("control character", "a control character stands in a text; write it as \\u and its code"),
    ("unexpected end of hex escape", "half of a pair of \\u stands alone"),
    ("lone leading surrogate", "half of a pair of \\u stands alone"),
    ("recursion limit exceeded", "it is nested deeper than 127 levels"),
];

fn syntax(inner: &str) -> String {
    let ours = OF_SYNTAX.iter().find(|(its, _)| inner.starts_with(its));
    ours.map_or_else(|| unplaced(inner), |(_, ours)| ours).to_owned()
}

/// Why a text is not JSON, and where.
pub fn not_json(error: &serde_json::Error) -> String {
    format!("{} (line {}, column {})", told(&error.to_string()), error.line(), error.column())
}

/// What the reader of `JSONPath` wanted instead, which is a list of rules of its grammar.
pub fn wanted(inner: &str) -> String {
    let Some(rules) = inner.strip_prefix("expected ") else { return inner.to_owned() };
    let mut wanted: Vec<&str> = Vec::new();
    for rule in rules.split([',', ' ']).filter(|word| !word.is_empty() && *word != "or") {
        let words = of_the_grammar(rule);
        if !wanted.contains(&words) {
            wanted.push(words);
        }
    }
    format!("here should stand {}", wanted.join(" or "))
}

/// A rule of the grammar of `JSONPath` as what a caller writes.
fn of_the_grammar(rule: &str) -> &str {
    match rule {
        "EOI" => "the end",
        "selector" => "a name in quotes, a number, a slice, * or ?",
        "segment" | "child_segment" | "name_segment" | "index_segment" => {
            "a step such as .name or [0]"
        }
        "bracketed_selection" => "[",
        "wildcard_selector" => "*",
        "slice_selector" | "step" => "a slice such as 0:2",
        "index_selector" | "int" | "start" | "end" => "a whole number",
        "name_selector" | "string" => "a text in quotes",
        "member_name_shorthand" | "name_first" | "name_char" | "ALPHA" => "a name",
        "comp_op" => "a comparison such as ==",
        "not_op" => "!",
        "number" | "frac" | "exp" => "a number",
        "comparable" | "literal" | "function_argument" | "bool" | "null" => "a value to compare",
        "singular_query" | "rel_query" | "jp_query" => "a path such as @.name",
        _ if rule.starts_with("function_") => "a function such as length()",
        _ => "a condition such as @.name == \"x\"",
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
        check(r#""kind":{}"#, "must be one of the names that the reference lists, not an object");
        let twice = serde_json::from_str::<Of>(r#"{"yes":true,"yes":true}"#).unwrap_err();
        assert_eq!(told(&twice.to_string()), "yes stands twice; keep one");
    }

    #[test]
    fn every_refusal_of_a_text_is_in_our_words() {
        let check = |text: &str, words: &str| {
            let refused = serde_json::from_str::<serde_json::Value>(text).unwrap_err();
            assert_eq!(not_json(&refused), words, "{refused}");
        };
        check("", "it ends where a value should stand (line 1, column 0)");
        check("{\"a\":1", "it ends within an object (line 1, column 6)");
        check("[1", "it ends within a list (line 1, column 2)");
        check("\"a", "it ends within a text (line 1, column 2)");
        check("{\n\"a\": }", "a value should stand here (line 2, column 6)");
        check("nil", "true, false or null should stand here (line 1, column 2)");
        check("{5:1}", "the name of a member should stand here, in quotes (line 1, column 2)");
        check("{} {}", "more stands behind its end (line 1, column 4)");
        check("1e999", "the number is too large (line 1, column 5)");
        let alone = "half of a pair of \\u stands alone (line 1, column ";
        check("\"\\ud800\"", &format!("{alone}8)"));
        check("\"\\ud800\\u0041\"", &format!("{alone}13)"));
        let control = "a control character stands in a text; write it as \\u and its code";
        check("\"a\n\"", &format!("{control} (line 2, column 0)"));
        check("[1 2]", "expected `,` or `]` (line 1, column 4)");
        let deep = "it is nested deeper than 127 levels (line 1, column 128)";
        check(&"[".repeat(200), deep);
    }

    #[test]
    fn every_refusal_of_a_path_is_in_our_words() {
        let check = |path: &str, words: &str| {
            let refused = crate::substitution::expression::parse(path).unwrap_err();
            assert_eq!(refused, format!("not JSONPath (RFC 9535): {words}"));
        };
        let selector = "a name in quotes, a number, a slice, * or ?";
        let condition = "a condition such as @.name == \"x\"";
        check("$.a[", &format!("column 5: here should stand {selector}"));
        check("$.", "column 3: here should stand * or a name");
        check("$..", "column 4: here should stand [ or * or a name");
        check("$.a[?", &format!("column 6: here should stand {condition}"));
        check("$.a[?@.b ==]", "column 12: here should stand a value to compare");
        check("$[1:2:x]", "column 7: here should stand a whole number");
        let step = "a step such as .name or [0] or a comparison such as == or a name";
        check("$[?(@.a)", &format!("column 8: here should stand {step}"));
        check("$[?foo(@.a)]", &format!("column 4: here should stand {condition}"));
        check("$[01]", "column 3: here should stand * or a slice such as 0:2 or a text in quotes");
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
