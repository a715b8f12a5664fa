//! Source 004 by XML: its steps as documents, every rule broken once with its text, the round trip
//! to GET and to the JSON API. The schema and harmful documents stand in `ldk_documents`.

use harness::story::{id, product};
use harness::{Client, Reply, Service};
use reqwest::Method;
use serde_json::{Value, json};

use crate::specified::licensed;

pub(crate) const PUT: &str = "/v90/ws/entitlement.ws";

/// The documents of the folder `ldk`.
pub(crate) const DOCUMENTS: [(&str, &str); 7] = [
    ("step-1", include_str!("ldk/step-1.xml")),
    ("step-2", include_str!("ldk/step-2.xml")),
    ("step-3", include_str!("ldk/step-3.xml")),
    ("step-4", include_str!("ldk/step-4.xml")),
    ("step-5", include_str!("ldk/step-5.xml")),
    ("step-6", include_str!("ldk/step-6.xml")),
    ("whole", include_str!("ldk/whole.xml")),
];

/// A vendor with two complete products, a customer with a contact, and a partner.
pub(crate) struct Vendor {
    service: Service,
    ids: Vec<(&'static str, u64)>,
}

impl Vendor {
    pub(crate) async fn open() -> Self {
        let service = Service::start().await;
        let admin = &service.admin;
        let (suite, [print, scan]) = licensed(admin).await;
        let plain = product(admin, "Manual").await;
        let body = json!({"name": "Tucano", "emails": ["it@t.example"]});
        let customer = id(&admin.post("/v1/customers", &body).await.expect(201));
        let body = json!({"name": "Seller", "emails": ["r@s.example"]});
        let partner = id(&admin.post("/v1/partners", &body).await.expect(201));
        let body = json!({"emailId": "ann@t.example"});
        let contacts = format!("/v1/customers/{customer}/contacts");
        let contact = id(&admin.post(&contacts, &body).await.expect(201));
        let ids = vec![
            ("{SUITE}", suite),
            ("{PRINT}", print),
            ("{SCAN}", scan),
            ("{PLAIN}", plain),
            ("{CUSTOMER}", customer),
            ("{PARTNER}", partner),
            ("{CONTACT}", contact),
        ];
        Self { service, ids }
    }

    pub(crate) fn admin(&self) -> &Client {
        &self.service.admin
    }

    /// A document of the folder with the vendor's ids.
    pub(crate) fn document(&self, name: &str) -> String {
        let (_, text) = DOCUMENTS.iter().find(|(other, _)| *other == name).unwrap();
        self.filled(text)
    }

    pub(crate) fn filled(&self, text: &str) -> String {
        self.ids
            .iter()
            .fold(text.to_owned(), |text, (name, id)| text.replace(name, &id.to_string()))
    }

    pub(crate) async fn put(&self, document: &str) -> Reply {
        let headers = [("content-type", "application/xml")];
        let body = Some(self.filled(document).into_bytes());
        self.admin().call(Method::PUT, PUT, &headers, body).await
    }

    pub(crate) async fn post(&self, ent_id: &str, document: &str) -> Reply {
        let path = format!("/v90/ws/entitlement/{ent_id}.ws");
        let headers = [("content-type", "text/xml; charset=utf-8")];
        let body = Some(self.filled(document).into_bytes());
        self.admin().call(Method::POST, &path, &headers, body).await
    }

    /// Makes one; gives its entId.
    pub(crate) async fn made(&self, document: &str) -> String {
        let reply = self.put(document).await;
        assert_eq!((reply.status, reply.text.as_str()), (201, ""), "{document}");
        reply.header("location").to_owned()
    }

    pub(crate) async fn get(&self, ent_id: &str) -> String {
        let reply = self.admin().get(&format!("/v90/ws/entitlement/{ent_id}.ws")).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        assert_eq!(reply.header("content-type"), "application/xml; charset=utf-8");
        reply.text
    }

