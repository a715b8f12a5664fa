//! Trying a plan out before anybody pays: lint, preview, rehearsal.

use harness::story::id;
use harness::{Client, Service, Story};
use local::demo::DEFINITION;
use serde_json::{Value, json};

fn case(path: &str) -> Value {
    let path = format!("{}/../domain/tests/cases/{path}", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

async fn preview(admin: &Client, body: &Value) -> Value {
    admin.post("/v1/plans/preview", body).await.expect(200)
}

/// A golden case, by HTTP: payload, its bytes, trace, or the fault at save.
async fn golden(admin: &Client, case: &Value, sample: &Value) {
    let name = &case["name"];
    let mut document = sample.clone();
    if let Some(customer) = case.get("customerNameOverride") {
        document["provisioningRequest"]["customer"]["name"] = customer.clone();
    }
    let body = json!({"definition": case["definition"], "document": document});
    let reply = admin.post("/v1/plans/preview", &body).await;
    if let Some(error) = case.get("error") {
        let code = error.as_str().unwrap().split([':', ' ']).next().unwrap();
        reply.refused(400, code);
        return;
    }
    let shown = reply.expect(200);
    assert_eq!(shown["payloadText"], case["payloadText"], "{name}");
    assert_eq!(shown["payload"], case["payload"], "{name}");
    assert_eq!(shown["trace"], case["trace"], "{name}");
    assert_eq!(shown["problem"], Value::Null, "{name}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_golden_cases_by_http() {
    let service = Service::start().await;
    let sample = case("shape/sample.json");
    for i in 1..=30 {
        golden(&service.admin, &case(&format!("substitution/G{i:02}.json")), &sample).await;
    }
    let saved = service.admin.get("/v1/plans").await.expect(200);
    assert_eq!(saved["data"], json!([]), "a preview stores nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_is_what_the_provider_then_receives() {
    let story = Story::begin().await;
    let admin = story.admin();
    let method = format!("/v1/methods/{}", story.method);
    admin.post(&format!("{method}/disable"), &json!({})).await.expect(200);
    let request = story.activate(5).await;
    let failed = story.until_status(request, "FAILED").await;
    let definition: Value = serde_json::from_str(DEFINITION).unwrap();
    let bodies = [
        json!({"planId": story.plan, "requestId": request}),
        json!({"planId": story.plan, "activationId": failed["aid"]}),
        json!({"definition": definition, "requestId": request}),
        json!({"definition": DEFINITION, "activationId": failed["aid"]}),
    ];
    let mut texts = Vec::new();
    for body in bodies {
        let shown = preview(admin, &body).await;
        assert_eq!(shown["trace"].as_array().unwrap().len(), 10);
        texts.push(shown["payloadText"].as_str().unwrap().to_owned());
    }
    assert!(story.provider.sent().is_empty(), "a preview sends nothing");
    admin.post(&format!("{method}/enable"), &json!({})).await.expect(200);
    let retry = format!("/v1/provisioning-requests/{request}/retry");
    admin.post(&retry, &json!({})).await.expect(200);
    let sent = story.provider.nth(1).await;
    texts.into_iter().for_each(|text| assert_eq!(text, sent.body));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_tells_why_a_request_would_fail() {
    let service = Service::start().await;
    let document = case("shape/sample.json");
    let body = json!({"definition": {"id": "$.provisioningRequest.id"}, "document": document,
        "payloadSchema": {"properties": {"id": {"type": "string"}}}});
    let shown = preview(&service.admin, &body).await;
    assert_eq!(shown["problem"]["code"], "PAYLOAD_INVALID");
    assert_eq!(shown["payload"], json!({"id": 97}), "it is shown all the same");
    let mut large = document.clone();
    large["provisioningRequest"]["comments"] = json!("x".repeat(200_000));
    let body = json!({"document": large, "definition": ["$.provisioningRequest.comments",
        "$.provisioningRequest.comments"]});
    let shown = preview(&service.admin, &body).await;
    assert_eq!(shown["problem"]["code"], "PAYLOAD_TOO_LARGE");
    assert_eq!(shown["payload"], Value::Null);
    let plan = service.admin.post("/v1/plans", &json!({"name": "All"})).await.expect(201);
    let shown = preview(&service.admin, &json!({"planId": id(&plan), "document": document})).await;
    assert_eq!(shown["payloadText"], json!(document.to_string()), "no definition: the whole");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_names_one_plan_and_one_document() {
    let service = Service::start().await;
    let admin = &service.admin;
    let check = async |body: Value, status: u16, code: &str, pointers: &[&str]| {
        let reply = admin.post("/v1/plans/preview", &body).await;
        reply.refused(status, code);
        let told = reply.json["errors"].as_array().unwrap().iter();
        let told: Vec<&str> = told.map(|e| e["pointer"].as_str().unwrap()).collect();
        assert_eq!(told, pointers, "{body}");
    };
    let document = json!({"provisioningRequest": {}});
    check(json!({}), 400, "VALIDATION_FAILED", &["/planId", "/requestId"]).await;
    let both = json!({"planId": 7, "definition": {}, "requestId": 7, "document": document});
    check(both, 400, "VALIDATION_FAILED", &["/planId", "/requestId"]).await;
    let schema = json!({"planId": 7, "payloadSchema": {}, "document": document});
    check(schema, 400, "VALIDATION_FAILED", &["/payloadSchema"]).await;
    let other = json!({"definition": {}, "document": {"request": {}}});
    check(other, 400, "VALIDATION_FAILED", &["/document"]).await;
    let bad = json!({"definition": {"a": "$.50"}, "document": document, "x": 1});
    check(bad, 400, "UNKNOWN_MEMBER", &["/x", "/definition/a"]).await;
    let plan = json!({"planId": 7, "document": document});
    check(plan, 422, "REFERENCE_NOT_FOUND", &["/planId"]).await;
    let request = json!({"definition": {}, "requestId": 7});
    check(request, 422, "REFERENCE_NOT_FOUND", &["/requestId"]).await;
    for aid in ["x", "12345678-9876-5432-1234-567890987654"] {
        let body = json!({"definition": {}, "activationId": aid});
        check(body, 422, "REFERENCE_NOT_FOUND", &["/activationId"]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn real_data_needs_its_permission() {
    let story = Story::begin().await;
    let admin = story.admin();
    let request = story.activate(1).await;
    let role = json!({"name": "Author", "permissions": [{"area": "catalog", "acts": ["view"]}]});
    let role = admin.post("/v1/roles", &role).await.expect(201);
    let body = json!({"name": "Author", "roleId": role["id"]});
    let key = admin.post("/v1/api-keys", &body).await.expect(201);
    let author = admin.with_key(key["secret"].as_str().unwrap());
    let on_data = json!({"planId": story.plan, "requestId": request});
    author.post("/v1/plans/preview", &on_data).await.refused(403, "FORBIDDEN");
    let rehearse = format!("/v1/plans/{}/rehearse", story.plan);
    author.post(&rehearse, &json!({})).await.refused(403, "FORBIDDEN");
    let document = json!({"planId": story.plan, "document": {"provisioningRequest": {}}});
    author.post("/v1/plans/preview", &document).await.expect(200);
    let other = story.service.another_tenant().await;
    let body = json!({"definition": {}, "requestId": request});
    other.post("/v1/plans/preview", &body).await.refused(422, "REFERENCE_NOT_FOUND");
}

#[tokio::test(flavor = "multi_thread")]
async fn lint_has_its_own_route_and_knows_the_registered_attributes() {
    let service = Service::start().await;
    let admin = &service.admin;
    let body = json!({"entity": "CUSTOMER", "name": "Region"});
    admin.post("/v1/custom-attributes", &body).await.expect(201);
    let attribute = |name: &str| {
        format!(
            "$.provisioningRequest.customer.customAttributes.customAttribute\
            [?(@.name == \"{name}\")].value"
        )
    };
    let definition = json!({"a": attribute("Region"), "b": attribute("Regoin"),
        "password": "hunter2", "c": "$.provisioningRequest.ID"});
    let linted = admin.post("/v1/plans/lint", &json!({"definition": definition})).await;
    let told = linted.expect(200);
    let line = |w: &Value| {
        format!("{} {} {} {}", w["severity"], w["code"], w["at"], w["didYouMean"]).replace('"', "")
    };
    let lines: Vec<String> = told["warnings"].as_array().unwrap().iter().map(line).collect();
    assert_eq!(
        lines,
        [
            "WARNING ATTRIBUTE_NOT_REGISTERED $[\\b\\] Region",
            "WARNING SECRET_TEXT $[\\password\\] null",
            "WARNING WRONG_CASE $[\\c\\] id",
        ]
    );
    let saved = admin.post("/v1/plans", &json!({"name": "L", "definition": definition})).await;
    assert_eq!(saved.expect(201)["warnings"], told["warnings"], "the same at save");
    admin.post("/v1/plans/lint", &json!({})).await.refused(400, "VALIDATION_FAILED");
    let broken = admin.post("/v1/plans/lint", &json!({"definition": "{"})).await;
    broken.refused(400, "DEFINITION_NOT_JSON");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rehearsal_shows_what_an_edit_touches_and_changes() {
    let story = Story::begin().await;
    let admin = story.admin();
    let plan = format!("/v1/plans/{}", story.plan);
    let edit = json!({"name": "Pods", "definition": {"id": "$.provisioningRequest.id", "n": "5"}});
    admin.put(&plan, &edit).await.expect(200);
    let mut done = Vec::new();
    for n in 0..3 {
        let request = story.activate(1).await;
        story.until_status(request, "REQUEST_SENT").await;
        story.report(request, &format!("c{n}"), &json!({"status": "COMPLETED"})).await.expect(200);
        done.push(request);
    }
    let scheduled = json!({"pkId": story.pk_id, "activationQuantity": 1,
        "scheduledDate": harness::story::days_ahead(9)});
    admin.post("/v1/activations", &scheduled).await.expect(201);
    let patient = json!({"name": "Pod farm", "endpointUrl": story.provider.url,
        "retryLadder": ["PT0S", "PT1H"]});
    admin.put(&format!("/v1/methods/{}", story.method), &patient).await.expect(200);
    story.provider.answer(&[(503, "{}")]);
    let tried = story.activate(1).await;
    harness::until("an attempt", || async {
        (story.request(tried).await["attemptCount"] == 1).then_some(())
    })
    .await;
    let rehearse = format!("{plan}/rehearse");
    let body = json!({"last": 2, "definition": {"id": "$.provisioningRequest.id", "n": "6",
        "x": "$.provisioningRequest.ids"}});
    let shown = admin.post(&rehearse, &body).await.expect(200);
    let using = json!([{"id": story.product, "name": "Printer-Scanner", "uses": ["PROVISION"]}]);
    assert_eq!(shown["products"], using);
    assert_eq!(shown["queuedRequests"], json!({"changed": 1, "frozen": 1, "complete": true}));
    assert_eq!(shown["warnings"][0]["code"], "UNKNOWN_PATH");
    let requests = shown["requests"].as_array().unwrap();
    let ids: Vec<u64> = requests.iter().map(id).collect();
    assert_eq!(ids, [done[2], done[1]], "the last two, newest first");
    for (request, id) in requests.iter().zip(ids) {
        assert_eq!(request["before"]["payloadText"], format!("{{\"id\":{id},\"n\":\"5\"}}"));
        assert_eq!(request["after"]["payloadText"], format!("{{\"id\":{id},\"n\":\"6\"}}"));
        assert_eq!(request["after"]["trace"][1]["outcome"], "EXCLUDED");
        let change = json!([{"pointer": "/n", "change": "CHANGED", "from": "5", "to": "6"}]);
        assert_eq!(request["changes"], change);
    }
    let after = admin.get(&plan).await.expect(200);
    assert_eq!(after["version"], 2, "nothing was saved");
    admin.post(&rehearse, &json!({"last": 0})).await.refused(400, "VALIDATION_FAILED");
    let bad = json!({"definition": {"a": "$["}});
    admin.post(&rehearse, &bad).await.refused(400, "INVALID_EXPRESSION");
}
