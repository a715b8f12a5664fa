//! What an activation may take: the guards in their order, quantities, inputs.

use harness::Story;
use harness::story::{associate, id};
use reqwest::Method;
use serde_json::{Value, json};

use crate::entitlements::body_of;
use crate::revoking::{activate, path_of, sell};
use crate::specified::licensed;

#[tokio::test(flavor = "multi_thread")]
async fn full_takes_all_fixed_takes_its_quantity_partial_takes_any() {
    let story = Story::begin().await;
    let cases = [
        (json!("FULL"), Value::Null, vec![(9, 422), (0, 422), (10, 201), (1, 422)]),
        (json!("FIXED"), json!(4), vec![(3, 422), (4, 201), (4, 201), (4, 422), (2, 422)]),
        (json!("PARTIAL"), Value::Null, vec![(0, 422), (3, 201), (7, 201), (1, 422)]),
    ];
    for (method, fixed, steps) in cases {
        let (path, pk_id) = sell(&story, 10, |body| {
            body["entitlementItems"][0]["activationMethod"] = method.clone();
            body["entitlementItems"][0]["fixedQuantity"] = fixed.clone();
        })
        .await;
        let mut taken = 0;
        for (quantity, status) in steps {
            let body = json!({"pkId": pk_id, "activationQuantity": quantity});
            let reply = activate(story.admin(), body).await;
            assert_eq!(reply.status, status, "{method} {quantity}: {}", reply.text);
            taken += if status == 201 { quantity } else { 0 };
        }
        let key = story.admin().get(&format!("/v1/product-keys/{pk_id}")).await.expect(200);
        assert_eq!(key["availableQuantity"], 10 - taken, "{method}");
        let shown = story.admin().get(&path).await.expect(200);
        let wanted = if taken == 10 { "COMPLETED" } else { "PRODUCED" };
        assert_eq!(shown["state"], wanted, "{method}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_names_its_key_and_a_key_takes_no_inputs() {
    let story = Story::begin().await;
    let typed = |kind: &'static str| {
        move |body: &mut Value| {
            body["action"] = "QUEUE".into();
            body["entitlementItems"][0]["lineItemType"] = kind.into();
            if kind == "ProtectionKey_Update" {
                body["entitlementItems"][0]["protectionKeyIds"] = json!(["17", "18"]);
            }
        }
    };
    let (_, update) = sell(&story, 9, typed("ProtectionKey_Update")).await;
    let (_, burnt) = sell(&story, 9, typed("Hardware_Key")).await;
    let cases = [
        (&update, Value::Null, 400, "/inputs"),
        (&update, json!({}), 400, "/inputs"),
        (&update, json!({"protectionKeyId": "19"}), 422, "/inputs/protectionKeyId"),
        (&update, json!({"protectionKeyId": "18"}), 201, ""),
        (&update, json!({"c2v": "<c2v/>"}), 201, ""),
        (&update, json!({"c2v": "x".repeat(32_769)}), 400, "/inputs/c2v"),
        (&burnt, Value::Null, 201, ""),
        (&burnt, json!({"c2v": "<c2v/>"}), 201, ""),
        (&story.pk_id, json!({"c2v": "<c2v/>"}), 400, "/inputs"),
    ];
    for (pk_id, inputs, status, pointer) in cases {
        let body = json!({"pkId": pk_id, "activationQuantity": 1, "inputs": inputs});
        let reply = activate(story.admin(), body).await;
        assert_eq!((reply.status, reply.pointer()), (status, pointer), "{inputs}");
        if status == 201 && inputs.is_object() {
            let shown = story.admin().get(&path_of(&reply.json)).await.expect(200);
            for (name, value) in inputs.as_object().unwrap() {
                assert_eq!(&shown["inputs"][name], value);
            }
        }
    }
}

/// Every guard is broken at once, then mended one by one: the first that fails is the answer.
#[tokio::test(flavor = "multi_thread")]
async fn the_guards_stand_in_their_order() {
    let story = Story::begin().await;
    let admin = story.admin();
    let mut body = body_of("QUEUE", &json!({"productId": story.product}));
    body["endDate"] = "2020-01-31".into();
    body["activationAllowed"] = false.into();
    body["registrationRequired"] = "MANDATORY".into();
    let item = &mut body["entitlementItems"][0];
    item["lineItemType"] = "ProtectionKey_Update".into();
    item["protectionKeyIds"] = json!(["17"]);
    item["numActivationPerProductKey"] = 5.into();
    item["activationMethod"] = "FIXED".into();
    item["fixedQuantity"] = 5.into();
    let made = admin.post("/v1/entitlements", &body).await.expect(201);
    let path = format!("/v1/entitlements/{}", made["eId"].as_str().unwrap());
    let act = async |action: &str| {
        admin.post(&format!("{path}/actions"), &json!({"action": action})).await.expect(200);
    };
    let key = async || {
        let keys = admin.get(&format!("{path}/product-keys")).await.expect(200);
        keys["data"][0]["pkId"].as_str().unwrap().to_owned()
    };
    let old = key().await;
    act("DISABLE").await;
    act("REOPEN").await;
    let tried = async |pk_id: &str, more: Value| {
        let mut body = json!({"pkId": pk_id, "activationQuantity": 0});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        activate(admin, body).await
    };
    let none = json!({});
    tried("x", none.clone()).await.refused(422, "PRODUCT_KEY_UNKNOWN");
    tried(&old, none.clone()).await.refused(409, "ENTITLEMENT_DISABLED");
    act("ENABLE").await;
    assert_eq!(tried(&old, none.clone()).await.json["state"], "DRAFT");
    act("QUEUE").await;
    let pk_id = key().await;
    assert_ne!(old, pk_id, "keys of a queued entitlement that is reopened are void");
    assert_eq!(tried(&pk_id, none.clone()).await.json["state"], "QUEUED", "activationAllowed");
    let mended = async |name: &str, value: Value, body: &mut Value| {
        act("REOPEN").await;
        body[name] = value;
        admin.put(&path, body).await.expect(200);
        key().await
    };
    let pk_id = mended("activationAllowed", true.into(), &mut body).await;
    assert_eq!(tried(&old, none.clone()).await.json["state"], "VOID");
    let actions = format!("/v1/product-keys/{pk_id}/actions");
    admin.post(&actions, &json!({"action": "DISABLE"})).await.expect(200);
    tried(&pk_id, none.clone()).await.refused(409, "PRODUCT_KEY_DISABLED");
    admin.post(&actions, &json!({"action": "ENABLE"})).await.expect(200);
    tried(&pk_id, none.clone()).await.refused(409, "ENTITLEMENT_EXPIRED");
    let pk_id = mended("endDate", "2099-01-31".into(), &mut body).await;
    tried(&pk_id, none).await.refused(422, "QUANTITY_NOT_ALLOWED");
    body["entitlementItems"][0]["activationMethod"] = "PARTIAL".into();
    body["entitlementItems"][0]["fixedQuantity"] = Value::Null;
    let pk_id = mended("refId1", "R".into(), &mut body).await;
    tried(&pk_id, json!({"activationQuantity": 6})).await.refused(422, "QUANTITY_EXCEEDED");
    let five = json!({"activationQuantity": 5});
    tried(&pk_id, five).await.refused(422, "CUSTOMER_REQUIRED");
    let known = json!({"activationQuantity": 5, "customerId": story.customer});
    let reply = tried(&pk_id, known).await;
    assert_eq!((reply.status, reply.pointer()), (400, "/inputs"));
    let whole = json!({"activationQuantity": 5, "customerId": story.customer,
        "inputs": {"protectionKeyId": "17"}});
    tried(&pk_id, whole).await.expect(201);
}

/// What was sold, to whom, and with which inputs, reaches the plan; a feature that was excluded
/// does not (004, step 4, 004-H19).
#[tokio::test(flavor = "multi_thread")]
async fn a_plan_sees_what_was_sold_and_for_whom() {
    let story = Story::begin().await;
    let admin = story.admin();
    let (suite, [_, scan]) = licensed(admin).await;
    let change = Some(json!({"provisioningEnabled": true}).to_string().into_bytes());
    let path = format!("/v1/products/{suite}");
    admin.call(Method::PATCH, &path, &[("if-match", "*")], change).await.expect(200);
    associate(admin, suite, story.plan, story.method).await;
    let body = json!({"name": "Seller", "emails": ["r@s.example"]});
    let partner = id(&admin.post("/v1/partners", &body).await.expect(201));
    let contacts = format!("/v1/customers/{}/contacts", story.customer);
    let body = json!({"emailId": "ann@t.example", "name": "Ann"});
    let contact = id(&admin.post(&contacts, &body).await.expect(201));
    let only = json!({"productId": suite, "features": [{"featureId": scan}]});
    let (_, pk_id) = sell(&story, 2, |body| {
        body["action"] = "QUEUE".into();
        body["customerId"] = story.customer.into();
        body["contactId"] = contact.into();
        body["partnerId"] = partner.into();
        let item = &mut body["entitlementItems"][0];
        item["itemProducts"] = json!([only]);
        item["lineItemType"] = "Hardware_Key".into();
    })
    .await;
    let body = json!({"pkId": pk_id, "activationQuantity": 1, "inputs": {"c2v": "<c2v/>"}});
    let made = activate(admin, body).await.expect(201);
    let request = id(&made["provisioningRequests"][0]);
    let view = format!("/v1/provisioning-requests/{request}?view=substitution");
    let document = admin.get(&view).await.expect(200)["provisioningRequest"].clone();
    let entitlement = &document["entitlement"];
    let ann = json!({"id": contact, "emailId": "ann@t.example", "name": "Ann"});
    assert_eq!(
        (&entitlement["contact"], &entitlement["channelPartner"]["name"]),
        (&ann, &json!("Seller"))
    );
    let item = &entitlement["productKeys"]["productKey"][0]["item"]["itemProduct"];
    let sold = &item["itemProductFeatures"]["itemProductFeature"];
    assert_eq!((sold.as_array().unwrap().len(), &sold[0]["feature"]["id"]), (1, &json!(scan)));
    let activation = &document["activationRef"]["activation"];
    let of = &activation["activationProductKey"]["activationItem"]["activationProduct"];
    let features = &of["activationFeatures"]["activationFeature"];
    assert_eq!(
        (features.as_array().unwrap().len(), &features[0]["feature"]["id"]),
        (1, &json!(scan))
    );
    assert_eq!(activation["inputs"], json!({"protectionKeyId": null, "c2v": "<c2v/>"}));
}
