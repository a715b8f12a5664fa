//! Keys of customers and partners: each sees and touches what is theirs, all of it, and no more.

use std::collections::BTreeSet;

use domain::access::Needs;
use edge::http::table::ROUTES;
use harness::story::{associate, id, product};
use harness::{Client, Reply, Story};
use serde_json::{Value, json};

use crate::roles::{named, with_key};

/// What belongs together.
#[derive(Default)]
struct Own {
    entitlements: Vec<String>,
    keys: Vec<String>,
    activations: Vec<String>,
    requests: Vec<u64>,
}

impl Own {
    fn and(&self, other: &Self) -> Self {
        Self {
            entitlements: [&self.entitlements[..], &other.entitlements].concat(),
            keys: [&self.keys[..], &other.keys].concat(),
            activations: [&self.activations[..], &other.activations].concat(),
            requests: [&self.requests[..], &other.requests].concat(),
        }
    }
}

/// A shop with three customers and a partner, by whom the second one bought, and the third half.
struct Shop {
    story: Story,
    products: [u64; 2],
    customers: [u64; 3],
    partner: u64,
}

impl Shop {
    async fn open() -> Self {
        let story = Story::begin().await;
        let admin = story.admin();
        let second = product(admin, "Second").await;
        associate(admin, second, story.plan, story.method).await;
        let mut customers = [0; 3];
        for (i, customer) in customers.iter_mut().enumerate() {
            let body =
                json!({"name": format!("Customer {i}"), "emails": [format!("c{i}@l.example")]});
            *customer = id(&admin.post("/v1/customers", &body).await.expect(201));
        }
        let partner = admin.post("/v1/partners", &json!({"name": "Partner"})).await.expect(201);
        Self { products: [story.product, second], customers, partner: id(&partner), story }
    }

    /// An entitlement with a key, activated so often: two requests each.
    async fn sell(&self, customer: Option<u64>, partner: Option<u64>, activations: u32) -> Own {
        let admin = self.story.admin();
        let products = self.products.map(|id| json!({"productId": id}));
        let body = json!({"customerId": customer, "partnerId": partner, "action": "PRODUCE",
            "entitlementItems": [{"lineItemType": "Product_Key", "numProductKeys": 1,
            "numActivationPerProductKey": 100, "itemProducts": products}]});
        let made = admin.post("/v1/entitlements", &body).await.expect(201);
        let e_id = made["eId"].as_str().unwrap().to_owned();
        let keys = admin.get(&format!("/v1/entitlements/{e_id}/product-keys")).await.expect(200);
        let pk_id = keys["data"][0]["pkId"].as_str().unwrap().to_owned();
        let mut own = Own { entitlements: vec![e_id], keys: vec![pk_id.clone()], ..Own::default() };
        for _ in 0..activations {
            let body = json!({"pkId": pk_id, "activationQuantity": 1});
            let made = admin.post("/v1/activations", &body).await.expect(201);
            own.activations.push(made["aid"].as_str().unwrap().to_owned());
            own.requests.extend(made["provisioningRequests"].as_array().unwrap().iter().map(id));
        }
        own
    }

    /// A client with a key that is bound, in the widest role there is.
    async fn bound(&self, member: &str, id: u64) -> Client {
        let role = named(self.story.admin(), "Administrator").await["id"].clone();
        let body = json!({"name": format!("{member} {id}"), "roleId": role, member: id});
        with_key(self.story.admin(), body).await.1
    }
}

/// Every row of a list, page by page.
async fn walked(client: &Client, path: &str, member: &str) -> Vec<String> {
    let (mut told, mut cursor) = (Vec::new(), String::new());
    loop {
        let joint = if path.contains('?') { '&' } else { '?' };
        let page = client.get(&format!("{path}{joint}limit=3{cursor}")).await.expect(200);
        let rows = page["data"].as_array().unwrap();
        assert!(rows.len() <= 3);
        told.extend(rows.iter().map(|row| row[member].to_string().replace('"', "")));
        let Some(next) = page["nextCursor"].as_str() else { return told };
        cursor = format!("&cursor={next}");
    }
}

