//! The demo: one catalog, and one entitlement run through before the user's eyes.
//!
//! Neighbours: `main`. It is a client like any other: everything goes over HTTP with a key, and
//! every step has an Idempotency-Key, so that a start that was interrupted goes on.

use edge::secret::Secret;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::api::{Api, ApiError};
use crate::data_dir::FolderError;
use crate::database::ADMIN_KEY;
use crate::limits::DEMO_LOOK;
use crate::service::Running;

/// Why the demo ended early.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// The service.
    #[error("{0}")]
    Api(#[from] ApiError),
    /// The data folder.
    #[error("{0}")]
    Folder(#[from] FolderError),
}

/// A client of this service.
pub struct Demo<'a> {
    running: &'a Running,
    api: Api,
    say: fn(&str),
}

/// The file that remembers what the demo made.
const FILE: &str = "demo.json";
/// Terminal statuses.
const AT_REST: [&str; 3] = ["COMPLETED", "FAILED", "DISPATCH_FAILED"];

/// Source 001's Definition Example, with its spelling.
pub const DEFINITION: &str = include_str!("definition.json");

/// The same with the number of pods that was sold, in place of the source's "5".
fn definition() -> String {
    let product = "$.provisioningRequest.activationRef.activation.activationProductKey\
                   .activationItem.activationProduct";
    let sold = "activationFeatures.activationFeature[0].attributes\
                .attribute[?(@.name == 'EXECUTION_COUNT')].value";
    DEFINITION.replace("\"5\"", &format!("\"{product}.{sold}\""))
}

impl<'a> Demo<'a> {
    /// A client with the administrator's key; `say` shows a line.
    ///
    /// # Errors
    /// When the HTTP client cannot be made.
    pub fn new(running: &'a Running, say: fn(&str)) -> Result<Self, DemoError> {
        let api = Api::new(&running.api, &running.api_key, running.app.egress.clone())?;
        Ok(Self { running, api, say })
    }

    /// Makes the catalog and runs one entitlement, or finds what an earlier start made.
    ///
    /// # Errors
    /// The refusal.
    pub async fn run(&self) -> Result<(), DemoError> {
        let Some(text) = self.running.data.find(FILE)? else { return self.first().await };
        let made: Value = serde_json::from_str(&text).unwrap_or_default();
        self.follow(&made["methodId"], made["secret"].as_str().unwrap_or_default()).await?;
        if let Some(id) = made["requestId"].as_u64() {
            let request = self.get(&format!("/v1/provisioning-requests/{id}")).await?;
            (self.say)(&format!("  found request {id}: {}", text_of(&request["status"])));
            self.line(&made["pkId"], id);
            return Ok(());
        }
        self.story(made).await
    }

    async fn first(&self) -> Result<(), DemoError> {
        let (name, method) = self.method().await?;
        let secret = method["callbackSecret"].as_str().unwrap_or_default();
        let made = json!({"methodId": method["id"], "method": name, "secret": secret});
        self.remember(&made)?;
        self.follow(&method["id"], secret).await?;
        self.story(made).await
    }

