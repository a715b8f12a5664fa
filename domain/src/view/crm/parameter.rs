//! The members of a payload as CRM.COM's parameters: one value each, by its kind.

use serde::Serialize;
use serde_json::Value;

use crate::ids::sha256_hex;
use crate::limits::TEXT_CHARS;
use crate::time::{Day, Time};
use crate::view::crm::{date, day};

/// A parameter of the request. One of the values is set.
#[derive(Debug, Default, PartialEq, Serialize, utoipa::ToSchema)]
pub struct CrmParameter {
    /// The first 32 hex digits of the SHA-256 of the member's name: the same in every request.
    pub id: String,
    pub string_value: Option<String>,
    pub integer_value: Option<i64>,
    pub float_value: Option<f64>,
    pub date_value: Option<String>,
    pub clob_value: Option<String>,
}

/// One for each top-level member of the payload, in its order.
pub(super) fn parameters(payload: &str) -> Vec<CrmParameter> {
    let Ok(Value::Object(members)) = serde_json::from_str(payload) else { return Vec::new() };
    members.into_iter().map(|(name, value)| parameter(&name, value)).collect()
}

fn parameter(name: &str, value: Value) -> CrmParameter {
    let id = sha256_hex(name.as_bytes())[..32].to_uppercase();
    let blank = CrmParameter { id, ..CrmParameter::default() };
    match value {
        Value::Null => blank,
        Value::Number(number) => match number.as_i64() {
            Some(whole) => CrmParameter { integer_value: Some(whole), ..blank },
            None => CrmParameter { float_value: number.as_f64(), ..blank },
        },
        Value::String(text) => match as_date(&text) {
            Some(at) => CrmParameter { date_value: Some(at), ..blank },
            None => of_text(text, blank),
        },
        other => of_text(other.to_string(), blank),
    }
}

fn of_text(text: String, blank: CrmParameter) -> CrmParameter {
    if text.chars().count() > TEXT_CHARS {
        return CrmParameter { clob_value: Some(text), ..blank };
    }
    CrmParameter { string_value: Some(text), ..blank }
}

/// Any instant of RFC 3339, and any day.
fn as_date(text: &str) -> Option<String> {
    let instant = text.contains(['T', 't']);
    let at: Option<Time> = instant.then(|| text.parse().ok()).flatten();
    let on: Option<Day> = (text.len() == 10).then(|| text.parse().ok()).flatten();
    at.map(date).or_else(|| on.map(day))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(value: &str, expected: &CrmParameter) {
        let made = parameters(&format!("{{\"a\":{value}}}")).remove(0);
        assert_eq!(made, CrmParameter { id: made.id.clone(), ..clone(expected) }, "{value}");
        assert_eq!(made.id, "CA978112CA1BBDCAFAC231B39A23DC4D");
    }

    fn clone(of: &CrmParameter) -> CrmParameter {
        CrmParameter {
            id: String::new(),
            string_value: of.string_value.clone(),
            integer_value: of.integer_value,
            float_value: of.float_value,
            date_value: of.date_value.clone(),
            clob_value: of.clob_value.clone(),
        }
    }

    #[test]
    fn each_kind_of_value_has_its_place() {
        let none = CrmParameter::default;
        let string = |text: &str| CrmParameter { string_value: Some(text.into()), ..none() };
        let of_date = |text: &str| CrmParameter { date_value: Some(text.into()), ..none() };
        check("null", &none());
        check("5", &CrmParameter { integer_value: Some(5), ..none() });
        check("2.5", &CrmParameter { float_value: Some(2.5), ..none() });
        check("1.5e300", &CrmParameter { float_value: Some(1.5e300), ..none() });
        check("true", &string("true"));
        check("[1,{}]", &string("[1,{}]"));
        check("\"5\"", &string("5"));
        check("\"2026-05-04T10:00:00.000Z\"", &of_date("2026-05-04T10:00:00"));
        check("\"2026-05-04\"", &of_date("2026-05-04T00:00:00"));
        check("\"2026-05-04T10:00:00Z\"", &of_date("2026-05-04T10:00:00"));
        check("\"2026-05-04T10:00:00.5+02:00\"", &of_date("2026-05-04T08:00:00"));
        for text in ["2026-05-04T10:00:00", "2026-13-04", "2026-05", "THE 4th", "20260504"] {
            check(&format!("\"{text}\""), &string(text));
        }
        let (fits, long) = ("x".repeat(255), "x".repeat(256));
        check(&format!("\"{fits}\""), &string(&fits));
        check(&format!("\"{long}\""), &CrmParameter { clob_value: Some(long), ..none() });
    }

    #[test]
    fn what_has_no_members_has_no_parameters() {
        assert_eq!(parameters("[1]"), []);
        assert_eq!(parameters("not json"), []);
    }
}
