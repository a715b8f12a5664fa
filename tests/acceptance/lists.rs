//! Lists: pages, cursors, filters, fields.

use domain::access::built_in::BUILT_IN;
use domain::ids::Id;
use domain::record::Kind;
use domain::request::dispatched::{Answer, Heard};
use domain::time::{Period, Time};
use domain::view::request::RequestRow;
use harness::story::id;
use harness::{Service, Story};
use serde_json::{Value, json};
use simulator::api::{Call, Sale, Terms};
use store::keys::Owner;
use store::list::{Between, PageOf};

use crate::counts::stage;

fn ids(list: &Value) -> Vec<u64> {
    list["data"].as_array().unwrap().iter().map(id).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_row_comes_once_while_new_ones_arrive() {
    let service = Service::start().await;
    let make = async |n: usize| {
        id(&service
            .admin
            .post("/v1/customers", &json!({"name": format!("C{n}")}))
            .await
            .expect(201))
    };
    let mut all = Vec::new();
    for n in 0..7 {
        all.push(make(n).await);
    }
    all.reverse();
    let first = service.admin.get("/v1/customers?limit=3").await;
    assert_eq!(ids(&first.json), all[..3]);
    assert!(first.header("link").contains("rel=\"next\""), "{}", first.header("link"));
    let newcomer = make(7).await;
    let mut seen = ids(&first.json);
    let mut cursor = first.json["nextCursor"].clone();
    while let Some(next) = cursor.as_str() {
        let page = service.admin.get(&format!("/v1/customers?limit=3&cursor={next}")).await;
        let page = page.expect(200);
        seen.extend(ids(&page));
        cursor = page["nextCursor"].clone();
    }
    assert_eq!(seen, all);
    let oldest = service.admin.get("/v1/customers?limit=1&order=asc").await.expect(200);
    assert_eq!(ids(&oldest), all[6..]);
    let newest = service.admin.get("/v1/customers?limit=100").await.expect(200);
    assert_eq!(ids(&newest)[0], newcomer);
    assert_eq!(newest["nextCursor"], Value::Null);
    let mismatch =
        format!("/v1/customers?order=asc&cursor={}", first.json["nextCursor"].as_str().unwrap());
    service.admin.get(&mismatch).await.refused(422, "CURSOR_MISMATCH");
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_are_filtered_by_what_a_row_shows() {
    let story = Story::begin().await;
    story.provider.answer(&[(400, "no")]);
    let failed = story.activate(1).await;
    let row = story.until_status(failed, "FAILED").await;
    let sent = story.activate(2).await;
    story.until_status(sent, "REQUEST_SENT").await;
    let aid = row["aid"].as_str().unwrap();
    let check = async |query: String, expected: &[u64]| {
        let list = story.admin().get(&format!("/v1/provisioning-requests?{query}")).await;
        assert_eq!(ids(&list.expect(200)), expected, "{query}");
    };
    check(String::new(), &[sent, failed]).await;
    check("status=FAILED".to_owned(), &[failed]).await;
    check("status=FAILED,REQUEST_SENT".to_owned(), &[sent, failed]).await;
    check("status=COMPLETED".to_owned(), &[]).await;
    check(format!("number={sent}"), &[sent]).await;
    check("number=5".to_owned(), &[]).await;
    check(format!("aid={aid}"), &[failed]).await;
    check(format!("aid={aid}&status=COMPLETED"), &[]).await;
    check("aid=nonsense".to_owned(), &[]).await;
    check(format!("eId={}", story.e_id), &[sent, failed]).await;
    check(format!("productId={}", story.product), &[sent, failed]).await;
    check("productName=printer-scanner".to_owned(), &[sent, failed]).await;
    check(format!("planId={}&methodId={}", story.plan, story.method), &[sent, failed]).await;
    check("planId=5".to_owned(), &[]).await;
    check("after=2020-01-01T00:00:00Z".to_owned(), &[sent, failed]).await;
    check("before=2020-01-01T00:00:00Z".to_owned(), &[]).await;
    let list =
        story.admin().get("/v1/provisioning-requests?fields=status,number").await.expect(200);
    assert_eq!(
        list["data"][0],
        json!({"id": sent, "number": sent.to_string(), "status": "REQUEST_SENT"})
    );
    let line = story.admin().get("/v1/provisioning-requests?limit=1").await.expect(200);
    let line = &line["data"][0];
    for member in ["productName", "productId", "eId", "aid", "activatedQuantity", "plan", "method"]
    {
        assert!(!line[member].is_null(), "{member}: {line}");
    }
    assert_eq!(line["statusUpdateDate"], story.request(sent).await["statusUpdateDate"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn entitlements_activations_and_customers_are_found() {
    let story = Story::begin().await;
    story.activate(1).await;
    let count = async |path: String| {
        let list = story.admin().get(&path).await.expect(200);
        list["data"].as_array().unwrap().len()
    };
    assert_eq!(count("/v1/entitlements?state=PRODUCED".to_owned()).await, 1);
    assert_eq!(count("/v1/entitlements?state=DRAFT,QUEUED".to_owned()).await, 0);
    assert_eq!(count(format!("/v1/entitlements?customerId={}", story.customer)).await, 1);
    assert_eq!(count(format!("/v1/activations?eId={}", story.e_id)).await, 1);
    assert_eq!(count(format!("/v1/activations?customerId={}", story.customer)).await, 1);
    assert_eq!(count("/v1/activations?customerId=5".to_owned()).await, 0);
    assert_eq!(count("/v1/customers?email=IT@tucano.example".to_owned()).await, 1);
    assert_eq!(count("/v1/customers?identifier=c-0041&name=tucano%20ltd".to_owned()).await, 1);
    assert_eq!(count("/v1/customers?identifier=c-0041&name=other".to_owned()).await, 0);
    assert_eq!(count("/v1/products?stage=COMMIT&name=Printer-Scanner".to_owned()).await, 1);
    assert_eq!(count("/v1/products?stage=DRAFT".to_owned()).await, 0);
    assert_eq!(count("/v1/plans?name=pods".to_owned()).await, 1);
    assert_eq!(count("/v1/methods?name=nope".to_owned()).await, 0);
    assert_eq!(count("/v1/associations".to_owned()).await, 1);
    assert_eq!(count("/v1/namespaces".to_owned()).await, 1);
    assert_eq!(count("/v1/roles".to_owned()).await, BUILT_IN.len());
}

/// `after` and `before` are bounds of what is read, in both directions and on every page.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_made_between_two_instants_is_read_and_no_more() {
    let (stage, counter) = stage().await;
    let terms = Terms { quantity: 1000, ..Terms::default() };
    let sale = Sale::open(&stage.app, &stage.api, &terms).await;
    let call = async |path: &str| {
        stage.api.call(&Call::new("GET", path, &sale.key, &Value::Null)).await.expect(200)
    };
    let mut made = Vec::new();
    for n in 0..240 {
        let activation = stage.api.call(&sale.activation(0, 1)).await.expect(201);
        made.push((stage.app.clock.now(), id(&activation["provisioningRequests"][0])));
        // Three in one millisecond, now and then.
        stage.clock.pass(Period::from_millis(i64::from(n % 3 == 0) * 500));
    }
    let far = "9999-12-30T00:00:00.000Z".parse().unwrap();
    let instants = [None, Some(made[3].0), Some(made[120].0), Some(made[239].0), Some(far)];
    for (after, before) in instants.iter().flat_map(|after| instants.map(|it| (*after, it))) {
        for order in ["asc", "desc"] {
            let bound = |name, at: Option<Time>| at.map(|at| format!("&{name}={at}"));
            let bounds = [bound("after", after), bound("before", before)].into_iter().flatten();
            let path: String = ["/v1/provisioning-requests?limit=70&order=", order]
                .into_iter()
                .map(str::to_owned)
                .chain(bounds)
                .collect();
            let between = Between { after, before };
            let kept = made.iter().filter(|(at, _)| between.has(*at));
            let mut expected: Vec<u64> = kept.map(|(_, id)| *id).collect();
            expected.sort_unstable();
            if order == "desc" {
                expected.reverse();
            }
            let (mut found, mut cursor) = (Vec::new(), String::new());
            loop {
                let page = call(&format!("{path}{cursor}")).await;
                found.extend(ids(&page));
                let Some(next) = page["nextCursor"].as_str() else { break };
                cursor = format!("&cursor={next}");
            }
            assert_eq!(found, expected, "{path}");
        }
    }
    stage.clock.pass(Period::from_secs(600));
    let last = stage.api.call(&sale.activation(0, 1)).await.expect(201);
    counter.take(0);
    let page = call(&format!("/v1/provisioning-requests?limit=50&after={}", made[239].0)).await;
    assert_eq!(ids(&page), [id(&last["provisioningRequests"][0])]);
    assert_eq!(counter.take(0).calls, 2, "one read of the index, one of what is wanted");
}

/// What a late retry finds is where those are that failed, and leaves when it is sent.
#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_waits_for_long_needs_attention() {
    let (stage, _) = stage().await;
    let terms = Terms { ladder: vec!["PT0S", "PT5S", "PT20M", "PT20M"], ..Terms::default() };
    let sale = Sale::open(&stage.app, &stage.api, &terms).await;
    let activation = stage.api.call(&sale.activation(0, 1)).await.expect(201);
    let request = id(&activation["provisioningRequests"][0]);
    let tenant = Id::try_from(sale.tenant).unwrap();
    let tried = async |status, after| {
        let busy = Answer::Http { status, body: String::new(), heard: Heard::default() };
        stage.provider.answer(busy);
        stage.clock.pass(Period::from_secs(after));
        sweeper::sweep(&stage.app).await.unwrap();
        stage.dispatch().await;
        let asked = PageOf { owner: Some(Owner::Attention), limit: 9, ..PageOf::default() };
        let kind = Kind::ProvisioningRequest;
        let page = stage.app.store.list(tenant, kind, &asked, |_: &RequestRow| true).await.unwrap();
        page.rows.iter().map(|row| row.id.get()).collect::<Vec<_>>()
    };
    assert_eq!(tried(503, 0).await, [0; 0]);
    assert_eq!(tried(503, 60).await, [0; 0]);
    assert_eq!(tried(503, 1_800).await, [request]);
    let failed =
        Call::new("GET", "/v1/provisioning-requests?status=FAILED", &sale.key, &Value::Null);
    assert_eq!(ids(&stage.api.call(&failed).await.expect(200)), [0; 0]);
    assert_eq!(tried(202, 1_800).await, [0; 0]);
    assert_eq!(stage.provider.posts().len(), 4);
}
