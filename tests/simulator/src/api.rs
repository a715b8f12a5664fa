//! Calls of the HTTP functions without a wire, and the catalog that is sold from.
//!
//! Neighbours: `stage` and `world`.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::Request;
use domain::stamp::Actor;
use domain::time::Time;
use edge::App;
use edge::provider::signature::sign;
use edge::secret::Secret;
use serde_json::{Value, json};
use tower::ServiceExt;

/// The HTTP functions behind one router.
#[derive(Clone)]
pub struct Api(Router);

/// A call.
#[derive(Clone, Debug)]
pub struct Call {
    /// HTTP method.
    pub verb: &'static str,
    /// Path and query.
    pub path: String,
    /// Names and values.
    pub headers: Vec<(&'static str, String)>,
    /// The raw body.
    pub body: String,
}

/// What was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// The body, as a text when it is no JSON; null when there is none.
    pub json: Value,
}

impl Reply {
    /// The code of a problem.
    pub fn code(&self) -> &str {
        self.json["code"].as_str().unwrap_or_default()
    }

    /// The body of an answer that must have this status.
    ///
    /// # Panics
    /// When it has another.
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.json);
        self.json
    }
}

impl Call {
    /// With a key.
    pub fn new(verb: &'static str, path: impl Into<String>, key: &str, body: &Value) -> Self {
        let headers = vec![
            ("authorization", format!("Bearer {key}")),
            ("content-type", "application/json".to_owned()),
            ("if-match", "*".to_owned()),
        ];
        let body = if body.is_null() { String::new() } else { body.to_string() };
        Self { verb, path: path.into(), headers, body }
    }

    /// With an Idempotency-Key.
    #[must_use]
    pub fn once(mut self, key: &str) -> Self {
        self.headers.push(("idempotency-key", key.to_owned()));
        self
    }
}

impl Api {
    /// Over a router.
    pub const fn new(router: Router) -> Self {
        Self(router)
    }

    /// Makes a call.
    ///
    /// # Panics
    /// When the call itself cannot be written.
    #[expect(clippy::expect_used, reason = "a test's own calls can be written")]
    pub async fn call(&self, call: &Call) -> Reply {
        let mut request = Request::builder().method(call.verb).uri(&call.path);
        for (name, value) in &call.headers {
            request = request.header(*name, value);
        }
        let request = request.body(Body::from(call.body.clone())).expect("a call");
        let Ok(answer) = self.0.clone().oneshot(request).await;
        let status = answer.status().as_u16();
        let bytes = to_bytes(answer.into_body(), usize::MAX).await.unwrap_or_default();
        let text = || Value::String(String::from_utf8_lossy(&bytes).into_owned());
        let json = match bytes[..] {
            [] => Value::Null,
            _ => serde_json::from_slice(&bytes).unwrap_or_else(|_| text()),
        };
        Reply { status, json }
    }
}

/// How a product is sold and provisioned.
#[derive(Clone, Debug)]
pub struct Terms {
    /// Waits of the method's ladder.
    pub ladder: Vec<&'static str>,
    /// CALLBACK or `ON_2XX`.
    pub completion: &'static str,
    /// The method's callback time-out.
    pub callback_timeout: &'static str,
    /// Product keys of the entitlement.
    pub keys: u32,
    /// Activations of each.
    pub quantity: u32,
    /// Products that are sold together, each with a request of its own.
    pub products: usize,
    /// Whether what was provided is taken back, and activations are acknowledged.
    pub whole: bool,
}

impl Default for Terms {
    fn default() -> Self {
        Self {
            ladder: vec!["PT0S", "PT5S", "PT5M"],
            completion: "CALLBACK",
            callback_timeout: "P1D",
            keys: 1,
            quantity: 10,
            products: 1,
            whole: false,
        }
    }
}

/// A method, and the secret that signs its callbacks.
#[derive(Clone, Debug)]
pub struct Door {
    /// The method.
    pub method: u64,
    /// The secret.
    pub secret: String,
}

/// A second API key, and its id.
#[derive(Clone, Debug)]
pub struct Clerk {
    /// Its id.
    pub id: u64,
    /// The key.
    pub key: String,
    /// Its role, which no other key has.
    pub role: u64,
}

/// A tenant with one product that is sold.
#[derive(Clone, Debug)]
pub struct Sale {
    /// The tenant's id.
    pub tenant: u64,
    /// An API key that may do everything.
    pub key: String,
    /// Another one, that may be revoked.
    pub clerk: Clerk,
    /// The product.
    pub product: u64,
    /// All that are sold together, the first one included.
    pub products: Vec<u64>,
    /// Whether what was provided is taken back.
    pub takes_back: bool,
    /// The plan.
    pub plan: u64,
    /// The product's method.
    pub door: Door,
    /// Another method, that it may be moved to.
    pub spare: Door,
    /// The entitlement's GUID.
    pub e_id: String,
    /// Its product keys.
    pub pk_ids: Vec<String>,
    /// A customer, for whom some of it is activated.
    pub customer: u64,
}

