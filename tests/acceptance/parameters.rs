//! Every query parameter of the document has an effect.

use edge::http::page::close;
use edge::http::query::Query;
use edge::http::table::ROUTES;
use harness::story::{LADDER, associate, id, product};
use harness::{Client, Story};
use reqwest::Method;
use serde_json::{Value, json};

use crate::routes::Things;

/// A story with two different ones, at least, of everything that is listed.
async fn two_of_all() -> Story {
    let mut story = Story::begin().await;
    let admin = &story.admin;
    let made = async |path: &str, body: Value| id(&admin.post(path, &body).await.expect(201));
    let role = made("/v1/roles", json!({"name": "Nothing"})).await;
    made("/v1/api-keys", json!({"name": "Weak", "roleId": role})).await;
    let space = made("/v1/namespaces", json!({"name": "B"})).await;
    for (name, entity) in [("size", "CUSTOMER"), ("colour", "ENTITLEMENT")] {
        let body = json!({"name": name, "entity": entity, "type": "STRING"});
        made("/v1/custom-attributes", body).await;
        let body = json!({"nameVersion": {"name": name, "version": "1"}, "identifier": name});
        made("/v1/features", body.clone()).await;
        made("/v1/products", body).await;
        let emails = [format!("{name}@two.example")];
        let body = json!({"identifier": name, "name": name, "emails": emails});
        made("/v1/partners", body.clone()).await;
        made("/v1/customers", body).await;
    }
    let plan = made("/v1/plans", json!({"name": "Other", "namespaceId": space})).await;
    let url = &story.provider.url;
    let body = json!({"name": "Other", "endpointUrl": url, "retryLadder": LADDER});
    let method = made("/v1/methods", body).await;
    let second = product(admin, "Second").await;
    associate(admin, second, plan, method).await;
    let me = admin.get("/v1/me").await.expect(200);
    let key = json!({"name": "Another", "roleId": me["role"]["id"]});
    let key = admin.post("/v1/api-keys", &key).await.expect(201);
    let another = admin.with_key(key["secret"].as_str().unwrap());
    let body = json!({"name": "Second", "identifier": "C-2"});
    let customer = id(&another.post("/v1/customers", &body).await.expect(201));
    let path = format!("/v1/plans/{}", story.plan);
    admin.put(&path, &json!({"name": "Pods", "definition": {"a": "1"}})).await.expect(200);
    story.provider.answer(&[(400, "no")]);
    revoked(&story, "FAILED").await;
    let order = |action: &str| {
        json!({"action": action, "customerId": customer, "entitlementItems": [{
            "lineItemType": "Product_Key", "numProductKeys": 2, "numActivationPerProductKey": 9,
            "itemProducts": [{"productId": second}]}]})
    };
    made("/v1/entitlements", order("SAVE")).await;
    let sold = admin.post("/v1/entitlements", &order("PRODUCE")).await.expect(201);
    let e_id = sold["eId"].as_str().unwrap().to_owned();
    let keys = admin.get(&format!("/v1/entitlements/{e_id}/product-keys")).await.expect(200);
    let pk_id = keys["data"][0]["pkId"].as_str().unwrap().to_owned();
    (story.e_id, story.pk_id) = (e_id, pk_id);
    story.provider.answer(&[(503, "later"); LADDER.len()]);
    revoked(&story, "DISPATCH_FAILED").await;
    story
}

/// What failed so and was revoked: a retry of many finds it, again and again, and refuses it.
async fn revoked(story: &Story, status: &str) {
    let failed = story.activate(1).await;
    let failed = story.until_status(failed, status).await;
    let path = format!("/v1/activations/{}/revoke", failed["aid"].as_str().unwrap());
    story.admin().post(&path, &json!({})).await.expect(200);
}

/// The member of a row that a filter asks for, if it has one.
fn asked(filter: &str, row: &Value) -> Option<String> {
    let member = match filter {
        "name" if row["name"].is_null() => &row["nameVersion"]["name"],
        "email" => &row["emails"][0],
        "stage" => &row["lifeCycleStage"],
        "planId" | "methodId" => &row[filter.trim_end_matches("Id")]["id"],
        "after" | "before" if row["at"].is_string() => &row["at"],
        "after" | "before" => &row["createdDate"],
        "id" => &row["entityId"],
        member => &row[member],
    };
    match member {
        Value::Null => None,
        Value::String(text) => Some(text.replace(' ', "%20")),
        other => Some(other.to_string()),
    }
}

