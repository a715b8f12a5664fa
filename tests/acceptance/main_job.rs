//! The main job, and what it is when nothing is provisioned.

use harness::Story;
use harness::main_job::{self, rows};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn an_entitlement_is_provisioned() {
    main_job::an_entitlement_is_provisioned(&Story::begin().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_product_without_an_association_fails_at_once() {
    let story = Story::begin().await;
    let product = harness::story::product(story.admin(), "Lonely").await;
    let (_, pk_id) = harness::story::entitle(story.admin(), product, story.customer).await;
    let body = json!({"pkId": pk_id, "activationQuantity": 1});
    let made = story.admin().post("/v1/activations", &body).await.expect(201);
    let request = &made["provisioningRequests"][0];
    assert_eq!(request["status"], "FAILED");
    let shown = story.request(harness::story::id(request)).await;
    assert_eq!(shown["errorCode"], "PLAN_MISSING");
    assert_eq!(rows(&shown), ["P2"]);
    assert_eq!(shown["delivery"], "NEVER");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_product_that_is_not_provisioned_makes_no_request() {
    let story = Story::begin().await;
    let body = json!({"nameVersion": {"name": "Paper", "version": "1"}});
    let product = story.admin().post("/v1/products", &body).await.expect(201);
    let product = harness::story::id(&product);
    let complete = format!("/v1/products/{product}/complete");
    story.admin().post(&complete, &json!({})).await.expect(200);
    let (_, pk_id) = harness::story::entitle(story.admin(), product, story.customer).await;
    let body = json!({"pkId": pk_id, "activationQuantity": 1});
    let made = story.admin().post("/v1/activations", &body).await.expect(201);
    assert_eq!(made["provisioningRequests"], json!([]));
}
