//! What is held of a person is blanked everywhere when they are erased, and nothing else is; and
//! all of it is in an export before.

use std::fs;

use domain::ids::sha256_hex;
use edge::http::page::close;
use edge::http::query::Query;
use edge::ports::{Clock, SystemClock};
use harness::story::{entitle, id};
use harness::{Client, Story, until};
use reqwest::Method;
use serde_json::{Value, json};
use store::compact::unpack;
use store::keys::{Key, Table, attribute};

use crate::roles::named;

/// Stands in every text that tells of the person.
const CANARY: &str = "canary";
/// Stands in every text that tells of their partner.
const PARTNER: &str = "magpie";
/// Stands in every text that tells of somebody else.
const OTHER: &str = "sparrow";

/// A person with all that a service can hold of one.
struct Person {
    customer: u64,
    partner: u64,
    contact: u64,
    e_id: String,
    requests: Vec<u64>,
    aids: Vec<String>,
    calls: Vec<(String, Value)>,
}

/// Calls that can be repeated, each with a key of its own.
async fn once(client: &Client, calls: &mut Vec<(String, Value)>, path: &str, body: Value) -> Value {
    let key = key_of(&body);
    let headers = [("idempotency-key", key.as_str()), ("audit-reason", body_reason(&body))];
    let made = client.post_with(path, &headers, &body).await;
    assert!(made.status < 300, "{path}: {}", made.text);
    calls.push((path.to_owned(), body));
    made.json
}

/// An Idempotency-Key.
fn key_of(body: &Value) -> String {
    sha256_hex(body.to_string().as_bytes())
}

/// A reason that tells of whoever the body tells of.
fn body_reason(body: &Value) -> &'static str {
    let text = body.to_string();
    let told = [CANARY, PARTNER, OTHER].into_iter().find(|word| text.contains(word));
    told.unwrap_or("sold")
}

impl Person {
    async fn sold(story: &Story, word: &str, partner: &str) -> Self {
        let admin = story.admin();
        let mut calls = Vec::new();
        let text = |what: &str| format!("{word}-{what}");
        let mail = |host: &str| format!("{word}@{host}.example");
        let attribute = json!({"customAttribute": [{"name": "Region", "value": text("region")}]});
        let body = json!({"name": text("name"), "identifier": text("identifier"),
            "refId": text("ref"), "emails": [mail("l"), mail("m")], "customAttributes": attribute,
            "profile": {"firstName": text("first"), "lastName": text("last")}});
        let customer = id(&once(admin, &mut calls, "/v1/customers", body).await);
        let at = format!("/v1/customers/{customer}");
        let patch = json!({"name": text("other-name")}).to_string().into_bytes();
        let headers = [("if-match", "*")];
        admin.call(Method::PATCH, &at, &headers, Some(patch)).await.expect(200);
        let body = json!({"name": format!("{partner}-name"),
            "emails": [format!("{partner}@p.example")]});
        let partner_id = id(&once(admin, &mut calls, "/v1/partners", body).await);
        let contacts = format!("{at}/contacts");
        let body = json!({"emailId": mail("c"), "name": text("contact")});
        let contact = id(&once(admin, &mut calls, &contacts, body).await);
        let body = json!({"emailId": mail("d"), "name": text("former")});
        let former = id(&once(admin, &mut calls, &contacts, body).await);
        assert_eq!(admin.delete(&format!("{contacts}/{former}")).await.status, 204);
        let role = &named(admin, "Customer").await["id"];
        let body = json!({"name": text("key"), "roleId": role, "customerId": customer,
            "username": text("user"), "personName": text("person"), "email": mail("k")});
        once(admin, &mut calls, "/v1/api-keys", body).await;
        let body = json!({"customerId": customer, "customerEmail": mail("l"),
            "partnerId": partner_id, "partnerEmail": format!("{partner}@p.example"),
            "contactId": contact, "action": "PRODUCE", "startDate": "2026-01-01",
            "entitlementItems": [{"lineItemType": "Product_Key", "numProductKeys": 1,
            "numActivationPerProductKey": 10, "itemProducts": [{"productId": story.product}]}]});
        let made = once(admin, &mut calls, "/v1/entitlements", body).await;
        let e_id = made["eId"].as_str().unwrap().to_owned();
        let keys = admin.get(&format!("/v1/entitlements/{e_id}/product-keys")).await.expect(200);
        // What was sold to another customer is activated for them, too.
        let (_, elsewhere) = entitle(admin, story.product, story.customer).await;
        let (mut requests, mut aids) = (Vec::new(), Vec::new());
        let activatee = json!({"emailId": mail("a"), "name": text("activatee")});
        for (pk_id, quantity) in [(keys["data"][0]["pkId"].clone(), 3), (json!(elsewhere), 2)] {
            let body = json!({"pkId": pk_id, "activationQuantity": quantity,
                "activatee": activatee, "customerId": customer});
            let made = once(admin, &mut calls, "/v1/activations", body).await;
            requests.push(id(&made["provisioningRequests"][0]));
            aids.push(made["aid"].as_str().unwrap().to_owned());
        }
        let disabled = format!("/v1/entitlements/{e_id}/actions");
        once(admin, &mut calls, &disabled, json!({"action": "DISABLE"})).await;
        Self { customer, partner: partner_id, contact, e_id, requests, aids, calls }
    }

