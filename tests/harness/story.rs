//! The main job's catalog, made call by call, and signed callbacks.

use domain::ids::{Entropy, sha256_hex};
use domain::time::{Period, Time};
use edge::ports::{Clock, SystemClock};
use edge::provider::signature::sign;
use edge::secret::Secret;
use local::demo::DEFINITION;
use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{Client, Reply};
use crate::provider::ScriptedProvider;
use crate::service::Service;
use crate::until;

/// A service, a provider, and a product that is sold. The service may be this process's own, or
/// any other that a client leads to.
pub struct Story<S = Service> {
    /// The service.
    pub service: S,
    /// Its administrator's client.
    pub admin: Client,
    /// The provider.
    pub provider: ScriptedProvider,
    /// The product's id.
    pub product: u64,
    /// The customer's id.
    pub customer: u64,
    /// The plan's id.
    pub plan: u64,
    /// The method's id.
    pub method: u64,
    /// The callback secret, as it was shown once.
    pub secret: String,
    /// The entitlement's GUID.
    pub e_id: String,
    /// Its first product key.
    pub pk_id: String,
}

/// A ladder that tests can wait for.
pub const LADDER: [&str; 3] = ["PT0S", "PT0.02S", "PT0.02S"];

impl Story {
    /// A service of its own, with everything up to a product key of ten activations.
    pub async fn begin() -> Self {
        let service = Service::start().await;
        let admin = service.admin.clone();
        Self::over(service, admin).await
    }
}

impl<S> Story<S> {
    /// The same over a service that runs.
    pub async fn over(service: S, client: Client) -> Self {
        let (admin, provider) = (&client, ScriptedProvider::start().await);
        let body = json!({"name": "Pod farm", "type": "CALLOUT", "completion": "CALLBACK",
            "endpointUrl": provider.url, "retryLadder": LADDER});
        let method = admin.post("/v1/methods", &body).await.expect(201);
        let body = json!({"name": "Pods", "definition": DEFINITION});
        let plan = admin.post("/v1/plans", &body).await.expect(201);
        let product = product(admin, "Printer-Scanner").await;
        let body = json!({"identifier": "C-0041", "name": "Tucano Ltd",
            "emails": ["it@tucano.example"]});
        let customer = admin.post("/v1/customers", &body).await.expect(201);
        let (plan, method_id) = (id(&plan), id(&method));
        associate(admin, product, plan, method_id).await;
        let (e_id, pk_id) = entitle(admin, product, id(&customer)).await;
        Self {
            customer: id(&customer),
            secret: method["callbackSecret"].as_str().unwrap().to_owned(),
            method: method_id,
            service,
            admin: client,
            provider,
            product,
            plan,
            e_id,
            pk_id,
        }
    }

    /// The administrator's client.
    pub const fn admin(&self) -> &Client {
        &self.admin
    }

    /// Activates so much of the key; gives the request's id.
    pub async fn activate(&self, quantity: u32) -> u64 {
        let body = json!({"pkId": self.pk_id, "activationQuantity": quantity});
        let made = self.admin().post("/v1/activations", &body).await.expect(201);
        id(&made["provisioningRequests"][0])
    }

    /// The request as it is.
    pub async fn request(&self, id: u64) -> Value {
        self.admin().get(&format!("/v1/provisioning-requests/{id}")).await.expect(200)
    }

    /// Waits until the request has a status.
    pub async fn until_status(&self, id: u64, status: &str) -> Value {
        until(&format!("{status} of request {id}"), || async move {
            let request = self.request(id).await;
            (request["status"] == status).then_some(request)
        })
        .await
    }

    /// A callback of this story's method, signed just now.
    pub async fn report(&self, id: u64, webhook_id: &str, body: &Value) -> Reply {
        self.report_with(id, webhook_id, body, SystemClock.now(), &self.secret, "").await
    }

    /// A callback with any time, secret and query.
    pub async fn report_with(
        &self,
        id: u64,
        webhook_id: &str,
        body: &Value,
        at: Time,
        secret: &str,
        query: &str,
    ) -> Reply {
        let path = format!("/v1/callbacks/{}/provisioning-requests/{id}{query}", self.method);
        let mut body = body.clone();
        if let Some(members) = body.as_object_mut() {
            members.entry("id").or_insert_with(|| id.into());
        }
        let body = body.to_string();
        let secret = Secret::from_whsec(secret).unwrap();
        let headers = sign(&[secret], webhook_id, at, body.as_bytes());
        let headers: Vec<(&str, &str)> =
            headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let nobody = self.admin().with_key("");
        nobody.call(Method::POST, &path, &headers, Some(body.into_bytes())).await
    }
}

/// The id of an entity.
pub fn id(entity: &Value) -> u64 {
    entity["id"].as_u64().unwrap_or_else(|| panic!("no id in {entity}"))
}

/// A complete product whose activation is provisioned.
pub async fn product(client: &Client, name: &str) -> u64 {
    let body = json!({"nameVersion": {"name": name, "version": "1"}, "provisioningEnabled": true});
    let product = id(&client.post("/v1/products", &body).await.expect(201));
    client.post(&format!("/v1/products/{product}/complete"), &json!({})).await.expect(200);
    product
}

/// Sets plan and method of a product.
pub async fn associate(client: &Client, product: u64, plan: u64, method: u64) {
    let body = json!({"planId": plan, "methodId": method});
    client.put(&format!("/v1/products/{product}/association"), &body).await.expect(200);
}

/// A produced entitlement with one key of ten: its GUID and its key.
pub async fn entitle(client: &Client, product: u64, customer: u64) -> (String, String) {
    let body = json!({"customerId": customer, "action": "PRODUCE", "entitlementItems": [{
        "lineItemType": "Product_Key", "numProductKeys": 1, "numActivationPerProductKey": 10,
        "itemProducts": [{"productId": product}]}]});
    let made = client.post("/v1/entitlements", &body).await.expect(201);
    let e_id = made["eId"].as_str().unwrap().to_owned();
    let keys = client.get(&format!("/v1/entitlements/{e_id}/product-keys")).await.expect(200);
    (e_id, keys["data"][0]["pkId"].as_str().unwrap().to_owned())
}

/// A callback secret that nobody knows.
pub fn other_secret() -> String {
    Secret::callback(&Entropy::new([9; 32])).whsec()
}

/// An instant so many days from now.
pub fn days_ahead(days: i64) -> String {
    SystemClock.now().after(Period::from_secs(days * 86_400)).to_string()
}

/// A webhook id made of a text.
pub fn webhook_id(text: &str) -> String {
    format!("msg_{}", &sha256_hex(text.as_bytes())[..16])
}
