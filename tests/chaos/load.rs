//! Clients that activate as fast as they can, revoke some of it again, and repeat every call until
//! it is answered.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use harness::Client;
use harness::story::id;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::task::JoinHandle;

/// Clients at once.
const CLIENTS: usize = 16;
/// Product keys, and what each allows: less than is asked for in all.
const KEYS: usize = 20;
/// Activations of each key.
pub(crate) const UNITS: u64 = 240;
/// Between two tries of a call.
const AGAIN: Duration = Duration::from_millis(20);
/// Of so many activations one is revoked, soon after.
const REVOKED: u64 = 4;
/// Between two calls of a client, so that the load lasts as long as the killing.
const PAUSE: Duration = Duration::from_millis(50);

/// What is sold.
pub(crate) struct Sale {
    /// The tenant.
    pub(crate) tenant: u64,
    /// The product.
    pub(crate) product: u64,
    /// The callback secret.
    pub(crate) secret: String,
    pk_ids: Vec<String>,
}

/// A method, a plan that gives and takes back, a product, an entitlement of twenty keys.
pub(crate) async fn sale(client: &Client, url: &str) -> Sale {
    let ladder = ["PT0S", "PT0.1S", "PT0.3S", "PT1S", "PT1S", "PT1S", "PT1S", "PT1S", "PT1S"];
    let body = json!({"name": "Farm", "endpointUrl": url, "timeout": "PT1S",
        "retryLadder": ladder, "callbackTimeout": "PT1M"});
    let method = client.post("/v1/methods", &body).await.expect(201);
    let body = json!({"name": "Pods", "definition": {"id": "$.provisioningRequest.id"}});
    let plan = id(&client.post("/v1/plans", &body).await.expect(201));
    let product = harness::story::product(client, "Pod").await;
    let body = json!({"planId": plan, "methodId": id(&method), "deprovisionPlanId": plan});
    client.put(&format!("/v1/products/{product}/association"), &body).await.expect(200);
    let body = json!({"action": "PRODUCE", "entitlementItems": [{
        "lineItemType": "Product_Key", "numProductKeys": KEYS,
        "numActivationPerProductKey": UNITS, "itemProducts": [{"productId": product}]}]});
    let made = client.post("/v1/entitlements", &body).await.expect(201);
    let path = format!("/v1/entitlements/{}/product-keys", made["eId"].as_str().unwrap());
    let keys = client.get(&path).await.expect(200);
    let pk_id = |key: &Value| key["pkId"].as_str().unwrap().to_owned();
    Sale {
        tenant: client.get("/v1/me").await.expect(200)["tenantId"].as_u64().unwrap(),
        product,
        secret: method["callbackSecret"].as_str().unwrap().to_owned(),
        pk_ids: keys["data"].as_array().unwrap().iter().map(pk_id).collect(),
    }
}

/// The clients' common knowledge.
pub(crate) struct Load {
    /// Who calls.
    pub(crate) client: Client,
    /// What is sold.
    pub(crate) sale: Sale,
    /// Activations that were asked for.
    pub(crate) asked: AtomicU64,
    stopped: AtomicBool,
    granted: Mutex<BTreeMap<u64, String>>,
    /// Revocations that were granted.
    pub(crate) revoked: AtomicU64,
    /// The requests of all that was granted.
    pub(crate) requests: Mutex<Vec<u64>>,
    refused: Mutex<BTreeMap<u64, u32>>,
}

impl Load {
    /// Nobody has called yet.
    pub(crate) fn new(client: Client, sale: Sale) -> Self {
        Self {
            client,
            sale,
            asked: AtomicU64::new(0),
            stopped: AtomicBool::new(false),
            granted: Mutex::default(),
            revoked: AtomicU64::new(0),
            requests: Mutex::default(),
            refused: Mutex::default(),
        }
    }

    /// Whether no new calls are made.
    pub(crate) fn is_stopped(&self) -> bool {
        self.stopped.load(Relaxed)
    }

    /// No new calls; those under way are repeated until they are answered.
    pub(crate) fn stop(&self) {
        self.stopped.store(true, Relaxed);
    }

    /// The activations that were granted, by the number of the call.
    pub(crate) fn granted(&self) -> BTreeMap<u64, String> {
        self.granted.lock().unwrap().clone()
    }

    /// The calls that were refused for want of quantity, and the product key of each.
    pub(crate) fn refused(&self) -> BTreeMap<u64, u32> {
        self.refused.lock().unwrap().clone()
    }

    /// Revokes what a call was granted, wherever its request is by now.
    async fn back(&self, number: u64) {
        let Some(aid) = self.granted.lock().unwrap().get(&number).cloned() else { return };
        let (path, key) = (format!("/v1/activations/{aid}/revoke"), format!("back-{number}"));
        loop {
            let headers = [("idempotency-key", key.as_str())];
            let body = Some(b"{}".to_vec());
            match self.client.try_call(Method::POST, &path, &headers, body).await {
                Some(reply) if reply.status != 503 => {
                    reply.expect(200);
                    self.revoked.fetch_add(1, Relaxed);
                    return;
                }
                _ => tokio::time::sleep(AGAIN).await,
            }
        }
    }

    async fn one(&self, number: u64) {
        let pk_id = &self.sale.pk_ids[number as usize % KEYS];
        let body = json!({"pkId": pk_id, "activationQuantity": 1,
            "activatee": {"emailId": format!("c{number}@example.com")}});
        let key = format!("chaos-{number}");
        loop {
            let body = Some(body.to_string().into_bytes());
            let headers = [("idempotency-key", key.as_str())];
            let reply = self.client.try_call(Method::POST, "/v1/activations", &headers, body).await;
            match reply {
                Some(reply) if reply.status == 201 => {
                    let aid = reply.json["aid"].as_str().unwrap().to_owned();
                    self.granted.lock().unwrap().insert(number, aid);
                    let request = id(&reply.json["provisioningRequests"][0]);
                    self.requests.lock().unwrap().push(request);
                    return;
                }
                Some(reply) if reply.status == 422 => {
                    reply.refused(422, "QUANTITY_EXCEEDED");
                    self.refused.lock().unwrap().insert(number, (number as usize % KEYS) as u32);
                    return;
                }
                Some(reply) => assert_eq!(reply.status, 503, "{}", reply.text),
                None => {}
            }
            tokio::time::sleep(AGAIN).await;
        }
    }
}

/// Starts the clients.
pub(crate) fn start(load: &Arc<Load>) -> Vec<JoinHandle<()>> {
    let client = |_| {
        let load = Arc::clone(load);
        tokio::spawn(async move {
            while !load.is_stopped() {
                let number = load.asked.fetch_add(1, Relaxed);
                load.one(number).await;
                tokio::time::sleep(PAUSE).await;
                if number.is_multiple_of(REVOKED) {
                    load.back(number).await;
                }
            }
        })
    };
    (0..CLIENTS).map(client).collect()
}
