//! What must come about on AWS.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use harness::{Client, Story, until, until_within};
use reqwest::Method;
use serde_json::{Value, json};

use crate::emulator::Aws;
use crate::stack::{self, Stack};
use crate::tools::Tools;

/// A queued row is due after 30 s, the sweeper comes each minute.
const SWEPT: Duration = Duration::from_mins(3);
/// The log groups of the functions.
const LOGS: &str = "/aws/lambda/provisio-dev-";

/// The first admin key, made twice, since one can be lost; then a product that is sold.
pub(crate) async fn begin(tools: &Tools, aws: &Aws, stack: &Stack) -> Story<()> {
    let refused = aws.call_as_nobody("dynamodb", "list_tables").await;
    assert!(refused.contains("security token"), "IAM is not enforced: {refused}");
    assert_eq!(stack.output("ApiId"), "provisio");
    let lost = stack::first_key(tools, aws).await;
    let admin = stack::first_key(tools, aws).await;
    assert_ne!(lost.key, admin.key);
    let [first, second] = [&lost, &admin].map(|client| async { client.get("/v1/me").await });
    assert_eq!(first.await.expect(200)["role"], second.await.expect(200)["role"]);
    stack::is_well(tools, aws).await;
    Story::over((), admin).await
}

/// Every step through API Gateway; what no function has a route for is our own 404.
pub(crate) async fn main_job(aws: &Aws, story: &Story<()>) {
    harness::main_job::an_entitlement_is_provisioned(story).await;
    story.admin.get("/v1/nothing").await.refused(404, "NOT_FOUND");
    story.admin.delete("/v1/products").await.refused(405, "METHOD_NOT_ALLOWED");
    let elsewhere = Client::new(&format!("{}/_aws/execute-api/other", aws.url), &story.admin.key);
    assert_eq!(elsewhere.get("/v1/me").await.status, 404);
    // One function seals a person's data; another opens it.
    let profile = json!({"type": "PERSON", "demographics": {"passportNumber": "P-1"}});
    let body = Some(json!({"profile": profile}).to_string().into_bytes());
    let customer = format!("/v1/customers/{}", story.customer);
    let headers = [("if-match", "*"), ("content-type", "application/json")];
    let sealed = story.admin.call(Method::PATCH, &customer, &headers, body).await;
    assert_eq!(sealed.status, 200, "{}", sealed.text);
    let list = story.admin.get("/v1/provisioning-requests?limit=1").await.expect(200);
    let show = "/crmapi/rest/v2/provisioning/provisioning_requests/show";
    let number = format!("provisioning_request_identifier=number={}", list["data"][0]["id"]);
    let shown = story.admin.get(&format!("{show}?{number}")).await.expect(200);
    assert!(shown.to_string().contains("P-1"), "{shown}");
}