    /// The method's secret is shown once. If an earlier start lost it, another method is made.
    async fn method(&self) -> Result<(String, Value), DemoError> {
        let mut number = 1;
        loop {
            let name = match number {
                1 => "Demo provider".to_owned(),
                n => format!("Demo provider {n}"),
            };
            let body = json!({
                "name": name, "type": "CALLOUT", "completion": "CALLBACK",
                "endpointUrl": self.endpoint(),
                "retryLadder": ["PT0S", "PT1S", "PT2S", "PT5S", "PT10S"],
            });
            match self.post("/v1/methods", &format!("demo-method-{number}"), &body).await {
                Ok(method) if method["callbackSecret"].is_string() => return Ok((name, method)),
                Ok(_) | Err(ApiError::Refused { .. }) if number < 100 => number += 1,
                Ok(method) => return Ok((name, method)),
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Tells the provider its secret, the method its address, and goes on with what was open.
    async fn follow(&self, method: &Value, secret: &str) -> Result<(), DemoError> {
        if let Some(secret) = Secret::from_whsec(secret) {
            self.running.demo_provider.learn(secret);
        }
        let path = format!("/v1/methods/{method}");
        let found = self.get(&path).await?;
        if found["endpointUrl"] != json!(self.endpoint()) {
            let mut body = json!({"endpointUrl": self.endpoint()});
            for member in [
                "name",
                "description",
                "type",
                "completion",
                "timeout",
                "retryLadder",
                "callbackTimeout",
            ] {
                body[member] = found[member].clone();
            }
            self.api.call(Method::PUT, &path, &[("if-match", "*")], Some(&body)).await?;
        }
        let open = format!(
            "/v1/provisioning-requests?status=REQUEST_SENT,IN_PROGRESS&methodId={method}&limit=100"
        );
        for row in self.get(&open).await?["data"].as_array().into_iter().flatten() {
            let id = row["id"].to_string();
            (self.say)(&format!("  going on with request {id}"));
            let api = &self.running.api;
            let url = format!("{api}/v1/callbacks/{method}/provisioning-requests/{id}");
            self.running.demo_provider.work(&id, url);
        }
        Ok(())
    }

    async fn story(&self, mut made: Value) -> Result<(), DemoError> {
        let version = json!({"name": "Printer-Scanner", "version": "1"});
        let pod = json!({"nameVersion": {"name": "Pod", "version": "1"}});
        let feature = self.step("feature", "/v1/features", "demo-feature", &pod).await?;
        // Counted, and how many is said at the sale.
        let counted = json!({"featureId": feature["id"], "licenseModelId": 1,
            "attributes": [{"attributeId": 2, "saot": true}]});
        let body = json!({"nameVersion": version, "provisioningEnabled": true,
            "features": [counted]});
        let product = self.step("product", "/v1/products", "demo-product", &body).await?;
        let complete = format!("/v1/products/{}/complete", product["id"]);
        self.post(&complete, "demo-complete", &json!({})).await?;
        let body =
            json!({"identifier": "C-0041", "name": "Tucano Ltd", "emails": ["it@tucano.example"]});
        let customer = self.step("customer", "/v1/customers", "demo-customer", &body).await?;
        let body = json!({"name": "Pods", "definition": definition()});
        let plan = self.step("plan", "/v1/plans", "demo-plan", &body).await?;
        let association = format!("/v1/products/{}/association", product["id"]);
        let body = json!({"planId": plan["id"], "methodId": made["methodId"]});
        self.api.call(Method::PUT, &association, &[], Some(&body)).await?;
        let body = json!({
            "customerId": customer["id"], "action": "PRODUCE",
            "entitlementItems": [{
                "lineItemType": "Product_Key", "numProductKeys": 1,
                "numActivationPerProductKey": 10, "itemProducts": [{
                    "productId": product["id"], "features": [{
                        "featureId": feature["id"],
                        "attributes": [{"attributeId": 2, "value": "500"}],
                    }],
                }],
            }],
        });
        let entitlement =
            self.step("entitlement", "/v1/entitlements", "demo-entitlement", &body).await?;
        let keys = format!("/v1/entitlements/{}/product-keys", text_of(&entitlement["eId"]));
        let keys = self.get(&keys).await?;
        made["pkId"] = keys["data"][0]["pkId"].clone();
        let body = json!({"pkId": made["pkId"], "activationQuantity": 5});
        let activation =
            self.step("activation", "/v1/activations", "demo-activation", &body).await?;
        let id = activation["provisioningRequests"][0]["id"].as_u64().unwrap_or_default();
        made["requestId"] = id.into();
        self.remember(&made)?;
        self.watch(id).await?;
        self.line(&made["pkId"], id);
        Ok(())
    }

    /// Shows each move of the request as it happens.
    async fn watch(&self, id: u64) -> Result<(), DemoError> {
        (self.say)(&format!("  provisioning request {id}"));
        let mut shown = 0;
        loop {
            let request = self.get(&format!("/v1/provisioning-requests/{id}")).await?;
            let history = request["history"].as_array().cloned().unwrap_or_default();
            for step in history.iter().skip(shown) {
                let [at, row, state, by] =
                    ["at", "row", "state", "by"].map(|member| text_of(&step[member]));
                (self.say)(&format!("    {at}  {row:<4} {state:<15} by {by}"));
            }
            shown = history.len();
            let status = text_of(&request["status"]);
            if AT_REST.contains(&status.as_str()) {
                (self.say)(&format!("  payload as it was sent: {}", text_of(&request["payload"])));
                return Ok(());
            }
            sleep(DEMO_LOOK).await;
        }
    }

    fn line(&self, pk_id: &Value, id: u64) {
        let (api, key, pk_id) = (&self.running.api, &self.running.api_key, text_of(pk_id));
        (self.say)("\nTry it yourself:\n");
        (self.say)(&format!(
            "  curl -s {api}/v1/provisioning-requests/{id} -H 'Authorization: Bearer {key}'\n"
        ));
        let own = self.running.data.path().join(ADMIN_KEY);
        (self.say)(&format!(
            "  cargo run -- requests show {id} --api {api} --key-file {}\n",
            own.display()
        ));
        (self.say)(&format!(
            "  curl -s {api}/v1/activations -H 'Authorization: Bearer {key}' \\\n    \
             -H 'Content-Type: application/json' \\\n    \
             -d '{{\"pkId\":\"{pk_id}\",\"activationQuantity\":1}}'\n"
        ));
    }

    fn endpoint(&self) -> String {
        format!("{}/", self.running.provider_url)
    }

    fn remember(&self, made: &Value) -> Result<(), DemoError> {
        Ok(self.running.data.keep(FILE, &made.to_string())?)
    }

    async fn step(
        &self,
        what: &str,
        path: &str,
        key: &str,
        body: &Value,
    ) -> Result<Value, DemoError> {
        let made = self.post(path, key, body).await?;
        (self.say)(&format!("  {what:<12} {}", made["id"]));
        Ok(made)
    }

    async fn get(&self, path: &str) -> Result<Value, ApiError> {
        self.api.get(path).await
    }

    async fn post(&self, path: &str, key: &str, body: &Value) -> Result<Value, ApiError> {
        self.api.call(Method::POST, path, &[("idempotency-key", key)], Some(body)).await
    }
}

fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
