//! What can be done with a plan besides saving it: copy, view, versions, delete (source 001).

use std::collections::BTreeSet;

use futures::future::join_all;
use harness::story::{self, id};
use harness::{Client, Service, Story};
use serde_json::{Value, json};

async fn copy(admin: &Client, plan: u64) -> Value {
    admin.post(&format!("/v1/plans/{plan}/copy"), &json!({})).await.expect(201)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_has_the_content_and_a_name_of_its_own() {
    let service = Service::start().await;
    let admin = &service.admin;
    let text = r#"{"name":"Pods","description":"Five","definition":{"n" : 1.50},
        "payloadSchema":{"type":"object"}}"#;
    let body = Some(text.as_bytes().to_vec());
    let made = admin.call(reqwest::Method::POST, "/v1/plans", &[], body).await.expect(201);
    let first = copy(admin, id(&made)).await;
    assert_eq!(first["name"], "Copy of Pods");
    assert_eq!(first["version"], 1);
    for member in ["description", "definition", "payloadSchema", "namespaceId"] {
        assert_eq!(first[member], made[member], "{member}");
    }
    let shown = admin.get(&format!("/v1/plans/{}", id(&first))).await;
    assert!(shown.text.contains(r#""definition":{"n" : 1.50}"#), "{}", shown.text);
    assert_eq!(copy(admin, id(&made)).await["name"], "Copy of Pods (2)");
    assert_eq!(copy(admin, id(&first)).await["name"], "Copy of Copy of Pods");
    let long = admin.post("/v1/plans", &json!({"name": "x".repeat(50)})).await.expect(201);
    assert_eq!(copy(admin, id(&long)).await["name"], format!("Copy of {}", "x".repeat(42)));
    assert_eq!(copy(admin, id(&long)).await["name"], format!("Copy of {} (2)", "x".repeat(38)));
    let edit = json!({"name": "Edited", "definition": {"n": 2}});
    admin.put(&format!("/v1/plans/{}", id(&first)), &edit).await.expect(200);
    let original = admin.get(&format!("/v1/plans/{}", id(&made))).await.expect(200);
    assert_eq!(original["definition"], json!({"n": 1.5}), "the original stays");
}

#[tokio::test(flavor = "multi_thread")]
async fn copies_made_at_once_have_different_names() {
    let service = Service::start().await;
    let admin = &service.admin;
    let plan = id(&admin.post("/v1/plans", &json!({"name": "Pods"})).await.expect(201));
    let copies = join_all((0..12).map(|_| copy(admin, plan))).await;
    let names: BTreeSet<&str> = copies.iter().map(|c| c["name"].as_str().unwrap()).collect();
    assert_eq!(names.len(), 12);
    assert!(names.contains("Copy of Pods") && names.contains("Copy of Pods (12)"), "{names:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_definition_can_be_viewed_alone() {
    let service = Service::start().await;
    let text = r#"{"name":"Kept","definition":{"b" : 1.50, "a":[ 1e2 ]}}"#;
    let body = Some(text.as_bytes().to_vec());
    let made = service.admin.call(reqwest::Method::POST, "/v1/plans", &[], body).await.expect(201);
    let viewed = service.admin.get(&format!("/v1/plans/{}/definition", id(&made))).await;
    assert_eq!(viewed.text, r#"{"format":"JSON","definition":{"b" : 1.50, "a":[ 1e2 ]}}"#);
    let none = service.admin.post("/v1/plans", &json!({"name": "None"})).await.expect(201);
    let viewed = service.admin.get(&format!("/v1/plans/{}/definition", id(&none))).await;
    assert_eq!(viewed.expect(200)["definition"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_version_is_kept_and_says_what_it_changed() {
    let service = Service::start().await;
    let admin = &service.admin;
    let body = json!({"name": "Pods", "definition": {"a": "1", "b": [1, 2]}});
    let plan = id(&admin.post("/v1/plans", &body).await.expect(201));
    let path = format!("/v1/plans/{plan}");
    for (name, definition) in [
        ("Pods", json!({"a": "2", "b": [1, 2], "c/d": true})),
        ("Pods", json!("{ \"a\":\"2\",\"b\":[1,2],\"c/d\":true}")),
        ("More pods", json!({"b": [1]})),
    ] {
        admin.put(&path, &json!({"name": name, "definition": definition})).await.expect(200);
    }
    let told = async |version: &str| {
        let shown = admin.get(&format!("{path}/versions/{version}")).await.expect(200);
        let changes = shown["changes"].as_array().unwrap().iter();
        let line = |c: &Value| format!("{} {}", c["change"], c["pointer"]).replace('"', "");
        (shown["against"].clone(), changes.map(line).collect::<Vec<_>>())
    };
    assert_eq!(told("1").await, (Value::Null, vec![]));
    let second = ["CHANGED /definition/a", "ADDED /definition/c~1d"].map(str::to_owned).to_vec();
    assert_eq!(told("2").await, (json!(1), second));
    assert_eq!(told("3").await, (json!(2), vec!["REWRITTEN /definition".to_owned()]));
    let gone = [
        "CHANGED /name",
        "REMOVED /definition/a",
        "REMOVED /definition/c~1d",
        "REMOVED /definition/b/1",
    ]
    .map(str::to_owned)
    .to_vec();
    assert_eq!(told("4").await, (json!(3), gone));
    assert_eq!(told("1?against=4").await.0, json!(4));
    let old = admin.get(&format!("{path}/versions/1")).await.expect(200);
    assert_eq!(old["plan"]["definition"], body["definition"]);
    let wrong = admin.get(&format!("{path}/versions/1?against=9")).await;
    wrong.refused(422, "REFERENCE_NOT_FOUND");
    for none in ["0", "5", "x", "-1"] {
        admin.get(&format!("{path}/versions/{none}")).await.refused(404, "NOT_FOUND");
    }
}

/// Page by page, in both orders.
async fn pages(admin: &Client, path: &str, order: &str) -> Vec<u64> {
    let (mut all, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = admin.get(&format!("{path}?limit=2&order={order}{cursor}")).await.expect(200);
        let rows = page["data"].as_array().unwrap();
        assert!(rows.len() <= 2);
        all.extend(rows.iter().map(|row| row["version"].as_u64().unwrap()));
        match page["nextCursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return all,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn versions_are_listed_page_by_page_also_of_a_plan_that_is_gone() {
    let service = Service::start().await;
    let admin = &service.admin;
    let plan = id(&admin.post("/v1/plans", &json!({"name": "P1"})).await.expect(201));
    let path = format!("/v1/plans/{plan}");
    assert_eq!(pages(admin, &format!("{path}/versions"), "desc").await, [1]);
    for n in 2..=5 {
        admin.put(&path, &json!({"name": format!("P{n}")})).await.expect(200);
    }
    for _ in 0..2 {
        let all = pages(admin, &format!("{path}/versions"), "desc").await;
        assert_eq!(all, [5, 4, 3, 2, 1]);
        let all = pages(admin, &format!("{path}/versions"), "asc").await;
        assert_eq!(all, [1, 2, 3, 4, 5]);
        let named = admin.get(&format!("{path}/versions/3")).await.expect(200);
        assert_eq!(named["plan"]["name"], "P3");
        let gone = admin.delete(&path).await.status;
        assert!([204, 404].contains(&gone));
    }
    admin.get(&path).await.refused(404, "NOT_FOUND");
    admin.get("/v1/plans/12345/versions").await.refused(404, "NOT_FOUND");
    let other = service.another_tenant().await;
    other.get(&format!("{path}/versions")).await.refused(404, "NOT_FOUND");
    other.get(&format!("{path}/versions/3")).await.refused(404, "NOT_FOUND");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_to_delete_names_the_products() {
    let story = Story::begin().await;
    let admin = story.admin();
    let back = id(&admin.post("/v1/plans", &json!({"name": "Back"})).await.expect(201));
    let second = story::product(admin, "Second").await;
    let body = json!({"planId": story.plan, "methodId": story.method, "deprovisionPlanId": back});
    let path = format!("/v1/products/{second}/association");
    let made = admin.put(&path, &body).await.expect(200);
    assert_eq!(made["deprovisionPlanName"], "Back");
    let refused = async |path: String| {
        let reply = admin.delete(&path).await;
        reply.refused(409, "IN_USE");
        reply.json["detail"].as_str().unwrap().to_owned()
    };
    let told = refused(format!("/v1/plans/{}", story.plan)).await;
    let both = told.contains("\"Printer-Scanner\"") && told.contains("\"Second\"");
    assert!(both && told.contains(&second.to_string()), "{told}");
    let told = refused(format!("/v1/plans/{back}")).await;
    assert!(told.contains("as its deprovision plan"), "{told}");
    assert!(refused(format!("/v1/methods/{}", story.method)).await.contains("\"Second\""));

    // The same plan in both places counts once, and goes with both.
    let body = json!({"planId": back, "methodId": story.method, "deprovisionPlanId": back});
    let changed = admin.put(&path, &body).await.expect(200);
    assert!(changed["lastAssociationDate"].as_str() >= made["lastAssociationDate"].as_str());
    assert!(!refused(format!("/v1/plans/{}", story.plan)).await.contains("Second"));
    assert_eq!(admin.delete(&path).await.status, 204);
    assert_eq!(admin.delete(&format!("/v1/plans/{back}")).await.status, 204);
    let unknown = json!({"planId": story.plan, "methodId": story.method, "deprovisionPlanId": 7});
    let reply = admin.put(&path, &unknown).await;
    reply.refused(422, "REFERENCE_NOT_FOUND");
    assert_eq!(reply.pointer(), "/deprovisionPlanId");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_and_its_association_are_never_half_gone() {
    let service = Service::start().await;
    let admin = &service.admin;
    let url = json!({"name": "M", "endpointUrl": "https://pods.example/"});
    let method = id(&admin.post("/v1/methods", &url).await.expect(201));
    for round in 0..8 {
        let body = json!({"name": format!("P{round}")});
        let plan = id(&admin.post("/v1/plans", &body).await.expect(201));
        let body = json!({"nameVersion": {"name": "X", "version": "1"}});
        let product = id(&admin.post("/v1/products", &body).await.expect(201));
        let association = format!("/v1/products/{product}/association");
        let body = json!({"planId": plan, "methodId": method});
        let plan = format!("/v1/plans/{plan}");
        let product = format!("/v1/products/{product}");
        let (put, without_plan, without_product) = tokio::join!(
            admin.put(&association, &body),
            admin.delete(&plan),
            admin.delete(&product)
        );
        match put.status {
            200 => {
                without_plan.refused(409, "IN_USE");
                without_product.refused(409, "IN_USE");
                admin.get(&association).await.expect(200);
            }
            404 => assert_eq!(without_product.status, 204),
            _ => {
                put.refused(422, "REFERENCE_NOT_FOUND");
                assert_eq!(without_plan.status, 204);
            }
        }
    }
}
