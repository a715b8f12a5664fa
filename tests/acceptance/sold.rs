//! What was sold reaches the provider: every member of a sale is in the document of a plan, or is
//! left out for a reason; what the preview shows is what is sent.

use std::collections::{BTreeMap, BTreeSet};

use domain::attributes::{CustomAttribute, CustomAttributes};
use domain::entitlement::ActivationAttribute;
use domain::entitlement::input::{
    AttributeChange, EntitlementInput, ItemFeatureInput, ItemProductInput, LineItemInput,
};
use domain::substitution::shape::paths;
use harness::story::{associate, id};
use harness::{Client, Story};
use reqwest::Method;
use serde_json::{Value, json};

use crate::specified::licensed;

const SALE: &str = "
<entitlement>
  <action>PRODUCE</action>
  <customerId>{CUSTOMER}</customerId>
  <contactId>{CONTACT}</contactId>
  <entitlementItem>
    <lineItemType>Product_Key</lineItemType>
    <licensingAttribute>
      <attributeName>ACKNOWLEDGEMENT_REQUEST</attributeName>
      <attributeValue>true</attributeValue>
    </licensingAttribute>
    <itemProducts>
      <itemProduct>
        <productId>{SUITE}</productId>
        <product>
          <memoryData>C0FFEE</memoryData>
          <productFeatureRef>
            <featureId>{PRINT}</featureId>
            <attribute><attributeId>2</attributeId>
              <attributeValue>98765</attributeValue></attribute>
            <attribute><attributeId>5</attributeId>
              <attributeValue>TRUE</attributeValue></attribute>
            <attribute><attributeId>6</attributeId>
              <attributeValue>4321</attributeValue></attribute>
          </productFeatureRef>
        </product>
      </itemProduct>
    </itemProducts>
  </entitlementItem>
</entitlement>";

const PRODUCT: &str = "$.provisioningRequest.activationRef.activation.activationProductKey\
    .activationItem.activationProduct";
const ITEM: &str = "$.provisioningRequest.entitlement.productKeys.productKey[0].item.itemProduct";

/// Ten expressions on what was sold, and the values.
fn ten() -> Vec<(String, Value)> {
    let feature = format!("{PRODUCT}.activationFeatures.activationFeature[0]");
    let of_item = format!("{ITEM}.itemProductFeatures.itemProductFeature[0]");
    let named = |list: &str, name: &str| {
        format!("{list}.attributes.attribute[?(@.name == \"{name}\")].value")
    };
    let asks = "activationAttributes[?(@.attributeName == \"ACKNOWLEDGEMENT_REQUEST\")]";
    let request = "$.provisioningRequest";
    vec![
        (named(&feature, "EXECUTION_COUNT"), json!("98765")),
        (named(&feature, "CONCURRENT_INSTANCES"), json!("4321")),
        (named(&of_item, "CONCURRENT_INSTANCES"), json!("4321")),
        (named(&feature, "NETWORK_ENABLED"), json!("TRUE")),
        (format!("{PRODUCT}.memoryData"), json!("C0FFEE")),
        (format!("{ITEM}.lineItemType"), json!("Product_Key")),
        (format!("{PRODUCT}.{asks}.attributeValue"), json!("true")),
        (format!("{feature}.licenseModel.name"), json!("Execution Count")),
        (format!("{request}.entitlement.contact.emailId"), json!("ann@tucano.example")),
        (format!("{request}.activationRef.activation.activatee.emailId"), json!("bob@x.example")),
    ]
}

/// Every text that stands between two others.
fn between<'a>(text: &'a str, from: &str, to: &str) -> Vec<&'a str> {
    text.split(from).skip(1).filter_map(|rest| Some(rest.split_once(to)?.0)).collect()
}

/// Sells by XML and activates; the request's id.
async fn sell(story: &Story, names: &[(&str, u64)]) -> u64 {
    let admin = story.admin();
    let fill = |text: String, (name, id): &(&str, u64)| text.replace(name, &id.to_string());
    let document = names.iter().fold(SALE.to_owned(), fill).into_bytes();
    let headers = [("content-type", "application/xml")];
    let put = admin.call(Method::PUT, "/v90/ws/entitlement.ws", &headers, Some(document)).await;
    assert_eq!(put.status, 201, "{}", put.text);
    let path = format!("/v90/ws/entitlement/{}.ws", put.header("location"));
    let shown = admin.get(&path).await.text;
    let e_id = between(&shown, "<eId>", "</eId>")[0];
    let keys = admin.get(&format!("/v1/entitlements/{e_id}/product-keys")).await.expect(200);
    let body = json!({"pkId": keys["data"][0]["pkId"], "activationQuantity": 1,
        "activatee": {"emailId": "bob@x.example"}});
    let made = admin.post("/v1/activations", &body).await.expect(201);
    id(&made["provisioningRequests"][0])
}

