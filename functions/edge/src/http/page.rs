//! Pages: `limit`, `order` and a cursor that is bound to its filters; and `fields`.
//!
//! Neighbours: every list. Guarantee: a cursor of another list or other filters is refused.

use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::ids::{Id, sha256_hex};
use domain::limits::PAGE;
use domain::rejection::{Code, Rejection};
use serde::Serialize;
use serde_json::{Map, Value, json};
use store::list::{Between, Page, PageOf};

use crate::http::answer::Answer;
use crate::http::problem::Problem;
use crate::http::query::Query;
use crate::http::shape::{Shape, members};
use crate::telemetry;

/// Length of the filters' hash in a cursor.
const BOUND: usize = 16;

/// Which page is asked for.
///
/// # Errors
/// 400 for a wrong limit, order or cursor; 422 for a cursor of other filters.
pub fn asked(query: &Query, list: &str) -> Result<PageOf, Rejection> {
    let (default, most) = PAGE;
    let limit = query.get::<usize>("limit")?.unwrap_or(default);
    if !(1..=most).contains(&limit) {
        let detail = format!("The query parameter limit must lie between 1 and {most}.");
        return Err(Rejection::at("limit", Code::ValidationFailed, detail));
    }
    let ascending = match query.text("order") {
        None | Some("desc") => false,
        Some("asc") => true,
        Some(_) => {
            let detail = "The query parameter order is asc or desc.";
            return Err(Rejection::at("order", Code::ValidationFailed, detail));
        }
    };
    let after = opened(query, list)?;
    let made = Between { after: query.get("after")?, before: query.get("before")? };
    Ok(PageOf { owner: None, limit, after, ascending, made })
}

/// A page of rows that were all found by an exact key.
pub fn of<T>(mut rows: Vec<T>, id: impl Fn(&T) -> Id, asked: &PageOf) -> Page<T> {
    rows.sort_by_key(&id);
    if !asked.ascending {
        rows.reverse();
    }
    if let Some(after) = asked.after {
        rows.retain(|row| if asked.ascending { id(row) > after } else { id(row) < after });
    }
    let more = rows.len() > asked.limit;
    rows.truncate(asked.limit);
    let next = rows.last().filter(|_| more).map(id);
    Page::new(rows, next)
}

/// The answer of a list.
///
/// # Errors
/// When it cannot be written.
pub fn answer<T: Serialize>(
    page: &Page<T>,
    query: &Query,
    list: &str,
    path: &str,
) -> Result<Answer, Problem> {
    let rows: Vec<Value> = page.rows.iter().map(|row| fields(query, json!(row))).collect();
    let cursor = cursor(page, query, list);
    let body = json!({"data": rows, "nextCursor": cursor, "unreadable": told(page, list)});
    let mut answer = Answer::ok(&body)?;
    answer.link =
        cursor.map(|cursor| format!("<{path}?{}>; rel=\"next\"", query.with_cursor(&cursor)));
    Ok(answer)
}

/// The rows of a page that cannot be read, which are counted and logged, too.
pub fn told<'a, T>(page: &'a Page<T>, list: &str) -> &'a [Id] {
    let unreadable = &page.unreadable;
    if !unreadable.is_empty() {
        telemetry::unreadable(unreadable.len());
        tracing::error!(?unreadable, list, "rows cannot be read");
    }
    unreadable
}

/// Where a page's list goes on.
pub fn cursor<T>(page: &Page<T>, query: &Query, list: &str) -> Option<String> {
    page.next.map(|next| close(&next.to_string(), query, list))
}

/// Refuses a `fields` that names what the answer's schema does not have.
///
/// # Errors
/// 400 `UNKNOWN_FIELD`.
pub fn known_fields(query: &Query, shape: Shape) -> Result<(), Rejection> {
    let Some(wanted) = query.text("fields") else { return Ok(()) };
    let known = members(shape);
    match wanted.split(',').map(str::trim).find(|name| !known.iter().any(|k| k == name)) {
        None => Ok(()),
        Some(unknown) => {
            let detail = format!("There is no field {unknown:?}; there are {}.", known.join(", "));
            Err(Rejection::at("fields", Code::UnknownField, detail))
        }
    }
}

