//! What each function may do on AWS: exactly the calls that its code makes.
//!
//! Every function runs with a client of its own that notes its calls, through every route, the
//! dispatcher, the sweeper and the bootstrap. `template` holds the roles against the same list.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use domain::ids::Id;
use edge::App;
use edge::http::router::finish;
use edge::http::table::ROUTES;
use edge::{doctor, mark};
use local::service::ROUTERS;
use serde_json::{Value, json};
use simulator::api::{Api, Call, Door, method_of, number, plan_of, text};
use simulator::stage::{Stage, batch, body_of};
use simulator::vault::{FIRST, Kept};
use store::dynamo::DynamoStore;
use store::phase::FORM;

use crate::grants::GRANTS;
use crate::notes::{Notes, NotingQueue, Used};
use harness::engine;

/// Every function with a client of its own, over one engine; clock, queue and provider in hand.
pub(crate) struct Town {
    pub(crate) stage: Stage,
    used: Used,
    pub(crate) apps: BTreeMap<&'static str, Arc<App>>,
    pub(crate) key: String,
    visited: BTreeSet<&'static str>,
    /// What each route was asked and answered first.
    pub(crate) examples: BTreeMap<&'static str, Value>,
    posts: u32,
}

/// A call and its answer; of a list the first two rows.
fn example(call: &Call, response: &Value) -> Value {
    let text = || json!(call.body);
    let request = serde_json::from_str(&call.body).unwrap_or_else(|_| text());
    let mut response = response.clone();
    if let Some(rows) = response.get_mut("data").and_then(Value::as_array_mut) {
        rows.truncate(2);
    }
    json!({"request": request, "response": response})
}

fn may(function: &str, grant: &str) -> bool {
    let granted = GRANTS.iter().find(|(name, _)| *name == function);
    granted.is_some_and(|(_, lines)| lines.iter().any(|line| line.starts_with(grant)))
}

impl Town {
    async fn build() -> Self {
        let client = engine().client();
        store::tables::create(&client, "core", "catalog", store::phase::Phase::Whole)
            .await
            .unwrap();
        let store = |client| Arc::new(DynamoStore::new(client, "core".into(), "catalog".into()));
        let stage = Stage::over(store(client.clone()));
        let (used, vault) = (Used::default(), Kept::new(FIRST));
        let app = |function: &'static str| {
            let notes = Notes { function, used: Arc::clone(&used) };
            let config = client.config().to_builder().interceptor(notes.clone()).build();
            // Who is not granted the master key has none: a call that needs it fails.
            let key = may(function, "master-key: GetSecretValue");
            Arc::new(App {
                store: store(aws_sdk_dynamodb::Client::from_conf(config)),
                queue: Arc::new(NotingQueue(stage.app.queue.clone(), notes.clone())),
                provider: stage.app.provider.clone(),
                clock: stage.app.clock.clone(),
                ids: stage.app.ids.clone(),
                master: key.then(|| notes.master_keys(FIRST, &vault)),
                public_url: stage.app.public_url.clone(),
                egress: stage.app.egress.clone(),
                tokens: edge::provider::token::Tokens::default(),
                tenants: edge::tenants::Tenants::default(),
            })
        };
        let with_routes = ROUTERS.iter().map(|(function, _)| -> &'static str { function.into() });
        let names = with_routes.chain(["dispatch", "sweeper", "bootstrap"]);
        let apps: BTreeMap<_, _> = names.map(|name| (name, app(name))).collect();
        for (name, app) in &apps {
            let store = &*app.store;
            let marked = match (*name, &app.master) {
                ("bootstrap", Some(master)) => {
                    mark::compare_or_mark(store, master).await.map(Some).unwrap()
                }
                (_, master) => mark::compare(store, master.as_ref()).await.unwrap(),
            };
            assert!(marked.is_none_or(|form| form == FORM), "{marked:?}");
        }
        let key = bootstrap::administrator(&apps["bootstrap"], Id::FIRST_TENANT).await.unwrap();
        let again = bootstrap::administrator(&apps["bootstrap"], Id::FIRST_TENANT).await.unwrap();
        assert_ne!(key, again);
        let (visited, examples) = (BTreeSet::new(), BTreeMap::new());
        Self { stage, used, apps, key, visited, examples, posts: 0 }
    }

