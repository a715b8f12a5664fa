//! From 0.1.0 to this version while customers activate: the stack is updated in its steps, and
//! every job of the ten minutes is done once. `git worktree add PATH 38f270f`, then
//! `cargo run -p tests --bin aws -- upgrade PATH`.
//!
//! Neighbours: OPERATING.md tells an operator the same steps.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use harness::story::{id, webhook_id};
use harness::{Client, Reply, Story, until_within};
use reqwest::Method;
use serde_json::{Value, json};

use crate::Steps;
use crate::emulator::Aws;
use crate::stack;
use crate::tools::Tools;

/// The load goes on so long.
const LOAD: Duration = Duration::from_mins(10);
/// Jobs at the same time.
const CLERKS: u64 = 3;
/// Jobs that are done in each step of the update.
const STEP_JOBS: usize = 60;
/// No job takes longer: what was lost is found by the sweeper.
const JOB: Duration = Duration::from_mins(4);

/// What the clerks saw.
struct Seen {
    /// Requests that are completed.
    done: Mutex<Vec<u64>>,
    /// Product keys, and how much of each is activated.
    keys: Mutex<BTreeMap<String, u64>>,
    /// Answers of ours with a status of 500 and more: the problem has a code.
    ours: Mutex<Vec<String>>,
    /// Those of the emulator, while it replaces a function.
    its: AtomicU64,
    /// When the clerks began.
    begun: Instant,
    /// The stack is what it is to be: the clerks end when their time is over.
    updated: AtomicBool,
}

