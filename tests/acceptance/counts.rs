//! What the main flow costs: DynamoDB units and SDK calls, counted to the last one.
//!
//! An interceptor asks the engine for the consumed capacity of every call. Authentication is left
//! out. The table in OPERATING.md comes from here: `UPDATE_COUNTS=1 cargo test -p tests counts`.

use std::collections::{BTreeSet, HashMap};
use std::fmt::Write;
use std::path::Path;
use std::sync::{Arc, Mutex};

use aws_sdk_dynamodb::config::interceptors::{
    AfterDeserializationInterceptorContextRef as After,
    BeforeSerializationInterceptorContextMut as Before,
};
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;
use aws_sdk_dynamodb::operation::batch_get_item::{BatchGetItemInput, BatchGetItemOutput};
use aws_sdk_dynamodb::operation::get_item::{GetItemInput, GetItemOutput};
use aws_sdk_dynamodb::operation::put_item::{PutItemInput, PutItemOutput};
use aws_sdk_dynamodb::operation::query::{QueryInput, QueryOutput};
use aws_sdk_dynamodb::operation::transact_write_items::{
    TransactWriteItemsInput, TransactWriteItemsOutput,
};
use aws_sdk_dynamodb::types::{AttributeValue, ConsumedCapacity, ReturnConsumedCapacity};
use domain::ids::Id;
use domain::request::dispatched::{Answer, Heard};
use serde_json::{Value, json};
use simulator::api::{Call, Sale, Terms};
use simulator::stage::{Stage, body_of};
use store::dynamo::DynamoStore;

use harness::engine;

/// What a step cost.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Cost {
    pub(crate) calls: u32,
    pub(crate) read: f64,
    written: f64,
}

#[derive(Debug, Default)]
struct Meter {
    cost: Cost,
    /// The call that is under way authenticates its caller.
    authentication: bool,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Counter(Arc<Mutex<Meter>>);

impl Counter {
    /// What was spent since the last look; messages sent are calls, too.
    pub(crate) fn take(&self, messages: usize) -> Cost {
        let mut cost = std::mem::take(&mut self.0.lock().unwrap().cost);
        cost.calls += u32::from(messages > 0);
        cost
    }
}

impl Intercept for Counter {
    fn name(&self) -> &'static str {
        "Counter"
    }

    fn modify_before_serialization(
        &self,
        context: &mut Before<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let indexes = Some(ReturnConsumedCapacity::Indexes);
        let input = context.input_mut();
        let mut authentication = false;
        if let Some(get) = input.downcast_mut::<GetItemInput>() {
            let pk = get.key.as_ref().unwrap()["pk"].as_s().unwrap();
            authentication =
                pk.starts_with("KEY#") || pk.starts_with("METHOD#") || pk.contains("#ROLE#");
            get.return_consumed_capacity = indexes;
        } else if let Some(batch) = input.downcast_mut::<BatchGetItemInput>() {
            let keys = batch.request_items.iter().flatten().flat_map(|(_, keys)| keys.keys());
            let of_role =
                |key: &HashMap<_, AttributeValue>| key["pk"].as_s().unwrap().contains("#ROLE#");
            authentication = keys.into_iter().any(of_role);
            batch.return_consumed_capacity = indexes;
        } else if let Some(query) = input.downcast_mut::<QueryInput>() {
            query.return_consumed_capacity = indexes;
        } else if let Some(put) = input.downcast_mut::<PutItemInput>() {
            put.return_consumed_capacity = indexes;
        } else if let Some(transaction) = input.downcast_mut::<TransactWriteItemsInput>() {
            transaction.return_consumed_capacity = indexes;
        } else {
            panic!("a call that nobody counts: {input:?}");
        }
        self.0.lock().unwrap().authentication = authentication;
        Ok(())
    }

    fn read_after_deserialization(
        &self,
        context: &After<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let Ok(output) = context.output_or_error() else { return Ok(()) };
        let mut meter = self.0.lock().unwrap();
        if meter.authentication {
            return Ok(());
        }
        let (mut read, mut written) = (Vec::new(), Vec::new());
        if let Some(get) = output.downcast_ref::<GetItemOutput>() {
            read.extend(get.consumed_capacity().cloned());
        } else if let Some(batch) = output.downcast_ref::<BatchGetItemOutput>() {
            read.extend_from_slice(batch.consumed_capacity());
        } else if let Some(query) = output.downcast_ref::<QueryOutput>() {
            read.extend(query.consumed_capacity().cloned());
        } else if let Some(put) = output.downcast_ref::<PutItemOutput>() {
            written.extend(put.consumed_capacity().cloned());
        } else if let Some(all) = output.downcast_ref::<TransactWriteItemsOutput>() {
            written.extend_from_slice(all.consumed_capacity());
        }
        assert!(!read.is_empty() || !written.is_empty(), "no capacity in {output:?}");
        let sum = |list: &[ConsumedCapacity]| -> f64 {
            list.iter().filter_map(ConsumedCapacity::capacity_units).sum()
        };
        meter.cost.calls += 1;
        meter.cost.read += sum(&read);
        meter.cost.written += sum(&written);
        Ok(())
    }
}

