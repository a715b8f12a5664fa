//! The visits of `permissions` to provisioning requests.

use domain::request::dispatched::{Answer, Heard};
use domain::time::Period;
use serde_json::{Value, json};
use simulator::api::{Door, text};

use crate::permissions::Town;

/// Where CRM.COM shows a request.
const SHOW: &str = "/crmapi/rest/v2/provisioning/provisioning_requests/show";

impl Town {
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
}
