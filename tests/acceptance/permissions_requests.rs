//! The visits of `permissions` to provisioning requests, and to what the sweeper does besides.

use std::sync::Arc;

use domain::limits::RESEAL_WAIT;
use domain::request::dispatched::{Answer, Heard};
use domain::time::Period;
use serde_json::{Value, json};
use simulator::api::{Call, Door, number, text};

use crate::permissions::Town;

/// Where CRM.COM shows a request.
const SHOW: &str = "/crmapi/rest/v2/provisioning/provisioning_requests/show";

impl Town {
    /// A customer and a partner look at what is theirs.
    pub(crate) async fn owners(&mut self, product: u64) {
        let customer = self.get("/v1/customers?identifier=C-1").await["data"][0]["id"].clone();
        let partner =
            self.post("/v1/partners", json!({"name": "Reseller"}), 201).await["id"].clone();
        let body = json!({"partnerId": partner, "action": "PRODUCE", "entitlementItems": [{
            "lineItemType": "Product_Key", "numProductKeys": 1, "numActivationPerProductKey": 5,
            "itemProducts": [{"productId": product}]}]});
        let sold = self.post("/v1/entitlements", body, 201).await;
        let keys = self.get(&format!("/v1/entitlements/{}/product-keys", text(&sold["eId"]))).await;
        self.activate(&text(&keys["data"][0]["pkId"]), 1).await;
        let role = self.get("/v1/me").await["role"]["id"].clone();
        let operator = self.key.clone();
        for (member, id) in [("customerId", customer), ("partnerId", partner)] {
            let body = json!({"name": member, "roleId": role, member: id});
            let made = self.post("/v1/api-keys", body, 201).await;
            self.key = text(&made["secret"]);
            for list in ["customers", "entitlements", "activations", "provisioning-requests"] {
                self.get(&format!("/v1/{list}")).await;
            }
            let first = self.get("/v1/provisioning-requests?limit=1").await;
            let request = number(&first["data"][0]["id"]);
            self.get(&format!("/v1/provisioning-requests?limit=1&number={request}")).await;
            self.get(&format!("/v1/provisioning-requests/{request}")).await;
            self.key.clone_from(&operator);
        }
    }

    /// A customer and a partner who are exported and erased, with what was sold to them.
    pub(crate) async fn erasures(&mut self, product: u64, door: &Door) {
        for (people, member) in [("customers", "customerId"), ("partners", "partnerId")] {
            let body = json!({"name": "Ada", "emails": ["ada@l.example"]});
            let one = self.post(&format!("/v1/{people}"), body, 201).await["id"].clone();
            let contacts = format!("/v1/{people}/{one}/contacts");
            let body = json!({"emailId": "a@l.example"});
            let mut contact = Call::new("POST", &*contacts, &self.key, &body);
            contact.headers.push(("idempotency-key", people.to_owned()));
            let contact = self.call(&contact, 201).await["id"].clone();
            self.post(&contacts, json!({"emailId": "b@l.example"}), 201).await;
            self.other("DELETE", &format!("{contacts}/{contact}"), Value::Null, 204).await;
            let body = json!({member: one, "action": "PRODUCE", "entitlementItems": [{
                "lineItemType": "Product_Key", "numActivationPerProductKey": 5,
                "itemProducts": [{"productId": product}]}]});
            let e_id = text(&self.post("/v1/entitlements", body, 201).await["eId"]);
            let keys = self.get(&format!("/v1/entitlements/{e_id}/product-keys")).await;
            let (_, request) = self.activate(&text(&keys["data"][0]["pkId"]), 1).await;
            self.dispatch().await;
            let done = json!({"status": "COMPLETED", "response": "x".repeat(300)});
            self.report(door, request, "e1", done, 200).await;
            let path = format!("/v1/{people}/{one}");
            self.get(&format!("{path}/export")).await;
            let why = json!({"comments": "They asked."});
            self.post(&format!("{path}/erase"), why, 200).await;
            while self.get(&format!("{path}/erasure")).await["endedDate"].is_null() {
                self.stage.clock.pass(Period::from_secs(60));
                sweeper::sweep(&self.apps["sweeper"]).await.unwrap();
            }
        }
    }