/// Every row of a list, in both orders, each once.
async fn whole(client: &Client, path: &str, member: &str) -> BTreeSet<String> {
    let newest = walked(client, path, member).await;
    let joint = if path.contains('?') { '&' } else { '?' };
    let mut oldest = walked(client, &format!("{path}{joint}order=asc"), member).await;
    oldest.reverse();
    assert_eq!(newest, oldest, "{path}");
    let all: BTreeSet<String> = newest.iter().cloned().collect();
    assert_eq!(all.len(), newest.len(), "{path}: a row comes once");
    all
}

fn texts<T: ToString>(values: &[T]) -> BTreeSet<String> {
    values.iter().map(ToString::to_string).collect()
}

fn shows(own: &Own) -> Vec<String> {
    let mut paths = Vec::new();
    for e_id in &own.entitlements {
        paths.push(format!("/v1/entitlements/{e_id}"));
        paths.push(format!("/v1/entitlements/{e_id}/product-keys"));
    }
    paths.extend(own.keys.iter().map(|pk_id| format!("/v1/product-keys/{pk_id}")));
    paths.extend(own.activations.iter().map(|aid| format!("/v1/activations/{aid}")));
    for request in &own.requests {
        let path = format!("/v1/provisioning-requests/{request}");
        for more in ["", "/explain", "/attempts", "?view=substitution"] {
            paths.push(format!("{path}{more}"));
        }
        let crm = "/crmapi/rest/v2/provisioning/provisioning_requests/show";
        paths.push(format!("{crm}?provisioning_request_identifier=number={request}"));
    }
    paths
}