/// Only the members that `fields` names, and `id`.
pub fn fields(query: &Query, value: Value) -> Value {
    let (Some(wanted), Value::Object(members)) = (query.text("fields"), &value) else {
        return value;
    };
    let wanted: Vec<&str> = wanted.split(',').map(str::trim).collect();
    let kept = |(name, _): &(&String, &Value)| *name == "id" || wanted.contains(&name.as_str());
    let kept: Map<String, Value> =
        members.iter().filter(kept).map(|(name, value)| (name.clone(), value.clone())).collect();
    Value::Object(kept)
}

fn bound(query: &Query, list: &str) -> String {
    sha256_hex(format!("{list}?{}", query.filters()).as_bytes())[..BOUND].to_owned()
}

/// A cursor: where a list goes on, bound to it and its filters.
pub fn close(next: &str, query: &Query, list: &str) -> String {
    URL_SAFE_NO_PAD.encode(format!("{}.{next}", bound(query, list)))
}

/// What the cursor of a call says; none without one.
///
/// # Errors
/// 400 for what is no cursor, 422 for one of another list or other filters.
pub fn opened<T: FromStr>(query: &Query, list: &str) -> Result<Option<T>, Rejection> {
    let Some(cursor) = query.text("cursor") else { return Ok(None) };
    let invalid = || Rejection::at("cursor", Code::CursorInvalid, Code::CursorInvalid.meaning());
    let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| invalid())?;
    let text = String::from_utf8(bytes).map_err(|_| invalid())?;
    let (hash, next) = text.split_once('.').ok_or_else(invalid)?;
    let next = next.parse().map_err(|_| invalid())?;
    if hash.len() != BOUND || !hash.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(invalid());
    }
    if hash != bound(query, list) {
        let code = Code::CursorMismatch;
        return Err(Rejection::at("cursor", code, code.meaning()));
    }
    Ok(Some(next))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(text: &str) -> Query {
        let known = ["limit", "cursor", "order", "fields", "status", "eId"];
        Query::parse(text, &known).unwrap()
    }

    #[test]
    fn a_cursor_is_bound_to_its_list_and_filters() {
        let cursor = close("97", &query("status=FAILED&limit=5"), "requests");
        let check = |text: &str, list: &str, code: Option<Code>| {
            let asked = asked(&query(&format!("{text}&cursor={cursor}")), list);
            assert_eq!(asked.err().map(|rejection| rejection.code), code, "{text} {list}");
        };
        check("status=FAILED", "requests", None);
        check("limit=99&status=FAILED&fields=id", "requests", None);
        check("status=COMPLETED", "requests", Some(Code::CursorMismatch));
        check("eId=x&status=FAILED", "requests", Some(Code::CursorMismatch));
        check("status=FAILED", "plans", Some(Code::CursorMismatch));
    }

    #[test]
    fn what_is_no_cursor_is_told_so() {
        for cursor in ["", "x", "!!!", "YWJj", "MDEyMzQ1Njc4OWFiY2RlZi54"] {
            let asked = asked(&query(&format!("cursor={cursor}")), "plans");
            assert_eq!(asked.unwrap_err().code, Code::CursorInvalid, "{cursor}");
        }
        for wrong in ["limit=0", "limit=101", "limit=x", "order=up"] {
            assert_eq!(asked(&query(wrong), "plans").unwrap_err().code, Code::ValidationFailed);
        }
    }

    #[test]
    fn unknown_parameters_are_refused() {
        for wrong in ["what=1", "status=1&status=2"] {
            assert!(Query::parse(wrong, &["status"]).is_err(), "{wrong}");
        }
    }
}