impl Sale {
    /// A new tenant, its catalog and an entitlement.
    ///
    /// # Panics
    /// When a step is refused.
    #[expect(clippy::expect_used, reason = "a test may end so")]
    pub async fn open(app: &App, api: &Api, terms: &Terms) -> Self {
        let tenant = app.stamp(Actor::System).id(0);
        let key = bootstrap::administrator(app, tenant).await.expect("a tenant");
        let call = async |verb, path: &str, body: Value| {
            let reply = api.call(&Call::new(verb, path, &key, &body)).await;
            assert!(reply.status < 300, "{path}: {}", reply.json);
            reply.json
        };
        let method = call("POST", "/v1/methods", method_of("Farm", terms)).await;
        let spare = call("POST", "/v1/methods", method_of("Spare", terms)).await;
        let plan = call("POST", "/v1/plans", plan_of("first")).await;
        let plan = number(&plan["id"]);
        let (door, other) = (Door::new(&method), Door::new(&spare));
        let mut products = Vec::new();
        for (name, door) in [("Pod", &door), ("Disk", &other)].iter().take(terms.products) {
            let body = json!({"nameVersion": {"name": name, "version": "1"},
                "provisioningEnabled": true});
            let product = number(&call("POST", "/v1/products", body).await["id"]);
            call("POST", &format!("/v1/products/{product}/complete"), json!({})).await;
            let path = format!("/v1/products/{product}/association");
            call("PUT", &path, association_of(plan, door.method, terms.whole)).await;
            products.push(product);
        }
        let made = call("POST", "/v1/entitlements", entitlement_of(&products, terms)).await;
        let e_id = text(&made["eId"]);
        let listed =
            call("GET", &format!("/v1/entitlements/{e_id}/product-keys"), Value::Null).await;
        let pk_ids = listed["data"].as_array().map(|rows| {
            let ids = rows.iter().map(|row| text(&row["pkId"]));
            ids.collect()
        });
        let me = call("GET", "/v1/me", Value::Null).await;
        let body = json!({"name": "Clerk", "permissions": me["permissions"]});
        let role = number(&call("POST", "/v1/roles", body).await["id"]);
        let made = call("POST", "/v1/api-keys", json!({"name": "Clerk", "roleId": role})).await;
        let clerk = Clerk { id: number(&made["id"]), key: text(&made["secret"]), role };
        let customer = call("POST", "/v1/customers", json!({"name": "Ada"})).await;
        Self {
            tenant: number(&me["tenantId"]),
            product: products.first().copied().unwrap_or_default(),
            products,
            takes_back: terms.whole,
            plan,
            door,
            spare: other,
            e_id,
            pk_ids: pk_ids.unwrap_or_default(),
            key,
            clerk,
            customer: number(&customer["id"]),
        }
    }

    /// An activation of a key.
    pub fn activation(&self, pk: usize, quantity: u32) -> Call {
        let body = json!({"pkId": self.pk_ids[pk], "activationQuantity": quantity});
        Call::new("POST", "/v1/activations", &self.key, &body)
    }
}

impl Door {
    /// Of a method that was just made.
    pub fn new(method: &Value) -> Self {
        Self { method: number(&method["id"]), secret: text(&method["callbackSecret"]) }
    }

    /// A callback about a request, which its body names, signed at `at`.
    pub fn report(
        &self,
        request: u64,
        query: &str,
        webhook_id: &str,
        at: Time,
        body: &str,
    ) -> Call {
        let secret = Secret::from_whsec(&self.secret);
        let mut body: Value = serde_json::from_str(body).unwrap_or_default();
        if let Some(members) = body.as_object_mut() {
            members.entry("id").or_insert_with(|| request.into());
        }
        let body = body.to_string();
        let mut headers = sign(secret.as_slice(), webhook_id, at, body.as_bytes());
        headers.push(("content-type", "application/json".to_owned()));
        let path = format!("/v1/callbacks/{}/provisioning-requests/{request}{query}", self.method);
        Call { verb: "POST", path, headers, body }
    }
}

/// The body of a method.
pub fn method_of(name: &str, terms: &Terms) -> Value {
    json!({"name": name, "type": "CALLOUT", "completion": terms.completion,
        "endpointUrl": "https://farm.example.com/pods", "retryLadder": terms.ladder,
        "callbackTimeout": terms.callback_timeout, "timeout": "PT10S"})
}

/// The body of the plan; `version` goes into the payload.
pub fn plan_of(version: &str) -> Value {
    json!({"name": "Pods", "definition": {"version": version,
        "id": "$.provisioningRequest.id",
        "quantity": "$.provisioningRequest.activationRef.activation.activationQuantity"}})
}

/// The body of an association, with a plan that takes back where that is wanted.
pub fn association_of(plan: u64, method: u64, takes_back: bool) -> Value {
    let back = takes_back.then_some(plan);
    json!({"planId": plan, "methodId": method, "deprovisionPlanId": back})
}

fn entitlement_of(products: &[u64], terms: &Terms) -> Value {
    let products: Vec<Value> = products.iter().map(|id| json!({"productId": id})).collect();
    let asks = json!({"attributeName": "ACKNOWLEDGEMENT_REQUEST", "attributeValue": "true"});
    let attributes: Vec<Value> = terms.whole.then_some(asks).into_iter().collect();
    json!({"action": "PRODUCE", "entitlementItems": [{
        "lineItemType": "Product_Key", "numProductKeys": terms.keys,
        "numActivationPerProductKey": terms.quantity, "itemProducts": products,
        "activationAttributes": attributes}]})
}

/// A number of an answer; 0 when it is none.
pub fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_default()
}

/// A text of an answer.
pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