    /// A call of the function that has the route.
    pub(crate) async fn call(&mut self, call: &Call, status: u16) -> Value {
        let path = call.path.split('?').next().unwrap();
        let fits = |pattern: &str| {
            let (parts, wanted) = (path.split('/'), pattern.split('/'));
            parts.clone().count() == wanted.clone().count()
                && parts.zip(wanted).all(|(part, wanted)| part == wanted || wanted.starts_with('{'))
        };
        let route = ROUTES.iter().find(|r| r.verb == call.verb && fits(r.path)).unwrap();
        self.visited.insert(route.operation);
        let (_, router) = ROUTERS.iter().find(|(f, _)| *f == route.function).unwrap();
        let function: &'static str = route.function.into();
        let app = &self.apps[function];
        let api = Api::new(finish(router(Arc::clone(app)), app));
        let reply = api.call(call).await;
        assert_eq!(reply.status, status, "{}: {}", route.operation, reply.json);
        if reply.status < 300 {
            self.examples.entry(route.operation).or_insert_with(|| example(call, &reply.json));
        }
        reply.json
    }

    pub(crate) async fn get(&mut self, path: &str) -> Value {
        self.call(&Call::new("GET", path, &self.key.clone(), &Value::Null), 200).await
    }

    /// POST, and the same again: its replay reads the record of the first.
    pub(crate) async fn post(&mut self, path: &str, body: Value, status: u16) -> Value {
        self.posts += 1;
        let call = Call::new("POST", path, &self.key, &body).once(&format!("once-{}", self.posts));
        let first = self.call(&call, status).await;
        self.call(&call, status).await;
        first
    }

    pub(crate) async fn other(
        &mut self,
        verb: &'static str,
        path: &str,
        body: Value,
        status: u16,
    ) -> Value {
        self.call(&Call::new(verb, path, &self.key.clone(), &body), status).await
    }

    /// Hands what was sent to the dispatcher, one message after another: two messages of one
    /// request would race, and the loser draws one more id, so that the examples would change.
    pub(crate) async fn dispatch(&mut self) {
        for message in self.stage.queue.take() {
            let app = Arc::clone(&self.apps["dispatch"]);
            let answer = dispatch::handle(app, batch([("1".to_owned(), body_of(&message))])).await;
            assert!(answer.batch_item_failures.is_empty());
        }
    }
}

impl Town {
    async fn keys_and_roles(&mut self) {
        for path in ["/v1/me", "/v1/health", "/v1/state-machines", "/openapi.json"] {
            self.get(path).await;
        }
        self.get("/errors/NOT_FOUND").await;
        let role = self.post("/v1/roles", json!({"name": "Seller"}), 201).await;
        self.get("/v1/roles").await;
        let role_path = format!("/v1/roles/{}", role["id"]);
        self.get(&role_path).await;
        let grant = json!({"area": "entitlement", "acts": ["view"]});
        let body = json!({"name": "Seller", "permissions": [grant]});
        self.other("PUT", &role_path, body, 200).await;
        let body = json!({"name": "Till", "roleId": role["id"]});
        let key = self.post("/v1/api-keys", body, 201).await;
        self.get("/v1/api-keys").await;
        let path = format!("/v1/api-keys/{}", key["id"]);
        self.get(&path).await;
        self.other("PATCH", &path, json!({"name": "Till 1"}), 200).await;
        self.post(&format!("{path}/rotate"), json!({"overlap": "PT1H"}), 200).await;
        self.post(&format!("{path}/rotate"), json!({"overlap": "PT0S"}), 200).await;
        let session = self.post("/v1/sessions", Value::Null, 201).await;
        let secret = text(&session["secret"]);
        let end = Call::new("DELETE", "/v1/sessions/current", &secret, &Value::Null);
        self.call(&end, 204).await;
        self.other("DELETE", &path, Value::Null, 204).await;
        self.other("DELETE", &role_path, Value::Null, 204).await;
        let space = self.post("/v1/namespaces", json!({"name": "Labs"}), 201).await;
        self.get("/v1/namespaces").await;
        let path = format!("/v1/namespaces/{}", space["id"]);
        self.get(&path).await;
        self.other("PATCH", &path, json!({"name": "Lab"}), 200).await;
        self.other("DELETE", &path, Value::Null, 204).await;
        self.get("/v1/tenant").await;
        let body = json!({"name": "Vendor", "alternativeCode": "vendor"});
        self.other("PATCH", "/v1/tenant", body, 200).await;
        self.get("/v1/audit").await;
        self.get(&format!("/v1/audit?entity=NAMESPACE&id={}", space["id"])).await;
        self.get("/v1/audit?id=nothing").await;
    }

    /// Makes one, lists, shows, changes and deletes it.
    async fn round(&mut self, path: &str, filter: &str, body: Value, change: Value) {
        let made = self.post(path, body, 201).await;
        self.get(path).await;
        self.get(&format!("{path}{filter}")).await;
        let path = format!("{path}/{}", made["id"]);
        self.get(&path).await;
        self.other("PATCH", &path, change, 200).await;
        self.other("DELETE", &path, Value::Null, 204).await;
    }

