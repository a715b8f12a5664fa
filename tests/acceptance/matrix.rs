//! The authorisation matrix: every route of the table by every kind of caller, each cell by HTTP.
//!
//! Where a caller is permitted, the call is one that changes nothing: its body, or its version, is
//! refused after the caller was let in. So the things stay, and each cell is asked of the same.

use std::collections::BTreeMap;
use std::time::Instant;

use domain::access::{Act, Area, Needs};
use domain::ids::Id;
use edge::http::routes::Route;
use edge::http::table::ROUTES;
use edge::ports::{Clock, SystemClock};
use harness::story::id;
use harness::{Client, Reply, Story, until};
use serde_json::{Value, json};
use strum::IntoEnumIterator;

use crate::roles::{named, with_key, with_role};
use crate::routes::{Things, is_crm, needs_key};
use crate::tenants::operator;

/// What a cell must answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cell {
    /// 401.
    Unknown,
    /// 403.
    Forbidden,
    /// 404.
    Absent,
    /// The caller is let in: the answer is about the call.
    Open,
}

impl Cell {
    const fn of(reply: &Reply) -> Self {
        match reply.status {
            401 => Self::Unknown,
            403 => Self::Forbidden,
            404 => Self::Absent,
            _ => Self::Open,
        }
    }
}

/// A call that is refused once its caller is let in, if it would change anything.
async fn call(client: &Client, route: &Route, path: &str) -> Reply {
    let xml = route.dialect.content.contains(&"application/xml");
    let (kind, body) = if xml { ("application/xml", "<") } else { ("application/json", "{\"x\":") };
    let body = (route.verb != "GET").then(|| body.as_bytes().to_vec());
    client.call(route.method(), path, &[("content-type", kind)], body).await
}

fn every() -> Vec<(Area, Act)> {
    Area::iter().flat_map(|area| Act::iter().map(move |act| (area, act))).collect()
}

fn granting(has: impl Fn(Area, Act) -> bool) -> Value {
    let grant = |area: Area| {
        let acts: Vec<Act> = Act::iter().filter(|act| has(area, *act)).collect();
        json!({"area": area, "acts": acts})
    };
    Area::iter().map(grant).collect()
}

fn meets(needs: Needs, has: impl Fn(Area, Act) -> bool) -> bool {
    match needs {
        Needs::Nothing | Needs::AnyKey | Needs::Signature => true,
        Needs::OneOf(list) => list.iter().any(|(area, act)| has(*area, *act)),
        Needs::AllOf(list) => list.iter().all(|(area, act)| has(*area, *act)),
    }
}

/// What is another's is not there; a call that would change it is refused for its body first.
/// License models are nobody's.
fn of_another(route: &Route) -> Cell {
    let of_somebody =
        is_crm(route) || route.path.contains('{') && !route.path.starts_with("/v1/license-models/");
    let one = of_somebody && route.verb == "GET";
    if one { Cell::Absent } else { Cell::Open }
}

/// The cells that were asked, by caller, and those that answered wrongly.
#[derive(Default)]
struct Matrix {
    asked: BTreeMap<String, usize>,
    wrong: Vec<String>,
}

impl Matrix {
    async fn row(
        &mut self,
        who: &str,
        client: &Client,
        things: &Things,
        expected: impl Fn(&Route) -> Cell,
    ) {
        for route in ROUTES.iter().filter(|route| needs_key(route)) {
            let reply = call(client, route, &things.path(route)).await;
            *self.asked.entry(who.to_owned()).or_default() += 1;
            let (is, wanted) = (Cell::of(&reply), expected(route));
            if is != wanted {
                let told =
                    format!("{who}, {}: {is:?}, not {wanted:?}: {}", route.operation, reply.text);
                self.wrong.push(told);
            }
        }
    }
}

