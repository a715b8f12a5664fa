//! Mass assignment: no body sets what is not its caller's to set, on any route that takes one.

use std::collections::BTreeSet;

use edge::http::table::ROUTES;
use harness::Story;
use serde_json::{Value, json};

use crate::routes::{Things, needs_key};

/// Members of rows and answers, and what an attacker would try.
const FOREIGN: [&str; 44] = [
    "id",
    "version",
    "createdBy",
    "createdDate",
    "updatedBy",
    "updatedDate",
    "tenant",
    "tenantId",
    "hash",
    "rev",
    "builtIn",
    "lastUsedDate",
    "revokedDate",
    "suspendedDate",
    "prefix",
    "oldSecret",
    "oldSecretExpires",
    "secret",
    "secrets",
    "state",
    "lifeCycleStage",
    "life",
    "history",
    "moved",
    "keyGeneration",
    "keySecretVersion",
    "activeActivations",
    "unacknowledged",
    "keysExhausted",
    "activated",
    "remaining",
    "uses",
    "contacts",
    "partner",
    "masked",
    "people",
    "pk",
    "sk",
    "ttl",
    "lpk",
    "opk",
    "dpk",
    "__proto__",
    "constructor",
];

/// The members that a route's body has.
fn members(document: &Value, path: &str, verb: &str) -> BTreeSet<String> {
    let operation = &document["paths"][path][verb.to_lowercase()];
    let mut schema = &operation["requestBody"]["content"]["application/json"]["schema"];
    if let Some(name) = schema["$ref"].as_str() {
        schema = document.pointer(name.trim_start_matches('#')).unwrap();
    }
    let properties = schema["properties"].as_object();
    assert!(properties.is_some(), "{verb} {path}: {schema}");
    properties.into_iter().flatten().map(|(name, _)| name.clone()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_body_sets_what_is_not_its_callers() {
    let story = Story::begin().await;
    let things = Things::of(&story).await;
    let document: Value = serde_json::from_str(include_str!("../../infra/openapi.json")).unwrap();
    let taking = ROUTES.iter().filter(|route| route.takes.is_some() && needs_key(route));
    let (mut tried, mut routes) = (0, 0);
    for route in taking {
        let known = members(&document, route.path, route.verb);
        routes += 1;
        for member in FOREIGN.iter().filter(|member| !known.contains(**member)) {
            let body = Some(json!({*member: {"a": 1}}).to_string().into_bytes());
            let path = things.path(route);
            let headers = [("if-match", "*")];
            let reply = story.admin().call(route.method(), &path, &headers, body).await;
            assert_eq!(reply.status, 400, "{} {member}: {}", route.operation, reply.text);
            let faults = reply.json["errors"].as_array().unwrap().iter();
            let told = faults.filter(|fault| fault["pointer"] == format!("/{member}"));
            let code = told.map(|fault| fault["code"].clone()).next();
            let refused = [json!("UNKNOWN_MEMBER"), json!("READ_ONLY")];
            assert!(code.is_some_and(|code| refused.contains(&code)), "{}", reply.text);
            tried += 1;
        }
    }
    println!("{tried} bodies on {routes} routes");
    assert!(tried > 1_500, "{tried}");
}