    /// What there is beside products, plans and methods; and the people.
    async fn small_things(&mut self) {
        let name = json!({"name": "Scan", "version": "1"});
        let change = json!({"nameVersion": {"name": "Copy", "version": "2"}});
        self.round("/v1/features", "?name=Scan", json!({"nameVersion": name}), change).await;
        let body = json!({"entity": "CUSTOMER", "name": "Region"});
        let change = json!({"name": "Land"});
        self.round("/v1/custom-attributes", "?entity=CUSTOMER", body, change).await;
        for path in ["/v1/license-models", "/v1/license-models/1", "/v1/attributes"] {
            self.get(path).await;
        }
        for people in ["/v1/customers", "/v1/partners"] {
            let change = json!({"name": "Other"});
            self.round(people, "?name=Some", json!({"name": "Some"}), change.clone()).await;
            let one = self.post(people, json!({"name": "With contacts"}), 201).await;
            let contacts = format!("{people}/{}/contacts", one["id"]);
            let body = json!({"emailId": "a@b.example"});
            self.round(&contacts, "", body.clone(), change).await;
            self.post(&contacts, body, 201).await;
            let path = format!("{people}/{}", one["id"]);
            self.other("DELETE", &path, Value::Null, 204).await;
        }
    }

    /// A complete product with plan and method; and one of each that goes again.
    async fn catalog(&mut self) -> (u64, Door) {
        let body =
            json!({"nameVersion": {"name": "Pod", "version": "1"}, "provisioningEnabled": true});
        let product = number(&self.post("/v1/products", body, 201).await["id"]);
        let mut features = Vec::new();
        for name in ["Print", "Scan"] {
            let body = json!({"nameVersion": {"name": name, "version": "1"}});
            let feature = self.post("/v1/features", body, 201).await;
            features.push(json!({"featureId": feature["id"], "licenseModelId": 4}));
        }
        let change = json!({"features": features});
        self.other("PATCH", &format!("/v1/products/{product}"), change, 200).await;
        let body = json!({"nameVersion": {"name": "Odd", "version": "1"}, "features": features});
        let odd = self.post("/v1/products", body, 201).await;
        self.other("DELETE", &format!("/v1/products/{}", odd["id"]), Value::Null, 204).await;
        self.get("/v1/products?name=Pod").await;
        self.get("/v1/products?stage=DRAFT").await;
        self.get(&format!("/v1/products/{product}")).await;
        self.post(&format!("/v1/products/{product}/complete"), Value::Null, 200).await;
        self.get("/v1/plans/document-shape").await;
        let plan = self.post("/v1/plans", plan_of("one"), 201).await;
        let gone = self.post("/v1/plans", json!({"name": "Gone"}), 201).await;
        let path = format!("/v1/plans/{}", gone["id"]);
        self.other("PUT", &path, json!({"name": "Going"}), 200).await;
        for more in ["/definition", "/versions", "/versions/1"] {
            self.get(&format!("{path}{more}")).await;
        }
        self.post(&format!("{path}/copy"), Value::Null, 201).await;
        self.other("DELETE", &path, Value::Null, 204).await;
        let body = json!({"definition": {"id": "$.provisioningRequest.id"}});
        self.other("POST", "/v1/plans/lint", body, 200).await;
        self.get("/v1/plans?name=Pods").await;
        self.get(&format!("/v1/plans/{}", plan["id"])).await;
        let terms = simulator::api::Terms::default();
        let method = self.post("/v1/methods", method_of("Farm", &terms), 201).await;
        let gone = self.post("/v1/methods", method_of("Gone", &terms), 201).await;
        let path = format!("/v1/methods/{}", gone["id"]);
        self.other("PUT", &path, method_of("Going", &terms), 200).await;
        for (act, status) in
            [("copy", 201), ("rotate-secret", 200), ("disable", 200), ("enable", 200)]
        {
            self.post(&format!("{path}/{act}"), Value::Null, status).await;
        }
        self.other("POST", &format!("{path}/test"), Value::Null, 200).await;
        self.other("DELETE", &path, Value::Null, 204).await;
        self.get("/v1/methods?name=Farm").await;
        self.get(&format!("/v1/methods/{}", method["id"])).await;
        let path = format!("/v1/products/{product}/association");
        let (plan, method_id) = (&plan["id"], &method["id"]);
        let body = json!({"planId": plan, "methodId": method_id, "deprovisionPlanId": plan});
        self.other("PUT", &path, body.clone(), 200).await;
        self.get(&path).await;
        self.get("/v1/associations").await;
        self.other("DELETE", &path, Value::Null, 204).await;
        self.other("PUT", &path, body, 200).await;
        (product, Door::new(&method))
    }

