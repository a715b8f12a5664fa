//! Source 000, rule by rule: attributes, statuses, Update Status, permissions, comments.

use harness::{Client, Story};
use reqwest::Method;
use serde_json::{Value, json};

/// A client whose role has just these permissions.
async fn with(story: &Story, permissions: &[(&str, &[&str])]) -> Client {
    let admin = story.admin();
    let name = format!("{permissions:?}").replace(['"', '(', ')', '[', ']', ','], "");
    let grants: Vec<Value> =
        permissions.iter().map(|(area, acts)| json!({"area": area, "acts": acts})).collect();
    let role = json!({"name": name.trim(), "permissions": grants});
    let role = admin.post("/v1/roles", &role).await.expect(201);
    let body = json!({"name": "Key", "roleId": role["id"]});
    let key = admin.post("/v1/api-keys", &body).await.expect(201);
    admin.with_key(key["secret"].as_str().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ten_attributes_have_their_names_and_kinds() {
    let story = Story::begin().await;
    let id = story.activate(5).await;
    story.until_status(id, "REQUEST_SENT").await;
    let list = story.admin().get("/v1/provisioning-requests").await.expect(200);
    let (row, shown) = (&list["data"][0], story.request(id).await);
    for (name, value) in [
        ("status", json!("REQUEST_SENT")),
        ("productName", json!("Printer-Scanner")),
        ("productId", json!(story.product)),
        ("eId", json!(story.e_id)),
        ("activatedQuantity", json!(5)),
        ("comments", Value::Null),
    ] {
        assert_eq!(row[name], value, "{name}");
        assert_eq!(shown[name], value, "{name}");
    }
    assert_eq!(row["plan"], json!({"id": story.plan, "name": "Pods"}));
    assert_eq!(row["method"], json!({"id": story.method, "name": "Pod farm"}));
    let groups: Vec<usize> = row["aid"].as_str().unwrap().split('-').map(str::len).collect();
    assert_eq!(groups, [8, 4, 4, 4, 12]);
    let date = row["statusUpdateDate"].as_str().unwrap();
    assert!(date.len() == 24 && date.ends_with('Z'), "{date}");
    // 000-H6: an AID is opaque; the source's own example is asked for, and names nothing.
    let path = "/v1/provisioning-requests?aid=q5251rst-69q6-49qz-qrs5-45q225r9375s";
    assert_eq!(story.admin().get(path).await.expect(200)["data"], json!([]));
}

/// A status is known by any of its names, and what is none is told with the six.
#[tokio::test(flavor = "multi_thread")]
async fn statuses_are_taken_in_any_case_and_as_they_are_displayed() {
    let story = Story::begin().await;
    let id = story.activate(1).await;
    story.until_status(id, "REQUEST_SENT").await;
    let admin = story.admin();
    for name in ["REQUEST_SENT", "request_sent", "Request%20Sent", "request-sent"] {
        let list = admin.get(&format!("/v1/provisioning-requests?status={name}")).await;
        assert_eq!(list.expect(200)["data"][0]["id"], id, "{name}");
    }
    let path = format!("/v1/provisioning-requests/{id}/status");
    let set = async |status: &str| admin.post(&path, &json!({"status": status})).await;
    set("In Progress").await.expect(200);
    set("failed").await.expect(200);
    let six = "known are REQUEST_QUEUED, REQUEST_SENT, IN_PROGRESS, COMPLETED, DISPATCH_FAILED, \
               FAILED";
    for (refused, words) in [
        (set("done").await, six),
        (set("Request Sent").await, "must be IN_PROGRESS, COMPLETED or FAILED"),
        (admin.get("/v1/provisioning-requests?status=done").await, six),
    ] {
        assert_eq!(refused.status, 400);
        assert!(refused.text.contains(words), "{}", refused.text);
    }
}

/// A cancellation can say why, in the comments and in the history.
#[tokio::test(flavor = "multi_thread")]
async fn a_cancellation_says_why() {
    let story = Story::begin().await;
    let admin = story.admin();
    let far = harness::story::days_ahead(3);
    let body = json!({"pkId": story.pk_id, "activationQuantity": 1, "scheduledDate": far});
    let made = admin.post("/v1/activations", &body).await.expect(201);
    let path = format!("/v1/provisioning-requests/{}", made["provisioningRequests"][0]["id"]);
    let long = json!({"comments": "x".repeat(501)});
    admin.post(&format!("{path}/cancel"), &long).await.refused(400, "VALIDATION_FAILED");
    let why = json!({"comments": "ordered twice"});
    let cancelled = admin.post(&format!("{path}/cancel"), &why).await.expect(200);
    assert_eq!(
        (&cancelled["status"], &cancelled["comments"]),
        (&json!("FAILED"), &why["comments"])
    );
    let last = cancelled["history"].as_array().unwrap().last().unwrap().clone();
    assert_eq!((&last["row"], &last["note"]), (&json!("P22"), &why["comments"]));
    assert!(last["byName"].is_string(), "{last}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_six_statuses_are_named_as_in_the_source() {
    let story = Story::begin().await;
    let machines = story.admin().get("/v1/state-machines").await.expect(200);
    let all = machines["data"].as_array().unwrap();
    let machine = all.iter().find(|m| m["machine"] == "provisioning-request").unwrap();
    let state = |state: &Value| (state["name"].clone(), state["display"].clone());
    let states: Vec<(Value, Value)> =
        machine["states"].as_array().unwrap().iter().map(state).collect();
    let named = [
        ("REQUEST_QUEUED", "Request Queued"),
        ("REQUEST_SENT", "Request Sent"),
        ("IN_PROGRESS", "In Progress"),
        ("COMPLETED", "Completed"),
        ("DISPATCH_FAILED", "Dispatch Failed"),
        ("FAILED", "Failed"),
    ];
    assert_eq!(states, named.map(|(name, display)| (json!(name), json!(display))));
}

/// What each set of permissions opens: looking, commenting, managing (000-P1, 000-P2, 000-H3).
#[tokio::test(flavor = "multi_thread")]
async fn viewing_commenting_and_managing_need_their_permissions() {
    let story = Story::begin().await;
    let id = story.activate(1).await;
    story.until_status(id, "REQUEST_SENT").await;
    let path = format!("/v1/provisioning-requests/{id}");
    let check = async |permissions: &[(&str, &[&str])], expected: [bool; 3]| {
        let client = with(&story, permissions).await;
        for part in ["", "/attempts", "/explain", "?view=substitution"] {
            let status = client.get(&format!("{path}{part}")).await.status;
            assert_eq!(status == 200, expected[0], "{permissions:?} {part}: {status}");
        }
        assert_eq!(client.get("/v1/provisioning-requests").await.status == 200, expected[0]);
        let body = Some(b"{\"comments\": \"x\"}".to_vec());
        let said = client.call(Method::PATCH, &path, &[("if-match", "*")], body).await.status;
        assert_eq!(said == 200, expected[1], "{permissions:?}: {said}");
        // An act of this state that is refused by the state alone was permitted.
        for (act, body, done) in
            [("status", json!({}), 400), ("retry", json!({}), 409), ("cancel", json!({}), 409)]
        {
            let status = client.post(&format!("{path}/{act}"), &body).await.status;
            let wanted = if expected[2] { done } else { 403 };
            assert_eq!(status, wanted, "{permissions:?} {act}");
        }
        let many = "/v1/provisioning-requests/retry?status=COMPLETED";
        assert_eq!(client.post(many, &json!({})).await.status == 200, expected[2]);
    };
    check(&[("catalog", &["view", "edit"])], [false, false, false]).await;
    check(&[("entitlement", &["view"])], [true, false, false]).await;
    check(&[("activation", &["view"])], [true, false, false]).await;
    check(&[("entitlement", &["edit"])], [false, true, false]).await;
    check(&[("activation", &["edit"])], [false, true, false]).await;
    check(&[("activation", &["view", "edit"])], [true, true, false]).await;
    check(&[("entitlement", &["view", "edit"])], [true, true, true]).await;
}

/// 000-H8: 0 to 500 characters, with every act that takes comments.
#[tokio::test(flavor = "multi_thread")]
async fn comments_have_at_most_500_characters() {
    let story = Story::begin().await;
    let id = story.activate(1).await;
    story.until_status(id, "REQUEST_SENT").await;
    let path = format!("/v1/provisioning-requests/{id}");
    let comment = async |text: &str| {
        let body = Some(json!({"comments": text}).to_string().into_bytes());
        story.admin().call(Method::PATCH, &path, &[("if-match", "*")], body).await
    };
    let most = "ß".repeat(500);
    assert_eq!(comment(&most).await.expect(200)["comments"], most.as_str());
    comment(&"ß".repeat(501)).await.refused(400, "VALIDATION_FAILED");
    comment("bell \u{7}").await.refused(400, "INVALID_CHARACTER");
    assert_eq!(comment("").await.expect(200)["comments"], Value::Null);
    let body = json!({"status": "COMPLETED", "comments": "ß".repeat(501)});
    let refused = story.admin().post(&format!("{path}/status"), &body).await;
    refused.refused(400, "VALIDATION_FAILED");
    assert_eq!(story.request(id).await["status"], "REQUEST_SENT");
}
