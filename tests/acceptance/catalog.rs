//! The catalog: features, license models, products, custom attributes, namespaces.

use harness::story::{self, id};
use harness::{Client, Service, Story};
use reqwest::Method;
use serde_json::{Value, json};

/// The tables of source 004, written down anew.
const MODELS: &str = "1 Execution Count, 2 Expiration Date, 3 Time Period, 4 Perpetual, \
    5 Unlocked (Time Period), 6 Unlocked (Perpetual), 11 Unlocked (Expiry Date), \
    13 Unlocked (Expiry Date)";
const ATTRIBUTES: &str = "1 LICENSE_TYPE, 2 EXECUTION_COUNT, 3 EXPIRATION_DATE, 4 TIME_PERIOD, \
    5 ENABLE_CONCURRENCY, 6 CONCURRENT_INSTANCES, 7 COUNT_CRITERIA, 8 REMOTE_DESKTOP_ACCESS, \
    9 NETWORK_ENABLED, 10 DETACHABLE, 11 VIRTUAL_MACHINE_ACCESS, 12 C2V, \
    13 ACKNOWLEDGEMENT_REQUEST, 14 PROVISIONAL_FLAG (deprecated), 15 ENFORCEMENT_TYPE, \
    16 MEMORY_DATA, 17 REHOST_ALLOWED, 18 CLEAR_BEFORE_APPLYING_UPDATE, \
    19 UPGRADE_DL_KEY_ALLOWED, 20 START_DATE, 21 END_DATE, 22 USAGE_TYPE (deprecated), \
    23 CONCURRENT_LIMIT (deprecated), 24 COUNTING_TYPE (deprecated), 25 LICENSE_TYPE (deprecated), \
    26 MAXIMUM_USAGE_LIMIT (deprecated), 27 GRACE_LIMIT (deprecated), \
    28 MEASUREMENT_UNIT_DURATION (deprecated), 29 MEASUREMENT_UNIT_USAGE (deprecated), \
    30 DISCONNECTED_TIME (deprecated), 31 DEPLOYMENT_TYPE (deprecated), \
    32 KEEP_ALIVE_TIME (deprecated), 33 REFRESH_PERIOD (deprecated), \
    34 VENDOR_ATTRIBUTE (deprecated)";

async fn change(client: &Client, method: Method, path: &str, body: &Value) -> harness::Reply {
    let body = Some(body.to_string().into_bytes());
    client.call(method, path, &[("if-match", "*")], body).await
}

async fn patch(client: &Client, path: &str, body: &Value) -> harness::Reply {
    change(client, Method::PATCH, path, body).await
}

async fn feature(client: &Client, name: &str) -> u64 {
    let body = json!({"nameVersion": {"name": name, "version": "1"}});
    id(&client.post("/v1/features", &body).await.expect(201))
}

fn product(name: &str, features: &Value) -> Value {
    json!({"nameVersion": {"name": name, "version": "1"}, "features": features})
}