    /// Requests that complete, contradict themselves, are retried, cancelled, commented and lost.
    pub(crate) async fn requests(&mut self, pk_id: &str, door: &Door) {
        let (made, request) = self.activate(pk_id, 1).await;
        self.get(&format!("/v1/activations/{}", text(&made["aid"]))).await;
        self.get(&format!("/v1/activations?eId={}", text(&made["eId"]))).await;
        self.get("/v1/activations").await;
        self.dispatch().await;
        let long = "x".repeat(300);
        self.report(door, request, "m1", json!({"status": "IN_PROGRESS"}), 200).await;
        self.report(door, request, "m1", json!({"status": "IN_PROGRESS"}), 200).await;
        let done = json!({"status": "COMPLETED", "response": {"pods": long}});
        self.report(door, request, "m2", done, 200).await;
        self.report(door, request, "m3", json!({"status": "FAILED"}), 409).await;
        let path = format!("/v1/provisioning-requests/{request}");
        for view in ["", "?view=substitution", "/attempts", "/explain"] {
            self.get(&format!("{path}{view}")).await;
        }
        let plan = self.get(&path).await["plan"]["id"].clone();
        let body = json!({"planId": plan, "activationId": made["aid"]});
        self.other("POST", "/v1/plans/preview", body, 200).await;
        self.other("POST", &format!("/v1/plans/{plan}/rehearse"), Value::Null, 200).await;
        self.other("PATCH", &path, json!({"comments": "Well done."}), 200).await;
        let status = json!({"status": "FAILED", "comments": "It does not run."});
        self.post(&format!("{path}/status"), status, 200).await;
        self.get(&format!("{path}/explain")).await;
        let shown = format!("{SHOW}?provisioning_request_identifier=number={request}");
        self.get(&shown).await;
        let many = format!("/v1/provisioning-requests/retry?number={request}");
        self.post(&many, Value::Null, 200).await;
        self.post(&format!("{path}/cancel"), Value::Null, 200).await;
        self.post(&format!("{path}/retry"), Value::Null, 200).await;
        self.post(&format!("{path}/cancel"), Value::Null, 200).await;
        self.stage.queue.take();
        let numbers = format!("?number={request}");
        for query in ["", "?status=FAILED", "?planId=7", numbers.as_str()] {
            self.get(&format!("/v1/provisioning-requests{query}")).await;
        }
        // One that is tried again, and one that the sweeper finds.
        let busy = Answer::Http { status: 503, body: String::new(), heard: Heard::default() };
        self.stage.provider.answer(busy);
        self.activate(pk_id, 2).await;
        self.dispatch().await;
        self.stage.clock.pass(Period::from_secs(3600));
        assert!(sweeper::sweep(&self.apps["sweeper"]).await.unwrap() > 0);
        self.dispatch().await;
    }

    /// A new master key, to the end of the old one.
    pub(crate) async fn rotation(&self) {
        let ask = async |asked: Value| {
            let app = Arc::clone(&self.apps["bootstrap"]);
            let asked = serde_json::from_value(asked).unwrap();
            bootstrap::on_event(app, Some(asked)).await.unwrap()
        };
        assert_eq!(ask(json!({"rotateMaster": true})).await["number"], 2);
        let store = &*self.apps["sweeper"].store;
        while !store.find_resealing().await.unwrap().unwrap().done {
            sweeper::sweep(&self.apps["sweeper"]).await.unwrap();
            self.stage.clock.pass(RESEAL_WAIT);
        }
        assert_eq!(ask(json!({"forgetMaster": 1})).await, json!({"forgotten": 1}));
    }
}
