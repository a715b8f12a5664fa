//! Every route of the table: no key, no permission, another tenant.

use domain::access::Needs;
use edge::http::routes::Route;
use edge::http::table::ROUTES;
use harness::story::id;
use harness::{Client, Reply, Service, Story};
use serde_json::{Value, json};

/// What a path names, by the place it is named in: everything is of the story's tenant.
pub(crate) struct Things(Vec<(&'static str, String)>);

impl Things {
    pub(crate) async fn of(story: &Story) -> Self {
        let request = story.activate(1).await;
        let row = story.until_status(request, "REQUEST_SENT").await;
        let first = async |path: &str| {
            let list = story.admin().get(path).await.expect(200);
            id(&list["data"][0]).to_string()
        };
        let made = async |path: &str, body: Value| {
            id(&story.admin().post(path, &body).await.expect(201)).to_string()
        };
        let contact = json!({"name": "Ada", "emailId": "ada@l.example"});
        let attribute = json!({"name": "region", "entity": "CUSTOMER", "type": "STRING"});
        let feature = json!({"nameVersion": {"name": "Scan", "version": "1"}});
        let customer = format!("/v1/customers/{}", story.customer);
        let partner = made("/v1/partners", json!({"identifier": "P", "name": "Partner"})).await;
        let contacts = format!("/v1/partners/{partner}/contacts");
        // They are to be erased, by a sweeper that looks now and then.
        let erased = async |people: &'static str| {
            let one = made(people, json!({"name": "Erased"})).await;
            let body = json!({"comments": "they asked"});
            story.admin().post(&format!("{people}/{one}/erase"), &body).await.expect(200);
            one
        };
        Self(vec![
            ("/v1/customers/{id}/erasure", erased("/v1/customers").await),
            ("/v1/partners/{id}/erasure", erased("/v1/partners").await),
            ("/v1/api-keys/{id}", first("/v1/api-keys").await),
            ("/v1/roles/{id}", first("/v1/roles").await),
            ("/v1/namespaces/{id}", first("/v1/namespaces").await),
            ("/v1/features/{id}", made("/v1/features", feature).await),
            ("/v1/license-models/{id}", first("/v1/license-models").await),
            ("/v1/custom-attributes/{id}", made("/v1/custom-attributes", attribute).await),
            ("/v1/products/{id}", story.product.to_string()),
            (
                "/v1/customers/{id}/contacts/{contactId}",
                made(&format!("{customer}/contacts"), contact.clone()).await,
            ),
            ("/v1/customers/{id}", story.customer.to_string()),
            ("/v1/partners/{id}/contacts/{contactId}", made(&contacts, contact).await),
            ("/v1/partners/{id}", partner),
            ("/v1/plans/{id}/versions/{version}", "1".to_owned()),
            ("/v1/plans/{id}", story.plan.to_string()),
            ("/v1/methods/{id}", story.method.to_string()),
            ("/v1/callbacks/{methodId}", story.method.to_string()),
            ("/v1/callbacks/{methodId}/provisioning-requests/{id}", request.to_string()),
            ("/v1/entitlements/{eId}", story.e_id.clone()),
            ("/v90/ws/entitlement/{entId}", first("/v1/entitlements").await),
            ("/v1/product-keys/{pkId}", story.pk_id.clone()),
            ("/v1/activations/{aid}", row["aid"].as_str().unwrap().to_owned()),
            ("/v1/provisioning-requests/{id}", request.to_string()),
            ("/errors/{code}", "NOT_FOUND".to_owned()),
        ])
    }

    /// The same, with another thing at a place.
    pub(crate) fn with(mut self, place: &'static str, id: &str) -> Self {
        self.0.retain(|(of, _)| *of != place);
        self.0.push((place, id.to_owned()));
        self
    }

    fn at(&self, place: &str) -> &str {
        let found = self.0.iter().find(|(of, _)| *of == place);
        found.map_or_else(|| panic!("nothing is made for {place}"), |(_, id)| id)
    }

    /// The route's path, every parameter filled.
    pub(crate) fn path(&self, route: &Route) -> String {
        if is_crm(route) {
            let number = self.at("/v1/provisioning-requests/{id}");
            return format!("{}?provisioning_request_identifier=number={number}", route.path);
        }
        let ends = route.path.match_indices('}').map(|(at, _)| at + 1);
        ends.fold(route.path.to_owned(), |path, end| {
            let (place, parameter) = (&route.path[..end], route.path[..end].rfind('{'));
            // Not every customer is to be erased.
            let of = if route.path.ends_with("/erasure") { route.path } else { place };
            path.replacen(&place[parameter.unwrap_or(end)..], self.at(of), 1)
        })
    }
}

async fn call(client: &Client, route: &Route, path: &str) -> Reply {
    let (kind, body) = if route.dialect.content.contains(&"application/xml") {
        ("application/xml", "<entitlement><action>DISABLE</action></entitlement>")
    } else {
        ("application/json", "{}")
    };
    let body = matches!(route.verb, "POST" | "PUT" | "PATCH").then(|| body.as_bytes().to_vec());
    let headers = [("if-match", "*"), ("content-type", kind)];
    client.call(route.method(), path, &headers, body).await
}

/// Holds a refusal against its status, and its code where it has one: XML routes answer in words.
fn refused(route: &Route, reply: &Reply, status: u16, code: &str) {
    if route.dialect.ours {
        reply.refused(status, code);
    } else if is_crm(route) {
        let code = if status == 401 { "INVALID_TOKEN" } else { code };
        assert_eq!((reply.status, &reply.json["data"]), (status, &Value::Null));
        assert_eq!(reply.json["status"]["code"], code);
    } else {
        assert_eq!(reply.status, status, "{}: {}", route.operation, reply.text);
        assert_eq!(reply.header("content-type"), "text/plain; charset=utf-8");
    }
}

/// The facade of CRM.COM names a request in its query.
pub(crate) fn is_crm(route: &Route) -> bool {
    route.path.starts_with("/crmapi/")
}

pub(crate) fn needs_key(route: &Route) -> bool {
    !matches!(route.needs, Needs::Nothing | Needs::Signature)
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_key_every_route_that_needs_one_is_401() {
    let story = Story::begin().await;
    let things = Things::of(&story).await;
    let nobody = story.admin().with_key("");
    for route in ROUTES {
        let reply = call(&nobody, route, &things.path(route)).await;
        match route.needs {
            Needs::Nothing => assert_eq!(reply.status, 200, "{}", route.operation),
            Needs::Signature => reply.refused(401, "BAD_SIGNATURE"),
            _ => refused(route, &reply, 401, "UNAUTHENTICATED"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_permission_every_route_is_403() {
    let story = Story::begin().await;
    let things = Things::of(&story).await;
    let admin = story.admin();
    let role = admin.post("/v1/roles", &json!({"name": "Nothing"})).await.expect(201);
    let body = json!({"name": "Weak", "roleId": role["id"]});
    let key = admin.post("/v1/api-keys", &body).await.expect(201);
    let weak = admin.with_key(key["secret"].as_str().unwrap());
    for route in ROUTES.iter().filter(|route| needs_key(route)) {
        let reply = call(&weak, route, &things.path(route)).await;
        match route.needs {
            // It has no session that could be ended.
            Needs::AnyKey => assert!([200, 201, 409].contains(&reply.status), "{}", reply.text),
            _ => refused(route, &reply, 403, "FORBIDDEN"),
        }
    }
}

/// The models of licences are the same for all, and nobody's.
fn of_one(route: &Route) -> bool {
    (route.path.contains('{') || is_crm(route)) && route.operation != "getLicenseModel"
}

#[tokio::test(flavor = "multi_thread")]
async fn another_tenants_things_are_404() {
    let story = Story::begin().await;
    let things = Things::of(&story).await;
    let other = story.service.another_tenant().await;
    let request: u64 = things.at("/v1/provisioning-requests/{id}").parse().unwrap();
    let before = story.request(request).await;
    for route in ROUTES.iter().filter(|r| needs_key(r) && of_one(r)) {
        let reply = call(&other, route, &things.path(route)).await;
        assert_eq!(reply.status, 404, "{}: {}", route.operation, reply.text);
    }
    for route in ROUTES.iter().filter(|r| needs_key(r) && r.verb == "GET" && !of_one(r)) {
        let reply = call(&other, route, &things.path(route)).await;
        assert_eq!(reply.status, 200, "{}: {}", route.operation, reply.text);
        for theirs in [story.product, story.plan, story.customer, story.method, request] {
            assert!(!reply.text.contains(&theirs.to_string()), "{}", route.operation);
        }
    }
    let body = json!({"pkId": story.pk_id, "activationQuantity": 1});
    other.post("/v1/activations", &body).await.refused(422, "PRODUCT_KEY_UNKNOWN");
    assert_eq!(story.request(request).await, before);
}

/// What the test before this one asks about is there: its owner is never told 404.
#[tokio::test(flavor = "multi_thread")]
async fn ones_own_things_are_found() {
    let story = Story::begin().await;
    let things = Things::of(&story).await;
    // What deletes comes last, and what is within something before that.
    let mut routes: Vec<&Route> = ROUTES.iter().filter(|r| needs_key(r) && of_one(r)).collect();
    let verbs = ["GET", "PUT", "PATCH", "POST", "DELETE"];
    let turn = |route: &Route| verbs.iter().position(|verb| *verb == route.verb);
    routes.sort_by_key(|route| (turn(route), std::cmp::Reverse(route.path.len())));
    for route in routes {
        let reply = call(story.admin(), route, &things.path(route)).await;
        assert_ne!(reply.status, 404, "{}: {}", route.operation, reply.text);
        assert!(route.verb != "GET" || reply.status == 200, "{}", route.operation);
    }
}

#[test]
fn operations_have_one_name_each() {
    let mut names: Vec<&str> = ROUTES.iter().map(|route| route.operation).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), ROUTES.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_namespace_grant_opens_that_namespace_only() {
    let story = Story::begin().await;
    let admin = story.admin();
    let space = id(&admin.post("/v1/namespaces", &json!({"name": "B"})).await.expect(201));
    let role = json!({"name": "B only", "permissions": [
        {"area": "catalog", "namespaceId": space, "acts": ["view", "add", "edit", "delete"]}]});
    let role = admin.post("/v1/roles", &role).await.expect(201);
    let body = json!({"name": "B key", "roleId": role["id"]});
    let key = admin.post("/v1/api-keys", &body).await.expect(201);
    let only_b = admin.with_key(key["secret"].as_str().unwrap());
    let body = json!({"name": "Mine", "namespaceId": space});
    let mine = only_b.post("/v1/plans", &body).await.expect(201);
    only_b.post("/v1/plans", &json!({"name": "Yours"})).await.refused(422, "REFERENCE_NOT_FOUND");
    only_b.get(&format!("/v1/plans/{}", story.plan)).await.refused(404, "NOT_FOUND");
    let body = json!({"nameVersion": {"name": "B", "version": "1"}, "namespaceId": space});
    let product = id(&only_b.post("/v1/products", &body).await.expect(201));
    let hidden = json!({"planId": story.plan, "methodId": story.method});
    let reply = only_b.put(&format!("/v1/products/{product}/association"), &hidden).await;
    reply.refused(422, "REFERENCE_NOT_FOUND");
    assert_eq!(reply.json["errors"].as_array().unwrap().len(), 2, "both are told");
    let list = only_b.get("/v1/plans").await.expect(200);
    assert_eq!(list["data"].as_array().unwrap().len(), 1);
    assert_eq!(list["data"][0]["id"], mine["id"]);
    assert_eq!(only_b.get("/v1/methods").await.expect(200)["data"], json!([]));
    assert_eq!(only_b.get("/v1/associations").await.expect(200)["data"], json!([]));
    // What is of no namespace is of all of them.
    let body = json!({"name": "region", "entity": "CUSTOMER", "type": "STRING"});
    only_b.post("/v1/custom-attributes", &body).await.refused(403, "FORBIDDEN");
    let region = id(&admin.post("/v1/custom-attributes", &body).await.expect(201));
    let path = format!("/v1/custom-attributes/{region}");
    only_b.delete(&path).await.refused(403, "FORBIDDEN");
    admin.get(&path).await.expect(200);
}

/// A browser guesses the type of no answer, and runs nothing of one but the page's own scripts.
#[tokio::test(flavor = "multi_thread")]
async fn every_answer_says_what_a_browser_may_do_with_it() {
    let service = Service::start().await;
    let admin = &service.admin;
    for path in ["/v1/plans", "/v1/plans/5", "/nowhere", "/v1/health", "/openapi.json"] {
        let reply = admin.get(path).await;
        assert_eq!(reply.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(reply.header("cache-control"), "no-store", "{path}");
        let policy = reply.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'"), "{path}: {policy}");
    }
    for path in ["/docs/", "/docs/swagger-ui-bundle.js"] {
        let reply = admin.get(path).await;
        assert_eq!((reply.status, reply.header("x-content-type-options")), (200, "nosniff"));
        let policy = reply.header("content-security-policy");
        assert!(policy.starts_with("default-src 'self'; "), "{path}: {policy}");
        assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("script-src"));
    }
}