async fn sees(client: &Client, own: &Own, others: &Own) {
    assert_eq!(whole(client, "/v1/entitlements", "eId").await, texts(&own.entitlements));
    assert_eq!(whole(client, "/v1/activations", "aid").await, texts(&own.activations));
    assert_eq!(whole(client, "/v1/provisioning-requests", "id").await, texts(&own.requests));
    for path in shows(own) {
        assert_eq!(client.get(&path).await.status, 200, "{path}");
    }
    for path in shows(others) {
        assert_eq!(client.get(&path).await.status, 404, "{path}");
    }
    for (theirs, count) in [(own, 1), (others, 0)] {
        let (request, aid) = (theirs.requests[0], &theirs.activations[0]);
        let found =
            whole(client, &format!("/v1/provisioning-requests?number={request}"), "id").await;
        assert_eq!(found.len(), count);
        let found = whole(client, &format!("/v1/provisioning-requests?aid={aid}"), "id").await;
        assert_eq!(found.len(), 2 * count);
        let e_id = &theirs.entitlements[0];
        let found = whole(client, &format!("/v1/provisioning-requests?eId={e_id}"), "id").await;
        assert_eq!(found.is_empty(), count == 0);
        let found = whole(client, &format!("/v1/activations?eId={e_id}"), "aid").await;
        assert_eq!(found.is_empty(), count == 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_sees_all_of_their_own_and_nothing_else() {
    let shop = Shop::open().await;
    let [a, b, c] = shop.customers;
    let partner = Some(shop.partner);
    // They take turns, so that no list of one is a part of the list of all.
    let a1 = shop.sell(Some(a), None, 3).await;
    let b1 = shop.sell(Some(b), partner, 2).await;
    let c1 = shop.sell(Some(c), None, 1).await;
    let a2 = shop.sell(Some(a), None, 4).await;
    let b2 = shop.sell(Some(b), partner, 3).await;
    let c2 = shop.sell(Some(c), partner, 2).await;
    let nobodys = shop.sell(None, None, 2).await;
    let (of_a, of_b, of_c) = (a1.and(&a2), b1.and(&b2), c1.and(&c2));
    let of_partner = of_b.and(&c2);
    sees(&shop.bound("customerId", a).await, &of_a, &of_b.and(&of_c).and(&nobodys)).await;
    sees(&shop.bound("customerId", b).await, &of_b, &of_a.and(&of_c).and(&nobodys)).await;
    sees(&shop.bound("customerId", c).await, &of_c, &of_a.and(&of_b).and(&nobodys)).await;
    let rest = of_a.and(&c1).and(&nobodys);
    sees(&shop.bound("partnerId", shop.partner).await, &of_partner, &rest).await;
    // A draft that changes hands is found by its new partner alone.
    let admin = shop.story.admin();
    let other = id(&admin.post("/v1/partners", &json!({"name": "Other"})).await.expect(201));
    let draft = json!({"partnerId": other});
    let draft = admin.post("/v1/entitlements", &draft).await.expect(201);
    let (old, new) =
        (shop.bound("partnerId", other).await, &shop.bound("partnerId", shop.partner).await);
    assert_eq!(whole(&old, "/v1/entitlements", "eId").await.len(), 1);
    let path = format!("/v1/entitlements/{}", draft["eId"].as_str().unwrap());
    admin.put(&path, &json!({"partnerId": shop.partner})).await.expect(200);
    assert_eq!(whole(&old, "/v1/entitlements", "eId").await.len(), 0);
    assert_eq!(
        whole(new, "/v1/entitlements", "eId").await.len(),
        of_partner.entitlements.len() + 1
    );
    assert_eq!(admin.delete(&path).await.status, 204);
    assert_eq!(whole(new, "/v1/entitlements", "eId").await, texts(&of_partner.entitlements));
}

#[tokio::test(flavor = "multi_thread")]
async fn each_touches_their_own_alone() {
    let shop = Shop::open().await;
    let [a, b, _] = shop.customers;
    let (of_a, of_b) = (shop.sell(Some(a), None, 1).await, shop.sell(Some(b), None, 1).await);
    let client = shop.bound("customerId", a).await;
    let activate = async |own: &Own, customer: Option<u64>| -> Reply {
        let body = json!({"pkId": own.keys[0], "activationQuantity": 1, "customerId": customer});
        client.post("/v1/activations", &body).await
    };
    activate(&of_b, None).await.refused(422, "PRODUCT_KEY_UNKNOWN");
    activate(&of_a, Some(b)).await.refused(422, "REFERENCE_NOT_FOUND");
    let made = activate(&of_a, Some(a)).await.expect(201);
    let parts = [&of_a, &of_b].map(|own| json!({"pkId": own.keys[0], "activationQuantity": 1}));
    let body = json!({"activations": parts});
    let bulk = client.post("/v1/activations/bulk", &body).await.expect(200);
    assert_eq!(
        (&bulk["data"][0]["status"], &bulk["data"][1]["status"]),
        (&json!(201), &json!(422))
    );
    for (own, status) in [(&of_b, 404), (&of_a, 200)] {
        let path = format!("/v1/provisioning-requests/{}", own.requests[0]);
        let body = Some(b"{\"comments\": \"Ours\"}".to_vec());
        let patched = client.call(reqwest::Method::PATCH, &path, &[("if-match", "*")], body).await;
        assert_eq!(patched.status, status, "{}", patched.text);
        let path = format!("/v1/activations/{}/revoke", own.activations[0]);
        let revoked = client.post(&path, &json!({"comments": "Not ours"})).await;
        assert_eq!(revoked.status, status, "{}", revoked.text);
        let path = format!("/v1/activations/{}/acknowledge", own.activations[0]);
        let acknowledged = client.post(&path, &json!({})).await;
        assert_eq!(acknowledged.status == 404, status == 404, "{}", acknowledged.text);
    }
    // Their own data, and none of the others.
    let list = client.get("/v1/customers").await.expect(200);
    assert_eq!(list["data"].as_array().unwrap().len(), 1);
    assert_eq!(list["data"][0]["id"], a);
    client.get(&format!("/v1/customers/{a}")).await.expect(200);
    client.get(&format!("/v1/customers/{b}")).await.refused(404, "NOT_FOUND");
    client.get(&format!("/v1/customers/{b}/contacts")).await.refused(404, "NOT_FOUND");
    let named = client.get("/v1/customers?name=Customer+1").await.expect(200);
    assert_eq!(named["data"], json!([]));
    assert_eq!(client.get("/v1/partners").await.expect(200)["data"], json!([]));
    // Who moved what is shown by the id; names of the vendor's people are the vendor's.
    let told = client.get(&format!("/v1/provisioning-requests/{}/explain", of_a.requests[0])).await;
    assert!(told.status == 200 && !told.text.contains("Administrator"), "{}", told.text);
    let gone = shop.story.admin().delete(&format!("/v1/customers/{a}")).await;
    gone.refused(409, "IN_USE");
    let shown = client.get(&format!("/v1/activations/{}", of_a.activations[0])).await.expect(200);
    assert_eq!(shown["history"][0]["byName"], Value::Null);
    assert_eq!(made["history"][0]["byName"], format!("customerId {a}"), "their own is theirs");
}

/// Whatever its role, a bound key does nothing but what the table of routes lets it.
#[tokio::test(flavor = "multi_thread")]
async fn a_bound_key_reaches_few_routes_in_any_role() {
    let shop = Shop::open().await;
    let client = shop.bound("customerId", shop.customers[0]).await;
    let may = client.get("/v1/me").await.expect(200)["permissions"].clone();
    let areas: Vec<&str> =
        may.as_array().unwrap().iter().map(|grant| grant["area"].as_str().unwrap()).collect();
    assert_eq!(areas, ["entitlement", "activation", "subscription", "customer"]);
    let has = |area: &str, act: &str| {
        let grants = may.as_array().unwrap().iter();
        grants
            .clone()
            .any(|g| g["area"] == area && g["acts"].as_array().unwrap().contains(&json!(act)))
    };
    for route in ROUTES {
        let open = match route.needs {
            Needs::Nothing | Needs::Signature | Needs::AnyKey => continue,
            Needs::OneOf(list) => {
                list.iter().any(|(area, act)| has(&area.to_string(), &act.to_string()))
            }
            Needs::AllOf(list) => {
                list.iter().all(|(area, act)| has(&area.to_string(), &act.to_string()))
            }
        };
        let path = route.path.replace(['{', '}'], "");
        let reply = client.call(route.method(), &path, &[], None).await;
        assert_eq!(reply.status == 403, !open, "{}: {}", route.operation, reply.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_bound_to_one_who_is_there() {
    let shop = Shop::open().await;
    let admin = shop.story.admin();
    let role = named(admin, "Customer").await["id"].clone();
    let body = json!({"name": "K", "roleId": role});
    let reply = admin.post("/v1/api-keys", &body).await;
    reply.refused(400, "VALIDATION_FAILED");
    assert_eq!(reply.pointer(), "/roleId", "the role is for bound keys");
    for (member, id) in [
        ("customerId", 97),
        ("partnerId", 97),
        ("customerId", shop.partner),
        ("partnerId", shop.customers[0]),
    ] {
        let reply =
            admin.post("/v1/api-keys", &json!({"name": "K", "roleId": role, member: id})).await;
        reply.refused(422, "REFERENCE_NOT_FOUND");
        assert_eq!(reply.pointer(), format!("/{member}"));
    }
    let body = json!({"name": "K", "roleId": role, "customerId": shop.customers[0],
        "partnerId": shop.partner});
    admin.post("/v1/api-keys", &body).await.refused(400, "VALIDATION_FAILED");
    let body = json!({"name": "K", "roleId": role, "customerId": shop.customers[0]});
    let (key, _) = with_key(admin, body).await;
    // It stays whose it is, and its role one for such keys.
    let path = format!("/v1/api-keys/{}", key["id"]);
    let change = Some(b"{\"customerId\": 4, \"partnerId\": 5}".to_vec());
    let reply = admin.call(reqwest::Method::PATCH, &path, &[("if-match", "*")], change).await;
    assert_eq!((reply.status, reply.pointer()), (400, "/customerId"), "{}", reply.text);
}