async fn set_plan(admin: &Client, body: &Value) -> u64 {
    let made = admin.post("/v1/plans", body).await.expect(201);
    assert_eq!(made["documentVersion"], 2);
    id(&made)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sale_by_xml_reaches_the_provider_as_the_preview_shows_it() {
    let story = Story::begin().await;
    let admin = story.admin();
    let (suite, [print, _]) = licensed(admin).await;
    let enabled = Some(json!({"provisioningEnabled": true}).to_string().into_bytes());
    let path = format!("/v1/products/{suite}");
    admin.call(Method::PATCH, &path, &[("if-match", "*")], enabled).await.expect(200);
    let contacts = format!("/v1/customers/{}/contacts", story.customer);
    let body = json!({"emailId": "ann@tucano.example"});
    let contact = id(&admin.post(&contacts, &body).await.expect(201));
    let names = [
        ("{CUSTOMER}", story.customer),
        ("{CONTACT}", contact),
        ("{SUITE}", suite),
        ("{PRINT}", print),
    ];
    let ten: BTreeMap<String, (String, Value)> =
        (0..).zip(ten()).map(|(i, it)| (format!("v{i}"), it)).collect();
    let definition: BTreeMap<&String, &String> =
        ten.iter().map(|(name, (path, _))| (name, path)).collect();
    let body = json!({"name": "Ten", "definition": definition});
    let text = json!({"name": "Ten as text", "definition": {"a": "$.provisioningRequest.productId",
        "b": 5}, "values": "TEXT"});
    let plans = [body, json!({"name": "Whole"}), text];
    for (n, body) in plans.iter().enumerate() {
        let plan = set_plan(admin, body).await;
        associate(admin, suite, plan, story.method).await;
        // While the provider keeps its answer, the request is as it was when it was rendered.
        story.provider.hold();
        let request = sell(&story, &names).await;
        let sent = story.provider.nth(n + 1).await;
        let asked = json!({"planId": plan, "requestId": request});
        let preview = admin.post("/v1/plans/preview", &asked).await.expect(200);
        assert_eq!(preview["payloadText"], json!(sent.body), "byte for byte");
        story.provider.release();
        story.until_status(request, "REQUEST_SENT").await;
        match n {
            0 => {
                for (name, (path, value)) in &ten {
                    assert_eq!(&sent.json()[name], value, "{path}");
                }
            }
            1 => {
                let whole = &sent.json()["provisioningRequest"];
                assert_eq!(whole["productName"], "Suite");
                assert_eq!(whole["customer"]["emails"], json!(["it@tucano.example"]));
                for value in ["98765", "4321", "C0FFEE", "ann@tucano.example", "bob@x.example"] {
                    assert!(sent.body.contains(&format!("\"{value}\"")), "{value}");
                }
            }
            _ => assert_eq!(sent.body, format!("{{\"a\":\"{suite}\",\"b\":5}}")),
        }
    }
    let shown = admin.get("/v1/plans?name=Ten%20as%20text").await.expect(200);
    assert_eq!(shown["data"][0]["values"], "TEXT");
}

/// Each member of a sale by the JSON API: its path in the document, or why there is none.
const MEMBERS: &[(&str, &str)] = &[
    ("action", "an order to us, done before anything is sold"),
    ("customerId", "$.provisioningRequest.customer.id"),
    ("customerEmail", "finds the customer, who is there"),
    ("contactId", "$.provisioningRequest.entitlement.contact.id"),
    ("partnerId", "$.provisioningRequest.entitlement.channelPartner.id"),
    ("partnerEmail", "finds the partner, who is there"),
    ("startDate", "$.provisioningRequest.entitlement.startDate"),
    ("endDate", "$.provisioningRequest.entitlement.endDate"),
    ("refId1", "$.provisioningRequest.entitlement.refId1"),
    ("refId2", "$.provisioningRequest.entitlement.refId2"),
    ("registrationRequired", "$.provisioningRequest.entitlement.registrationRequired"),
    ("activationAllowed", "a rule for us: there is no activation without it"),
    ("revocationAllowed", "a rule for us"),
    ("isTest", "$.provisioningRequest.entitlement.isTest"),
    (
        "customAttributes.customAttribute[].name",
        "$.provisioningRequest.entitlement.customAttributes.customAttribute[0].name",
    ),
    (
        "customAttributes.customAttribute[].value",
        "$.provisioningRequest.entitlement.customAttributes.customAttribute[0].value",
    ),
    ("entitlementItems[].lineItemType", "{ITEM}.lineItemType"),
    ("entitlementItems[].numProductKeys", "how many keys were sold; the document is of one"),
    ("entitlementItems[].numActivationPerProductKey", "{KEY}.totalQuantity"),
    ("entitlementItems[].activationMethod", "{KEY}.activationMethod"),
    ("entitlementItems[].fixedQuantity", "{KEY}.fixedQuantity"),
    ("entitlementItems[].protectionKeyIds[]", "{KEY}.protectionKeyIds[0]"),
    ("entitlementItems[].enforcementId", "there is one enforcement, 1"),
    (
        "entitlementItems[].activationAttributes[].attributeName",
        "{ITEM}.activationAttributes[0].attributeName",
    ),
    (
        "entitlementItems[].activationAttributes[].attributeValue",
        "{ITEM}.activationAttributes[0].attributeValue",
    ),
    ("entitlementItems[].itemProducts[].productId", "{ITEM}.product.id"),
    ("entitlementItems[].itemProducts[].memoryData", "{ITEM}.memoryData"),
    ("entitlementItems[].itemProducts[].features[].featureId", "{FEATURE}.feature.id"),
    ("entitlementItems[].itemProducts[].features[].licenseModelId", "{FEATURE}.licenseModel.id"),
    (
        "entitlementItems[].itemProducts[].features[].attributes[].attributeId",
        "{FEATURE}.attributes.attribute[0].id",
    ),
    (
        "entitlementItems[].itemProducts[].features[].attributes[].value",
        "{FEATURE}.attributes.attribute[0].value",
    ),
    (
        "entitlementItems[].itemProducts[].features[].attributes[].action",
        "how the value came about, which is there",
    ),
];

/// The elements of the XML document that have another name, or no member of the JSON API.
const ELEMENTS: &[(&str, &str)] = &[
    ("entitlement", "the document itself"),
    ("entId", "answered only: $.provisioningRequest.entitlement.id"),
    ("eId", "answered only: $.provisioningRequest.entitlement.eId"),
    ("enabled", "answered only: nothing is activated while it is disabled"),
    ("entState", "answered only, or the action that it means"),
    ("entitlementItem", "entitlementItems"),
    ("itemType", "has no effect"),
    ("Priority", "has no effect"),
    ("identity", "deprecated, has no effect"),
    ("identityCount", "deprecated, has no effect"),
    ("protectionKeyId", "protectionKeyIds"),
    ("activationAttribute", "activationAttributes"),
    ("licensingAttribute", "activationAttributes"),
    ("itemProduct", "itemProducts"),
    ("productStatus", "has no effect"),
    ("product", "what is specified of the product"),
    ("productFeatureRef", "features"),
    ("attribute", "attributes"),
    ("attributeValue", "value, or attributeValue"),
];

fn leaves(value: &Value, at: &str, out: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) if !members.is_empty() => {
            let dot = if at.is_empty() { "" } else { "." };
            members.iter().for_each(|(name, it)| leaves(it, &format!("{at}{dot}{name}"), out));
        }
        Value::Array(list) => {
            assert!(!list.is_empty(), "{at} has an element");
            list.iter().for_each(|it| leaves(it, &format!("{at}[]"), out));
        }
        _ => drop(out.insert(at.to_owned())),
    }
}

