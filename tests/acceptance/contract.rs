//! The store contract: what every store must do, run against DynamoDB's embedded engine and the
//! store in memory.

use domain::decision::Decision;
use domain::ids::{Entropy, Id};
use domain::plan::content::{RawTexts, Reading};
use domain::plan::{Plan, PlanInput};
use domain::record::Kind;
use domain::rev::Rev;
use domain::stamp::{Actor, Stamp};
use domain::time::Time;
use simulator::memory::MemoryStore;
use store::dynamo::DynamoStore;
use store::idempotency::SavedAnswer;
use store::keys::{Key, Table};
use store::list::PageOf;
use store::phase::Phase;
use store::port::{CommitError, Condition, Item, Range, Store, Test, Value as Attribute, Write};
use store::{Extra, StoreError};

use crate::contract_indexes;

/// DynamoDB in memory, behind the AWS SDK.
pub(crate) async fn dynamo() -> DynamoStore {
    over(harness::engine().client()).await
}

pub(crate) async fn over(client: aws_sdk_dynamodb::Client) -> DynamoStore {
    store::tables::create(&client, "core", "catalog", store::phase::Phase::Whole).await.unwrap();
    store::tables::create(&client, "core", "catalog", store::phase::Phase::Whole).await.unwrap();
    DynamoStore::new(client, "core".to_owned(), "catalog".to_owned())
}