#[tokio::test(flavor = "multi_thread")]
async fn the_fixed_tables_are_those_of_the_source() {
    let service = Service::start().await;
    let line = |row: &Value| {
        let mark = if row["deprecated"] == true { " (deprecated)" } else { "" };
        format!("{} {}{mark}", row["id"], row["name"].as_str().unwrap())
    };
    for (path, expected) in [("/v1/license-models", MODELS), ("/v1/attributes", ATTRIBUTES)] {
        let table = service.admin.get(path).await.expect(200);
        let lines: Vec<String> = table["data"].as_array().unwrap().iter().map(line).collect();
        assert_eq!(lines.join(", "), expected);
    }
    let model = service.admin.get("/v1/license-models/13").await.expect(200);
    assert_eq!(model["note"], "subscriptions");
    service.admin.get("/v1/license-models/7").await.refused(404, "NOT_FOUND");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feature_is_made_found_changed_and_deleted() {
    let service = Service::start().await;
    let admin = &service.admin;
    let print = feature(admin, "Print").await;
    let path = format!("/v1/features/{print}");
    let shown = admin.get(&path).await.expect(200);
    assert_eq!(shown["identifier"], format!("FTR-{print}"));
    let body = json!({"identifier": format!("ftr-{print}"),
        "nameVersion": {"name": "Print", "version": "2"}});
    admin.post("/v1/features", &body).await.refused(409, "NAME_TAKEN");
    let changed = patch(admin, &path, &json!({"identifier": "F-1"})).await.expect(200);
    assert_eq!((&changed["version"], &changed["identifier"]), (&json!(2), &json!("F-1")));
    assert_eq!(changed["nameVersion"], shown["nameVersion"], "what is absent stays");
    for (query, count) in [
        ("name=print", 1),
        ("name=Prin", 0),
        ("identifier=f-1", 1),
        ("identifier=FTR-1", 0),
        ("name=Print&identifier=F-1", 1),
        ("name=Print&identifier=F-2", 0),
    ] {
        let found = admin.get(&format!("/v1/features?{query}")).await.expect(200);
        assert_eq!(found["data"].as_array().unwrap().len(), count, "{query}");
    }
    let features = json!([{"featureId": print}]);
    let made = admin.post("/v1/products", &product("P", &features)).await.expect(201);
    admin.delete(&path).await.refused(409, "IN_USE");
    let product = format!("/v1/products/{}", id(&made));
    patch(admin, &product, &json!({"features": []})).await.expect(200);
    assert_eq!(admin.delete(&path).await.status, 204);
    admin.get(&path).await.refused(404, "NOT_FOUND");
    let again = json!({"identifier": "F-1", "nameVersion": {"name": "Print", "version": "1"}});
    admin.post("/v1/features", &again).await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_product_is_complete_when_its_features_are() {
    let service = Service::start().await;
    let admin = &service.admin;
    let print = feature(admin, "Print").await;
    let lacks = async |feature: Value| -> Vec<String> {
        let mut feature = feature;
        feature["featureId"] = json!(print);
        let made = admin.post("/v1/products", &product("P", &json!([feature]))).await.expect(201);
        let path = format!("/v1/products/{}/complete", id(&made));
        let reply = admin.post(&path, &json!({})).await;
        if reply.status == 200 {
            return Vec::new();
        }
        reply.refused(422, "PRODUCT_NOT_COMPLETE");
        let told = reply.json["errors"].as_array().unwrap().iter();
        told.map(|fault| fault["pointer"].as_str().unwrap().to_owned()).collect()
    };
    let (model, attributes) = ("/features/0/licenseModelId", "/features/0/attributes");
    assert_eq!(lacks(json!({})).await, [model]);
    assert_eq!(lacks(json!({"licenseModelId": 4})).await, [""; 0]);
    assert_eq!(lacks(json!({"licenseModelId": 1})).await, [attributes], "needs a count");
    let count = json!({"attributeId": 2, "value": "5"});
    assert_eq!(lacks(json!({"licenseModelId": 1, "attributes": [count]})).await, [""; 0]);
    let saot = json!({"attributeId": 2, "saot": true});
    assert_eq!(lacks(json!({"licenseModelId": 1, "attributes": [saot]})).await, [""; 0]);
    let enable = json!({"attributeId": 5, "value": "TRUE"});
    let instances = json!({"attributeId": 6, "value": "10000000"});
    let pair = |list: &[&Value]| json!({"licenseModelId": 4, "attributes": list});
    assert_eq!(lacks(pair(&[&enable])).await, [attributes]);
    assert_eq!(lacks(pair(&[&instances])).await, [attributes]);
    assert_eq!(lacks(pair(&[&enable, &instances])).await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_features_are_told_with_their_place() {
    let service = Service::start().await;
    let print = feature(&service.admin, "Print").await;
    let features = json!([
        {"featureId": print, "licenseModelId": 7, "attributes": [
            {"attributeId": 35, "value": "x"}, {"attributeId": 2}, {"attributeId": 2, "value": "1"},
            {"attributeId": 5, "value": "yes"}, {"attributeId": 6, "value": "10000001"}]},
        {"featureId": print}, {"featureId": 77}, {}]);
    let reply = service.admin.post("/v1/products", &product("P", &features)).await;
    reply.refused(400, "VALIDATION_FAILED");
    let told = reply.json["errors"].as_array().unwrap().iter();
    let places: Vec<&str> = told.map(|fault| fault["pointer"].as_str().unwrap()).collect();
    assert_eq!(
        places,
        [
            "/features/0/licenseModelId",
            "/features/0/attributes/0/attributeId",
            "/features/0/attributes/1/value",
            "/features/0/attributes/2/attributeId",
            "/features/0/attributes/3/value",
            "/features/0/attributes/4/value",
            "/features/1/featureId",
            "/features/2/featureId",
            "/features/3/featureId",
        ]
    );
    let unknown = product("P", &json!([{"featureId": 77}]));
    service.admin.post("/v1/products", &unknown).await.refused(422, "REFERENCE_NOT_FOUND");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_sold_stays_as_it_is() {
    let service = Service::start().await;
    let admin = &service.admin;
    let made = admin.post("/v1/products", &product("P", &json!([]))).await.expect(201);
    assert_eq!(made["productType"], "BASE");
    assert_eq!(made["allowedActions"], json!(["COMPLETE"]));
    let path = format!("/v1/products/{}", id(&made));
    let body = json!({"productType": "UNLOCKED", "memoryData": "00ff",
        "nameVersion": {"name": "Q", "version": "2"}});
    let changed = patch(admin, &path, &body).await.expect(200);
    assert_eq!(
        (&changed["memoryData"], &changed["productType"]),
        (&json!("00ff"), &json!("UNLOCKED"))
    );
    assert_eq!(admin.get("/v1/products?name=p").await.expect(200)["data"], json!([]));
    let step = async |act: &str| admin.post(&format!("{path}/{act}"), &json!({})).await;
    step("retire").await.refused(409, "ILLEGAL_TRANSITION");
    assert_eq!(step("complete").await.expect(200)["allowedActions"], json!(["RETIRE"]));
    let reply = patch(admin, &path, &json!({"memoryData": ""})).await;
    reply.refused(409, "ILLEGAL_TRANSITION");
    assert_eq!(reply.json["allowedActions"], json!(["RETIRE"]));
    patch(admin, &path, &json!({"provisioningEnabled": true})).await.expect(200);
    admin.delete(&path).await.refused(409, "ILLEGAL_TRANSITION");
    let retired = step("retire").await.expect(200);
    assert_eq!(retired["lifeCycleStage"], "EOL");
    let reply = patch(admin, &path, &json!({"provisioningEnabled": false})).await;
    reply.refused(409, "ILLEGAL_TRANSITION");
    // Neither a draft nor what is retired can be sold.
    let draft = admin.post("/v1/products", &product("D", &json!([]))).await.expect(201);
    for not_sold in [id(&draft), id(&made)] {
        for action in ["QUEUE", "PRODUCE"] {
            let body = json!({"action": action, "entitlementItems": [{
                "lineItemType": "Product_Key", "itemProducts": [{"productId": not_sold}]}]});
            admin.post("/v1/entitlements", &body).await.refused(422, "PRODUCT_NOT_COMPLETE");
        }
    }
    assert_eq!(admin.delete(&format!("/v1/products/{}", id(&draft))).await.status, 204);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_sees_the_features_of_what_was_activated() {
    let story = Story::begin().await;
    let admin = story.admin();
    let (print, scan) = (feature(admin, "Print").await, feature(admin, "Scan").await);
    let features = json!([{"featureId": print, "licenseModelId": 4},
        {"featureId": scan, "licenseModelId": 6}]);
    let mut body = product("Two", &features);
    body["provisioningEnabled"] = json!(true);
    let two = id(&admin.post("/v1/products", &body).await.expect(201));
    admin.post(&format!("/v1/products/{two}/complete"), &json!({})).await.expect(200);
    let activated = "$.provisioningRequest.activationRef.activation.activationProductKey\
        .activationItem.activationProduct.activationFeatures";
    let item = "$.provisioningRequest.entitlement.productKeys.productKey[0].item.itemProduct\
        .itemProductFeatures.itemProductFeature";
    let plan = json!({"name": "Features", "definition": {"details": activated,
        "name": format!("{item}[0].feature.nameVersion"),
        "model": format!("{item}[1].licenseModel.name")}});
    let made = admin.post("/v1/plans", &plan).await.expect(201);
    assert_eq!(made["warnings"], json!([]));
    story::associate(admin, two, id(&made), story.method).await;
    let (_, pk_id) = story::entitle(admin, two, story.customer).await;
    let body = json!({"pkId": pk_id, "activationQuantity": 1});
    admin.post("/v1/activations", &body).await.expect(201);
    let sent = story.provider.nth(1).await.json();
    let line = |id: u64, name: &str, model: Value| {
        json!({"feature": {"id": id, "identifier": format!("FTR-{id}"),
            "nameVersion": {"name": name, "version": "1"}}, "licenseModel": model,
            "attributes": {"attribute": []}})
    };
    let perpetual = line(print, "Print", json!({"id": 4, "name": "Perpetual"}));
    let unlocked = line(scan, "Scan", json!({"id": 6, "name": "Unlocked (Perpetual)"}));
    let both = json!({"activationFeature": [perpetual, unlocked]});
    assert_eq!(sent["details"], both);
    assert_eq!(sent["name"], json!({"name": "Print", "version": "1"}));
    assert_eq!(sent["model"], "Unlocked (Perpetual)");
}

#[tokio::test(flavor = "multi_thread")]
async fn custom_attributes_are_registered_for_an_entity() {
    let service = Service::start().await;
    let admin = &service.admin;
    for entity in ["ENTITLEMENT", "ACTIVATION", "PRODUCT_KEY", "CUSTOMER"] {
        let body = json!({"entity": entity, "name": "Region", "type": "STRING"});
        let made = admin.post("/v1/custom-attributes", &body).await.expect(201);
        let taken = admin.post("/v1/custom-attributes", &body).await;
        taken.refused(409, "NAME_TAKEN");
        assert_eq!(taken.pointer(), "/name");
        let path = format!("/v1/custom-attributes/{}", id(&made));
        let changed = patch(admin, &path, &json!({"name": "Land", "type": "NUMBER"})).await;
        assert_eq!(changed.expect(200)["type"], "NUMBER");
        admin.post("/v1/custom-attributes", &body).await.expect(201);
        let list = admin.get(&format!("/v1/custom-attributes?entity={entity}")).await.expect(200);
        let names = list["data"].as_array().unwrap().iter().map(|row| row["name"].clone());
        assert_eq!(names.collect::<Vec<_>>(), ["Region", "Land"]);
        assert_eq!(admin.delete(&path).await.status, 204);
    }
    for wrong in [
        json!({"name": "X"}),
        json!({"entity": "PLAN", "name": "X"}),
        json!({"entity": "CUSTOMER", "name": ""}),
    ] {
        admin.post("/v1/custom-attributes", &wrong).await.refused(400, "VALIDATION_FAILED");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_namespace_is_renamed_and_deleted_when_empty() {
    let service = Service::start().await;
    let admin = &service.admin;
    let made = admin.post("/v1/namespaces", &json!({"name": "Labs"})).await.expect(201);
    let path = format!("/v1/namespaces/{}", id(&made));
    patch(admin, &path, &json!({"name": "default"})).await.refused(409, "NAME_TAKEN");
    let renamed = patch(admin, &path, &json!({"name": "Lab"})).await.expect(200);
    assert_eq!((&renamed["name"], &renamed["version"]), (&json!("Lab"), &json!(2)));
    for (kind, body) in [
        ("plans", json!({"name": "P"})),
        ("methods", json!({"name": "M", "endpointUrl": "https://pods.example/"})),
        ("features", json!({"nameVersion": {"name": "F", "version": "1"}})),
        ("products", json!({"nameVersion": {"name": "F", "version": "1"}})),
    ] {
        let mut body = body;
        body["namespaceId"] = made["id"].clone();
        let held = admin.post(&format!("/v1/{kind}"), &body).await.expect(201);
        let reply = admin.delete(&path).await;
        reply.refused(409, "IN_USE");
        assert!(reply.json["detail"].as_str().unwrap().contains(kind), "{}", reply.text);
        assert_eq!(admin.delete(&format!("/v1/{kind}/{}", id(&held))).await.status, 204);
    }
    assert_eq!(admin.delete(&path).await.status, 204);
    let all = admin.get("/v1/namespaces").await.expect(200);
    let default = format!("/v1/namespaces/{}", id(&all["data"][0]));
    admin.delete(&default).await.refused(409, "IN_USE");
    patch(admin, &default, &json!({"name": "Other"})).await.refused(409, "IN_USE");
}

#[tokio::test(flavor = "multi_thread")]
async fn names_are_found_in_every_namespace_that_may_be_seen() {
    let service = Service::start().await;
    let admin = &service.admin;
    let space = id(&admin.post("/v1/namespaces", &json!({"name": "Two"})).await.expect(201));
    for (kind, body) in [
        ("plans", json!({"name": "Same"})),
        ("methods", json!({"name": "Same", "endpointUrl": "https://pods.example/"})),
        ("features", json!({"nameVersion": {"name": "Same", "version": "1"}})),
        ("products", json!({"nameVersion": {"name": "Same", "version": "1"}})),
    ] {
        let path = format!("/v1/{kind}");
        let mut there = body.clone();
        there["namespaceId"] = json!(space);
        let ids = [
            id(&admin.post(&path, &body).await.expect(201)),
            id(&admin.post(&path, &there).await.expect(201)),
        ];
        let found = async |query: &str| {
            let page = admin.get(&format!("{path}?name=sAME{query}")).await.expect(200);
            let rows: Vec<u64> = page["data"].as_array().unwrap().iter().map(id).collect();
            (rows, page["nextCursor"].as_str().map(str::to_owned))
        };
        assert_eq!(found("").await, (vec![ids[1], ids[0]], None), "{kind}");
        assert_eq!(found("&order=asc").await.0, ids, "{kind}");
        let (first, cursor) = found("&limit=1").await;
        assert_eq!(first, [ids[1]]);
        let rest = found(&format!("&limit=1&cursor={}", cursor.unwrap())).await;
        assert_eq!(rest, (vec![ids[0]], None));
    }
}