/// A second tenant, made by the bootstrap function: both run the main job, neither sees the other;
/// one that is suspended is refused.
pub(crate) async fn second_tenant(tools: &Tools, aws: &Aws, story: &Story<()>) {
    let made = stack::bootstrap(tools, aws, r#"{"tenant": "Acme"}"#).await;
    let acme = story.admin.with_key(made["apiKey"].as_str().unwrap());
    let other = Story::over((), acme).await;
    harness::main_job::an_entitlement_is_provisioned(&other).await;
    for (one, two) in [(story, &other), (&other, story)] {
        for list in ["customers", "entitlements", "activations", "provisioning-requests"] {
            let told = one.admin.get(&format!("/v1/{list}?limit=100")).await.text;
            assert!(
                !told.contains(&two.e_id) && !told.contains(&two.product.to_string()),
                "{list}"
            );
        }
        let theirs = one.admin.get(&format!("/v1/entitlements/{}", two.e_id)).await;
        theirs.refused(404, "NOT_FOUND");
    }
    let tenants = stack::bootstrap(tools, aws, r#"{"tenants": true}"#).await;
    assert_eq!(tenants["data"].as_array().unwrap().len(), 2, "{tenants}");
    let id = &made["tenantId"];
    stack::bootstrap(tools, aws, &json!({"suspend": id}).to_string()).await;
    other.admin.get("/v1/me").await.refused(403, "TENANT_SUSPENDED");
    story.admin.get("/v1/me").await.expect(200);
    stack::bootstrap(tools, aws, &json!({"resume": id}).to_string()).await;
    other.admin.get("/v1/me").await.expect(200);
}

/// A new master key, while everything else goes on.
pub(crate) async fn new_master_key(tools: &Tools, aws: &Aws) {
    let begun = stack::bootstrap(tools, aws, r#"{"rotateMaster": true}"#).await;
    assert_eq!((&begun["number"], &begun["done"]), (&json!(2), &json!(false)), "{begun}");
}

/// All is sealed with it by then, and the one before goes: what was sold and sealed is what it was.
pub(crate) async fn old_master_key(tools: &Tools, aws: &Aws, story: &Story<()>) {
    until_within(SWEPT, "everything sealed anew", || async {
        let told = stack::bootstrap(tools, aws, r#"{"check": true}"#).await;
        let key = told["findings"].as_array()?.iter().find(|it| it["check"] == "master key")?;
        key["told"].as_str()?.contains("seals everything").then_some(())
    })
    .await;
    let gone = stack::bootstrap(tools, aws, r#"{"forgetMaster": 1}"#).await;
    assert_eq!(gone, json!({"forgotten": 1}));
    let request = story.activate(1).await;
    story.until_status(request, "REQUEST_SENT").await;
    let done = json!({"status": "COMPLETED"});
    assert_eq!(story.report(request, "sealed-anew", &done).await.status, 200);
    story.until_status(request, "COMPLETED").await;
    let customer = story.admin.get(&format!("/v1/customers/{}", story.customer)).await.expect(200);
    assert_eq!(customer["profile"]["demographics"]["passportNumber"], "P-1");
}

/// Nine messages and a poison one in one batch, and before them one that was lost.
pub(crate) async fn poison_and_loss(aws: &Aws, stack: &Stack, story: &Story<()>) {
    let (queue, dead) =
        (stack.output("DispatchQueueUrl"), stack.output("DispatchDeadLetterQueueUrl"));
    let source = aws.call("lambda", "list_event_source_mappings", json!({})).await;
    let source = source["EventSourceMappings"][0]["UUID"].clone();
    switch(aws, &source, false).await;
    let (_, pk_id) = harness::story::entitle(&story.admin, story.product, story.customer).await;
    let lost = activate(story, &pk_id).await;
    let messages = received(aws, &queue).await;
    let message = &messages[0];
    assert!(message["Body"].as_str().unwrap().contains(&lost.to_string()));
    let gone = json!({"QueueUrl": queue, "ReceiptHandle": message["ReceiptHandle"]});
    aws.call("sqs", "delete_message", gone).await;

    let mut good = Vec::new();
    for _ in 0..9 {
        good.push(activate(story, &pk_id).await);
    }
    let poison = json!({"QueueUrl": queue, "MessageBody": "not a message", "MessageGroupId": "p"});
    aws.call("sqs", "send_message", poison).await;
    // Five receives would take half an hour.
    visibility(aws, &queue, "1").await;
    switch(aws, &source, true).await;
    for request in good {
        let sent = story.until_status(request, "REQUEST_SENT").await;
        assert_eq!(sent["attemptCount"], 1);
    }
    let letters = received(aws, &dead).await;
    assert_eq!(letters.as_array().unwrap().len(), 1);
    assert_eq!(letters[0]["Body"], "not a message");
    visibility(aws, &queue, "390").await;
    let whole = logged(aws, "dispatch").await;
    let whole = whole.iter().any(|line| line.contains("\"Attempts\":9"));
    assert!(whole, "the nine were not in one batch");

    assert_eq!(harness::main_job::rows(&sent(story, lost).await), ["P1", "P4"]);
    let of_lost = |sent: &harness::Sent| sent.header("provisioning-request-id") == lost.to_string();
    assert_eq!(story.provider.sent().iter().filter(|sent| of_lost(sent)).count(), 1);
}

/// Activations go on while every function is replaced: each is granted once, and sent with one
/// idempotency key and the same bytes.
pub(crate) async fn deploy_again(tools: &Tools, aws: &Aws, story: &Story<()>) {
    let before = story.admin.get("/v1/provisioning-requests?limit=100").await.expect(200);
    let stop = Arc::new(AtomicBool::new(false));
    let load = tokio::spawn(load(story.admin.clone(), story.product, Arc::clone(&stop)));
    let stack = stack::deploy(tools, aws, &["MemorySize=512"]).await;
    stop.store(true, Relaxed);
    let made = load.await.unwrap();
    assert!(made.len() > 20, "only {} activations during the deployment", made.len());
    let name = json!({"FunctionName": "provisio-dev-activations"});
    let function = aws.call("lambda", "get_function_configuration", name).await;
    assert_eq!(function["MemorySize"], 512);
    assert_eq!(stack.output("ApiId"), "provisio");
    for request in &made {
        // A message whose function was replaced under it comes again by the sweeper.
        sent(story, *request).await;
    }
    let mut bodies = BTreeMap::new();
    for post in story.provider.sent() {
        let (key, body) = (post.header("webhook-id").to_owned(), post.body);
        assert_eq!(*bodies.entry(key).or_insert_with(|| body.clone()), body);
    }
    assert!(made.iter().all(|id| bodies.contains_key(&format!("pr_{id}_g1"))));
    for old in before["data"].as_array().unwrap() {
        let now = story.request(harness::story::id(old)).await;
        assert_eq!(now["status"], old["status"]);
    }
}

/// Activates until it is told to stop; a call that fails is repeated with its Idempotency-Key.
async fn load(admin: Client, product: u64, stop: Arc<AtomicBool>) -> Vec<u64> {
    let body = json!({"action": "PRODUCE", "entitlementItems": [{"lineItemType": "Product_Key",
        "numProductKeys": 1, "numActivationPerProductKey": 9000,
        "itemProducts": [{"productId": product}]}]});
    let entitlement = admin.post("/v1/entitlements", &body).await.expect(201);
    let path = format!("/v1/entitlements/{}/product-keys", entitlement["eId"].as_str().unwrap());
    let keys = admin.get(&path).await.expect(200);
    let (body, mut made) =
        (json!({"pkId": keys["data"][0]["pkId"], "activationQuantity": 1}), Vec::new());
    while !stop.load(Relaxed) {
        let key = format!("during-{}", made.len());
        let granted = until("an answer", || async {
            let headers = [("idempotency-key", key.as_str())];
            let reply = admin.post_with("/v1/activations", &headers, &body).await;
            assert!(reply.status == 201 || reply.status >= 500, "{}", reply.text);
            (reply.status == 201).then_some(reply.json)
        });
        made.push(harness::story::id(&granted.await["provisioningRequests"][0]));
    }
    made
}

/// The metrics that the alarms and the README name; a trace that goes through the queue.
pub(crate) async fn telemetry(aws: &Aws) {
    let dispatch = logged(aws, "dispatch").await;
    let sweeper = logged(aws, "sweeper").await;
    for (lines, wanted) in [
        (&dispatch, "\"ColdStarts\":1"),
        (&dispatch, "\"State\":\"REQUEST_SENT\""),
        (&dispatch, "\"Outcome\":\"OK\""),
        (&dispatch, "\"DispatchLatency\":["),
        (&sweeper, "\"SweeperLag\":["),
    ] {
        let line = lines.iter().find(|line| line.contains("_aws") && line.contains(wanted));
        let line = line.unwrap_or_else(|| panic!("no metric {wanted}"));
        let metric: Value = serde_json::from_str(line).unwrap();
        assert_eq!(metric["_aws"]["CloudWatchMetrics"][0]["Namespace"], "Provisio");
        assert_eq!(metric["Service"], "provisio-dev");
    }
    let root = |text: &str| text.split("Root=").nth(1).map(|rest| rest[..35].to_owned());
    let activated: BTreeSet<String> =
        logged(aws, "activations").await.iter().filter_map(|line| root(line)).collect();
    let attempts = dispatch.iter().filter(|line| line.contains("\"message\":\"attempt\""));
    let carried = attempts.filter_map(|line| root(line.split("\"trace\":").nth(1)?));
    assert!(carried.into_iter().any(|trace| activated.contains(&trace)), "no trace is carried");
}

/// Waits until a request was sent, by the sweeper's help if need be.
async fn sent(story: &Story<()>, request: u64) -> Value {
    until_within(SWEPT, "a request to be sent", || async {
        let now = story.request(request).await;
        (now["status"] == "REQUEST_SENT").then_some(now)
    })
    .await
}

async fn activate(story: &Story<()>, pk_id: &str) -> u64 {
    let body = json!({"pkId": pk_id, "activationQuantity": 1});
    let made = story.admin.post("/v1/activations", &body).await.expect(201);
    harness::story::id(&made["provisioningRequests"][0])
}

/// Switches the event source of the dispatcher on or off, and waits until it is.
async fn switch(aws: &Aws, source: &Value, enabled: bool) {
    let wanted = if enabled { "Enabled" } else { "Disabled" };
    let change = json!({"UUID": source, "Enabled": enabled});
    aws.call("lambda", "update_event_source_mapping", change).await;
    until("the event source", || async {
        let now = aws.call("lambda", "get_event_source_mapping", json!({"UUID": source})).await;
        (now["State"] == wanted).then_some(())
    })
    .await;
}

/// Waits for messages of a queue.
async fn received(aws: &Aws, queue: &str) -> Value {
    until_within(SWEPT, "a message", || async {
        let asked = json!({"QueueUrl": queue, "MaxNumberOfMessages": 10});
        let messages = aws.call("sqs", "receive_message", asked).await["Messages"].take();
        messages.is_array().then_some(messages)
    })
    .await
}

async fn visibility(aws: &Aws, queue: &str, seconds: &str) {
    let attributes = json!({"QueueUrl": queue, "Attributes": {"VisibilityTimeout": seconds}});
    aws.call("sqs", "set_queue_attributes", attributes).await;
}

/// The log lines of a function.
async fn logged(aws: &Aws, function: &str) -> Vec<String> {
    let group = json!({"logGroupName": format!("{LOGS}{function}")});
    let events = aws.call("logs", "filter_log_events", group).await["events"].take();
    let line = |event: &Value| event["message"].as_str().unwrap().to_owned();
    events.as_array().unwrap().iter().map(line).collect()
}