    /// An entitlement that is sold to a customer; its key.
    async fn sale(&mut self, product: u64) -> String {
        let body = json!({"nameVersion": {"name": "Manual", "version": "1"}});
        let other = number(&self.post("/v1/products", body, 201).await["id"]);
        self.post(&format!("/v1/products/{other}/complete"), Value::Null, 200).await;
        let body = json!({"name": "Tucano Ltd", "identifier": "C-1", "emails": ["it@t.example"]});
        let customer = number(&self.post("/v1/customers", body, 201).await["id"]);
        let body = json!({"name": "Tucano Ltd", "emails": ["it@t.example"]});
        self.post("/v1/customers", body, 201).await;
        for query in ["", "?email=it@t.example", "?name=Tucano+Ltd", "?identifier=C-1"] {
            self.get(&format!("/v1/customers{query}")).await;
        }
        self.get(&format!("/v1/customers/{customer}")).await;
        let body = json!({"customerId": customer, "entitlementItems": [{
            "lineItemType": "Product_Key", "numProductKeys": 2, "numActivationPerProductKey": 10,
            "itemProducts": [{"productId": product}, {"productId": other}]}]});
        let e_id = text(&self.post("/v1/entitlements", body, 201).await["eId"]);
        let path = format!("/v1/entitlements/{e_id}");
        self.post(&format!("{path}/actions"), json!({"action": "PRODUCE"}), 200).await;
        self.get(&path).await;
        for query in ["", "?state=DRAFT", &format!("?customerId={customer}")] {
            self.get(&format!("/v1/entitlements{query}")).await;
        }
        self.other("DELETE", &format!("/v1/customers/{customer}"), Value::Null, 409).await;
        let keys = self.get(&format!("{path}/product-keys")).await;
        let pk_id = text(&keys["data"][0]["pkId"]);
        let path = format!("/v1/product-keys/{pk_id}");
        self.get(&path).await;
        let change = json!({"customAttributes": {}});
        self.other("PATCH", &path, change, 200).await;
        for action in ["DISABLE", "ENABLE"] {
            self.post(&format!("{path}/actions"), json!({"action": action}), 200).await;
        }
        pk_id
    }

    pub(crate) async fn activate(&mut self, pk_id: &str, quantity: u32) -> (Value, u64) {
        let body = json!({"pkId": pk_id, "activationQuantity": quantity});
        let made = self.post("/v1/activations", body, 201).await;
        let request = number(&made["provisioningRequests"][0]["id"]);
        (made, request)
    }

    pub(crate) async fn report(
        &mut self,
        door: &Door,
        request: u64,
        id: &str,
        body: Value,
        status: u16,
    ) {
        let now = self.stage.app.clock.now();
        let call = door.report(request, "?generation=1", id, now, &body.to_string());
        self.call(&call, status).await;
    }
}

/// Visits every route, and everything besides.
pub(crate) async fn visit() -> Town {
    let mut town = Town::build().await;
    town.keys_and_roles().await;
    town.small_things().await;
    let (product, door) = town.catalog().await;
    let pk_id = town.sale(product).await;
    town.draft().await;
    town.documents(product).await;
    town.requests(&pk_id, &door).await;
    town.owners(product).await;
    town.erasures(product, &door).await;
    town.revocations(product, &door).await;
    town.post(&format!("/v1/products/{product}/retire"), Value::Null, 200).await;
    let findings = doctor::examine(&town.apps["bootstrap"], None).await;
    assert!(findings.iter().all(|finding| finding.fine), "{findings:?}");
    let app = Arc::clone(&town.apps["bootstrap"]);
    let rows = crate::forms::without_form(&*town.stage.app.store).await;
    let asked = serde_json::from_value(json!({"migrate": true})).unwrap();
    let migrated = bootstrap::on_event(app, Some(asked)).await.unwrap();
    assert_eq!(migrated["changed"], json!(rows), "{migrated}");
    town.rotation().await;
    let all: BTreeSet<&str> = ROUTES.iter().map(|route| route.operation).collect();
    assert_eq!(town.visited, all);
    town
}

#[tokio::test(flavor = "multi_thread")]
async fn each_function_does_exactly_what_it_is_granted() {
    let town = visit().await;
    let mut lines: BTreeMap<(&str, String), Vec<&str>> = BTreeMap::new();
    for (function, resource, action) in town.used.lock().unwrap().iter() {
        lines.entry((*function, resource.clone())).or_default().push(*action);
    }
    let used: BTreeSet<String> = lines
        .iter()
        .map(|((function, resource), actions)| {
            format!("{function} {resource}: {}", actions.join(" "))
        })
        .collect();
    let granted: BTreeSet<String> = GRANTS
        .iter()
        .flat_map(|(function, lines)| lines.iter().map(move |line| format!("{function} {line}")))
        .collect();
    assert_eq!(used, granted);
}
