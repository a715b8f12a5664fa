//! The parameters of paths, queries and headers, each by its name.
//!
//! Neighbours: the table of routes says which route takes which.

use domain::access::Needs;
use domain::ids::MAX_ID;
use domain::limits::PAGE;
use domain::request::states::Status;
use serde_json::{Value, json};
use strum::IntoEnumIterator;

use crate::http::routes::Route;

/// The parameters of a route.
pub(super) fn parameters(route: &Route) -> Vec<Value> {
    let in_path = route.path.split(['/', '.']).filter_map(|part| {
        let name = part.strip_prefix('{')?.strip_suffix('}')?;
        let (schema, what) = of_path(name);
        Some(parameter("path", name, true, &schema, what))
    });
    // The token of a query is a way to say who calls.
    let asked = route.parameters().into_iter().filter(|name| *name != "token");
    let in_query = asked.map(|name| {
        let (schema, what) = of_query(route, name);
        let required = name == "provisioning_request_identifier";
        parameter("query", name, required, &schema, what)
    });
    let in_header = headers(route).into_iter().map(|(name, required, what)| {
        parameter("header", name, required, &json!({"type": "string"}), what)
    });
    in_path.chain(in_query).chain(in_header).collect()
}

fn parameter(place: &str, name: &str, required: bool, schema: &Value, what: &str) -> Value {
    json!({
        "name": name, "in": place, "required": required, "schema": schema, "description": what,
    })
}

fn id() -> Value {
    json!({"type": "integer", "format": "int64", "minimum": 1, "maximum": MAX_ID})
}

fn of_path(name: &str) -> (Value, &'static str) {
    match name {
        "eId" => (guid(), "The GUID of an entitlement."),
        "pkId" => (guid(), "The GUID of a product key."),
        "aid" => (aid(), "The GUID of an activation."),
        "code" => (json!({"type": "string"}), "The code of a problem."),
        "version" => (id(), "A version of the plan."),
        "entId" => (id(), "The `id` of an entitlement."),
        "methodId" => (id(), "The method whose secret signed the callback."),
        "contactId" => (id(), "The id of a contact."),
        _ => (id(), "The id."),
    }
}

fn guid() -> Value {
    json!({"type": "string", "format": "uuid"})
}

fn aid() -> Value {
    let part = |n: u8| format!("[0-9A-Za-z]{{{n}}}");
    let pattern = format!("^{}-{}-{}-{}-{}$", part(8), part(4), part(4), part(4), part(12));
    json!({"type": "string", "pattern": pattern})
}

fn text() -> Value {
    json!({"type": "string"})
}

fn of_query(route: &Route, name: &str) -> (Value, &'static str) {
    let instant = || json!({"type": "string", "format": "date-time"});
    let one_of = |names: &[&str]| json!({"type": "string", "enum": names});
    match name {
        "limit" => (
            json!({"type": "integer", "minimum": 1, "maximum": PAGE.1, "default": PAGE.0}),
            "Rows of the page.",
        ),
        "cursor" => (text(), "The `nextCursor` of the page before, with the same filters."),
        "order" => {
            // The keys of an entitlement are numbered; everything else is asked for when it is new.
            let default = if route.ascending { "asc" } else { "desc" };
            let mut schema = one_of(&["desc", "asc"]);
            schema["default"] = default.into();
            (schema, "desc: newest first.")
        }
        "fields" => (text(), "Members, separated by commas: the answer has only these, and `id`."),
        "after" => (instant(), "Made after this instant."),
        "before" => (instant(), "Made before this instant."),
        "status" => {
            let names: Vec<&str> = Status::iter().map(Into::into).collect();
            let pattern = format!("^({0})(,({0}))*$", names.join("|"));
            (json!({"type": "string", "pattern": pattern}), "Statuses, separated by commas.")
        }
        "state" => (text(), "States, separated by commas."),
        "stage" => (one_of(&["DRAFT", "COMMIT", "EOL"]), "The stage of the product's life."),
        "view" => (one_of(&["substitution"]), "substitution: the document that the plan sees."),
        "entity" if route.operation == "listAudit" => {
            (text(), "What was acted on, such as PLAN or PROVISIONING_REQUEST.")
        }
        "entity" => (
            one_of(&["ENTITLEMENT", "ACTIVATION", "PRODUCT_KEY", "CUSTOMER"]),
            "What the attribute belongs to.",
        ),
        "id" => (text(), "The `entityId` of the entries; these are complete."),
        "eId" => (guid(), "Of this entitlement."),
        "aid" => (text(), "Of this activation; complete."),
        "number" => (id(), "The request of this number; complete."),
        "generation" => (
            json!({"type": "integer", "minimum": 1, "maximum": u32::MAX}),
            "The generation that the callback speaks of.",
        ),
        "against" => (id(), "Another version to compare with."),
        "productName" => (text(), "The product's name, whatever its case."),
        "name" | "identifier" | "email" => {
            (text(), "Exactly this one, whatever its case; complete.")
        }
        "provisioning_request_identifier" => {
            (text(), "`id=` and 32 hex digits, or `number=` and the number; exactly one of them.")
        }
        "fields_set" => (text(), "Fields separated by commas; a dot leads into an object."),
        _ => (id(), "With this id."),
    }
}

/// Name, whether it is needed, what it is.
fn headers(route: &Route) -> Vec<(&'static str, bool, &'static str)> {
    let signed = matches!(route.needs, Needs::Signature);
    let changes = route.verb != "GET" && !signed;
    let mut all = Vec::new();
    if route.heeds_idempotency_key() {
        let what = "1 to 255 visible ASCII characters: the same call again is answered the same.";
        all.push(("Idempotency-Key", false, what));
    }
    if changes && route.dialect.ours {
        let what = "The `ETag` that was read, or *; another version by now: 412.";
        all.push(("If-Match", route.needs_if_match(), what));
    }
    if route.audits.is_some() {
        all.push(("Audit-Reason", false, "Why, for the audit; at most 500 characters."));
    }
    if signed {
        all.push(("webhook-id", true, "1 to 64 of A-Z, a-z, 0-9, _ and -."));
        all.push(("webhook-timestamp", true, "Seconds since 1970, within five minutes of now."));
        all.push(("webhook-signature", true, "v1, and the HMAC-SHA-256 (Standard Webhooks)."));
    }
    all
}