async fn keeps_the_contract(store: &(dyn Store + 'static)) {
    rows(store).await;
    contract_indexes::scans(store).await;
    conditions(store).await;
    transactions(store).await;
    repeats(store).await;
    ranges(store).await;
    pages(store).await;
    contract_indexes::indexes(store).await;
    decisions(store).await;
    answers(store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn dynamo_keeps_the_contract() {
    keeps_the_contract(&dynamo().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn dynamo_of_form_1_keeps_the_contract() {
    let client = harness::engine().client();
    store::tables::create(&client, "core", "catalog", Phase::First).await.unwrap();
    let store = DynamoStore::new(client, "core".to_owned(), "catalog".to_owned());
    keeps_the_contract(&store.in_phase(Phase::First)).await;
}

#[tokio::test]
async fn memory_keeps_the_contract() {
    keeps_the_contract(&MemoryStore::default()).await;
    keeps_the_contract(&MemoryStore::in_phase(Phase::First)).await;
}

pub(crate) fn id(value: u64) -> Id {
    Id::try_from(value).unwrap()
}

pub(crate) fn key(pk: &str, sk: &str) -> Key {
    Key { table: Table::Core, pk: pk.to_owned(), sk: sk.to_owned() }
}

pub(crate) fn item(pairs: &[(&str, i64)]) -> Item {
    let number = |n: &i64| aws_number(*n);
    pairs.iter().map(|(name, n)| ((*name).to_owned(), number(n))).collect()
}

fn aws_number(n: i64) -> store::port::Value {
    store::port::Value::N(n.to_string())
}

pub(crate) fn number(item: &Item, name: &str) -> i64 {
    item[name].as_n().unwrap().parse().unwrap()
}

async fn rows(store: &dyn Store) {
    let (a, b) = (key("rows", "a"), key("rows", "b"));
    let put = |key: &Key, n| Write::Put(key.clone(), item(&[("n", n)]), Condition::Free);
    store.write(&[put(&a, 1)]).await.unwrap();
    store.write(&[put(&a, 2), put(&b, 3)]).await.unwrap();
    let missing = key("rows", "c");
    let found = store.get(&[b.clone(), missing.clone(), a.clone(), b.clone()]).await.unwrap();
    let numbers: Vec<_> =
        found.iter().map(|row| row.as_ref().map(|row| number(row, "n"))).collect();
    assert_eq!(numbers, [Some(3), None, Some(2), Some(3)]);
    assert!(store.get(&[missing]).await.unwrap()[0].is_none());
    store.write(&[Write::Delete(a.clone(), Condition::Free)]).await.unwrap();
    assert!(store.get(&[a]).await.unwrap()[0].is_none());
    let many: Vec<Key> = (0..150).map(|i| key("many", &format!("{i:03}"))).collect();
    for chunk in many.chunks(50) {
        let puts: Vec<Write> = chunk.iter().map(|key| put(key, 1)).collect();
        store.write(&puts).await.unwrap();
    }
    assert_eq!(store.get(&many).await.unwrap().iter().flatten().count(), 150);
    assert_eq!(store.glance(&many).await.unwrap(), store.get(&many).await.unwrap());
}

/// Whether a write happens, alone and in a transaction; `held` are the row's numbers.
async fn holds(store: &dyn Store, held: Option<Item>, condition: Condition) -> bool {
    let (place, beside) = (key("conditions", "row"), key("conditions", "beside"));
    let mut answers = Vec::new();
    for alone in [true, false] {
        store.write(&[Write::Delete(place.clone(), Condition::Free)]).await.unwrap();
        if let Some(held) = held.clone() {
            store.write(&[Write::Put(place.clone(), held, Condition::Free)]).await.unwrap();
        }
        let write = Write::Put(place.clone(), item(&[("n", 9)]), condition.clone());
        let other = Write::Put(beside.clone(), item(&[("n", 1)]), Condition::Free);
        let written =
            if alone { store.write(&[write]).await } else { store.write(&[other, write]).await };
        match written {
            Ok(()) => answers.push(true),
            Err(CommitError::Refused(refused)) => {
                assert_eq!(refused, [usize::from(!alone)]);
                answers.push(false);
            }
            Err(CommitError::Unavailable(why)) => panic!("{why}"),
        }
    }
    assert_eq!(answers[0], answers[1], "{condition:?}");
    answers[0]
}

async fn conditions(store: &dyn Store) {
    let rev = |n| Some(item(&[("rev", n)]));
    assert!(holds(store, None, Condition::Absent).await);
    assert!(!holds(store, rev(1), Condition::Absent).await);
    assert!(holds(store, rev(1), Condition::Present).await);
    assert!(!holds(store, None, Condition::Present).await);
    assert!(holds(store, rev(3), Condition::Rev(3)).await);
    assert!(!holds(store, rev(4), Condition::Rev(3)).await);
    assert!(!holds(store, None, Condition::Rev(3)).await);
    let expires = |n| Some(item(&[("expires", n)]));
    let now = Condition::Expired(Time::from_millis(1000));
    assert!(holds(store, None, now.clone()).await);
    assert!(holds(store, expires(1000), now.clone()).await);
    assert!(!holds(store, expires(1001), now).await);
    tests(store).await;
}

/// Each test alone, on both sides of its bound, and all of several.
async fn tests(store: &dyn Store) {
    let text = |text: &str| Attribute::S(text.to_owned());
    let row = || {
        let mut row = item(&[("n", 3)]);
        row.insert("state".to_owned(), text("ENABLED"));
        row.insert("enabled".to_owned(), Attribute::Bool(true));
        Some(row)
    };
    let number = |n: u32| Attribute::N(n.to_string());
    for (test, passes) in [
        (Test::Is("state", text("ENABLED")), true),
        (Test::Is("state", text("DISABLED")), false),
        (Test::Is("enabled", Attribute::Bool(true)), true),
        (Test::Is("enabled", Attribute::Bool(false)), false),
        (Test::Is("n", number(3)), true),
        (Test::Is("n", number(4)), false),
        (Test::Is("n", text("3")), false),
        (Test::AtLeast("n", 3), true),
        (Test::AtLeast("n", 4), false),
        (Test::Below("n", 4), true),
        (Test::Below("n", 3), false),
        (Test::Is("none", number(0)), false),
        (Test::AtLeast("none", 0), false),
        (Test::Below("none", 1), false),
    ] {
        let alone = Condition::All(vec![test.clone()]);
        assert_eq!(holds(store, row(), alone.clone()).await, passes, "{test:?}");
        assert!(!holds(store, None, alone).await, "no row passes: {test:?}");
        let both = Condition::All(vec![Test::AtLeast("n", 1), test.clone()]);
        assert_eq!(holds(store, row(), both).await, passes, "{test:?}");
    }
}

async fn transactions(store: &dyn Store) {
    let (a, b) = (key("all", "a"), key("all", "b"));
    let put = |key: &Key, condition| Write::Put(key.clone(), item(&[("n", 1)]), condition);
    let refused = store.write(&[put(&a, Condition::Free), put(&b, Condition::Rev(1))]).await;
    assert!(matches!(refused, Err(CommitError::Refused(list)) if list == [1]));
    assert!(store.get(std::slice::from_ref(&a)).await.unwrap()[0].is_none(), "all or nothing");
    store.write(&[put(&a, Condition::Absent), put(&b, Condition::Absent)]).await.unwrap();
    let add = Write::Add(a.clone(), vec![("n", -3), ("fresh", 2)], Condition::Free);
    store.write(std::slice::from_ref(&add)).await.unwrap();
    store.write(&[add, put(&b, Condition::Free)]).await.unwrap();
    let row = store.get(&[a]).await.unwrap().remove(0).unwrap();
    assert_eq!((number(&row, "n"), number(&row, "fresh")), (-5, 4));
}

async fn repeats(store: &dyn Store) {
    let place = key("repeats", "a");
    let put = |n, condition| Write::Put(place.clone(), item(&[("n", n)]), condition);
    store.write(&[put(1, Condition::Absent)]).await.unwrap();
    let again = store.write(&[put(1, Condition::Absent)]).await;
    assert!(matches!(again, Err(CommitError::Refused(list)) if list == [0]), "another's");
    let twice = store.write(&[put(1, Condition::Free), put(2, Condition::Free)]).await;
    assert!(matches!(twice, Err(CommitError::Unavailable(_))), "one row, two writes");
}

fn range(pk: &str, limit: usize) -> Range {
    Range {
        table: Table::Core,
        index: None,
        pk: pk.to_owned(),
        prefix: String::new(),
        from: None,
        below: None,
        after: None,
        descending: false,
        limit,
    }
}

async fn ranges(store: &dyn Store) {
    for n in 0..5 {
        let write = Write::Put(key("range", &format!("A#{n}")), item(&[("n", n)]), Condition::Free);
        store.write(&[write]).await.unwrap();
    }
    let other = Write::Put(key("range", "B#0"), item(&[("n", 9)]), Condition::Free);
    store.write(&[other]).await.unwrap();
    let find = async |prefix: &str, after: Option<&str>, descending, limit| {
        let (prefix, after) = (prefix.to_owned(), after.map(str::to_owned));
        let range = Range { prefix, after, descending, ..range("range", limit) };
        let found = store.range(&range).await.unwrap();
        let numbers: Vec<i64> = found.items.iter().map(|item| number(item, "n")).collect();
        (numbers, found.last)
    };
    assert_eq!(find("A#", None, false, 9).await, (vec![0, 1, 2, 3, 4], None));
    assert_eq!(find("A#", None, false, 5).await, (vec![0, 1, 2, 3, 4], None));
    assert_eq!(find("A#", None, false, 2).await, (vec![0, 1], Some("A#1".to_owned())));
    assert_eq!(find("A#", Some("A#1"), false, 2).await, (vec![2, 3], Some("A#3".to_owned())));
    assert_eq!(find("A#", None, true, 2).await, (vec![4, 3], Some("A#3".to_owned())));
    assert_eq!(find("A#", Some("A#3"), true, 2).await, (vec![2, 1], Some("A#1".to_owned())));
    assert_eq!(find("A#", Some("A#1"), true, 2).await, (vec![0], None));
    assert_eq!(find("", None, false, 9).await.0, [0, 1, 2, 3, 4, 9]);
    let between = async |from: &str, below: &str, after: Option<&str>, descending| {
        let (from, below) = (Some(from.to_owned()), Some(below.to_owned()));
        let after = after.map(str::to_owned);
        let range = Range { from, below, after, descending, ..range("range", 2) };
        let found = store.range(&range).await.unwrap();
        let numbers: Vec<i64> = found.items.iter().map(|item| number(item, "n")).collect();
        (numbers, found.last)
    };
    assert_eq!(between("A#1", "A#4", None, false).await, (vec![1, 2], Some("A#2".to_owned())));
    assert_eq!(between("A#1", "A#4", Some("A#2"), false).await, (vec![3], None));
    assert_eq!(between("A#1", "A#4", None, true).await, (vec![3, 2], Some("A#2".to_owned())));
    assert_eq!(between("A#1", "A#4", Some("A#2"), true).await, (vec![1], None));
    assert_eq!(between("A#1", "A#2", None, false).await, (vec![1], None));
    for (from, below) in [("A#1", "A#1"), ("A#3", "A#1"), ("~", "~"), ("~", "A#4")] {
        assert_eq!(between(from, below, None, false).await, (vec![], None), "{from} {below}");
        assert_eq!(between(from, below, None, true).await, (vec![], None), "{from} {below}");
    }
}

/// A page ends after 1 MB, whatever the limit; the next one goes on after it.
async fn pages(store: &dyn Store) {
    let text = "x".repeat(100_000);
    for n in 0..25 {
        let large = Item::from([("text".to_owned(), store::port::Value::S(text.clone()))]);
        let write = Write::Put(key("pages", &format!("{n:02}")), large, Condition::Absent);
        store.write(&[write]).await.unwrap();
    }
    let (mut pages, mut seen, mut after) = (0, 0, None);
    loop {
        let found = store.range(&Range { after, ..range("pages", 1_000) }).await.unwrap();
        assert!(found.items.len() <= 11, "{}", found.items.len());
        seen += found.items.len();
        pages += 1;
        after = found.last;
        if after.is_none() {
            break;
        }
    }
    assert_eq!((pages, seen), (3, 25));
}

fn stamp(n: u8) -> Stamp {
    let now = Time::from_millis(1_800_000_000_000 + i64::from(n));
    Stamp { now, by: Actor::System, entropy: Entropy::new([n; 32]) }
}

pub(crate) fn plan(name: &str, n: u8) -> (Plan, Decision) {
    let input = PlanInput { name: name.to_owned(), ..PlanInput::default() };
    let reading = Reading { raw: &RawTexts::default(), registered: None };
    let (plan, _, decision) = Plan::create(&input, reading, id(1), &stamp(n)).unwrap();
    (plan, decision)
}

async fn decisions(store: &(dyn Store + 'static)) {
    let tenant = id(7);
    let commit =
        async |decision: &Decision| store.commit(tenant, decision, &Extra::default()).await;
    let (made, decision) = plan("Pods", 1);
    commit(&decision).await.unwrap();
    assert!(matches!(commit(&decision).await, Err(StoreError::NameTaken { .. })));
    let (_, same_name) = plan("pods", 2);
    assert!(matches!(commit(&same_name).await, Err(StoreError::NameTaken { member: "name", .. })));
    let read = store.load_plan(tenant, made.id).await.unwrap();
    assert_eq!(read, Plan { rev: Rev::of(1), ..made.clone() });
    let save = |plan: &Plan| Decision::default().save(plan.clone());
    commit(&save(&read)).await.unwrap();
    let late = commit(&save(&read)).await;
    assert!(matches!(late, Err(StoreError::Conflict)), "it was written since");
    let newer = store.load_plan(tenant, made.id).await.unwrap();
    assert_eq!(newer.rev.number(), 2);
    assert!(store.find_plan(id(8), made.id).await.unwrap().is_none(), "another tenant");
    let named = store.find_named(tenant, Kind::Plan, "name", "PODS").await.unwrap();
    assert_eq!(named, [made.id]);
    for n in 3..9 {
        commit(&plan(&format!("P{n}"), n).1).await.unwrap();
    }
    let page = PageOf { limit: 3, ..PageOf::default() };
    let first = store.list::<Plan>(tenant, Kind::Plan, &page, |_| true).await.unwrap();
    assert_eq!(first.rows.len(), 3);
    let rest = PageOf { limit: 100, after: first.next, ..PageOf::default() };
    let rest = store.list::<Plan>(tenant, Kind::Plan, &rest, |_| true).await.unwrap();
    assert_eq!((rest.rows.len(), rest.next), (4, None));
    let kept = |plan: &Plan| plan.name == "Pods";
    let few = store.list::<Plan>(tenant, Kind::Plan, &page, kept).await.unwrap();
    assert_eq!((few.rows.len(), few.next), (1, None));
    commit(&newer.delete(&[]).unwrap()).await.unwrap();
    commit(&plan("Pods", 20).1).await.unwrap();
}

async fn answers(store: &(dyn Store + 'static)) {
    let (tenant, now) = (id(7), Time::from_millis(1_800_000_000_000));
    let answer = SavedAnswer {
        people: false,
        hash: "h".to_owned(),
        body_hash: "b".to_owned(),
        status: 201,
        body: "{}".to_owned(),
        location: None,
        etag: None,
        expires: 0,
        ttl: 0,
    };
    let extra = Extra { answer: Some((answer, now)) };
    let (made, decision) = plan("Answered", 30);
    store.commit(tenant, &decision, &extra).await.unwrap();
    let (other, decision) = plan("Never", 31);
    let again = store.commit(tenant, &decision, &extra).await;
    assert!(matches!(again, Err(StoreError::Replayed)));
    assert!(store.find_plan(tenant, other.id).await.unwrap().is_none(), "one transaction");
    assert!(store.find_plan(tenant, made.id).await.unwrap().is_some());
    assert!(store.find_answer(tenant, "h", now).await.unwrap().is_some());
    let day = Time::from_millis(now.millis() + 24 * 3_600_000);
    assert!(store.find_answer(tenant, "h", day).await.unwrap().is_none(), "after 24 hours");
    assert!(store.find_answer(id(8), "h", now).await.unwrap().is_none(), "another tenant");
    let later = Extra { answer: extra.answer.map(|(answer, _)| (answer, day)) };
    store.commit(tenant, &plan("Later", 32).1, &later).await.unwrap();
}