    /// What providers and operators say of them.
    async fn done(&mut self, story: &Story, word: &str) {
        let admin = story.admin();
        for request in &self.requests {
            story.until_status(*request, "REQUEST_SENT").await;
            let said = json!({"status": "FAILED", "errorCode": "E1", "referenceNumber": "R-1",
                "errorDescription": format!("{word} was refused"), "comments": word});
            let first = format!("m-{request}-1");
            assert_eq!(story.report(*request, &first, &said).await.status, 200);
            let path = format!("/v1/provisioning-requests/{request}/retry");
            once(admin, &mut self.calls, &path, json!({})).await;
            story.until_status(*request, "REQUEST_SENT").await;
            let long = format!("{word} {}", "is provided ".repeat(100));
            let said = json!({"status": "COMPLETED", "comments": word, "response": long});
            let query = "?generation=2";
            let (at, secret) = (SystemClock.now(), &story.secret);
            let name = format!("m-{request}-2");
            let heard = story.report_with(*request, &name, &said, at, secret, query).await;
            assert_eq!(heard.status, 200, "{}", heard.text);
            // What contradicts it is kept, too.
            let said = json!({"status": "FAILED", "comments": format!("{word} again")});
            let name = format!("m-{request}-3");
            let heard = story.report_with(*request, &name, &said, at, secret, query).await;
            assert_eq!(heard.status, 409, "{}", heard.text);
            let path = format!("/v1/provisioning-requests/{request}");
            let body = json!({"comments": format!("{word} called")}).to_string().into_bytes();
            let headers = [("if-match", "*")];
            admin.call(Method::PATCH, &path, &headers, Some(body)).await.expect(200);
        }
    }
}

/// Every row of both tables, as text, with whatever is packed in it.
async fn rows(story: &Story) -> Vec<String> {
    let app = &story.service.running.app;
    let mut rows = Vec::new();
    for table in [Table::Core, Table::Catalog] {
        let mut after = None;
        loop {
            let some = app.store.scan(table, after, 500).await.unwrap();
            let Some(last) = some.last() else { break };
            let text = |name: &str| last[name].as_s().unwrap().clone();
            after = Some(Key { table, pk: text(attribute::PK), sk: text(attribute::SK) });
            rows.extend(some.into_iter().map(|row| format!("{:?}", unpack(row)).to_lowercase()));
        }
    }
    rows
}

async fn told(story: &Story, word: &str) -> usize {
    rows(story).await.iter().filter(|row| row.contains(word)).count()
}

/// In how many files of the data folder a word stands.
fn written(story: &Story, word: &str) -> usize {
    let files = fs::read_dir(story.service.folder.path()).unwrap();
    let bytes = files.map(|file| fs::read(file.unwrap().path()).unwrap());
    let has = |bytes: &Vec<u8>| {
        let text = String::from_utf8_lossy(bytes).to_lowercase();
        text.contains(word)
    };
    bytes.filter(has).count()
}

/// Numbers, ids, dates and states of what was sold and used.
async fn figures(admin: &Client, person: &Person) -> Value {
    let mut all = Vec::new();
    let sold = admin.get(&format!("/v1/entitlements/{}", person.e_id)).await.expect(200);
    let members = [
        "id",
        "state",
        "customerId",
        "partnerId",
        "contactId",
        "startDate",
        "activeActivations",
        "entitlementItems",
        "createdDate",
        "createdBy",
    ];
    all.push(members.map(|member| sold[member].clone()).into_iter().collect::<Value>());
    for aid in &person.aids {
        let used = admin.get(&format!("/v1/activations/{aid}")).await.expect(200);
        let members = [
            "id",
            "activationQuantity",
            "activationDate",
            "state",
            "customerId",
            "provisioningRequests",
        ];
        all.push(members.map(|member| used[member].clone()).into_iter().collect());
    }
    for request in &person.requests {
        let path = format!("/v1/provisioning-requests/{request}");
        let asked = admin.get(&path).await.expect(200);
        let members = [
            "id",
            "status",
            "version",
            "generation",
            "attemptCount",
            "createdDate",
            "referenceNumber",
            "documentHash",
            "delivery",
        ];
        all.push(members.map(|member| asked[member].clone()).into_iter().collect());
        let tried = admin.get(&format!("{path}/attempts")).await.expect(200);
        let lines = tried["data"].as_array().unwrap();
        let line = |line: &Value| json!([line["no"], line["endedDate"], line["httpStatus"]]);
        all.push(lines.iter().map(line).collect());
    }
    all.into()
}

