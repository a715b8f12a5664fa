//! Plans: what is saved, what is refused, and what a request keeps.

use harness::story::{self, id};
use harness::{Service, Story};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_reaches_later_requests_only() {
    let story = Story::begin().await;
    let admin = story.admin();
    let body = json!({"name": "Other", "definition": {"is": "other"}});
    let other = id(&admin.post("/v1/plans", &body).await.expect(201));
    let second = story::product(admin, "Second").await;
    story::associate(admin, second, other, story.method).await;
    let plan = format!("/v1/plans/{}", story.plan);

    let before = story.activate(1).await;
    let sent_before = story.provider.nth(1).await;
    let body = json!({"name": "Pods", "definition": {"edited": "$.provisioningRequest.id"}});
    let edited = admin.put(&plan, &body).await.expect(200);
    assert_eq!(edited["version"], 2);
    let after = story.activate(1).await;
    let sent_after = story.provider.nth(2).await;
    assert_eq!(sent_after.body, format!("{{\"edited\":{after}}}"));
    let (before, after) = (story.request(before).await, story.request(after).await);
    assert_eq!(before["payload"], json!(sent_before.body));
    assert_eq!(before["plan"]["version"], 1);
    assert_eq!(after["plan"]["version"], 2);

    let (_, pk_id) = story::entitle(admin, second, story.customer).await;
    let body = json!({"pkId": pk_id, "activationQuantity": 1});
    admin.post("/v1/activations", &body).await.expect(201);
    assert_eq!(story.provider.nth(3).await.body, r#"{"is":"other"}"#);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_or_method_in_use_is_not_deleted() {
    let story = Story::begin().await;
    let (admin, association) =
        (story.admin(), format!("/v1/products/{}/association", story.product));
    for path in [format!("/v1/plans/{}", story.plan), format!("/v1/methods/{}", story.method)] {
        admin.delete(&path).await.refused(409, "IN_USE");
        admin.get(&path).await.expect(200);
    }
    assert_eq!(admin.delete(&association).await.status, 204);
    admin.get(&association).await.refused(404, "NOT_FOUND");
    for path in [format!("/v1/plans/{}", story.plan), format!("/v1/methods/{}", story.method)] {
        assert_eq!(admin.delete(&path).await.status, 204);
        admin.get(&path).await.refused(404, "NOT_FOUND");
    }
    admin.post("/v1/plans", &json!({"name": "Pods"})).await.expect(201);
}

/// The form of the values is a part of a plan: versions tell its change, a preview and a rehearsal
/// fill by it, and lint looks at a saved plan.
#[tokio::test(flavor = "multi_thread")]
async fn the_form_of_values_is_a_part_of_a_plan() {
    let story = Story::begin().await;
    let admin = story.admin();
    let request = story.activate(1).await;
    story.until_status(request, "REQUEST_SENT").await;
    story.report(request, "m1", &json!({"status": "COMPLETED"})).await.expect(200);
    let definition = json!({"n": "$.provisioningRequest.id", "five": 5});
    let path = format!("/v1/plans/{}", story.plan);
    let body = json!({"name": "Pods", "definition": definition, "values": "TEXT"});
    let asked = json!({"definition": definition, "values": "TEXT", "last": 1});
    let told = admin.post(&format!("{path}/rehearse"), &asked).await.expect(200);
    let filled = format!("{{\"n\":\"{request}\",\"five\":5}}");
    assert_eq!(told["requests"][0]["after"]["payloadText"], filled);
    assert_eq!(admin.put(&path, &body).await.expect(200)["values"], "TEXT");
    let version = admin.get(&format!("{path}/versions/2")).await.expect(200);
    let changes = version["changes"].as_array().unwrap();
    let found = changes.iter().find(|change| change["pointer"] == "/values").unwrap();
    assert_eq!((&found["from"], &found["to"]), (&json!("NATIVE"), &json!("TEXT")));
    let preview = async |body: Value| admin.post("/v1/plans/preview", &body).await;
    let by_plan = json!({"planId": story.plan, "requestId": request});
    assert_eq!(preview(by_plan.clone()).await.expect(200)["payloadText"], filled);
    let tried = json!({"definition": definition, "values": "TEXT", "requestId": request});
    assert_eq!(preview(tried).await.expect(200)["payloadText"], filled);
    let mut both = by_plan;
    both["values"] = json!("TEXT");
    preview(both).await.refused(400, "VALIDATION_FAILED");
    let lint = async |body: Value| admin.post("/v1/plans/lint", &body).await;
    assert_eq!(lint(json!({"planId": story.plan})).await.expect(200)["warnings"], json!([]));
    lint(json!({"planId": story.plan, "definition": {}})).await.refused(400, "VALIDATION_FAILED");
    lint(json!({"planId": 7})).await.refused(422, "REFERENCE_NOT_FOUND");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_definition_is_answered_as_it_was_given() {
    let service = Service::start().await;
    let text = r#"{"name":"Kept","definition":{"b" : 1.50, "a":[ 1e2 , "x"]}}"#;
    let body = Some(text.as_bytes().to_vec());
    let made = service.admin.call(reqwest::Method::POST, "/v1/plans", &[], body).await;
    assert!(made.text.contains(r#""definition":{"b" : 1.50, "a":[ 1e2 , "x"]}"#), "{}", made.text);
    let shown = service.admin.get(&format!("/v1/plans/{}", id(&made.expect(201)))).await;
    assert!(shown.text.contains(r#""definition":{"b" : 1.50, "a":[ 1e2 , "x"]}"#));
    let body = json!({"name": "Text", "definition": "{ \"a\": 1 }"});
    let made = service.admin.post("/v1/plans", &body).await.expect(201);
    assert_eq!(made["definition"], "{ \"a\": 1 }");
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_definitions_and_names_are_refused_with_their_place() {
    let service = Service::start().await;
    let check = async |body: Value, code: &str, pointer: &str| {
        let reply = service.admin.post("/v1/plans", &body).await;
        reply.refused(400, code);
        assert_eq!(reply.pointer(), pointer, "{}", reply.text);
        reply
    };
    let with = |definition: &str| json!({"name": "P", "definition": definition});
    let broken = check(with("{\n \"a\": 1,\n}"), "DEFINITION_NOT_JSON", "/definition").await;
    assert_eq!(broken.json["errors"][0]["line"], 3);
    assert_eq!(broken.json["errors"][0]["column"], 1);
    check(with("\"$.provisioningRequest.id\""), "DEFINITION_NOT_OBJECT", "/definition").await;
    check(with("{\"a\":1,\"a\":2}"), "DUPLICATE_KEY", "/definition/a").await;
    check(with("{\"a\":\"$.50\"}"), "INVALID_EXPRESSION", "/definition/a").await;
    check(with("{\"a\":\"$[*][*][*]\"}"), "EXPRESSION_TOO_COSTLY", "/definition/a").await;
    check(json!({"name": "P's"}), "INVALID_CHARACTER", "/name").await;
    check(json!({"name": ""}), "VALIDATION_FAILED", "/name").await;
    check(
        json!({"name": "P", "payloadSchema": {"type": 5}}),
        "VALIDATION_FAILED",
        "/payloadSchema",
    )
    .await;
    let outside = json!({"name": "P", "payloadSchema": {"$ref": "https://a.example/s"}});
    check(outside, "VALIDATION_FAILED", "/payloadSchema").await;
    let all = json!({"name": "P's", "definition": "{\"a\":\"$.50\",\"b\":\"$[\"}", "x": 1});
    let reply = service.admin.post("/v1/plans", &all).await;
    reply.refused(400, "UNKNOWN_MEMBER");
    let errors = reply.json["errors"].as_array().unwrap();
    let places: Vec<_> = errors.iter().map(|error| error["pointer"].as_str().unwrap()).collect();
    assert_eq!(places, ["/x", "/name", "/definition/a", "/definition/b"]);
    let list = service.admin.get("/v1/plans").await.expect(200);
    assert_eq!(list["data"], json!([]), "nothing was saved");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_path_is_saved_with_a_warning() {
    let service = Service::start().await;
    let definition = json!({"id": "$.provisioningRequest.ids", "e": "$.entitlement.eId",
        "s": " $.provisioningRequest.id", "ok": "$.provisioningRequest.id"});
    let body = json!({"name": "Warned", "definition": definition});
    let made = service.admin.post("/v1/plans", &body).await.expect(201);
    let told: Vec<(&str, &str, &Value)> = made["warnings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|w| (w["at"].as_str().unwrap(), w["code"].as_str().unwrap(), &w["didYouMean"]))
        .collect();
    assert_eq!(
        told,
        [
            ("$[\"id\"]", "UNKNOWN_PATH", &json!("id")),
            ("$[\"e\"]", "PREFIX_MISSING", &json!("$.provisioningRequest.entitlement.eId")),
            ("$[\"s\"]", "LEADING_SPACE", &json!("$.provisioningRequest.id")),
        ]
    );
    let shown = service.admin.get(&format!("/v1/plans/{}", id(&made))).await.expect(200);
    assert_eq!(shown["definition"], definition);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_is_unique_in_its_namespace_whatever_its_case() {
    let service = Service::start().await;
    let admin = &service.admin;
    let first = id(&admin.post("/v1/plans", &json!({"name": "Pods"})).await.expect(201));
    admin.post("/v1/plans", &json!({"name": "pODS"})).await.refused(409, "NAME_TAKEN");
    let space = admin.post("/v1/namespaces", &json!({"name": "Two"})).await.expect(201);
    let body = json!({"name": "Pods", "namespaceId": id(&space)});
    admin.post("/v1/plans", &body).await.expect(201);
    admin.put(&format!("/v1/plans/{first}"), &json!({"name": "Free"})).await.expect(200);
    admin.post("/v1/plans", &json!({"name": "Pods"})).await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payload_that_breaks_its_schema_is_never_sent() {
    let story = Story::begin().await;
    let body = json!({"name": "Pods", "definition": {"q": "$.provisioningRequest.id"},
        "payloadSchema": {"type": "object", "properties": {"q": {"type": "string"}}}});
    story.admin().put(&format!("/v1/plans/{}", story.plan), &body).await.expect(200);
    let request = story.activate(1).await;
    let failed = story.until_status(request, "FAILED").await;
    assert_eq!(failed["errorCode"], "PAYLOAD_INVALID");
    assert_eq!(failed["delivery"], "NEVER");
    assert!(story.provider.sent().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_definition_the_whole_document_is_sent() {
    let story = Story::begin().await;
    let plan = format!("/v1/plans/{}", story.plan);
    story.admin().put(&plan, &json!({"name": "Pods"})).await.expect(200);
    let request = story.activate(1).await;
    let sent = story.provider.nth(1).await.json();
    assert_eq!(sent["provisioningRequest"]["id"], request);
    assert_eq!(sent["provisioningRequest"]["provisioningPlan"]["version"], 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_document_shape_lists_every_path() {
    let service = Service::start().await;
    let shape = service.admin.get("/v1/plans/document-shape").await.expect(200);
    let line = shape["data"].as_array().unwrap().iter().find(|line| {
        line["path"] == "$.provisioningRequest.activationRef.activation.activationQuantity"
    });
    assert_eq!(line.unwrap()["type"], "number");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_names_the_version_that_it_saw() {
    let service = Service::start().await;
    let made = service.admin.post("/v1/plans", &json!({"name": "Pods"})).await;
    assert_eq!(made.header("etag"), "\"1\"");
    let path = made.header("location").to_owned();
    let put = async |tag: Option<&str>| {
        let headers: Vec<(&str, &str)> = tag.map(|tag| ("if-match", tag)).into_iter().collect();
        let body = Some(br#"{"name":"Pods"}"#.to_vec());
        service.admin.call(reqwest::Method::PUT, &path, &headers, body).await
    };
    put(None).await.refused(428, "IF_MATCH_REQUIRED");
    put(Some("\"9\"")).await.refused(412, "VERSION_MISMATCH");
    assert_eq!(put(Some("\"1\"")).await.header("etag"), "\"2\"");
    put(Some("\"1\"")).await.refused(412, "VERSION_MISMATCH");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schema_is_kept_to_the_letter() {
    let service = Service::start().await;
    let text = r#"{"name":"S","payloadSchema":{"enum":[null,{"x":null}],"minimum":1.50}}"#;
    let body = Some(text.as_bytes().to_vec());
    let made = service.admin.call(reqwest::Method::POST, "/v1/plans", &[], body).await;
    let kept = r#""payloadSchema":{"enum":[null,{"x":null}],"minimum":1.50}"#;
    assert!(made.text.contains(kept), "{}", made.text);
}