/// The callers who are nobody: no key, none in form, none that is known, ended, or run out.
async fn nobodies(story: &Story) -> Vec<(&'static str, Client)> {
    let admin = story.admin();
    let role = named(admin, "Administrator").await["id"].clone();
    let (revoked, ended) = with_key(admin, json!({"name": "R", "roleId": role})).await;
    assert_eq!(admin.delete(&format!("/v1/api-keys/{}", revoked["id"])).await.status, 204);
    let soon = SystemClock.now().after(domain::time::Period::from_secs(2)).to_string();
    let body = json!({"name": "E", "roleId": role, "expires": soon});
    let (_, expired) = with_key(admin, body).await;
    until("the key's end", async || (expired.get("/v1/me").await.status == 401).then_some(()))
        .await;
    let (rotated, old) = with_key(admin, json!({"name": "O", "roleId": role})).await;
    let rotate = format!("/v1/api-keys/{}/rotate", rotated["id"]);
    admin.post(&rotate, &json!({"overlap": "PT0S"})).await.expect(200);
    let session = admin.post("/v1/sessions", &json!({})).await.expect(201);
    let session = admin.with_key(session["secret"].as_str().unwrap());
    assert_eq!(session.delete("/v1/sessions/current").await.status, 204);
    let with = |key: &str| admin.with_key(key);
    vec![
        ("no key", with("")),
        ("a malformed key", with("pvk_zz")),
        ("a long key", with(&"k".repeat(5000))),
        ("an unknown key", with(&format!("pvk_{}", "0".repeat(64)))),
        ("a revoked key", ended),
        ("an expired key", expired),
        ("a rotated secret", old),
        ("an ended session", session),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn every_caller_gets_what_the_table_of_routes_says() {
    let begun = Instant::now();
    let story = Story::begin().await;
    let things = Things::of(&story).await;
    let (admin, mut matrix) = (story.admin(), Matrix::default());
    for (who, client) in nobodies(&story).await {
        matrix.row(who, &client, &things, |_| Cell::Unknown).await;
    }
    let off = json!({"name": "Off", "permissions": granting(|_, _| true)});
    let off = admin.post("/v1/roles", &off).await.expect(201);
    let (_, client) = with_key(admin, json!({"name": "Off", "roleId": off["id"]})).await;
    let mut body = off.clone();
    body["enabled"] = json!(false);
    admin.put(&format!("/v1/roles/{}", off["id"]), &body).await.expect(200);
    let open = |open: bool| if open { Cell::Open } else { Cell::Forbidden };
    let any = |route: &Route| open(route.needs == Needs::AnyKey);
    matrix.row("a disabled role", &client, &things, any).await;
    for (area, act) in every() {
        let without = |a, b| (a, b) != (area, act);
        let name = format!("all but {area}.{act}");
        let client = with_role(admin, &name.replace('.', " "), &granting(without)).await;
        matrix.row(&name, &client, &things, |route| open(meets(route.needs, without))).await;
        let only = |a, b| (a, b) == (area, act);
        let name = format!("only {area}.{act}");
        let client = with_role(admin, &name.replace('.', " "), &granting(only)).await;
        matrix.row(&name, &client, &things, |route| open(meets(route.needs, only))).await;
    }
    for (member, path) in [("customerId", "customers"), ("partnerId", "partners")] {
        let other =
            id(&admin.post(&format!("/v1/{path}"), &json!({"name": "O"})).await.expect(201));
        let role = named(admin, "Administrator").await["id"].clone();
        let body = json!({"name": "Bound", "roleId": role, member: other});
        let (_, client) = with_key(admin, body).await;
        let may = client.get("/v1/me").await.expect(200)["permissions"].clone();
        let has = |area: Area, act: Act| {
            let grants = may.as_array().unwrap().iter();
            let act = json!(act);
            let gives = |g: &Value| {
                g["area"] == json!(area) && g["acts"].as_array().unwrap().contains(&act)
            };
            grants.clone().any(gives)
        };
        let expected = |route: &Route| {
            if meets(route.needs, has) { of_another(route) } else { Cell::Forbidden }
        };
        matrix.row(&format!("another's {member}"), &client, &things, expected).await;
    }
    let client = of_one_namespace(admin).await;
    let elsewhere = |route: &Route| {
        let divided = DIVIDED.iter().any(|part| route.path.starts_with(&format!("/v1/{part}/{{")));
        if divided && route.verb == "GET" { Cell::Absent } else { Cell::Open }
    };
    matrix.row("another namespace's key", &client, &things, elsewhere).await;
    let operator = operator(&story.service);
    let acme = operator.post("/operator/v1/tenants", &json!({"name": "Acme"})).await.expect(201);
    let client = admin.with_key(acme["apiKey"].as_str().unwrap());
    matrix.row("another tenant's key", &client, &things, of_another).await;
    let suspend = format!("/operator/v1/tenants/{}/suspend", Id::FIRST_TENANT);
    operator.post(&suspend, &json!({})).await.expect(200);
    matrix.row("a suspended tenant", admin, &things, |_| Cell::Forbidden).await;
    let asked: usize = matrix.asked.values().sum();
    println!("{asked} cells, {} wrong, {:?}", matrix.wrong.len(), begun.elapsed());
    assert!(matrix.wrong.is_empty(), "{:#?}", matrix.wrong);
    assert!(asked > 5_000, "{asked}");
}

/// What belongs to a namespace.
const DIVIDED: [&str; 5] = ["features", "products", "plans", "methods", "namespaces"];

/// A key that may do everything, but of the catalog in one namespace alone.
async fn of_one_namespace(admin: &Client) -> Client {
    let space = id(&admin.post("/v1/namespaces", &json!({"name": "B"})).await.expect(201));
    let mut may = granting(|area, _| area != Area::Catalog);
    let here = json!({"area": Area::Catalog, "acts": Act::iter().collect::<Vec<_>>(),
        "namespaceId": space});
    may.as_array_mut().unwrap().push(here);
    with_role(admin, "B", &may).await
}

/// In one namespace alone: what is in another one is not there, what all share cannot be changed.
#[tokio::test(flavor = "multi_thread")]
async fn another_namespaces_things_are_not_there() {
    let story = Story::begin().await;
    let things = Things::of(&story).await;
    let client = of_one_namespace(story.admin()).await;
    let mut asked = 0;
    for route in ROUTES.iter().filter(|route| route.path.contains("{id}")) {
        let of = DIVIDED.iter().any(|part| route.path.starts_with(&format!("/v1/{part}/")));
        if !of || !needs_key(route) {
            continue;
        }
        let body = (route.verb != "GET").then(|| b"{}".to_vec());
        let headers = [("if-match", "*")];
        let reply = client.call(route.method(), &things.path(route), &headers, body).await;
        assert_eq!(reply.status, 404, "{}: {}", route.operation, reply.text);
        asked += 1;
    }
    assert!(asked >= 30, "{asked}");
}
