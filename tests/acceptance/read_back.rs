//! What is written is read: every kind of row that the service wrote, each of its members over the
//! whole range that its type lets in.
//!
//! The type itself judges: a change of a row that it reads from JSON is a value that could be
//! stored; so it must come back from the store's form.

use std::collections::BTreeMap;
use std::fmt::Debug;

use domain::access::audit::AuditEntry;
use domain::access::secrets::StandIn;
use domain::access::{ApiKey, Namespace, Role, Tenant};
use domain::activation::Activation;
use domain::attributes::CustomAttributes;
use domain::catalog::{CustomAttributeDef, Feature, Product};
use domain::customer::Customer;
use domain::customer::contact::Contact;
use domain::customer::erasure::Erasure;
use domain::entitlement::product_key::ProductKey;
use domain::entitlement::{Entitlement, KeyRange, LineItem};
use domain::life::Overflow;
use domain::plan::Plan;
use domain::plan::association::Association;
use domain::plan::door::Door;
use domain::plan::method::Method;
use domain::plan::version::PlanVersion;
use domain::request::attempt::Attempt;
use domain::request::{Conflicts, LongResponse, Payload, Repeat, Request};
use domain::time::{Period, Time};
use fastrand::Rng;
use harness::{Service, Story};
use local::engine::{Engine, TABLES};
use reqwest::Method as Verb;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::idempotency::SavedAnswer;
use store::mark::Mark;
use store::port::Item;
use store::rows::{encode, plain};

/// Random changes of each row; the seed is fixed, so a fault is found again.
const CHANGES: usize = 200;
/// Rows of a kind that are changed.
const EACH: usize = 2;

/// What a secret opens: a key, or the way to one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum Opening {
    StandIn(StandIn),
    Key(Box<ApiKey>),
}

/// Reads a row, and every change of it that its type takes; gives how many those were.
type Reader = fn(&Item, &mut Rng) -> usize;

/// Each kind of row: a part of its partition key (where it has no tenant, the beginning), and the
/// beginning of its sort key.
#[rustfmt::skip]
const KINDS: [(&str, &str, Reader); 29] = [
    ("#TENANT#", "", over::<Tenant>),
    ("#NAMESPACE#", "", over::<Namespace>),
    ("#ROLE#", "", over::<Role>),
    ("KEY#", "", over::<Opening>),
    ("#FEATURE#", "", over::<Feature>),
    ("#ATTRIBUTE#", "", over::<CustomAttributeDef>),
    ("#PRODUCT#", "-", over::<Product>),
    ("#PRODUCT#", "A", over::<Association>),
    ("#CUSTOMER#", "-", over::<Customer>),
    ("#CUSTOMER#", "CONTACT#", over::<Contact>),
    ("#PLAN#", "-", over::<Plan>),
    ("#PLAN#", "V#", over::<PlanVersion>),
    ("#METHOD#", "-", over::<Method>),
    ("METHOD#", "", over::<Door>),
    ("#AUDIT#", "", over::<AuditEntry>),
    ("#E#", "E", over::<Entitlement>),
    ("#E#", "K#", over::<ProductKey>),
    ("#E#", "L", over::<Content>),
    ("#E#", "H#", over::<Overflow>),
    ("#A#", "A", over::<Activation>),
    ("#R#", "R", over::<Request>),
    ("#R#", "P#", over::<Payload>),
    ("#R#", "T#", over::<Attempt>),
    ("#R#", "C#conflicts", over::<Conflicts>),
    ("#R#", "C##", over::<LongResponse>),
    ("#R#", "C#again#", over::<Repeat>),
    ("#X#", "", over::<SavedAnswer>),
    ("#ERASURE#", "", over::<Erasure>),
    ("MARK", "", over::<Mark>),
];

/// The line items of an entitlement, in a row of their own.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Content {
    custom_attributes: CustomAttributes,
    items: Vec<LineItem>,
    key_ranges: Vec<Vec<KeyRange>>,
}