pub(crate) async fn tell(steps: &Steps, before: &Tools, tools: &Tools, aws: &Aws) {
    steps.say("sam deploy of the version before");
    stack::deploy(before, aws, &["MemorySize=256"]).await;
    let admin = stack::first_key(before, aws).await;
    let story = Arc::new(Story::over((), admin).await);
    let seen = Arc::new(Seen::begin());
    steps.say("the load begins");
    let clerks: Vec<_> = (0..CLERKS)
        .map(|number| tokio::spawn(clerk(number, Arc::clone(&story), Arc::clone(&seen))))
        .collect();
    seen.goes_on().await;
    for indexes in ["OLD", "BOTH", "NEW"] {
        steps.say(&format!("sam deploy, Indexes={indexes}: {}", seen.count()));
        stack::deploy(tools, aws, &["MemorySize=256", &format!("Indexes={indexes}")]).await;
        if indexes == "BOTH" {
            loop {
                let migrated = stack::bootstrap(tools, aws, r#"{"migrate": true}"#).await;
                steps.say(&format!("migrated: {migrated}"));
                if migrated["done"] == true {
                    break;
                }
            }
        }
        seen.goes_on().await;
    }
    seen.updated.store(true, Relaxed);
    for clerk in clerks {
        clerk.await.unwrap();
    }
    steps.say(&format!("the load ends: {}", seen.count()));
    stack::is_well(tools, aws).await;
    audit(&story, &seen).await;
    steps.say("every job was done once");
}

impl Seen {
    fn begin() -> Self {
        Self {
            done: Mutex::default(),
            keys: Mutex::default(),
            ours: Mutex::default(),
            its: AtomicU64::default(),
            begun: Instant::now(),
            updated: AtomicBool::default(),
        }
    }

    /// Waits until so many jobs more are done: in each step of the update customers are served.
    async fn goes_on(&self) {
        let wanted = self.done.lock().unwrap().len() + STEP_JOBS;
        let done = || async { (self.done.lock().unwrap().len() >= wanted).then_some(()) };
        until_within(JOB, "the next jobs", done).await;
    }

    fn count(&self) -> String {
        let (done, ours) = (self.done.lock().unwrap().len(), self.ours.lock().unwrap().len());
        format!("{done} jobs, {ours} faults of ours, {} of the emulator", self.its.load(Relaxed))
    }
}

/// Sells, activates, reports and revokes, one after the other.
async fn clerk(number: u64, story: Arc<Story<()>>, seen: Arc<Seen>) {
    let mut sold: Vec<(String, String)> = Vec::new();
    for job in 0.. {
        if seen.updated.load(Relaxed) && seen.begun.elapsed() >= LOAD {
            return;
        }
        let name = format!("clerk-{number}-{job}");
        if job % 20 == 0 {
            // One of 25 line items is in two rows of form 2.
            sold.push(sell(&story, &seen, &name, if job % 40 == 0 { 25 } else { 1 }).await);
        }
        let (e_id, pk_id) = &sold[job % sold.len()];
        let body = json!({"pkId": pk_id, "activationQuantity": 1});
        let made = call(&story.admin, &seen, "/v1/activations", &name, &body).await;
        let (request, aid) = (id(&made["provisioningRequests"][0]), made["aid"].as_str().unwrap());
        *seen.keys.lock().unwrap().entry(pk_id.clone()).or_default() += 1;
        let status = async |wanted: &str| {
            until_within(JOB, &format!("{wanted} of {request}"), || async {
                let path = format!("/v1/provisioning-requests/{request}");
                let reply = seen.asked(&story.admin, &path).await?;
                (reply["status"] == wanted).then_some(())
            })
            .await;
        };
        status("REQUEST_SENT").await;
        until_within(JOB, "an answer to a callback", || async {
            let body = json!({"status": "COMPLETED"});
            let reply = story.report(request, &webhook_id(&name), &body).await;
            seen.noted(&reply);
            (reply.status == 200).then_some(())
        })
        .await;
        status("COMPLETED").await;
        if job % 5 == 0 {
            listed(&story, &seen, e_id, aid, request).await;
        }
        if job % 4 == 0 {
            let path = format!("/v1/activations/{aid}/revoke");
            let revoked = call(&story.admin, &seen, &path, &format!("{name}-r"), &json!({})).await;
            assert_eq!(revoked["state"], "REVOKED");
            *seen.keys.lock().unwrap().get_mut(pk_id).unwrap() -= 1;
        }
        seen.done.lock().unwrap().push(request);
    }
}

async fn sell(story: &Story<()>, seen: &Seen, name: &str, lines: usize) -> (String, String) {
    let line = json!({"lineItemType": "Product_Key", "numProductKeys": 1,
        "numActivationPerProductKey": 1000, "itemProducts": [{"productId": story.product}]});
    let body = json!({"action": "PRODUCE", "customerId": story.customer,
        "entitlementItems": vec![line; lines]});
    let name = format!("{name}-sold");
    let made = call(&story.admin, seen, "/v1/entitlements", &name, &body).await;
    let e_id = made["eId"].as_str().unwrap().to_owned();
    let path = format!("/v1/entitlements/{e_id}/product-keys?limit=100");
    let keys = until_within(JOB, "the keys", || seen.asked(&story.admin, &path)).await;
    let last = keys["data"].as_array().unwrap().last().unwrap();
    (e_id, last["pkId"].as_str().unwrap().to_owned())
}

/// What was made is in the lists, by whatever index.
async fn listed(story: &Story<()>, seen: &Seen, e_id: &str, aid: &str, request: u64) {
    for (path, member, wanted) in [
        (format!("/v1/activations?limit=100&eId={e_id}"), "aid", json!(aid)),
        ("/v1/provisioning-requests?limit=100".to_owned(), "id", json!(request)),
        (format!("/v1/entitlements?limit=100&customerId={}", story.customer), "eId", json!(e_id)),
    ] {
        let is = |row: &Value| row[member] == wanted;
        until_within(JOB, &format!("{wanted} in {path}"), || async {
            let list = seen.asked(&story.admin, &path).await?;
            list["data"].as_array().unwrap().iter().any(is).then_some(())
        })
        .await;
    }
}

/// A call that is repeated with its Idempotency-Key until it is answered.
async fn call(admin: &Client, seen: &Seen, path: &str, key: &str, body: &Value) -> Value {
    until_within(JOB, path, || async {
        let headers = [("idempotency-key", key), ("if-match", "*")];
        let reply = admin.post_with(path, &headers, body).await;
        seen.noted(&reply);
        assert!(reply.status < 300 || reply.status >= 500, "{path}: {}", reply.text);
        (reply.status < 300).then_some(reply.json)
    })
    .await
}

impl Seen {
    /// What a path shows; none while it is not answered.
    async fn asked(&self, admin: &Client, path: &str) -> Option<Value> {
        let reply = admin.call(Method::GET, path, &[], None).await;
        self.noted(&reply);
        assert!(reply.status == 200 || reply.status >= 500, "{path}: {}", reply.text);
        (reply.status == 200).then_some(reply.json)
    }

    fn noted(&self, reply: &Reply) {
        if reply.status < 500 {
            return;
        }
        if reply.code().is_empty() {
            self.its.fetch_add(1, Relaxed);
        } else {
            self.ours.lock().unwrap().push(reply.text.clone());
        }
    }
}

/// Every request was sent with one idempotency key and one body, and is completed; every key has
/// what is left of it.
async fn audit(story: &Story<()>, seen: &Seen) {
    let ours = seen.ours.lock().unwrap().clone();
    assert!(ours.is_empty(), "{ours:#?}");
    let done = seen.done.lock().unwrap().clone();
    let mut bodies: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for post in story.provider.sent() {
        let key = post.header("webhook-id").to_owned();
        bodies.entry(key).or_default().insert(post.body);
    }
    assert!(bodies.values().all(|bodies| bodies.len() == 1), "{bodies:?}");
    let wanted: BTreeSet<String> = done.iter().map(|id| format!("pr_{id}_g1")).collect();
    let sent: BTreeSet<String> = bodies.into_keys().collect();
    assert_eq!(sent, wanted, "what was sent, and what was asked for");
    for id in &done {
        assert_eq!(story.request(*id).await["status"], "COMPLETED");
    }
    let keys = seen.keys.lock().unwrap().clone();
    for (pk_id, activated) in keys {
        let key = story.admin.get(&format!("/v1/product-keys/{pk_id}")).await.expect(200);
        assert_eq!(key["availableQuantity"], 1000 - activated, "{pk_id}");
    }
}