#[test]
fn every_member_of_a_sale_is_in_the_document_or_has_its_reason() {
    let features = vec![ItemFeatureInput {
        attributes: vec![AttributeChange::default()],
        ..Default::default()
    }];
    let products = vec![ItemProductInput { features, ..Default::default() }];
    let item = LineItemInput {
        protection_key_ids: vec![String::new()],
        activation_attributes: vec![ActivationAttribute::default()],
        item_products: products,
        ..Default::default()
    };
    let custom_attributes = CustomAttributes { custom_attribute: vec![CustomAttribute::default()] };
    let sale = EntitlementInput {
        custom_attributes,
        entitlement_items: vec![item],
        ..EntitlementInput::default()
    };
    let mut members = BTreeSet::new();
    leaves(&json!(sale), "", &mut members);
    let listed: BTreeSet<String> = MEMBERS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(members, listed);
    let known: BTreeSet<String> = paths().into_iter().map(|line| line.path).collect();
    let key = "$.provisioningRequest.entitlement.productKeys.productKey[0]";
    let feature = "{ITEM}.itemProductFeatures.itemProductFeature[0]";
    for (member, place) in MEMBERS {
        let place = place.replace("{FEATURE}", feature).replace("{ITEM}", ITEM);
        let place = place.replace("{KEY}", key);
        let reason = place.contains(' ');
        assert!(reason || known.contains(&place), "{member}: {place}");
    }
}