async fn erased(admin: &Client, path: &str) -> Value {
    let why = json!({"comments": "they asked"});
    let begun = admin.post(&format!("{path}/erase"), &why).await.expect(200);
    assert_eq!(begun["endedDate"], Value::Null);
    until("the end of the erasure", || async {
        let so_far = admin.get(&format!("{path}/erasure")).await.expect(200);
        so_far["endedDate"].is_string().then_some(so_far)
    })
    .await
}

/// What is left of a person, by every call that was made for them.
async fn tells_nothing(admin: &Client, person: &Person, path: &str) {
    let shown = admin.get(path).await.expect(200);
    let identifier = format!("C-{}", person.customer);
    assert_eq!((&shown["name"], &shown["identifier"]), (&json!("erased"), &json!(identifier)));
    assert!(shown["erasedDate"].is_string() && shown["profile"].is_null(), "{shown}");
    let contact = admin.get(&format!("{path}/contacts/{}", person.contact)).await.expect(200);
    assert_eq!(contact["emailId"], "erased");
    let audit = admin.get(&format!("/v1/audit?id={}", person.customer)).await.expect(200);
    let act = &audit["data"][0];
    assert_eq!((&act["act"], &act["reason"]), (&json!("eraseCustomer"), &json!("they asked")));
    // A call that was made before is not made again, and tells nothing any more.
    for (at, body) in &person.calls {
        let key = key_of(body);
        let again = admin.post_with(at, &[("idempotency-key", &key)], body).await;
        assert_eq!(again.header("idempotent-replayed"), "true", "{at}");
        assert!(!again.text.contains(CANARY), "{at}: {}", again.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_nowhere_any_more() {
    let story = Story::begin().await;
    let admin = story.admin();
    let plan = format!("/v1/plans/{}", story.plan);
    admin.put(&plan, &json!({"name": "Whole"})).await.expect(200);
    // What providers answer may tell of them, too: one attempt is repeated, and refused.
    let mut person = Person::sold(&story, CANARY, PARTNER).await;
    let path = format!("/v1/customers/{}", person.customer);
    let why = json!({"comments": "they asked"});
    admin.post(&format!("{path}/erase"), &why).await.refused(409, "IN_USE");
    story.provider.answer(&[(202, "canary is known"), (202, "canary is here")]);
    person.done(&story, CANARY).await;
    let mut other = Person::sold(&story, OTHER, OTHER).await;
    other.done(&story, OTHER).await;
    let wrong = admin.post(&format!("{path}/erase"), &json!({})).await;
    wrong.refused(400, "VALIDATION_FAILED");
    admin.get(&format!("{path}/erasure")).await.refused(404, "NOT_FOUND");
    let partner = format!("/v1/partners/{}", person.partner);
    admin.get(&format!("/v1/partners/{}/erasure", person.customer)).await.refused(404, "NOT_FOUND");
    let (figures_before, others) = (figures(admin, &person).await, told(&story, OTHER).await);
    let theirs = figures(admin, &other).await;
    let (before, files) = (told(&story, CANARY).await, written(&story, CANARY));
    assert!(before > 40 && files > 0, "{before} rows, {files} files");

    let done = erased(admin, &path).await;
    for (what, least) in [
        ("customers", 1),
        ("contacts", 1),
        ("apiKeys", 1),
        ("entitlements", 1),
        ("activations", 2),
        ("provisioningRequests", 2),
        ("payloads", 4),
        ("attempts", 2),
        ("callbacks", 4),
        ("auditEntries", 8),
        ("answers", 7),
    ] {
        assert!(done["erased"][what].as_u64().unwrap() >= least, "{what}: {done}");
    }
    assert_eq!((&done["waiting"], &done["unreadable"]), (&json!(0), &json!(0)));
    assert!(done["backupsUntil"].is_string());
    let left: Vec<String> =
        rows(&story).await.into_iter().filter(|row| row.contains(CANARY)).collect();
    assert!(left.is_empty(), "{left:#?}");
    assert_eq!(written(&story, CANARY), 0, "files");
    assert_eq!(figures(admin, &person).await, figures_before);
    assert_eq!(told(&story, OTHER).await, others, "nobody else is erased");
    assert_eq!(figures(admin, &other).await, theirs);
    for name in ["name=canary-other-name", "email=canary@l.example", "identifier=canary-identifier"]
    {
        let found = admin.get(&format!("/v1/customers?{name}")).await.expect(200);
        assert_eq!(found["data"], json!([]), "{name}");
    }
    tells_nothing(admin, &person, &path).await;

    // The partner is another person.
    assert!(told(&story, PARTNER).await > 5);
    erased(admin, &partner).await;
    assert_eq!((told(&story, PARTNER).await, written(&story, PARTNER)), (0, 0));
    assert_eq!(told(&story, OTHER).await, others);
    // What was said since is erased by another one.
    let since = json!({"name": "canary"}).to_string().into_bytes();
    admin.call(Method::PATCH, &path, &[("if-match", "*")], Some(since)).await.expect(200);
    let again = erased(admin, &path).await;
    assert_eq!(again["erased"]["customers"], 1, "{again}");
    assert_eq!((told(&story, CANARY).await, written(&story, CANARY)), (0, 0));
}

/// All pages of an export.
async fn exported(client: &Client, path: &str) -> Vec<Value> {
    let (mut lines, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = client.get(&format!("{path}/export{cursor}")).await.expect(200);
        assert_eq!(page["unreadable"], 0);
        lines.extend(page["data"].as_array().unwrap().iter().cloned());
        let Some(next) = page["nextCursor"].as_str() else { return lines };
        cursor = format!("?cursor={next}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_has_everything_of_one_person() {
    let story = Story::begin().await;
    let admin = story.admin();
    let plan = format!("/v1/plans/{}", story.plan);
    admin.put(&plan, &json!({"name": "Whole"})).await.expect(200);
    let mut person = Person::sold(&story, CANARY, PARTNER).await;
    story.provider.answer(&[(202, "canary is known")]);
    person.done(&story, CANARY).await;
    let mut other = Person::sold(&story, OTHER, OTHER).await;
    other.done(&story, OTHER).await;
    let path = format!("/v1/customers/{}", person.customer);
    let lines = exported(admin, &path).await;
    let kinds: Vec<&str> = lines.iter().map(|line| line["kind"].as_str().unwrap()).collect();
    let expected = ["CUSTOMER", "CONTACT", "API_KEY", "ENTITLEMENT", "ACTIVATION", "ACTIVATION"];
    assert_eq!(kinds, expected);
    let text = json!(lines).to_string();
    for what in [
        "name",
        "other-name",
        "identifier",
        "ref",
        "region",
        "first",
        "last",
        "contact",
        "former",
        "key",
        "user",
        "person",
        "activatee",
    ] {
        assert!(text.contains(&format!("canary-{what}\"")), "{what}");
    }
    let said = ["canary is known", "canary was refused", "canary called", "canary again"];
    for what in said.iter().chain(&["canary@a.example", "canary@d.example", "canary is provided"]) {
        assert!(text.contains(what), "{what}");
    }
    let asked = &lines[4]["value"]["provisioningRequests"][0];
    assert_eq!(asked["payloads"].as_array().unwrap().len(), 2, "{asked}");
    assert!(!text.contains(OTHER) && !text.contains("allowedActions"), "{text}");
    let theirs = json!(exported(admin, &format!("/v1/partners/{}", person.partner)).await);
    assert!(theirs.to_string().contains("magpie-name"), "{theirs}");
    // A cursor leads on from where it says, and to nobody else.
    let next = |walk: Value| {
        let export = format!("{path}/export");
        let cursor = close(&walk.to_string(), &Query::parse("", &[]).unwrap(), &export);
        format!("{export}?cursor={cursor}")
    };
    let sold = admin.get(&next(json!({"Sold": null}))).await.expect(200);
    assert_eq!(sold["data"], json!(lines[3..]));
    let row = admin.get(&format!("/v1/entitlements/{}", other.e_id)).await.expect(200);
    admin.get(&next(json!({"Of": [row["id"], null]}))).await.refused(400, "CURSOR_INVALID");
    // What a cursor says is not believed.
    for wrong in ["x", "eyJ"] {
        let page = admin.get(&format!("{path}/export?cursor={wrong}")).await;
        page.refused(400, "CURSOR_INVALID");
    }
}
