//! What was sent and heard is kept as long as the tenant says, and then neither shown nor stored.

use std::sync::Arc;

use domain::time::Period;
use serde_json::{Value, json};
use simulator::api::{Call, Sale, Terms, number};
use simulator::memory::MemoryStore;
use simulator::stage::Stage;
use store::keys::attribute;

/// A day in seconds.
const DAY: i64 = 86_400;

struct World {
    rows: Arc<MemoryStore>,
    stage: Stage,
    sale: Sale,
}

impl World {
    async fn open() -> Self {
        let rows = Arc::new(MemoryStore::default());
        let stage = Stage::over(rows.clone());
        let sale = Sale::open(&stage.app, &stage.api, &Terms::default()).await;
        Self { rows, stage, sale }
    }

    async fn call(&self, verb: &'static str, path: &str, body: &Value, status: u16) -> Value {
        let mut call = Call::new(verb, path, &self.sale.key, body);
        call.headers.push(("if-match", "*".to_owned()));
        self.stage.api.call(&call).await.expect(status)
    }

    async fn get(&self, path: &str) -> Value {
        self.call("GET", path, &Value::Null, 200).await
    }

    async fn keep(&self, retention: &str) -> Value {
        self.call("PATCH", "/v1/tenant", &json!({"retention": retention}), 200).await
    }

    /// A request that was sent and reported with a long response: its address.
    async fn request(&self) -> String {
        let made = self.stage.api.call(&self.sale.activation(0, 1)).await.expect(201);
        let request = number(&made["provisioningRequests"][0]["id"]);
        assert!(self.stage.dispatch().await.is_empty());
        let body = json!({"status": "COMPLETED", "response": "x".repeat(300)}).to_string();
        let now = self.stage.app.clock.now();
        let id = format!("m{request}");
        let report = self.sale.door.report(request, "?generation=1", &id, now, &body);
        self.stage.api.call(&report).await.expect(200);
        format!("/v1/provisioning-requests/{request}")
    }

    /// Seconds until DynamoDB may remove the rows of a request, by the start of their keys.
    fn ends(&self, request: &str) -> Vec<(String, i64)> {
        let (now, id) = (self.stage.app.clock.now().millis() / 1000, request.rsplit('/').next());
        let pk = format!("#R#{}", id.unwrap());
        let rows = self.rows.rows();
        let of_it = rows.iter().filter(|(key, _)| key.pk.ends_with(&pk));
        let with_end = of_it.filter_map(|(key, row)| {
            let end: i64 = row.get(attribute::TTL)?.as_n().unwrap().parse().unwrap();
            Some((key.sk[..2].to_owned(), end - now))
        });
        with_end.collect()
    }

    /// As the version before wrote them.
    fn forget_the_ends(&self) {
        let mut rows = self.rows.rows();
        let keys: Vec<_> = rows.iter().map(|(key, _)| key.clone()).collect();
        for key in keys.iter().filter(|key| key.pk.contains("#R#")) {
            rows.change(key, |row| {
                row.remove("expires");
                row.remove(attribute::TTL);
            });
        }
    }

    fn pass(&self, days: i64) {
        self.stage.clock.pass(Period::from_secs(days * DAY));
    }

    /// What is shown of a request: payload, whole response, attempts, moments with a payload.
    async fn shown(&self, request: &str) -> (bool, bool, usize, usize) {
        let whole = self.get(request).await;
        let long = whole["response"].as_str().unwrap().len() > 300;
        let attempts = self.get(&format!("{request}/attempts")).await;
        let told = self.get(&format!("{request}/explain")).await;
        let moments = told["timeline"].as_array().unwrap();
        let payloads = moments.iter().filter(|moment| moment["payload"].is_string()).count();
        let count = attempts["data"].as_array().unwrap().len();
        (whole["payload"].is_string(), long, count, payloads)
    }
}

#[tokio::test]
async fn the_tenant_says_how_long() {
    let world = World::open().await;
    assert_eq!(world.get("/v1/tenant").await["retention"], "P2Y");
    assert_eq!(world.keep("P2Y").await["retention"], "P2Y");
    for wrong in ["P179D", "P3651D", "P11Y", "PT0S"] {
        let body = json!({"retention": wrong});
        let told = world.call("PATCH", "/v1/tenant", &body, 400).await;
        assert_eq!(told["errors"][0]["pointer"], "/retention", "{told}");
    }
    for (retention, days) in [("P180D", 180), ("P10Y", 3650), ("P2Y", 730)] {
        world.keep(retention).await;
        // What is known of a tenant is believed for some seconds.
        world.stage.clock.pass(Period::from_secs(6));
        let request = world.request().await;
        let mut ends = world.ends(&request);
        ends.sort_unstable();
        let end = (days + 180) * DAY + 1;
        let expected = ["C#", "P#", "T#"].map(|row| (row.to_owned(), end));
        assert_eq!(ends, expected, "{retention}");
    }
}

#[tokio::test]
async fn what_is_over_is_not_shown() {
    let world = World::open().await;
    world.keep("P180D").await;
    let request = world.request().await;
    let path = format!("/v1/audit?id={}", world.sale.plan);
    let edit = json!({"name": "Other"});
    world.call("PUT", &format!("/v1/plans/{}", world.sale.plan), &edit, 200).await;
    let acts = world.get(&path).await["data"].as_array().unwrap().len();
    assert!(acts > 1);
    world.pass(359);
    assert_eq!(world.shown(&request).await, (true, true, 1, 1));
    world.pass(2);
    assert_eq!(world.shown(&request).await, (false, false, 0, 0));
    let whole = world.get(&request).await;
    assert_eq!((&whole["status"], &whole["attemptCount"]), (&json!("COMPLETED"), &json!(1)));
    assert_eq!(whole["payloadSha256"], Value::Null);
    assert_eq!(world.get(&path).await["data"].as_array().unwrap().len(), acts);
    world.pass(7 * 365);
    assert_eq!(world.get(&path).await["data"], json!([]));
    assert_eq!(world.get("/v1/audit").await["data"], json!([]));
}

/// What the version before wrote has no end.
#[tokio::test]
async fn what_was_made_before_is_kept() {
    let world = World::open().await;
    let request = world.request().await;
    world.forget_the_ends();
    world.pass(20 * 365);
    assert_eq!(world.shown(&request).await, (true, true, 1, 1));
}
