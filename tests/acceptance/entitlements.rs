//! Entitlements: who they are for, and every state with every action that it refuses (source
//! 004). What is specified of their products stands in `specified`.

use harness::story::id;
use harness::{Client, Reply, Service, Story};
use reqwest::Method;
use serde_json::{Value, json};

/// A body of one line item with this product.
pub(crate) fn body_of(action: &str, product: &Value) -> Value {
    json!({"action": action, "entitlementItems": [{
        "lineItemType": "Product_Key", "numProductKeys": 1, "numActivationPerProductKey": 2,
        "itemProducts": [product]}]})
}

pub(crate) async fn create(client: &Client, body: &Value) -> Reply {
    client.post("/v1/entitlements", body).await
}

pub(crate) async fn act(client: &Client, e_id: &str, action: &str) -> Reply {
    let path = format!("/v1/entitlements/{e_id}/actions");
    client.post(&path, &json!({"action": action})).await
}

pub(crate) fn e_id(entitlement: &Value) -> String {
    entitlement["eId"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn customer_and_partner_are_named_by_id_or_email() {
    let service = Service::start().await;
    let admin = &service.admin;
    let make = async |path: &str, name: &str, emails: Value| {
        let body = json!({"name": name, "emails": emails});
        id(&admin.post(path, &body).await.expect(201))
    };
    let tucano = make("/v1/customers", "Tucano", json!(["it@t.example", "two@t.example"])).await;
    let other = make("/v1/customers", "Other", json!(["two@t.example"])).await;
    let seller = make("/v1/partners", "Seller", json!(["it@t.example"])).await;
    let contact = json!({"emailId": "ann@t.example"});
    let contacts = format!("/v1/customers/{tucano}/contacts");
    let contact = id(&admin.post(&contacts, &contact).await.expect(201));
    let cases = [
        (json!({"customerId": tucano}), json!([tucano, null, null])),
        (json!({"customerEmail": "IT@t.example"}), json!([tucano, null, null])),
        (
            json!({"customerId": tucano, "customerEmail": "two@t.example"}),
            json!([tucano, null, null]),
        ),
        (json!({"partnerEmail": "it@t.example"}), json!([null, seller, null])),
        (json!({"partnerId": seller, "partnerEmail": "it@t.example"}), json!([null, seller, null])),
        (json!({"customerId": tucano, "contactId": contact}), json!([tucano, null, contact])),
        (
            json!({"customerEmail": "x@t.example"}),
            json!("Cannot find a Customer corresponding to email x@t.example."),
        ),
        (
            json!({"customerEmail": "two@t.example"}),
            json!("More than one Customer corresponds to email two@t.example."),
        ),
        (json!({"customerId": 5}), json!("Cannot find a Customer corresponding to ID 5.")),
        (
            json!({"customerId": seller}),
            json!(format!("Cannot find a Customer corresponding to ID {seller}.")),
        ),
        (
            json!({"customerId": other, "customerEmail": "it@t.example"}),
            json!(format!("The Customer corresponding to ID {other} has no email it@t.example.")),
        ),
        (
            json!({"partnerId": tucano}),
            json!(format!("Cannot find a Channel Partner corresponding to ID {tucano}.")),
        ),
        (
            json!({"partnerEmail": "two@t.example"}),
            json!("Cannot find a Channel Partner corresponding to email two@t.example."),
        ),
        (
            json!({"customerId": other, "contactId": contact}),
            json!(format!("Cannot find a Contact corresponding to ID {contact}.")),
        ),
        (
            json!({"contactId": contact}),
            json!(format!("Cannot find a Contact corresponding to ID {contact}.")),
        ),
    ];
    for (body, wanted) in cases {
        let reply = create(admin, &body).await;
        if let Some(text) = wanted.as_str() {
            reply.refused(422, "REFERENCE_NOT_FOUND");
            assert_eq!(reply.json["errors"][0]["detail"], text, "{body}");
        } else {
            let e = reply.expect(201);
            assert_eq!(json!([e["customerId"], e["partnerId"], e["contactId"]]), wanted, "{body}");
            assert_eq!(e["customerEmail"], body["customerEmail"]);
        }
    }
    // Who is named stays.
    let path = format!("/v1/partners/{seller}");
    admin.delete(&path).await.refused(409, "IN_USE");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_email_names_nobody() {
    let service = Service::start().await;
    for wrong in ["", "it", "a b@t.example", "it\u{0}@t.example"] {
        let reply = create(&service.admin, &json!({"customerEmail": wrong})).await;
        assert_eq!((reply.status, reply.pointer()), (400, "/customerEmail"), "{wrong:?}");
    }
}

/// Takes an entitlement of this type to a state; gives its GUID.
async fn at_state(story: &Story, kind: &str, state: &str) -> String {
    let admin = story.admin();
    let mut body = body_of("SAVE", &json!({"productId": story.product}));
    let item = &mut body["entitlementItems"][0];
    item["lineItemType"] = kind.into();
    item["numActivationPerProductKey"] = 1.into();
    if kind == "ProtectionKey_Update" {
        item["protectionKeyIds"] = json!(["43243243243"]);
    }
    if state == "ACKNOWLEDGED" {
        item["activationAttributes"] =
            json!([{"attributeName": "ACKNOWLEDGMENT_REQUEST", "attributeValue": "true"}]);
    }
    let keyed = kind == "Product_Key";
    body["action"] = match state {
        "DRAFT" => "SAVE",
        "QUEUED" => "QUEUE",
        _ if keyed => "PRODUCE",
        _ => "QUEUE",
    }
    .into();
    if !keyed && state == "PRODUCED" {
        body["entitlementItems"][0]["numActivationPerProductKey"] = 2.into();
    }
    let made = create(admin, &body).await.expect(201);
    let e_id = e_id(&made);
    let activates = state == "COMPLETED" || state == "ACKNOWLEDGED";
    if activates || state == "PRODUCED" && !keyed {
        let keys = admin.get(&format!("/v1/entitlements/{e_id}/product-keys")).await.expect(200);
        let mut body = json!({"pkId": keys["data"][0]["pkId"], "activationQuantity": 1});
        if kind == "ProtectionKey_Update" {
            body["inputs"] = json!({"protectionKeyId": "43243243243"});
        }
        let made = admin.post("/v1/activations", &body).await.expect(201);
        if state == "ACKNOWLEDGED" {
            let aid = made["aid"].as_str().unwrap();
            let path = format!("/v1/activations/{aid}/acknowledge");
            let done = admin.post(&path, &json!({})).await.expect(200);
            assert!(done["acknowledgedAt"].is_string());
        }
    }
    let shown = admin.get(&format!("/v1/entitlements/{e_id}")).await.expect(200);
    assert_eq!(shown["state"], state, "{kind}");
    e_id
}

/// Every state of every type: `allowedActions` is exactly what is not refused.
#[tokio::test(flavor = "multi_thread")]
async fn every_action_in_every_state_is_carried_out_or_refused_with_what_is_allowed() {
    let story = Story::begin().await;
    let admin = story.admin();
    let states = ["DRAFT", "QUEUED", "PRODUCED", "COMPLETED", "ACKNOWLEDGED"];
    let wanted = |kind: &str, state: &str| -> Vec<&str> {
        let keyed = kind == "Product_Key";
        let mut list = match (state, keyed) {
            ("DRAFT", true) => vec!["UPDATE", "QUEUE", "PRODUCE", "DISABLE", "DELETE"],
            ("DRAFT", false) => vec!["UPDATE", "QUEUE", "DISABLE", "DELETE"],
            ("QUEUED", true) => vec!["PRODUCE", "REOPEN", "DISABLE"],
            ("QUEUED", false) | ("PRODUCED", true) => vec!["REOPEN", "DISABLE"],
            _ => vec!["DISABLE"],
        };
        if state == "PRODUCED" || state == "QUEUED" && !keyed {
            list.push("ACTIVATE");
        }
        list
    };
    for kind in ["Product_Key", "Hardware_Key", "ProtectionKey_Update"] {
        for state in states {
            for action in ["SAVE", "QUEUE", "PRODUCE", "REOPEN", "ENABLE", "DISABLE"] {
                let e_id = at_state(&story, kind, state).await;
                let path = format!("/v1/entitlements/{e_id}");
                let allowed = wanted(kind, state);
                let shown = admin.get(&path).await.expect(200);
                assert_eq!(shown["allowedActions"], json!(allowed), "{kind} {state}");
                let reply = act(admin, &e_id, action).await;
                let may = allowed.contains(&action) || action == "SAVE" && state == "DRAFT";
                if may {
                    reply.expect(200);
                } else {
                    reply.refused(409, "ILLEGAL_TRANSITION");
                    assert_eq!(reply.json["state"], state, "{kind} {action}");
                    assert_eq!(reply.json["allowedActions"], json!(allowed), "{kind} {action}");
                    let after = admin.get(&path).await.expect(200);
                    assert_eq!(after, shown, "{kind} {state} {action}: nothing half done");
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_entitlement_takes_drafts_and_is_deleted_in_any_state() {
    let story = Story::begin().await;
    let admin = story.admin();
    let body = json!({"nameVersion": {"name": "Unfinished", "version": "0"}});
    let draft = id(&admin.post("/v1/products", &body).await.expect(201));
    let mut body = body_of("PRODUCE", &json!({"productId": draft}));
    create(admin, &body).await.refused(422, "PRODUCT_NOT_COMPLETE");
    body["isTest"] = true.into();
    let made = create(admin, &body).await.expect(201);
    assert!(made["allowedActions"].as_array().unwrap().contains(&json!("DELETE")));
    let path = format!("/v1/entitlements/{}", e_id(&made));
    let keys = admin.get(&format!("{path}/product-keys")).await.expect(200);
    let pk_id = keys["data"][0]["pkId"].clone();
    let body = json!({"pkId": pk_id, "activationQuantity": 1});
    let active = admin.post("/v1/activations", &body).await.expect(201);
    admin.delete(&path).await.refused(409, "IN_USE");
    let revoke = format!("/v1/activations/{}/revoke", active["aid"].as_str().unwrap());
    admin.post(&revoke, &json!({})).await.expect(200);
    assert_eq!(admin.delete(&path).await.status, 204);
    admin
        .get(&format!("/v1/product-keys/{}", pk_id.as_str().unwrap()))
        .await
        .refused(404, "NOT_FOUND");
    admin.post("/v1/activations", &body).await.refused(422, "PRODUCT_KEY_UNKNOWN");
    // A real one that is sold stays.
    let sold = format!("/v1/entitlements/{}", story.e_id);
    admin.delete(&sold).await.refused(409, "ILLEGAL_TRANSITION");
}

/// A request that is still open needs its entitlement: without it, it could never end.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_still_open_keeps_its_entitlement() {
    let story = Story::begin().await;
    let admin = story.admin();
    for reopened in [false, true] {
        let mut body = body_of("PRODUCE", &json!({"productId": story.product}));
        body["isTest"] = (!reopened).into();
        let made = create(admin, &body).await.expect(201);
        let path = format!("/v1/entitlements/{}", e_id(&made));
        let keys = admin.get(&format!("{path}/product-keys")).await.expect(200);
        let body = json!({"pkId": keys["data"][0]["pkId"], "activationQuantity": 1});
        let active = admin.post("/v1/activations", &body).await.expect(201);
        let request = id(&active["provisioningRequests"][0]);
        story.until_status(request, "REQUEST_SENT").await;
        let revoke = format!("/v1/activations/{}/revoke", active["aid"].as_str().unwrap());
        admin.post(&revoke, &json!({})).await.expect(200);
        let offered = async || admin.get(&path).await.expect(200)["allowedActions"].clone();
        if reopened {
            let answer = act(admin, &e_id(&made), "REOPEN").await.expect(200);
            assert_eq!(answer["allowedActions"], offered().await, "as a GET says it");
        } else {
            // A test that takes no activations says what is possible instead, also in a refusal.
            act(admin, &e_id(&made), "REOPEN").await.expect(200);
            let mut body = body_of("PRODUCE", &json!({"productId": story.product}));
            (body["isTest"], body["activationAllowed"]) = (true.into(), false.into());
            admin.put(&path, &body).await.expect(200);
            let keys = admin.get(&format!("{path}/product-keys")).await.expect(200);
            let body = json!({"pkId": keys["data"][0]["pkId"], "activationQuantity": 1});
            let refused = admin.post("/v1/activations", &body).await;
            refused.refused(409, "ILLEGAL_TRANSITION");
            assert_eq!(refused.json["allowedActions"], offered().await, "as a GET says it");
        }
        assert!(!offered().await.as_array().unwrap().contains(&json!("DELETE")));
        admin.delete(&path).await.refused(409, "IN_USE");
        let done = json!({"id": request, "status": "COMPLETED"});
        story.report(request, "it_ended", &done).await.expect(200);
        assert_eq!(admin.delete(&path).await.status, 204);
    }
}

/// An activation that names a customer registers it on an entitlement that has none.
#[tokio::test(flavor = "multi_thread")]
async fn an_activation_registers_its_customer() {
    let story = Story::begin().await;
    let admin = story.admin();
    let mut body = body_of("PRODUCE", &json!({"productId": story.product}));
    body["registrationRequired"] = json!("MANDATORY");
    body["entitlementItems"][0]["numActivationPerProductKey"] = json!(5);
    let made = create(admin, &body).await.expect(201);
    let path = format!("/v1/entitlements/{}", e_id(&made));
    assert_eq!(made["customerId"], Value::Null);
    let keys = admin.get(&format!("{path}/product-keys")).await.expect(200);
    let activate = async |customer: Option<u64>| {
        let body = json!({"pkId": keys["data"][0]["pkId"], "activationQuantity": 1,
            "customerId": customer});
        admin.post("/v1/activations", &body).await
    };
    activate(None).await.refused(422, "CUSTOMER_REQUIRED");
    activate(Some(story.customer)).await.expect(201);
    let shown = admin.get(&path).await.expect(200);
    assert_eq!(shown["customerId"], story.customer);
    assert_eq!(shown["activeActivations"], 1);
    let told =
        admin.get(&format!("/v1/audit?entity=ENTITLEMENT&id={}", e_id(&made))).await.expect(200);
    let told = &told["data"].as_array().unwrap()[0];
    assert_eq!(told["act"], "createActivation");
    assert_eq!(told["diff"][0]["member"], "customerId", "{told}");
    assert_eq!(told["diff"][0]["to"], story.customer);
    activate(None).await.expect(201);
    let other = id(&admin.post("/v1/customers", &json!({"name": "Other"})).await.expect(201));
    activate(Some(other)).await.expect(201);
    let shown = admin.get(&path).await.expect(200);
    assert_eq!(
        (&shown["customerId"], &shown["activeActivations"]),
        (&json!(story.customer), &json!(3))
    );
    let theirs = format!("/v1/entitlements?customerId={}", story.customer);
    let theirs = admin.get(&theirs).await.expect(200);
    assert!(theirs["data"].as_array().unwrap().iter().any(|row| row["eId"] == made["eId"]));
    admin.delete(&format!("/v1/customers/{}", story.customer)).await.refused(409, "IN_USE");
}

#[tokio::test(flavor = "multi_thread")]
async fn sixteen_reopenings_are_one_too_many() {
    let story = Story::begin().await;
    let admin = story.admin();
    let path = format!("/v1/entitlements/{}", story.e_id);
    let mut void = vec![story.pk_id.clone()];
    for _ in 0..15 {
        act(admin, &story.e_id, "REOPEN").await.expect(200);
        act(admin, &story.e_id, "PRODUCE").await.expect(200);
        let keys = admin.get(&format!("{path}/product-keys")).await.expect(200);
        void.push(keys["data"][0]["pkId"].as_str().unwrap().to_owned());
    }
    act(admin, &story.e_id, "REOPEN").await.refused(409, "REOPEN_LIMIT");
    let live = void.pop().unwrap();
    for pk_id in void {
        let shown = admin.get(&format!("/v1/product-keys/{pk_id}")).await.expect(200);
        assert_eq!((&shown["state"], &shown["allowedActions"]), (&json!("VOID"), &json!([])));
        let quantities = [&shown["totalQuantity"], &shown["availableQuantity"]];
        assert_eq!(quantities, [&Value::Null; 2], "those of a later sale are not its own");
        let body = json!({"pkId": pk_id, "activationQuantity": 1});
        let refused = admin.post("/v1/activations", &body).await;
        refused.refused(409, "ILLEGAL_TRANSITION");
        assert_eq!(refused.json["state"], "VOID");
        let at = format!("/v1/product-keys/{pk_id}");
        for action in ["ENABLE", "DISABLE"] {
            let refused = admin.post(&format!("{at}/actions"), &json!({"action": action})).await;
            refused.refused(409, "ILLEGAL_TRANSITION");
        }
    }
    let body = json!({"pkId": live, "activationQuantity": 1});
    admin.post("/v1/activations", &body).await.expect(201);
    let history = admin.get(&path).await.expect(200)["history"].as_array().unwrap().len();
    assert_eq!(history, 2 + 15 * 3);
    // Older steps leave the row and are still told.
    for _ in 0..10 {
        act(admin, &story.e_id, "DISABLE").await.expect(200);
        act(admin, &story.e_id, "ENABLE").await.expect(200);
    }
    let shown = admin.get(&path).await.expect(200);
    let rows = shown["history"].as_array().unwrap();
    assert_eq!((rows.len() as u64, rows[0]["row"].as_str()), (67, Some("N3")));
    assert_eq!(shown["version"], 67);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_product_key_is_disabled_enabled_and_described() {
    let story = Story::begin().await;
    let admin = story.admin();
    let path = format!("/v1/product-keys/{}", story.pk_id);
    let act = async |action: &str| {
        admin.post(&format!("{path}/actions"), &json!({"action": action})).await
    };
    act("ENABLE").await.refused(409, "ILLEGAL_TRANSITION");
    let disabled = act("DISABLE").await.expect(200);
    assert_eq!(disabled["state"], "DISABLED");
    assert_eq!(disabled["allowedActions"], json!(["ENABLE"]));
    let again = act("DISABLE").await;
    again.refused(409, "ILLEGAL_TRANSITION");
    assert_eq!(again.json["allowedActions"], json!(["ENABLE"]));
    let body = json!({"pkId": story.pk_id, "activationQuantity": 1});
    admin.post("/v1/activations", &body).await.refused(409, "PRODUCT_KEY_DISABLED");
    let enabled = act("ENABLE").await.expect(200);
    assert_eq!(enabled["allowedActions"], json!(["ENABLE", "DISABLE", "ACTIVATE"][1..]));
    act("PAUSE").await.refused(400, "VALIDATION_FAILED");
    admin.post(&format!("{path}/actions"), &json!({})).await.refused(400, "VALIDATION_FAILED");
    let attributes = json!({"customAttribute": [{"name": "Site", "value": "Lima"}]});
    let change = json!({"customAttributes": attributes});
    let bytes = Some(change.to_string().into_bytes());
    admin.call(Method::PATCH, &path, &[], bytes.clone()).await.refused(428, "IF_MATCH_REQUIRED");
    let shown = admin.get(&path).await;
    let tag = shown.header("etag").to_owned();
    admin.call(Method::PATCH, &path, &[("if-match", &tag)], bytes.clone()).await.expect(200);
    let stale = admin.call(Method::PATCH, &path, &[("if-match", &tag)], bytes).await;
    stale.refused(412, "VERSION_MISMATCH");
    let activation = admin.post("/v1/activations", &body).await.expect(201);
    let request = &activation["provisioningRequests"][0]["id"];
    let view = format!("/v1/provisioning-requests/{request}?view=substitution");
    let document = admin.get(&view).await.expect(200);
    let key = &document["provisioningRequest"]["entitlement"]["productKeys"]["productKey"][0];
    assert_eq!(key["customAttributes"], attributes);
}