    /// The same entitlement by the JSON API.
    pub(crate) async fn json(&self, ent_id: &str) -> Value {
        let document = self.get(ent_id).await;
        let e_id = between(&document, "<eId>", "</eId>").to_owned();
        self.admin().get(&format!("/v1/entitlements/{e_id}")).await.expect(200)
    }
}

fn between<'a>(text: &'a str, from: &str, to: &str) -> &'a str {
    text.split_once(from).unwrap().1.split_once(to).unwrap().0
}

/// Holds a refusal against its status and its words, which are all of it.
pub(crate) fn told(reply: &Reply, status: u16, words: &str) {
    assert_eq!((reply.status, reply.text.as_str()), (status, words));
    assert_eq!(reply.header("content-type"), "text/plain; charset=utf-8");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_step_of_the_source_is_accepted() {
    let vendor = Vendor::open().await;
    let step = |action: &str| vendor.document("step-1").replace("{ACTION}", action);
    for (action, state) in [("SAVE", "DRAFT"), ("QUEUE", "QUEUED"), ("PRODUCE", "PRODUCED")] {
        let ent_id = vendor.made(&step(action)).await;
        assert_eq!(vendor.json(&ent_id).await["state"], state, "step 1 with {action}");
    }
    for action in ["ENABLE", "DISABLE", "REOPEN"] {
        let text = format!("Action {action} is not applicable for a new Entitlement.");
        told(&vendor.put(&step(action)).await, 400, &text);
    }
    let two = vendor.json(&vendor.made(&vendor.document("step-2")).await).await;
    let products = &two["entitlementItems"][0]["itemProducts"];
    assert_eq!(products[0]["features"][0]["attributes"][2]["value"], "10000000");
    assert_eq!(products[0]["features"].as_array().unwrap().len(), 2);
    assert_eq!(products[1]["features"], json!([]), "all, as the product has them");
    let three = vendor.json(&vendor.made(&vendor.document("step-3")).await).await;
    let sold = &three["entitlementItems"][0]["itemProducts"][0];
    assert_eq!((&three["state"], &sold["memoryData"]), (&json!("QUEUED"), &json!("00FF & 7E")));
    let four = vendor.json(&vendor.made(&vendor.document("step-4")).await).await;
    let features = &four["entitlementItems"][0]["itemProducts"][0]["features"];
    assert_eq!(features.as_array().unwrap().len(), 1, "one is excluded");
    let five = vendor.json(&vendor.made(&vendor.document("step-5")).await).await;
    let asked = &five["entitlementItems"][0]["activationAttributes"];
    let wanted = json!([{"attributeName": "ACKNOWLEDGEMENT_REQUEST", "attributeValue": "true"}]);
    assert_eq!(*asked, wanted);
    let six = vendor.json(&vendor.made(&vendor.document("step-6")).await).await;
    let keys = json!(["43243243243", "43243243244"]);
    assert_eq!(six["entitlementItems"][0]["protectionKeyIds"], keys);
}

#[tokio::test(flavor = "multi_thread")]
async fn actions_work_on_an_entitlement_that_exists() {
    let vendor = Vendor::open().await;
    let step = |action: &str| vendor.document("step-1").replace("{ACTION}", action);
    let alone = |action: &str| format!("<entitlement><action>{action}</action></entitlement>");
    let ent_id = vendor.made(&step("SAVE")).await;
    for (action, state) in [
        ("SAVE", "DRAFT"),
        ("QUEUE", "QUEUED"),
        ("REOPEN", "DRAFT"),
        ("QUEUE", "QUEUED"),
        ("PRODUCE", "PRODUCED"),
        ("DISABLE", "PRODUCED"),
        ("ENABLE", "PRODUCED"),
        ("REOPEN", "DRAFT"),
        ("PRODUCE", "PRODUCED"),
    ] {
        let reply = vendor.post(&ent_id, &alone(action)).await;
        assert_eq!((reply.status, reply.text.as_str()), (200, ""), "{action}");
        assert_eq!(reply.header("location"), ent_id);
        assert_eq!(vendor.json(&ent_id).await["state"], state, "{action}");
    }
    let refused = vendor.post(&ent_id, &alone("QUEUE")).await;
    let text = "QUEUE is not possible in state PRODUCED. Possible: REOPEN, DISABLE, ACTIVATE.";
    told(&refused, 400, text);
    let text = "UPDATE is not possible in state PRODUCED. Possible: REOPEN, DISABLE, ACTIVATE.";
    told(&vendor.post(&ent_id, &step("SAVE")).await, 400, text);
    let text = "Action REOPEN stands alone: send no other elements.";
    told(&vendor.post(&ent_id, &step("REOPEN")).await, 400, text);
    vendor.post(&ent_id, &alone("REOPEN")).await;
    let update = vendor.post(&ent_id, &vendor.document("step-5").replace("PRODUCE", "QUEUE")).await;
    assert_eq!(update.status, 200, "{}", update.text);
    assert_eq!(vendor.json(&ent_id).await["state"], "QUEUED");
    for wrong in ["7", "x", ""] {
        let text = format!("Cannot find an Entitlement corresponding to ID {wrong}.");
        told(&vendor.post(wrong, &alone("QUEUE")).await, 404, &text);
    }
    let keyed = vendor.admin().get(&format!("/v90/ws/entitlement/{ent_id}")).await;
    assert_eq!(keyed.status, 404, "the suffix belongs to the address");
}

/// A document of one item with this inside.
fn item(inner: &str) -> String {
    format!(
        "<entitlement><action>PRODUCE</action><entitlementItem>{inner}\
         <itemProduct><productId>{{PLAIN}}</productId></itemProduct>\
         </entitlementItem></entitlement>"
    )
}

fn typed(kind: &str, inner: &str) -> String {
    item(&format!("<lineItemType>{kind}</lineItemType>{inner}"))
}

/// One of product keys, with this beside the item.
fn beside(inner: &str) -> String {
    let document = typed("Product_Key", "");
    document.replace("<entitlementItem>", &format!("{inner}<entitlementItem>"))
}

/// Rules of line items: what is in one, and what is answered.
#[rustfmt::skip]
const ITEMS: &[(&str, &str, &str)] = &[
    ("Key", "", "lineItemType: \"Key\" is no value of this element; see the schema."),
    ("Hardware_Key", "", "PRODUCE is not possible for Hardware_Key."),
    ("ProtectionKey_Update", "<protectionKeyId>1</protectionKeyId>",
        "PRODUCE is not possible for ProtectionKey_Update."),
    ("ProtectionKey_Update", "", "protectionKeyId: needed for ProtectionKey_Update."),
    ("Product_Key", "<protectionKeyId>1</protectionKeyId>",
        "protectionKeyId: only for ProtectionKey_Update."),
    ("Product_Key", "<numProductKeys>0</numProductKeys>",
        "numProductKeys: must lie between 1 and 10000."),
    ("Product_Key", "<numProductKeys>10001</numProductKeys>",
        "numProductKeys: must lie between 1 and 10000."),
    ("Hardware_Key", "<numProductKeys>2</numProductKeys>",
        "numProductKeys: must lie between 1 and 1."),
    ("Product_Key", "<numActivationPerProductKey>2147483648</numActivationPerProductKey>",
        "numActivationPerProductKey: must lie between 1 and 2147483647."),
    ("Product_Key", "<Priority>A</Priority>", "Priority: must be D."),
    ("Product_Key", "<enforcementId>2</enforcementId>",
        "enforcementId: the only enforcementId is 1."),
    ("Product_Key", "<activationAttribute><attributeName>ACKNOWLEDGEMENT_REQUEST</attributeName>\
        <attributeValue>maybe</attributeValue></activationAttribute>",
        "activationAttribute[1]/attributeValue: ACKNOWLEDGEMENT_REQUEST is TRUE or FALSE, in upper \
        or lower case."),
];

/// Rules of what is beside the items.
#[rustfmt::skip]
const BESIDE: &[(&str, &str)] = &[
    ("<entState>QUEUED</entState>", "entState QUEUED does not go with action PRODUCE."),
    ("<entState>SOLD</entState>",
        "entState: \"SOLD\" is no value of this element; see the schema."),
    ("<registrationRequired>MAYBE</registrationRequired>",
        "registrationRequired: \"MAYBE\" is no value of this element; see the schema."),
    ("<customerId>9</customerId>", "Cannot find a Customer corresponding to ID 9."),
    ("<partnerId>9</partnerId>", "Cannot find a Channel Partner corresponding to ID 9."),
    ("<customerEmail>x@y.z</customerEmail>",
        "Cannot find a Customer corresponding to email x@y.z."),
    ("<startDate>2026-02-30</startDate>",
        "startDate: \"2026-02-30\" is no value of this element; see the schema."),
    ("<action>QUEUE</action>",
        "The XML does not comply with the schema: action stands twice; keep one."),
];

#[tokio::test(flavor = "multi_thread")]
async fn every_rule_is_broken_once_with_its_text() {
    let vendor = Vendor::open().await;
    for (kind, inner, text) in ITEMS {
        let of_item = !text.starts_with(char::is_uppercase) || text.starts_with("Priority");
        let at = if of_item { "entitlementItem[1]/" } else { "" };
        told(&vendor.put(&typed(kind, inner)).await, 400, &format!("{at}{text}"));
    }
    for (inner, text) in BESIDE {
        told(&vendor.put(&beside(inner)).await, 400, text);
    }
    let unknown = typed("Product_Key", "").replace("{PLAIN}", "55");
    told(&vendor.put(&unknown).await, 400, "Cannot find a Product corresponding to ID 55.");
    let untyped = vendor.put(&item("").replace("PRODUCE", "SAVE")).await;
    told(&untyped, 400, "entitlementItem[1]/lineItemType: must be given.");
    let empty = "<entitlement><action>SAVE</action></entitlement>";
    told(&vendor.put(empty).await, 400, "entitlementItem is required.");
    let product = "<itemProduct><productId>{PLAIN}</productId></itemProduct>";
    let bare = typed("Product_Key", "").replace(product, "");
    told(&vendor.put(&bare).await, 400, "entitlementItem[1]: itemProduct is required.");
    // Concurrency without its value: the third attribute is another one.
    let half = vendor.document("step-2").replace("<attributeId>6", "<attributeId>34");
    let text = vendor.filled(
        "entitlementItem[1]/itemProduct[1]/product/productFeatureRef: feature {PRINT}: \
         concurrency needs ENABLE_CONCURRENCY TRUE and CONCURRENT_INSTANCES.",
    );
    told(&vendor.put(&half).await, 400, &text);
    let reply = vendor.put(&typed("Product_Key", "<colour>red</colour>")).await;
    assert_eq!(reply.status, 400);
    assert!(reply.text.contains("colour is not known here; known are"), "{}", reply.text);
    let none = vendor.admin().get("/v1/entitlements").await.expect(200);
    assert_eq!(none["data"], json!([]), "nothing was made of them");
    let most = typed("Product_Key", "<numProductKeys>10000</numProductKeys>");
    let made = vendor.json(&vendor.made(&most).await).await;
    assert_eq!(made["entitlementItems"][0]["numProductKeys"], 10_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_put_took_get_gives_and_the_json_api_shows() {
    let vendor = Vendor::open().await;
    let put = vendor.put(&vendor.document("whole")).await;
    assert_eq!(put.status, 201, "{}", put.text);
    let warned = "299 - \"identity is ignored\", 299 - \"identityCount is ignored\", \
                  299 - \"VENDOR_ATTRIBUTE (34) is deprecated\"";
    assert_eq!(put.header("warning"), warned);
    let ent_id = put.header("location").to_owned();
    let first = vendor.get(&ent_id).await;
    let json = vendor.json(&ent_id).await;
    let of = |name: &str| vendor.ids.iter().find(|(other, _)| *other == name).unwrap().1;
    let wanted = json!({
        "customerId": of("{CUSTOMER}"), "customerEmail": "it@t.example",
        "contactId": of("{CONTACT}"), "partnerId": of("{PARTNER}"), "partnerEmail": "r@s.example",
        "startDate": "2026-01-31", "endDate": "2099-12-31", "refId1": "R <1>", "refId2": "R-2",
        "registrationRequired": "MANDATORY", "activationAllowed": false,
        "revocationAllowed": false, "isTest": true, "enabled": true, "state": "DRAFT",
        "customAttributes": {"customAttribute": [{"name": "Region", "value": "Lima \"Süd\""}]},
    });
    for (name, value) in wanted.as_object().unwrap() {
        assert_eq!(&json[name], value, "{name}");
    }
    let item = &json["entitlementItems"][0];
    assert_eq!(
        *item,
        json!({
            "lineItemType": "Product_Key", "numProductKeys": 7, "numActivationPerProductKey": 12,
            "activationMethod": "FIXED", "fixedQuantity": 4, "protectionKeyIds": [],
            "enforcementId": 1,
            "activationAttributes": [
                {"attributeName": "ACKNOWLEDGEMENT_REQUEST", "attributeValue": "true"}],
            "itemProducts": [{"productId": of("{SUITE}"), "memoryData": "00FF", "features": [
                {"featureId": of("{PRINT}"), "licenseModelId": 1, "attributes": [
                    {"attributeId": 2, "value": "5"}, {"attributeId": 34, "value": "v"}]}]}],
        })
    );
    // What GET gave is taken again, and gives the same but for who it is.
    let again = vendor.post(&ent_id, &first).await;
    assert_eq!(again.status, 200, "{}", again.text);
    let ignored = "299 - \"entId is ignored\", 299 - \"eId is ignored\", \
                   299 - \"enabled is ignored\", 299 - \"VENDOR_ATTRIBUTE (34) is deprecated\"";
    assert_eq!(again.header("warning"), ignored);
    assert_eq!(vendor.get(&ent_id).await, first);
    let copy = vendor.get(&vendor.made(&first).await).await;
    let from = "<enabled>";
    assert_eq!(copy.split_once(from).unwrap().1, first.split_once(from).unwrap().1);
}

/// Every document of the folder as a draft: taken, given, taken again, and given the same.
#[tokio::test(flavor = "multi_thread")]
async fn every_document_comes_round() {
    let vendor = Vendor::open().await;
    for (name, _) in DOCUMENTS {
        let document = vendor.document(name).replace("{ACTION}", "SAVE");
        let document = document.replace("PRODUCE<", "SAVE<").replace("QUEUE<", "SAVE<");
        let first = vendor.get(&vendor.made(&document).await).await;
        let again = vendor.get(&vendor.made(&first).await).await;
        let (_, first) = first.split_once("<enabled>").unwrap();
        let (_, again) = again.split_once("<enabled>").unwrap();
        assert_eq!(first, again, "{name}");
        // Whatever stood in the document stands in the answer, but for what has no effect.
        for line in document.lines().map(str::trim) {
            let value = line.split_once('>').and_then(|(_, rest)| rest.split_once('<'));
            let Some((value, _)) = value.filter(|(value, _)| !value.is_empty()) else { continue };
            let passed = ["SAVE", "PRODUCT", "D", "someone", "Complete", "ACKNOWLEDGMENT_REQUEST"];
            let there = first.contains(&format!(">{value}<"));
            assert!(there || passed.contains(&value), "{name}: {line} is not in {first}");
        }
    }
}
