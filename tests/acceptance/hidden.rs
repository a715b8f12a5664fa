//! People's data are shown to callers with customer.view, on every route and in every way; for
//! others the word "hidden" stands in their place, and ids stay.

use edge::http::table::ROUTES;
use harness::story::id;
use harness::{Client, Story};
use serde_json::{Value, json};

use crate::roles::{all, with_role};
use crate::routes::Things;

/// What must not be seen, wherever it is looked for.
const CANARY: &str = "canary";

/// A sale to a person whose every member is a canary, activated for another one.
async fn sold(story: &Story) -> (String, u64, String) {
    let admin = story.admin();
    let canary = |what: &str| format!("{CANARY}-{what}");
    let attribute = json!({"customAttribute": [{"name": "Region", "value": canary("attribute")}]});
    let body = json!({"name": canary("name"), "identifier": canary("identifier"),
        "refId": canary("ref"), "emails": [format!("{CANARY}@l.example")],
        "customAttributes": attribute});
    let customer = id(&admin.post("/v1/customers", &body).await.expect(201));
    let body = json!({"name": canary("partner"), "emails": [format!("{CANARY}@p.example")]});
    let partner = id(&admin.post("/v1/partners", &body).await.expect(201));
    let body = json!({"emailId": format!("{CANARY}@c.example"), "name": canary("contact")});
    let contacts = format!("/v1/customers/{customer}/contacts");
    let contact = id(&admin.post(&contacts, &body).await.expect(201));
    let body = json!({"customerId": customer, "customerEmail": format!("{CANARY}@l.example"),
        "partnerId": partner, "partnerEmail": format!("{CANARY}@p.example"),
        "contactId": contact, "action": "PRODUCE", "entitlementItems": [{
        "lineItemType": "Product_Key", "numProductKeys": 1, "numActivationPerProductKey": 10,
        "itemProducts": [{"productId": story.product}]}]});
    let made = admin.post("/v1/entitlements", &body).await.expect(201);
    let e_id = made["eId"].as_str().unwrap().to_owned();
    let keys = admin.get(&format!("/v1/entitlements/{e_id}/product-keys")).await.expect(200);
    let activatee = json!({"emailId": format!("{CANARY}@a.example"), "name": canary("activatee")});
    let body = json!({"pkId": keys["data"][0]["pkId"], "activationQuantity": 1,
        "activatee": activatee});
    let made = admin.post("/v1/activations", &body).await.expect(201);
    (e_id, id(&made["provisioningRequests"][0]), made["aid"].as_str().unwrap().to_owned())
}

async fn whole_plan(story: &Story) {
    let body = json!({"name": "Whole"});
    let path = format!("/v1/plans/{}", story.plan);
    story.admin().put(&path, &body).await.expect(200);
}

/// Every GET of the table, over things that are full of canaries.
#[tokio::test(flavor = "multi_thread")]
async fn no_route_shows_people_without_customer_view() {
    let story = Story::begin().await;
    whole_plan(&story).await;
    let (e_id, request, aid) = sold(&story).await;
    story.until_status(request, "REQUEST_SENT").await;
    let admin = story.admin();
    let row = admin.get(&format!("/v1/entitlements/{e_id}")).await.expect(200);
    let areas = ["catalog", "entitlement", "activation", "subscription", "admin"];
    let clerk = with_role(admin, "Clerk", &all(&areas)).await;
    let things = Things::of(&story).await.with("/v1/entitlements/{eId}", &e_id);
    let things = things.with("/v1/activations/{aid}", &aid);
    let things = things.with("/v1/provisioning-requests/{id}", &request.to_string());
    let things = things.with("/v90/ws/entitlement/{entId}", &row["id"].to_string());
    let (mut shown, mut looked) = (0, 0);
    for route in ROUTES.iter().filter(|route| route.verb == "GET") {
        let mut paths = vec![things.path(route)];
        if route.operation == "getRequest" {
            paths.push(format!("{}?view=substitution", things.path(route)));
        }
        for path in paths {
            let (theirs, whole) = (clerk.get(&path).await, admin.get(&path).await);
            assert!(!theirs.text.contains(CANARY), "{}: {}", route.operation, theirs.text);
            looked += 1;
            shown += u32::from(whole.text.contains(CANARY));
        }
    }
    assert!(looked > 50 && shown >= 10, "{shown} of {looked} show somebody to who may see them");
}

