//! The visits of `permissions` to what is sold: drafts, XML documents, revocations.

use domain::time::Period;
use serde_json::{Value, json};
use simulator::api::{Call, Door, Terms, method_of, number, text};

use crate::permissions::Town;

impl Town {
    /// A draft that is changed and deleted; its customer and partner are named by e-mail.
    pub(crate) async fn draft(&mut self) {
        let body = json!({"name": "Reseller", "emails": ["r@s.example"]});
        self.post("/v1/partners", body, 201).await;
        let own = json!({"customAttribute": [{"name": "Site", "value": "Lima"}]});
        let body = json!({"partnerEmail": "r@s.example", "customAttributes": own});
        let draft = self.post("/v1/entitlements", body, 201).await;
        let path = format!("/v1/entitlements/{}", text(&draft["eId"]));
        self.other("PUT", &path, json!({"refId1": "R-1"}), 200).await;
        self.other("DELETE", &path, Value::Null, 204).await;
    }

    /// The same by XML.
    pub(crate) async fn documents(&mut self, product: u64) {
        let document = format!(
            "<entitlement><entitlementItem><lineItemType>Product_Key</lineItemType><itemProduct>\
             <productId>{product}</productId></itemProduct></entitlementItem></entitlement>"
        );
        let xml = |town: &Self, verb, path: &str, body: &str| {
            let mut call = Call::new(verb, path, &town.key, &Value::Null);
            call.headers[1] = ("content-type", "application/xml".to_owned());
            Call { body: body.to_owned(), ..call }
        };
        let made = xml(self, "PUT", "/v90/ws/entitlement.ws", &document);
        self.call(&made, 201).await;
        let list = self.get("/v1/entitlements?state=DRAFT").await;
        let path = format!("/v90/ws/entitlement/{}.ws", list["data"][0]["id"]);
        for (verb, path, body) in [
            ("POST", path.as_str(), document.as_str()),
            ("GET", &path, ""),
            ("GET", "/v90/ws/entitlement.xsd", ""),
        ] {
            self.call(&xml(self, verb, path, body), 200).await;
        }
    }

    /// Activations that are acknowledged, and revoked with what was provisioned.
    pub(crate) async fn revocations(&mut self, product: u64, door: &Door) {
        let asks = json!([{"attributeName": "ACKNOWLEDGEMENT_REQUEST", "attributeValue": "true"}]);
        let body = json!({"action": "PRODUCE", "entitlementItems": [{
            "lineItemType": "Product_Key", "numActivationPerProductKey": 3,
            "activationAttributes": asks, "itemProducts": [{"productId": product}]}]});
        let e_id = text(&self.post("/v1/entitlements", body, 201).await["eId"]);
        let keys = self.get(&format!("/v1/entitlements/{e_id}/product-keys")).await;
        let own = json!({"customAttribute": [{"name": "Site", "value": "Lima"}]});
        let customers = self.get("/v1/customers").await;
        let one = json!({"pkId": keys["data"][0]["pkId"], "activationQuantity": 1,
            "customAttributes": own, "customerId": customers["data"][0]["id"]});
        let body = json!({"activations": [one, {}]});
        let many = self.post("/v1/activations/bulk", body, 200).await;
        let path = format!("/v1/activations/{}", text(&many["data"][0]["activation"]["aid"]));
        self.post(&format!("{path}/acknowledge"), Value::Null, 200).await;
        self.dispatch().await;
        let first = number(&many["data"][0]["activation"]["provisioningRequests"][0]["id"]);
        self.report(door, first, "p1", json!({"status": "COMPLETED"}), 200).await;
        let revoked = self.post(&format!("{path}/revoke"), json!({}), 200).await;
        self.dispatch().await;
        let back = number(&revoked["provisioningRequests"][1]["id"]);
        self.report(door, back, "d1", json!({"status": "COMPLETED"}), 200).await;
        assert_eq!(self.get(&path).await["state"], "REVOKED");
        // What is still being provided is taken back by whoever brings it to rest: its provider, or
        // the sweeper.
        for reports in [true, false] {
            let pk_id = text(&keys["data"][0]["pkId"]);
            let (made, request) = self.activate(&pk_id, 1).await;
            self.dispatch().await;
            let path = format!("/v1/activations/{}", text(&made["aid"]));
            self.post(&format!("{path}/revoke"), json!({}), 200).await;
            if reports {
                self.report(door, request, "p2", json!({"status": "COMPLETED"}), 200).await;
            } else {
                self.stage.clock.pass(Period::from_secs(91 * 86_400));
                sweeper::sweep(&self.apps["sweeper"]).await.unwrap();
            }
            let count = self.get(&path).await["provisioningRequests"].as_array().unwrap().len();
            assert_eq!(count, 2);
        }
        // By the dispatcher, where the provider's answer completes what takes back.
        let method = format!("/v1/methods/{}", door.method);
        let at_once = Terms { completion: "ON_2XX", ..Terms::default() };
        let name = text(&self.get(&method).await["name"]);
        self.other("PUT", &method, method_of(&name, &at_once), 200).await;
        let (made, _) = self.activate(&text(&keys["data"][0]["pkId"]), 1).await;
        self.dispatch().await;
        let path = format!("/v1/activations/{}", text(&made["aid"]));
        self.post(&format!("{path}/revoke"), json!({}), 200).await;
        self.dispatch().await;
        assert_eq!(self.get(&path).await["state"], "REVOKED");
    }
}