fn over<T: Serialize + DeserializeOwned + PartialEq + Debug>(item: &Item, rng: &mut Rng) -> usize {
    let row: T = plain(item.clone(), "row").unwrap();
    comes_back(&row);
    let tree = serde_json::to_value(&row).unwrap();
    let mut places = Vec::new();
    leaves(&tree, String::new(), &mut places);
    let mut taken = 0;
    let mut change = |place: &str, value: Value| {
        let mut changed = tree.clone();
        *changed.pointer_mut(place).unwrap() = value;
        if let Ok(row) = serde_json::from_value::<T>(changed) {
            comes_back(&row);
            taken += 1;
        }
    };
    for place in &places {
        extremes().into_iter().for_each(|value| change(place, value));
    }
    for _ in 0..CHANGES {
        let Some(place) = rng.choice(&places) else { break };
        change(place, any(rng));
    }
    taken
}

fn comes_back<T: Serialize + DeserializeOwned + PartialEq + Debug>(row: &T) {
    let written = encode(row, "row").unwrap();
    let read: T = plain(written, "row").unwrap_or_else(|error| panic!("{error}: {row:?}"));
    // The revision is the store's own; none of these has one.
    assert_eq!(&read, row);
}

fn leaves(value: &Value, at: String, out: &mut Vec<String>) {
    match value {
        Value::Object(members) if !members.is_empty() => {
            for (name, member) in members {
                let name = name.replace('~', "~0").replace('/', "~1");
                leaves(member, format!("{at}/{name}"), out);
            }
        }
        Value::Array(list) if !list.is_empty() => {
            for (place, element) in list.iter().enumerate() {
                leaves(element, format!("{at}/{place}"), out);
            }
        }
        _ => out.push(at),
    }
}

/// The ends of every range (no row has a fraction), and texts that look like something else.
fn extremes() -> Vec<Value> {
    let numbers = [0, 1, u64::from(u8::MAX), u64::from(u32::MAX), 1 << 53, u64::MAX];
    let times = [i64::MIN, 0, 1, 1_700_000_000_999, i64::MAX].map(Time::from_millis);
    let periods = [0, 1, 999, 86_400_000, i64::MAX].map(Period::from_millis);
    let mut out: Vec<Value> = numbers.map(Value::from).to_vec();
    out.extend([i64::MIN, -1].map(Value::from));
    out.extend([json!(true), json!(false), Value::Null]);
    out.extend([json!([]), json!({}), json!([null]), json!({"a": [1, {"b": null}]})]);
    out.extend(times.map(|time| json!(time)));
    out.extend(periods.map(|period| json!(period)));
    let texts = [
        "",
        " ",
        "0",
        "-1",
        "null",
        "\0\u{7f}\u{2028}",
        "𝄞é日",
        "2026-02-29T24:00:00Z",
        "2026-11-27T10:00:00.000Z",
        "9999-12-31",
        "0001-01-01",
        "4d1b2a70-1c2d-4e5f-8a9b-0c1d2e3f4a5b",
        "4D1B2A70-1C2D-4E5F-8A9B-0C1D2E3F4A5B",
    ];
    out.extend(texts.map(Value::from));
    out.extend([json!("x".repeat(5_000)), json!("é".repeat(2_000))]);
    out
}

fn any(rng: &mut Rng) -> Value {
    let length = rng.usize(0..40);
    match rng.u8(..7) {
        0 => json!(rng.u64(..)),
        1 => json!(rng.u64(..) >> rng.u32(..64)),
        2 => json!(rng.i64(..)),
        3 => json!(Time::from_millis(rng.i64(..) >> rng.u32(..64))),
        4 => json!(Period::from_millis(rng.i64(..) >> rng.u32(..64))),
        _ => json!((0..length).map(|_| rng.char(..)).collect::<String>()),
    }
}