#[tokio::test(flavor = "multi_thread")]
async fn previews_and_acts_hide_them_too() {
    let story = Story::begin().await;
    whole_plan(&story).await;
    let (e_id, request, aid) = sold(&story).await;
    story.until_status(request, "REQUEST_SENT").await;
    let done = json!({"status": "COMPLETED"});
    assert_eq!(story.report(request, "m1", &done).await.status, 200);
    let admin = story.admin();
    let areas = ["catalog", "entitlement", "activation", "admin"];
    let clerk = with_role(admin, "Clerk", &all(&areas)).await;
    let seen = async |client: &Client, path: &str, body: Value| {
        let reply = client.post(path, &body).await;
        assert!(reply.status < 300, "{path}: {}", reply.text);
        reply.text
    };
    let preview = json!({"planId": story.plan, "requestId": request});
    let definition = json!({"definition": {"n": "$.provisioningRequest.customer.name"},
        "activationId": aid});
    let rehearse = format!("/v1/plans/{}/rehearse", story.plan);
    for (path, body) in [
        ("/v1/plans/preview", preview),
        ("/v1/plans/preview", definition),
        (rehearse.as_str(), json!({"definition": {"n": "$.provisioningRequest.customer.name"}})),
    ] {
        let told = seen(&clerk, path, body.clone()).await;
        assert!(!told.contains(CANARY) && told.contains("hidden"), "{told}");
        assert!(seen(admin, path, body).await.contains(CANARY), "{path}");
    }
    // A plan that reads nothing of people leaves nothing to hide.
    let own = json!({"name": "Own", "definition": {"id": "$.provisioningRequest.customer.id"}});
    admin.put(&format!("/v1/plans/{}", story.plan), &own).await.expect(200);
    let next = story.activate(1).await;
    story.until_status(next, "REQUEST_SENT").await;
    let shown = clerk.get(&format!("/v1/provisioning-requests/{next}")).await.expect(200);
    assert!(shown["payload"].is_string(), "{shown}");
    let hidden = clerk.get(&format!("/v1/provisioning-requests/{request}")).await.expect(200);
    assert_eq!(hidden["payload"], Value::Null);
    assert!(hidden["payloadSha256"].is_string());
    // Nor is an answer replayed that another one was given.
    let once = [("idempotency-key", "once")];
    let body = json!({"action": "DISABLE"});
    let path = format!("/v1/entitlements/{e_id}/actions");
    let first = admin.post_with(&path, &once, &body).await;
    let theirs = clerk.post_with(&path, &once, &body).await;
    assert!(first.text.contains(CANARY) && !theirs.text.contains(CANARY), "{}", theirs.text);
    // Answers to acts.
    for (path, body) in [
        (format!("/v1/activations/{aid}/revoke"), json!({"comments": "Done"})),
        (format!("/v1/entitlements/{e_id}/actions"), json!({"action": "ENABLE"})),
        (format!("/v1/entitlements/{e_id}/actions"), json!({"action": "DISABLE"})),
    ] {
        let told = seen(&clerk, &path, body).await;
        assert!(!told.contains(CANARY), "{told}");
    }
}

/// A payload that breaks its schema says where, and not what stands there.
#[tokio::test(flavor = "multi_thread")]
async fn a_broken_schema_does_not_tell_whom_it_met() {
    let story = Story::begin().await;
    let schema = json!({"type": "object", "properties": {"n": {"type": "number", "enum": [1]}}});
    let body = json!({"name": "Broken", "payloadSchema": schema,
        "definition": {"n": "$.provisioningRequest.customer.name"}});
    story.admin().put(&format!("/v1/plans/{}", story.plan), &body).await.expect(200);
    let (_, request, _) = sold(&story).await;
    let failed = story.until_status(request, "FAILED").await;
    let told = failed["errorDescription"].as_str().unwrap();
    assert!(told.contains("at \"/n\"") && told.contains("number"), "{told}");
    assert!(!failed.to_string().contains(CANARY), "{failed}");
}

/// One Idempotency-Key has one effect, whatever its callers may see.
#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_not_done_again_for_a_caller_who_sees_less() {
    let story = Story::begin().await;
    let clerk = with_role(story.admin(), "Clerk", &all(&["activation", "entitlement"])).await;
    let body = json!({"pkId": story.pk_id, "activationQuantity": 1});
    let once = |key: &'static str| [("idempotency-key", key)];
    let path = "/v1/activations";
    let first = story.admin().post_with(path, &once("a"), &body).await.expect(201);
    clerk.post_with(path, &once("a"), &body).await.refused(422, "IDEMPOTENCY_KEY_REUSED");
    let theirs = clerk.post_with(path, &once("b"), &body).await.expect(201);
    let again = story.admin().post_with(path, &once("b"), &body).await.expect(201);
    assert_eq!(again["aid"], theirs["aid"]);
    let all = clerk.get(path).await.expect(200);
    assert_eq!(all["data"].as_array().unwrap().len(), 2, "{first} {theirs}");
}

/// A draft that is read without its e-mails, changed in a member and sent back as a whole, is
/// changed in that member alone.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_hidden_is_not_lost_when_it_is_sent_back() {
    let story = Story::begin().await;
    let admin = story.admin();
    let body = json!({"customerId": story.customer, "customerEmail": "it@tucano.example"});
    let made = admin.post("/v1/entitlements", &body).await.expect(201);
    let clerk = with_role(admin, "Clerk", &all(&["entitlement"])).await;
    let path = format!("/v1/entitlements/{}", made["eId"].as_str().unwrap());
    let mut read = clerk.get(&path).await.expect(200);
    assert_eq!(read["customerEmail"], "hidden");
    read["refId1"] = json!("PO-1");
    let changed = clerk.put(&path, &read).await.expect(200);
    assert_eq!((&changed["customerEmail"], &changed["refId1"]), (&json!("hidden"), &json!("PO-1")));
    let whole = admin.get(&path).await.expect(200);
    assert_eq!(whole["customerEmail"], "it@tucano.example");
    let audit = clerk.get("/v1/audit").await;
    audit.refused(403, "FORBIDDEN");
}
