//! Both tables go back to an earlier instant, as OPERATING.md tells: what opens again, and that
//! nothing has a second effect.
//!
//! Neighbours: `starts` holds a folder whose parts do not fit.

use std::sync::Arc;

use domain::time::Period;
use edge::mark;
use edge::mark::Unfit;
use edge::ports::Post;
use serde_json::{Value, json};
use simulator::api::{Call, Door, Sale, Terms, number, text};
use simulator::memory::MemoryStore;
use simulator::stage::{Stage, body_of};
use simulator::vault::master_keys;

/// An operator's call.
async fn call(stage: &Stage, sale: &Sale, verb: &'static str, path: &str, status: u16) -> Value {
    let call = Call::new(verb, path, &sale.key, &Value::Null);
    stage.api.call(&call).await.expect(status)
}

async fn activated(stage: &Stage, sale: &Sale, key: &str) -> (Value, u64) {
    let made = stage.api.call(&sale.activation(0, 1).once(key)).await.expect(201);
    let request = number(&made["provisioningRequests"][0]["id"]);
    (made, request)
}

async fn report(stage: &Stage, door: &Door, request: u64, id: &str) -> u16 {
    let body = json!({"status": "COMPLETED"}).to_string();
    let call = door.report(request, "?generation=1", id, stage.app.clock.now(), &body);
    stage.api.call(&call).await.status
}

async fn status(stage: &Stage, sale: &Sale, request: u64) -> String {
    let path = format!("/v1/provisioning-requests/{request}");
    text(&call(stage, sale, "GET", &path, 200).await["status"])
}

async fn left(stage: &Stage, sale: &Sale) -> Value {
    let path = format!("/v1/product-keys/{}", sale.pk_ids[0]);
    call(stage, sale, "GET", &path, 200).await["availableQuantity"].clone()
}

#[tokio::test]
async fn a_restored_table_sends_again_with_the_same_key_and_forgets_what_came_since() {
    let rows = Arc::new(MemoryStore::default());
    let stage = Stage::over(rows.clone());
    let sale = Sale::open(&stage.app, &stage.api, &Terms::default()).await;
    let master = stage.app.master().unwrap();
    mark::compare_or_mark(&*rows, master).await.unwrap();

    // One that is sent and reported after the instant, one that is made after it.
    let (_, before) = activated(&stage, &sale, "before").await;
    let instant = rows.rows().clone();
    let mut messages: Vec<String> = stage.queue.take().iter().map(body_of).collect();
    assert!(stage.handle(messages.clone()).await.is_empty());
    assert_eq!(report(&stage, &sale.door, before, "b1").await, 200);
    let (_, since) = activated(&stage, &sale, "since").await;
    messages.extend(stage.queue.take().iter().map(body_of));
    assert!(stage.handle(vec![messages[1].clone()]).await.is_empty());
    call(&stage, &sale, "DELETE", &format!("/v1/api-keys/{}", sale.clerk.id), 204).await;
    let rotate = format!("/v1/methods/{}/rotate-secret", sale.door.method);
    let rotated = call(&stage, &sale, "POST", &rotate, 200).await;
    let door = Door { secret: text(&rotated["callbackSecret"]), ..sale.door.clone() };
    assert_eq!(left(&stage, &sale).await, 8);

    *rows.rows() = instant;
    let foreign = mark::compare(&*rows, Some(&master_keys(&"08".repeat(32)))).await;
    assert!(matches!(foreign, Err(Unfit::ForeignKey(1))), "another key does not start");
    mark::compare(&*rows, Some(master)).await.unwrap();

    // What was queued by then is sent again by the sweeper, with the same key and the same bytes.
    assert_eq!(status(&stage, &sale, before).await, "REQUEST_QUEUED");
    stage.clock.pass(Period::from_secs(31));
    sweeper::sweep(&stage.app).await.unwrap();
    assert!(stage.dispatch().await.is_empty());
    let posts = stage.provider.posts();
    let of = |id: u64| {
        let key = format!("pr_{id}_g1");
        let has = move |post: &&Post| post.headers.iter().any(|(_, value)| *value == key);
        posts.iter().filter(has)
    };
    let bodies: Vec<&str> = of(before).map(|post| post.body.as_str()).collect();
    assert_eq!(bodies.len(), 2);
    assert_eq!(bodies[0], bodies[1]);
    assert_eq!(of(since).count(), 1);
    // A report that is repeated completes it; with the secret of since it is refused.
    assert_eq!(report(&stage, &door, before, "b1").await, 401);
    assert_eq!(report(&stage, &sale.door, before, "b1").await, 200);
    assert_eq!(status(&stage, &sale, before).await, "COMPLETED");

    // What came since is unknown: its message comes to the dead letters, its report is refused, its
    // quantity is free, and its call makes another one.
    assert_eq!(stage.handle(vec![messages[1].clone()]).await, ["0"]);
    assert_eq!(report(&stage, &sale.door, since, "s1").await, 404);
    assert_eq!(left(&stage, &sale).await, 9);
    let (_, anew) = activated(&stage, &sale, "since").await;
    assert_ne!(anew, since);
    let clerk = Call::new("GET", "/v1/me", &sale.clerk.key, &Value::Null);
    assert_eq!(stage.api.call(&clerk).await.status, 200, "a key that was revoked since");
}