/// A page of a list, or of the retry of many, which tells what it found.
async fn page(client: &Client, verb: &Method, path: &str, query: &str) -> (Vec<Value>, Value) {
    let body = (*verb == Method::POST).then(|| b"{}".to_vec());
    let headers = [("content-type", "application/json")];
    let path = format!("{path}?{query}");
    let page = client.call(verb.clone(), &path, &headers, body).await.expect(200);
    let mut rows = page["data"].as_array().unwrap().clone();
    // Two calls may not have the same one.
    for problem in rows.iter_mut().filter_map(|row| row.get_mut("problem")) {
        problem["requestId"] = Value::Null;
    }
    (rows, page["nextCursor"].clone())
}

/// The parameter changes what the list has, and as it says.
async fn of_a_list(client: &Client, verb: &Method, path: &str, parameter: &Value) {
    let (parameter, schema) = (parameter["name"].as_str().unwrap(), &parameter["schema"]);
    let told = format!("{parameter} of {path}");
    let (all, _) = page(client, verb, path, "limit=100").await;
    assert!(all.len() > 1, "{path} has {all:?}");
    let (first, next) = page(client, verb, path, "limit=1").await;
    match parameter {
        "limit" => assert_eq!(first.len(), 1, "{told}"),
        "cursor" => {
            let query = format!("limit=1&cursor={}", next.as_str().unwrap());
            let (second, _) = page(client, verb, path, &query).await;
            assert_eq!((&first[0], &second[0]), (&all[0], &all[1]), "{told}");
        }
        "order" => {
            let default = schema["default"].as_str().unwrap();
            let other = if default == "asc" { "desc" } else { "asc" };
            let query = |order: &str| format!("limit=100&order={order}");
            assert_eq!(page(client, verb, path, &query(default)).await.0, all, "{told}");
            let (mut turned, _) = page(client, verb, path, &query(other)).await;
            turned.reverse();
            assert_eq!(turned, all, "{told}");
        }
        "fields" => {
            let member = all[0].as_object().unwrap().keys().find(|name| *name != "id").unwrap();
            let (some, _) = page(client, verb, path, &format!("fields={member}")).await;
            let names = |row: &Value| row.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
            let only = |row: &Value| names(row).iter().all(|name| name == "id" || name == member);
            assert!(some.iter().all(only) && !only(&all[0]), "{told}: {some:?}");
        }
        filter => {
            // A moment between the rows: the newest come first.
            let skipped = match filter {
                "after" => all.len() / 2,
                "before" => (all.len() - 1) / 2,
                _ => 0,
            };
            let mut rows = all.clone();
            if *verb == Method::POST {
                let list = path.trim_end_matches("/retry");
                rows.clear();
                for line in &all {
                    rows.push(client.get(&format!("{list}/{}", line["id"])).await.expect(200));
                }
            }
            let value = rows.iter().skip(skipped).find_map(|row| asked(filter, row));
            let value = value.unwrap_or_else(|| panic!("no row has a value for {told}"));
            let (found, _) = page(client, verb, path, &format!("limit=100&{filter}={value}")).await;
            assert!((1..all.len()).contains(&found.len()), "{told} = {value}: {}", found.len());
        }
    }
}

/// The parameter changes what one thing's answer has.
async fn of_one(client: &Client, path: &str, parameter: &str) {
    let plain = client.get(path).await.expect(200);
    let members = plain.as_object().unwrap();
    // A page of an export is too large to be filled here.
    let end = close("\"Over\"", &Query::parse("", &[]).unwrap(), path);
    let value = match parameter {
        "cursor" => end.as_str(),
        "fields" => members.keys().find(|name| *name != "id").unwrap().as_str(),
        "view" => "substitution",
        "against" => "2",
        "fields_set" => "number",
        other => panic!("nothing tells what {other} of {path} does"),
    };
    let link = if path.contains('?') { '&' } else { '?' };
    let changed = client.get(&format!("{path}{link}{parameter}={value}")).await.expect(200);
    assert_ne!(changed, plain, "{parameter} of {path}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_query_parameter_has_an_effect() {
    let story = two_of_all().await;
    let things = Things::of(&story).await;
    let document = story.admin().get("/openapi.json").await.expect(200);
    let mut tried = 0;
    for route in ROUTES {
        let operation = &document["paths"][route.path][route.verb.to_lowercase()];
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        let parameters: Vec<&Value> = parameters.filter(|one| one["in"] == "query").collect();
        let is_list = parameters.iter().any(|one| one["name"] == "limit");
        for parameter in parameters {
            let (path, name) = (things.path(route), parameter["name"].as_str().unwrap());
            match name {
                // `callbacks` tries the first, `crm` the second.
                "generation" | "provisioning_request_identifier" => continue,
                _ if is_list => of_a_list(story.admin(), &route.method(), &path, parameter).await,
                _ => of_one(story.admin(), &path, name).await,
            }
            tried += 1;
        }
    }
    assert!(tried > 100, "{tried}");
}