/// A folder in which every kind of row was written.
async fn written() -> Vec<Item> {
    let story = Story::begin().await;
    let admin = story.admin();
    let call = async |verb, path: &str, body: Value| {
        let body = Some(body.to_string().into_bytes());
        admin.call(verb, path, &[("if-match", "*")], body).await.expect(200)
    };
    call(Verb::PATCH, "/v1/tenant", json!({"name": "Vendor"})).await;
    call(Verb::PUT, &format!("/v1/plans/{}", story.plan), json!({"name": "Other"})).await;
    let role = admin.post("/v1/roles", &json!({"name": "Nothing"})).await.expect(201);
    let key = json!({"name": "Till", "roleId": role["id"]});
    let key = admin.post("/v1/api-keys", &key).await.expect(201);
    let rotate = format!("/v1/api-keys/{}/rotate", key["id"]);
    admin.post(&rotate, &json!({})).await.expect(200);
    admin.post("/v1/sessions", &json!({})).await.expect(201);
    let feature = json!({"nameVersion": {"name": "Scan", "version": "1"}});
    admin.post("/v1/features", &feature).await.expect(201);
    let attribute = json!({"name": "region", "entity": "CUSTOMER", "type": "STRING"});
    admin.post("/v1/custom-attributes", &attribute).await.expect(201);
    let contacts = format!("/v1/customers/{}/contacts", story.customer);
    admin.post(&contacts, &json!({"emailId": "ada@l.example"})).await.expect(201);
    let body = json!({"pkId": story.pk_id, "activationQuantity": 1});
    let once = [("idempotency-key", "once")];
    let made = admin.post_with("/v1/activations", &once, &body).await.expect(201);
    let request = harness::story::id(&made["provisioningRequests"][0]);
    story.until_status(request, "REQUEST_SENT").await;
    let done = json!({"status": "COMPLETED", "response": {"log": "x".repeat(5_000)}});
    for _ in 0..2 {
        story.report(request, "m1", &done).await.expect(200);
    }
    story.report(request, "m2", &json!({"status": "FAILED"})).await.refused(409, "STATUS_CONFLICT");
    for _ in 0..30 {
        for action in ["DISABLE", "ENABLE"] {
            let path = format!("/v1/entitlements/{}/actions", story.e_id);
            admin.post(&path, &json!({"action": action})).await.expect(200);
        }
    }
    let person = admin.post("/v1/customers", &json!({"name": "Ada"})).await.expect(201);
    let path = format!("/v1/customers/{}/erase", person["id"]);
    admin.post(&path, &json!({"comments": "they asked"})).await.expect(200);
    let Service { running, folder, .. } = story.service;
    running.stop().await;
    let engine = Engine::open(&folder.path().join("provisio.sqlite")).unwrap();
    let mut items = Vec::new();
    for table in [TABLES.0, TABLES.1] {
        let mut pages = engine.client().scan().table_name(table).into_paginator().items().send();
        while let Some(item) = pages.next().await {
            items.push(item.unwrap());
        }
    }
    items
}

fn text<'a>(item: &'a Item, name: &str) -> &'a str {
    item[name].as_s().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_written_is_read_over_the_whole_range_of_every_type() {
    let mut rng = Rng::with_seed(16);
    let mut taken: BTreeMap<(&str, &str), Vec<usize>> = BTreeMap::new();
    let written = written().await;
    for item in &written {
        let mut item = item.clone();
        let (pk, sk) = (text(&item, "pk").to_owned(), text(&item, "sk").to_owned());
        let of = |(part, sort, _): &&(&str, &str, Reader)| {
            let within = if part.starts_with('#') {
                pk.strip_prefix("T#").is_some_and(|pk| pk.contains(part))
            } else {
                pk.starts_with(part)
            };
            within && sk.starts_with(sort)
        };
        if item.contains_key("content") && sk == "E" {
            let is_second = |row: &&Item| text(row, "pk") == pk && text(row, "sk") == "L";
            item.extend(written.iter().find(is_second).unwrap().clone());
        }
        if pk.contains("#N#") {
            // It keeps a name to one thing, and has no members.
            continue;
        }
        let found = KINDS.iter().find(of);
        let (part, sort, read) = found.unwrap_or_else(|| panic!("no kind of row is {pk} {sk}"));
        let done = taken.entry((part, sort)).or_default();
        if done.len() < EACH {
            done.push(read(&item, &mut rng));
        }
    }
    let missed: Vec<_> = KINDS.iter().filter(|(p, s, _)| !taken.contains_key(&(*p, *s))).collect();
    assert!(missed.is_empty(), "never written: {missed:?}");
    println!("changes that were written and read, by row: {taken:?}");
    assert!(taken.values().flatten().all(|taken| *taken > 0), "{taken:?}");
}
