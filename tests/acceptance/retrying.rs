//! Many failed requests, retried by filter, page by page; and a list of 10,000 while new ones come.

use std::collections::BTreeSet;

use harness::Story;
use harness::story::{associate, id, product};
use serde_json::{Value, json};

/// So many requests that the provider refused.
async fn refused(story: &Story, many: usize) -> Vec<u64> {
    story.provider.answer(&vec![(400, "{}"); many]);
    let mut ids = Vec::new();
    for _ in 0..many {
        ids.push(story.activate(1).await);
    }
    for id in &ids {
        story.until_status(*id, "FAILED").await;
    }
    ids
}

#[tokio::test(flavor = "multi_thread")]
async fn those_that_failed_are_retried_page_by_page() {
    let story = Story::begin().await;
    let failed = refused(&story, 5).await;
    let fine = story.activate(1).await;
    story.until_status(fine, "REQUEST_SENT").await;
    let (mut retried, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("/v1/provisioning-requests/retry?limit=2{cursor}");
        let page = story.admin().post(&path, &json!({})).await.expect(200);
        for line in page["data"].as_array().unwrap() {
            assert_eq!(line["status"], 200, "{line}");
            assert_eq!(line["provisioningRequest"]["id"], line["id"]);
            retried.push(id(line));
        }
        let Some(next) = page["nextCursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    retried.sort_unstable();
    assert_eq!(retried, failed);
    for id in failed {
        assert_eq!(story.until_status(id, "REQUEST_SENT").await["generation"], 2);
    }
    assert_eq!(story.request(fine).await["generation"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_choose_and_what_cannot_be_is_reported() {
    let story = Story::begin().await;
    let failed = refused(&story, 3).await;
    let admin = story.admin();
    let row = story.request(failed[0]).await;
    let path = format!("/v1/activations/{}/revoke", row["aid"].as_str().unwrap());
    admin.post(&path, &json!({})).await.expect(200);
    let retry = "/v1/provisioning-requests/retry";
    let none = admin.post(&format!("{retry}?methodId=97"), &json!({})).await.expect(200);
    assert_eq!(none, json!({"data": [], "nextCursor": null}));
    admin.post(&format!("{retry}?status=NO"), &json!({})).await.refused(400, "VALIDATION_FAILED");
    let key = [("idempotency-key", "once")];
    let path = format!("{retry}?methodId={}&status=FAILED&order=asc", story.method);
    let first = admin.post_with(&path, &key, &json!({})).await;
    let done = first.json["data"].as_array().unwrap();
    let statuses: Vec<&Value> = done.iter().map(|line| &line["status"]).collect();
    assert_eq!(statuses, [&json!(409), &json!(200), &json!(200)]);
    assert_eq!(done[0]["id"], failed[0]);
    assert_eq!(done[0]["problem"]["code"], "ILLEGAL_TRANSITION");
    let again = admin.post_with(&path, &key, &json!({})).await;
    assert_eq!(again.text, first.text);
    assert_eq!(again.header("idempotent-replayed"), "true");
    let other = admin.post_with(retry, &key, &json!({})).await;
    other.refused(422, "IDEMPOTENCY_KEY_REUSED");
}

/// A key of 1,000 activations of ten products each, that are due tomorrow.
async fn ten_products(story: &Story) -> Value {
    let admin = story.admin();
    let mut products = Vec::new();
    for n in 0..10 {
        let made = product(admin, &format!("Part {n}")).await;
        associate(admin, made, story.plan, story.method).await;
        products.push(json!({"productId": made}));
    }
    let body = json!({"action": "PRODUCE", "entitlementItems": [{
        "lineItemType": "Product_Key", "numActivationPerProductKey": 2000,
        "itemProducts": products}]});
    let made = admin.post("/v1/entitlements", &body).await.expect(201);
    let path = format!("/v1/entitlements/{}/product-keys", made["eId"].as_str().unwrap());
    let pk_id = admin.get(&path).await.expect(200)["data"][0]["pkId"].clone();
    json!({"pkId": pk_id, "activationQuantity": 1, "scheduledDate": "2100-01-01T00:00:00Z"})
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_are_listed_once_each_while_new_ones_come() {
    let story = Story::begin().await;
    let (admin, one) = (story.admin(), ten_products(&story).await);
    let many = json!({"activations": vec![one.clone(); 100]});
    let mut made = BTreeSet::new();
    for _ in 0..10 {
        let done = admin.post("/v1/activations/bulk", &many).await.expect(200);
        for line in done["data"].as_array().unwrap() {
            let requests = line["activation"]["provisioningRequests"].as_array().unwrap();
            made.extend(requests.iter().map(id));
        }
    }
    assert_eq!(made.len(), 10_000);
    for order in ["desc", "asc"] {
        let (mut listed, mut cursor) = (Vec::new(), String::new());
        loop {
            let path = format!("/v1/provisioning-requests?limit=100&order={order}{cursor}");
            let page = admin.get(&path).await.expect(200);
            listed.extend(page["data"].as_array().unwrap().iter().map(id));
            let Some(next) = page["nextCursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
            if listed.len() % 1000 == 0 {
                admin.post("/v1/activations", &one).await.expect(201);
            }
        }
        let distinct: BTreeSet<u64> = listed.iter().copied().collect();
        assert_eq!(distinct.len(), listed.len(), "none twice");
        assert!(made.is_subset(&distinct), "none left out");
    }
}
