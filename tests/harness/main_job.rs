//! The main job, call by call, over a service that may be anywhere.

use serde_json::{Value, json};

use crate::{Sent, Story};

/// Activates, looks at what the provider was sent, reports, and looks at what became of it.
pub async fn an_entitlement_is_provisioned<S>(story: &Story<S>) {
    let id = story.activate(5).await;
    let sent = story.provider.nth(1).await;
    let request = story.until_status(id, "REQUEST_SENT").await;
    assert_eq!(request["payload"], json!(sent.body));
    assert_eq!(sent.header("provisioning-request-id"), id.to_string());
    assert_eq!(sent.header("webhook-id"), format!("pr_{id}_g1"));
    let url = format!(
        "{}/v1/callbacks/{}/provisioning-requests/{id}?generation=1",
        story.admin.api, story.method
    );
    assert_eq!(sent.header("provisioning-callback-url"), url);
    verified_by_the_reference_library(story, &sent);

    let first = story.report(id, "one", &json!({"status": "In Progress"})).await.expect(200);
    assert_eq!(first, json!({"id": id, "status": "IN_PROGRESS", "outcome": "ACCEPTED"}));
    let body = json!({"status": "COMPLETED", "referenceNumber": "4711", "unknown": true,
        "comments": "Five pods run.", "response": {"pods": 5}});
    story.report(id, "two", &body).await.expect(200);
    let done = story.request(id).await;
    assert_eq!(done["status"], "COMPLETED");
    assert_eq!(done["referenceNumber"], "4711");
    assert_eq!(done["comments"], "Five pods run.");
    assert_eq!(done["response"], r#"{"pods":5}"#);
    assert_eq!(done["delivery"], "CONFIRMED");
    assert_eq!(done["nextAttemptAt"], Value::Null);
    assert_eq!(done["allowedActions"], json!(["UPDATE_STATUS"]));
    assert_eq!(rows(&done), ["P1", "P4", "P9", "P12"]);
    assert_eq!(done["version"], 4);
    attempts(story, id).await;
    explained(story, id).await;
    substitution(story, id, &sent.json()).await;
}

/// The rows of the table that a request walked.
pub fn rows(request: &Value) -> Vec<String> {
    let row = |step: &Value| step["row"].as_str().unwrap().to_owned();
    request["history"].as_array().unwrap().iter().map(row).collect()
}

fn verified_by_the_reference_library<S>(story: &Story<S>, sent: &Sent) {
    let reference = standardwebhooks::Webhook::new(&story.secret).unwrap();
    let time = sent.header("webhook-timestamp").parse().unwrap();
    let signature = reference.sign(sent.header("webhook-id"), time, sent.body.as_bytes()).unwrap();
    assert_eq!(sent.header("webhook-signature"), signature);
}

/// The payload is the source's: its keys in its order, values with their types.
async fn substitution<S>(story: &Story<S>, id: u64, payload: &Value) {
    let path = format!("/v1/provisioning-requests/{id}?view=substitution");
    let document = story.admin().get(&path).await.expect(200);
    let live = &document["provisioningRequest"];
    let activation = &live["activationRef"]["activation"];
    let expected = json!({
        "Provisioning ID": id,
        "Activation ID": activation["aid"],
        "Activation Date": activation["activationDate"],
        "Activated Product ID": story.product,
        "Customer Name": "Tucano Ltd",
        "Entitlement ID": story.e_id,
        "Activated Quantity": 5,
        "Product Name": "Printer-Scanner",
        "Product Type": "BASE",
        "No. of Pods": "5",
        "Customer Information": "C-0041",
    });
    assert_eq!(payload.to_string(), expected.to_string());
    assert_eq!(live["entitlement"]["productKeys"]["productKey"][0]["pkId"], json!(story.pk_id));
    assert_eq!(live["entitlement"]["productKeys"]["productKey"][0]["availableQuantity"], 5);
    same_members(live, &shape()["provisioningRequest"], "$.provisioningRequest");
}

fn shape() -> Value {
    let text = include_str!("../../domain/tests/cases/shape/shape-2.json");
    serde_json::from_str(text).unwrap()
}

/// Every member that is built stands in the shape, and every member of the shape is built.
fn same_members(built: &Value, shape: &Value, at: &str) {
    match (built, shape) {
        (Value::Object(built), Value::Object(shape)) => {
            let names = |map: &serde_json::Map<String, Value>| {
                let mut names: Vec<String> = map.keys().cloned().collect();
                names.sort();
                names
            };
            assert_eq!(names(built), names(shape), "{at}");
            built.iter().for_each(|(name, value)| {
                same_members(value, &shape[name], &format!("{at}.{name}"));
            });
        }
        (Value::Array(built), Value::Array(shape)) => {
            built.iter().for_each(|value| same_members(value, &shape[0], &format!("{at}[]")));
        }
        (Value::Null, _) => {}
        (built, shape) => assert_eq!(
            std::mem::discriminant(built),
            std::mem::discriminant(if shape.is_null() { built } else { shape }),
            "{at}"
        ),
    }
}

/// The same request in the words of an explanation, and in those of CRM.COM.
async fn explained<S>(story: &Story<S>, id: u64) {
    let path = format!("/v1/provisioning-requests/{id}/explain");
    let told = story.admin().get(&path).await.expect(200);
    let kinds: Vec<&str> =
        told["timeline"].as_array().unwrap().iter().map(|m| m["kind"].as_str().unwrap()).collect();
    let expected = ["CREATED", "RENDERED", "ATTEMPT", "MOVED", "CALLBACK", "CALLBACK"];
    assert_eq!(kinds, expected, "{told:#}");
    let path = format!(
        "/crmapi/rest/v2/provisioning/provisioning_requests/show?token={}\
         &provisioning_request_identifier=number={id}",
        story.admin.key
    );
    let shown = story.admin().with_key("").get(&path).await.expect(200);
    assert_eq!(shown["data"]["life_cycle_state"], "COMPLETED");
    let owner = &shown["data"]["subscription"]["accounts_receivable"]["account_owner"];
    assert_eq!(owner["name"], "Tucano Ltd");
}

async fn attempts<S>(story: &Story<S>, id: u64) {
    let path = format!("/v1/provisioning-requests/{id}/attempts");
    let attempts = story.admin().get(&path).await.expect(200);
    let [attempt] = attempts["data"].as_array().unwrap().as_slice() else { panic!("{attempts}") };
    let told = [&attempt["generation"], &attempt["no"], &attempt["httpStatus"]];
    assert_eq!(told, [&json!(1), &json!(1), &json!(202)]);
    assert_eq!(attempt["outcome"], "OK");
}