pub(crate) async fn stage() -> (Stage, Counter) {
    let counter = Counter::default();
    let plain = engine().client();
    store::tables::create(&plain, "core", "catalog", store::phase::Phase::Whole).await.unwrap();
    let config = plain.config().to_builder().interceptor(counter.clone()).build();
    let client = aws_sdk_dynamodb::Client::from_conf(config);
    let store = DynamoStore::new(client, "core".to_owned(), "catalog".to_owned());
    (Stage::over(Arc::new(store)), counter)
}

type Lines = Vec<(&'static str, Cost)>;

/// An activation with an Idempotency-Key, its dispatch and two callbacks, and repeats of each.
async fn main_flow(stage: &Stage, counter: &Counter, sale: &Sale) -> Lines {
    // What the dispatcher knows of a tenant is kept for some seconds: it was asked just before.
    let (app, tenant) = (&stage.app, Id::try_from(sale.tenant).unwrap());
    app.tenants.know(&*app.store, tenant, app.clock.now()).await.unwrap();
    counter.take(0);
    let mut lines = Lines::new();
    let mut note = |what, messages| lines.push((what, counter.take(messages)));
    let activation = sale.activation(0, 1).once("first");
    counter.take(0);
    let made = stage.api.call(&activation).await.expect(201);
    let request = made["provisioningRequests"][0]["id"].as_u64().unwrap();
    let messages = stage.queue.take();
    note("activation with an Idempotency-Key", messages.len());
    let message = body_of(&messages[0]);
    assert!(stage.handle(vec![message.clone()]).await.is_empty());
    note("its dispatch", 0);
    let report = async |webhook_id: &str, status: &str| {
        let body = json!({"status": status}).to_string();
        let call =
            sale.door.report(request, "?generation=1", webhook_id, stage.app.clock.now(), &body);
        stage.api.call(&call).await.expect(200)["outcome"].clone()
    };
    assert_eq!(report("m1", "IN_PROGRESS").await, "ACCEPTED");
    note("callback IN_PROGRESS", 0);
    assert_eq!(report("m2", "COMPLETED").await, "ACCEPTED");
    note("callback COMPLETED", 0);
    assert_eq!(report("m1", "IN_PROGRESS").await, "DUPLICATE");
    note("the same callback again", 0);
    assert!(stage.handle(vec![message]).await.is_empty());
    note("the same message again", 0);
    stage.api.call(&activation).await.expect(201);
    note("the same activation again", stage.queue.take().len());
    assert_eq!(stage.provider.posts().len(), 1);
    lines
}

async fn entitlements(stage: &Stage, counter: &Counter, sale: &Sale) -> Lines {
    let mut lines = Lines::new();
    for (what, keys, once) in [
        ("entitlement with 1 key", 1, false),
        ("entitlement with 10,000 keys", 10_000, false),
        ("the same with an Idempotency-Key", 10_000, true),
    ] {
        let body = json!({"action": "PRODUCE", "entitlementItems": [{
            "lineItemType": "Product_Key", "numProductKeys": keys,
            "numActivationPerProductKey": 1, "itemProducts": [{"productId": sale.product}]}]});
        let call = Call::new("POST", "/v1/entitlements", &sale.key, &body);
        let call = if once { call.once("ten-thousand") } else { call };
        stage.api.call(&call).await.expect(201);
        lines.push((what, counter.take(0)));
    }
    lines
}

/// An activation costs the same, however large the order is of which it is a part.
async fn orders(stage: &Stage, counter: &Counter, sale: &Sale) -> Lines {
    let mut lines = Lines::new();
    for (what, count) in [
        ("activation of an order of 1 line item", 1),
        ("activation of an order of 5 line items", 5),
        ("activation of an order of 25 line items", 25),
    ] {
        let line = json!({"lineItemType": "Product_Key", "numProductKeys": 100,
            "numActivationPerProductKey": 1000, "itemProducts": [{"productId": sale.product}]});
        let body = json!({"action": "PRODUCE", "entitlementItems": vec![line; count]});
        let call = Call::new("POST", "/v1/entitlements", &sale.key, &body);
        let made = stage.api.call(&call).await.expect(201);
        let path = format!("/v1/entitlements/{}/product-keys", made["eId"].as_str().unwrap());
        let call = Call::new("GET", path, &sale.key, &Value::Null);
        let keys = stage.api.call(&call).await.expect(200);
        let body = json!({"pkId": keys["data"][0]["pkId"], "activationQuantity": 1});
        let call = Call::new("POST", "/v1/activations", &sale.key, &body).once(&count.to_string());
        counter.take(0);
        stage.api.call(&call).await.expect(201);
        lines.push((what, counter.take(stage.queue.take().len())));
    }
    lines
}

async fn lists(stage: &Stage, counter: &Counter, sale: &Sale) -> Lines {
    for _ in 0..52 {
        stage.api.call(&sale.activation(0, 1)).await.expect(201);
        entitlements(stage, counter, sale).await;
        let refused = Answer::Http { status: 400, body: String::new(), heard: Heard::default() };
        stage.provider.answer(refused);
        stage.dispatch().await;
        // Newer ones, that did not fail.
        stage.api.call(&sale.activation(0, 1)).await.expect(201);
        stage.queue.take();
    }
    counter.take(0);
    let mut lines = Lines::new();
    for (what, path) in [
        ("a list of 50 requests", "/v1/provisioning-requests?limit=50"),
        ("a list of 50 activations", "/v1/activations?limit=50"),
        ("a list of 50 entitlements", "/v1/entitlements?limit=50"),
        (
            "a list of 50 requests that failed",
            "/v1/provisioning-requests?status=FAILED,DISPATCH_FAILED&limit=50",
        ),
    ] {
        let reply = stage.api.call(&Call::new("GET", path, &sale.key, &Value::Null)).await;
        assert_eq!(reply.expect(200)["data"].as_array().unwrap().len(), 50);
        lines.push((what, counter.take(0)));
    }
    lines
}

fn table(lines: &Lines, main: &Cost) -> String {
    let mut out = String::from("| step | SDK calls | RCU | WCU |\n|---|---|---|---|\n");
    let all = lines.iter().copied().chain([("**main flow: the first four**", *main)]);
    for (what, cost) in all {
        let Cost { calls, read, written } = cost;
        writeln!(out, "| {what} | {calls} | {read} | {written} |").unwrap();
    }
    out
}

/// The table stands in OPERATING.md, between two marks.
fn documented(table: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../OPERATING.md");
    let text = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = text.split_once("<!-- counts -->\n").unwrap();
    let (found, after) = rest.split_once("<!-- /counts -->").unwrap();
    if std::env::var_os("UPDATE_COUNTS").is_some() {
        let fresh = format!("{before}<!-- counts -->\n{table}<!-- /counts -->{after}");
        std::fs::write(&path, fresh).unwrap();
    } else {
        assert_eq!(found, table);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_main_flow_costs_what_the_table_says() {
    let (stage, counter) = stage().await;
    // The setting up is counted by nobody: its calls are not all of the kinds above.
    let terms = Terms { quantity: 1000, ..Terms::default() };
    let sale = Sale::open(&stage.app, &stage.api, &terms).await;
    let mut lines = main_flow(&stage, &counter, &sale).await;
    let mut main = Cost::default();
    for (_, cost) in &lines[..4] {
        main.calls += cost.calls;
        main.read += cost.read;
        main.written += cost.written;
    }
    lines.extend(entitlements(&stage, &counter, &sale).await);
    let orders = orders(&stage, &counter, &sale).await;
    let written: BTreeSet<u64> = orders.iter().map(|(_, cost)| cost.written.to_bits()).collect();
    assert_eq!(written.len(), 1, "{orders:?}");
    lines.extend(orders);
    lines.extend(lists(&stage, &counter, &sale).await);
    documented(&table(&lines, &main));
    assert!(main.written <= 24.0 && main.read <= 13.0 && main.calls <= 14, "{main:?}");
    for (what, calls, read, written) in [
        ("the same callback again", 2, 2.0, 2.0),
        ("the same message again", 2, 2.0, 2.0),
        ("a list of 50 requests", 2, 27.0, 0.0),
        ("a list of 50 activations", 2, 27.0, 0.0),
        ("a list of 50 entitlements", 2, 27.0, 0.0),
        ("a list of 50 requests that failed", 2, 27.0, 0.0),
        ("entitlement with 1 key", 2, 1.0, 2.0),
        ("entitlement with 10,000 keys", 2, 1.0, 2.0),
        ("the same with an Idempotency-Key", 2, 1.0, 5.0),
    ] {
        let (_, cost) = lines.iter().find(|(line, _)| *line == what).unwrap();
        assert!(cost.calls <= calls && cost.read <= read && cost.written <= written, "{what}");
    }
}
