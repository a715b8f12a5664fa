//! Customers, channel partners and their contacts.

use harness::story::id;
use harness::{Client, Reply, Service, Story};
use reqwest::Method;
use serde_json::{Value, json};

async fn patch(client: &Client, path: &str, body: &Value) -> Reply {
    let body = Some(body.to_string().into_bytes());
    client.call(Method::PATCH, path, &[("if-match", "*")], body).await
}

async fn found(client: &Client, query: &str) -> usize {
    client.get(query).await.expect(200)["data"].as_array().unwrap().len()
}

#[tokio::test(flavor = "multi_thread")]
async fn customers_and_partners_have_a_list_each() {
    let service = Service::start().await;
    let admin = &service.admin;
    let body = json!({"identifier": "X-1", "name": "Tucano", "emails": ["it@t.example"]});
    let customer = admin.post("/v1/customers", &body).await;
    let at = customer.header("location").to_owned();
    let customer = id(&customer.expect(201));
    assert_eq!(at, format!("/v1/customers/{customer}"));
    let partner = admin.post("/v1/partners", &body).await.expect(201);
    assert_eq!(partner["partner"], true);
    let partner = id(&partner);
    for people in ["customers", "partners"] {
        for query in ["", "?name=tucano", "?email=IT@t.example", "?identifier=x-1"] {
            assert_eq!(found(admin, &format!("/v1/{people}{query}")).await, 1, "{people}{query}");
        }
    }
    admin.get(&format!("/v1/customers/{partner}")).await.refused(404, "NOT_FOUND");
    admin.get(&format!("/v1/partners/{customer}")).await.refused(404, "NOT_FOUND");
    admin.post("/v1/customers", &body).await.refused(409, "NAME_TAKEN");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_is_changed_and_found_by_what_it_is_now() {
    let service = Service::start().await;
    let admin = &service.admin;
    let body = json!({"name": "Tucano", "emails": ["a@t.example", "A@t.example", "b@t.example"],
        "refId": "R"});
    let made = admin.post("/v1/customers", &body).await.expect(201);
    let path = format!("/v1/customers/{}", id(&made));
    let body = json!({"name": "Tukan", "emails": ["b@t.example", "c@t.example"], "refId": ""});
    let changed = patch(admin, &path, &body).await.expect(200);
    assert_eq!((&changed["version"], &changed["refId"]), (&json!(2), &Value::Null));
    assert_eq!(changed["identifier"], made["identifier"], "what is absent stays");
    for (query, count) in [
        ("name=Tucano", 0),
        ("name=tukan", 1),
        ("email=a@t.example", 0),
        ("email=b@t.example", 1),
        ("email=C@t.example", 1),
        ("name=Tukan&email=a@t.example", 0),
    ] {
        assert_eq!(found(admin, &format!("/v1/customers?{query}")).await, count, "{query}");
    }
    let wrong = json!({"name": "", "emails": ["x", "d@t.example"], "identifier": "\u{7}"});
    let reply = patch(admin, &path, &wrong).await;
    let told = reply.json["errors"].as_array().unwrap().iter();
    let places: Vec<&str> = told.map(|fault| fault["pointer"].as_str().unwrap()).collect();
    assert_eq!(places, ["/identifier", "/name", "/emails/0"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn contacts_belong_to_their_customer_and_go_with_it() {
    let service = Service::start().await;
    let admin = &service.admin;
    let (first, second) = (
        id(&admin.post("/v1/customers", &json!({"name": "One"})).await.expect(201)),
        id(&admin.post("/v1/customers", &json!({"name": "Two"})).await.expect(201)),
    );
    let path = format!("/v1/customers/{first}");
    let contacts = format!("{path}/contacts");
    admin.post(&contacts, &json!({"name": "Ann"})).await.refused(400, "VALIDATION_FAILED");
    let body = json!({"emailId": "ann@one.example", "name": "Ann"});
    let ann = admin.post(&contacts, &body).await;
    let at = ann.header("location").to_owned();
    let ann = ann.expect(201);
    assert_eq!(at, format!("{contacts}/{}", id(&ann)));
    assert_eq!(ann["customerId"], first);
    let changed = patch(admin, &at, &json!({"name": ""})).await.expect(200);
    assert_eq!((&changed["name"], &changed["emailId"]), (&Value::Null, &ann["emailId"]));
    let elsewhere = format!("/v1/customers/{second}/contacts/{}", id(&ann));
    admin.get(&elsewhere).await.refused(404, "NOT_FOUND");
    assert_eq!(admin.delete(&at).await.status, 204);
    assert_eq!(admin.get(&path).await.expect(200)["contacts"], 0);
    for n in 0..50 {
        let body = json!({"emailId": format!("p{n}@one.example")});
        admin.post(&contacts, &body).await.expect(201);
    }
    let body = json!({"emailId": "late@one.example"});
    admin.post(&contacts, &body).await.refused(400, "VALIDATION_FAILED");
    assert_eq!(found(admin, &contacts).await, 50);
    assert_eq!(admin.delete(&path).await.status, 204);
    admin.get(&contacts).await.refused(404, "NOT_FOUND");
}

/// The e-mail of a contact finds its customer, as it is now.
#[tokio::test(flavor = "multi_thread")]
async fn a_contact_finds_its_customer() {
    let service = Service::start().await;
    let admin = &service.admin;
    let body = json!({"name": "One", "emails": ["it@one.example"]});
    let one = id(&admin.post("/v1/customers", &body).await.expect(201));
    let contacts = format!("/v1/customers/{one}/contacts");
    let body = json!({"emailId": "Ann@One.example"});
    let ann = id(&admin.post(&contacts, &body).await.expect(201));
    let sell = async |body: Value| admin.post("/v1/entitlements", &body).await;
    let found = sell(json!({"customerEmail": "ann@one.example"})).await.expect(201);
    assert_eq!(found["customerId"], one);
    sell(json!({"customerId": one, "customerEmail": "ann@one.example"})).await.expect(201);
    sell(json!({"customerId": one, "customerEmail": "bob@one.example"}))
        .await
        .refused(422, "REFERENCE_NOT_FOUND");
    sell(json!({"partnerEmail": "ann@one.example"})).await.refused(422, "REFERENCE_NOT_FOUND");
    // The e-mail of the partner says nothing of the customer.
    let both = json!({"customerId": one, "customerEmail": "bob@one.example",
        "partnerEmail": "ann@one.example"});
    let refused = sell(both).await;
    refused.refused(422, "REFERENCE_NOT_FOUND");
    assert_eq!(refused.json["errors"].as_array().unwrap().len(), 2, "{}", refused.text);
    let at = format!("{contacts}/{ann}");
    patch(admin, &at, &json!({"emailId": "bob@one.example"})).await.expect(200);
    sell(json!({"customerEmail": "ann@one.example"})).await.refused(422, "REFERENCE_NOT_FOUND");
    sell(json!({"customerEmail": "bob@one.example"})).await.expect(201);
    // Two contacts and the customer itself are one customer.
    admin.post(&contacts, &json!({"emailId": "it@one.example"})).await.expect(201);
    admin.post(&contacts, &json!({"emailId": "it@one.example"})).await.expect(201);
    sell(json!({"customerEmail": "it@one.example"})).await.expect(201);
    let two = id(&admin.post("/v1/customers", &json!({"name": "Two"})).await.expect(201));
    let theirs = format!("/v1/customers/{two}/contacts");
    let other = admin.post(&theirs, &json!({"emailId": "it@one.example"})).await.expect(201);
    let several = sell(json!({"customerEmail": "it@one.example"})).await;
    several.refused(422, "REFERENCE_NOT_FOUND");
    assert!(several.text.contains("More than one Customer"), "{}", several.text);
    assert_eq!(admin.delete(&format!("{theirs}/{}", id(&other))).await.status, 204);
    sell(json!({"customerEmail": "it@one.example"})).await.expect(201);
    admin.post(&theirs, &json!({"emailId": "late@two.example"})).await.expect(201);
    assert_eq!(admin.delete(&format!("/v1/customers/{two}")).await.status, 204);
    sell(json!({"customerEmail": "late@two.example"})).await.refused(422, "REFERENCE_NOT_FOUND");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_an_entitlement_stays() {
    let story = Story::begin().await;
    let path = format!("/v1/customers/{}", story.customer);
    story.admin().delete(&path).await.refused(409, "IN_USE");
    story.admin().get(&path).await.expect(200);
}

/// Whoever an activation names stays as long as it, or a request of it, is not over; so does the
/// contact of an entitlement.
#[tokio::test(flavor = "multi_thread")]
async fn who_is_named_elsewhere_stays() {
    let story = Story::begin().await;
    let admin = story.admin();
    let made = async |path: &str, body: Value| admin.post(path, &body).await.expect(201);
    let order = json!({"action": "PRODUCE", "entitlementItems": [{
        "lineItemType": "Product_Key", "numProductKeys": 1, "numActivationPerProductKey": 5,
        "itemProducts": [{"productId": story.product}]}]});
    // Sold to somebody: otherwise who activates it is registered, and stays as long as it does.
    let mut theirs = order.clone();
    theirs["customerId"] = story.customer.into();
    let sold = made("/v1/entitlements", theirs).await;
    let keys = format!("/v1/entitlements/{}/product-keys", sold["eId"].as_str().unwrap());
    let pk_id = admin.get(&keys).await.expect(200)["data"][0]["pkId"].clone();
    let partner = id(&made("/v1/partners", json!({"name": "Reseller"})).await);
    let body = json!({"pkId": pk_id, "activationQuantity": 1, "customerId": partner});
    admin.post("/v1/activations", &body).await.refused(422, "REFERENCE_NOT_FOUND");
    let customer = id(&made("/v1/customers", json!({"name": "Late"})).await);
    let path = format!("/v1/customers/{customer}");
    let body = json!({"pkId": pk_id, "activationQuantity": 1, "customerId": customer,
        "scheduledDate": harness::story::days_ahead(2)});
    let active = made("/v1/activations", body).await;
    let refused = admin.delete(&path).await;
    refused.refused(409, "IN_USE");
    assert!(refused.text.contains("Activations name it"), "{}", refused.text);
    let revoke = format!("/v1/activations/{}/revoke", active["aid"].as_str().unwrap());
    admin.post(&revoke, &json!({})).await.expect(200);
    assert_eq!(admin.delete(&path).await.status, 204, "nothing names it any more");
    let customer = id(&made("/v1/customers", json!({"name": "With Ann"})).await);
    let contacts = format!("/v1/customers/{customer}/contacts");
    let ann = id(&made(&contacts, json!({"emailId": "ann@with.example"})).await);
    let mut body = order;
    (body["customerId"], body["contactId"]) = (customer.into(), ann.into());
    made("/v1/entitlements", body).await;
    admin.delete(&format!("{contacts}/{ann}")).await.refused(409, "IN_USE");
}

/// Who sells and who deletes at the same moment: one of them is refused, whoever is first.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_sold_to_and_deleted_at_once() {
    let story = Story::begin().await;
    let admin = story.admin();
    let made = async |path: &str, body: Value| admin.post(path, &body).await.expect(201);
    let order = |named: &Value| {
        let mut body = json!({"action": "PRODUCE", "entitlementItems": [{
            "lineItemType": "Product_Key", "itemProducts": [{"productId": story.product}]}]});
        body.as_object_mut().unwrap().extend(named.as_object().unwrap().clone());
        body
    };
    let sold = made("/v1/entitlements", order(&json!({}))).await;
    let keys = format!("/v1/entitlements/{}/product-keys", sold["eId"].as_str().unwrap());
    let pk_id = admin.get(&keys).await.expect(200)["data"][0]["pkId"].clone();
    for turn in 0..12 {
        let customer = id(&made("/v1/customers", json!({"name": "Gone"})).await);
        let partner = id(&made("/v1/partners", json!({"name": "Gone"})).await);
        let contacts = format!("/v1/customers/{customer}/contacts");
        let contact = id(&made(&contacts, json!({"emailId": "ann@gone.example"})).await);
        let (whose, deleted) = match turn % 4 {
            0 | 1 => (json!({"customerId": customer}), format!("/v1/customers/{customer}")),
            2 => (json!({"partnerId": partner}), format!("/v1/partners/{partner}")),
            _ => (
                json!({"customerId": customer, "contactId": contact}),
                format!("{contacts}/{contact}"),
            ),
        };
        let activation = json!({"pkId": pk_id, "activationQuantity": 1, "customerId": customer});
        let (path, body) = match turn % 4 {
            1 => ("/v1/activations", activation),
            _ => ("/v1/entitlements", order(&whose)),
        };
        let (sale, gone) = tokio::join!(admin.post(path, &body), admin.delete(&deleted));
        match (sale.status, gone.status) {
            (201, 409) => gone.refused(409, "IN_USE"),
            (422, 204) => sale.refused(422, "REFERENCE_NOT_FOUND"),
            both => panic!("{both:?}: {} {}", sale.text, gone.text),
        }
        if turn % 4 == 1 && sale.status == 201 {
            let path = format!("/v1/activations/{}/revoke", sale.json["aid"].as_str().unwrap());
            admin.post(&path, &json!({})).await.expect(200);
        }
    }
}

/// A custom attribute's value is of the type that it was registered with (001-R9).
#[tokio::test(flavor = "multi_thread")]
async fn custom_attributes_are_of_their_type() {
    let story = Story::begin().await;
    let admin = story.admin();
    let types = [
        ("NUMBER", ["-1.5", "x"]),
        ("BOOLEAN", ["true", "yes"]),
        ("DATE", ["2027-04-30", "30.4.2027"]),
        ("STRING", ["any", "\u{1F600}"]),
    ];
    for entity in ["ENTITLEMENT", "ACTIVATION", "PRODUCT_KEY", "CUSTOMER"] {
        for (kind, _) in types {
            let body = json!({"entity": entity, "name": kind, "type": kind});
            admin.post("/v1/custom-attributes", &body).await.expect(201);
        }
    }
    let key = format!("/v1/product-keys/{}", story.pk_id);
    for (kind, [right, other]) in types {
        for value in [right, other] {
            let fits = value == right || kind == "STRING";
            let attributes = json!({"customAttribute": [{"name": "free", "value": "x"},
                {"name": kind, "value": value}]});
            let with = |mut body: Value| {
                body["customAttributes"] = attributes.clone();
                body
            };
            let activation = with(json!({"pkId": story.pk_id, "activationQuantity": 1}));
            for reply in [
                admin.post("/v1/entitlements", &with(json!({}))).await,
                admin.post("/v1/activations", &activation).await,
                patch(admin, &key, &with(json!({}))).await,
                admin.post("/v1/customers", &with(json!({"name": "A"}))).await,
            ] {
                assert_eq!(reply.status < 300, fits, "{kind} {value}: {}", reply.text);
                let at = "/customAttributes/customAttribute/1/value";
                assert_eq!(reply.pointer(), if fits { "" } else { at });
            }
        }
    }
}