#[test]
fn every_element_of_the_xml_document_is_a_member_or_has_its_reason() {
    let schema = include_str!("../../infra/entitlement.xsd");
    let elements = between(schema, "<xs:element name=\"", "\"");
    let last = |path: &str| {
        let last = path.trim_end_matches("[]").rsplit('.').next().unwrap_or_default();
        last.to_owned()
    };
    let members: BTreeSet<String> = MEMBERS
        .iter()
        .flat_map(|(path, _)| path.split('.').map(last).collect::<Vec<_>>())
        .collect();
    for name in &elements {
        let told = ELEMENTS.iter().any(|(element, _)| element == name);
        let known = members.contains(*name) || members.contains(&format!("{name}s"));
        assert!(told || known, "{name}");
    }
    for (name, _) in ELEMENTS {
        assert!(elements.contains(name), "{name} is no element any more");
    }
}

/// The members of an answer that the document of a plan has not, and why.
const ONLY_ANSWERED: &[(&str, &str)] = &[
    ("version", "counts our steps"),
    ("attemptCount", "the retries'"),
    ("nextAttemptAt", "the retries'"),
    ("deadline", "of the wait for an answer"),
    ("delivery", "of the wait for an answer"),
    ("payload", "made of the document"),
    ("payloadSha256", "made of the document"),
    ("documentHash", "made of the document"),
    ("response", "the provider's own word"),
    ("errorCode", "of an end"),
    ("errorDescription", "of an end"),
    ("errorBy", "of an end"),
    ("executedDate", "the retries'"),
    ("createdBy", "our staff's"),
    ("history", "our staff's"),
    ("conflicts", "our staff's"),
    ("allowedActions", "the caller's"),
];

/// The members of the document that an answer has not, and why.
const ONLY_SENT: &[(&str, &str)] = &[
    ("provisioningPlan", "plan, as source 001 names it"),
    ("provisioningMethod", "method, as source 001 names it"),
    ("customer", "has a route of its own"),
    ("entitlement", "has a route of its own"),
    ("activationRef", "has a route of its own"),
];

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_and_the_document_agree() {
    let story = Story::begin().await;
    let far = harness::story::days_ahead(3);
    let body = json!({"pkId": story.pk_id, "activationQuantity": 2, "scheduledDate": far});
    let made = story.admin().post("/v1/activations", &body).await.expect(201);
    let request = id(&made["provisioningRequests"][0]);
    let path = format!("/v1/provisioning-requests/{request}?view=substitution");
    let document = story.admin().get(&path).await.expect(200);
    let document = document["provisioningRequest"].as_object().unwrap().clone();
    let answer = story.request(request).await.as_object().unwrap().clone();
    let reasons = |list: &[(&str, &str)]| -> BTreeSet<String> {
        list.iter().map(|(name, _)| (*name).to_owned()).collect()
    };
    let names =
        |of: &serde_json::Map<String, Value>| -> BTreeSet<String> { of.keys().cloned().collect() };
    let (sent, answered) = (names(&document), names(&answer));
    assert_eq!(&answered - &sent, reasons(ONLY_ANSWERED));
    assert_eq!(&sent - &answered, reasons(ONLY_SENT));
    for name in answered.intersection(&sent) {
        let (is, shown) = (&document[name], &answer[name]);
        match name.as_str() {
            // A request that waits names the ones it was ordered with, without their versions.
            "plan" | "method" => {
                assert_eq!((&is["id"], &is["name"]), (&shown["id"], &shown["name"]));
            }
            _ => assert_eq!(is, shown, "{name}"),
        }
    }
}
