//! The part of the store contract on whole tables: their rows in pages, and their indexes.
//!
//! Neighbours: `contract` holds every store against it.

use std::collections::BTreeSet;

use store::Store;
use store::keys::{Index, Key, Table};
use store::phase::Phase;
use store::port::{Condition, Item, Range, Value as Attribute, Write};

use crate::contract::{item, key, number};

/// Every row of the table once, whatever the pages.
pub(crate) async fn scans(store: &dyn Store) {
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let rows = store.scan(Table::Core, after.clone(), 40).await.unwrap();
        let text = |row: &Item, name: &str| row[name].as_s().unwrap().clone();
        let keys: Vec<Key> =
            rows.iter().map(|row| key(&text(row, "pk"), &text(row, "sk"))).collect();
        after = keys.last().cloned();
        seen.extend(keys);
        if after.is_none() {
            break;
        }
    }
    assert_eq!(seen.len(), 151);
    let distinct: BTreeSet<&Key> = seen.iter().collect();
    assert_eq!(distinct.len(), 151);
}

pub(crate) async fn indexes(store: &dyn Store) {
    let row = |n: i64, due: Option<&str>| {
        let mut row = item(&[("id", n), ("hidden", n)]);
        row.insert("listed".to_owned(), Attribute::M(item(&[("id", n)])));
        let mut set = |name: &str, value: &str| {
            row.insert(name.to_owned(), store::port::Value::S(value.to_owned()));
        };
        set("lpk", "listed");
        set("lsk", &format!("{n:04}"));
        set("opk", "owned");
        set("osk", &format!("A#{n:04}"));
        if let Some(due) = due {
            set("dpk", "DUE#0");
            set("dsk", due);
        }
        Write::Put(key("index", &n.to_string()), row, Condition::Free)
    };
    for (n, due) in [(3, Some("05")), (1, Some("07")), (2, None)] {
        store.write(&[row(n, due)]).await.unwrap();
    }
    let find = async |index: Index, pk: &str, below: Option<&str>| {
        let range = Range {
            table: Table::Core,
            index: Some(index),
            pk: pk.to_owned(),
            prefix: String::new(),
            from: None,
            below: below.map(str::to_owned),
            after: None,
            descending: false,
            limit: 9,
        };
        store.range(&range).await.unwrap().items
    };
    let lists: &[(Index, &str)] = match store.phase() {
        Phase::First => &[(Index::List, "listed")],
        Phase::Mixed | Phase::Whole => &[(Index::Listed, "listed"), (Index::Owner, "owned")],
    };
    for (index, pk) in lists {
        let listed = find(*index, pk, None).await;
        let id =
            |row: &Item| row["listed"].as_m().map_or_else(|_| 0, |listed| number(listed, "id"));
        let id = |row: &Item| if *index == Index::List { number(row, "id") } else { id(row) };
        assert_eq!(listed.iter().map(id).collect::<Vec<_>>(), [1, 2, 3], "{index:?}");
        assert!(listed.iter().all(|row| !row.contains_key("hidden")), "what is not projected");
    }
    let due = async |below| {
        let rows = find(Index::Due, "DUE#0", Some(below)).await;
        rows.iter().map(|row| row["dsk"].as_s().unwrap().clone()).collect::<Vec<_>>()
    };
    assert_eq!(due("06").await, ["05"]);
    assert_eq!(due("09").await, ["05", "07"]);
    store.write(&[row(3, None)]).await.unwrap();
    store.write(&[Write::Delete(key("index", "1"), Condition::Free)]).await.unwrap();
    assert!(due("09").await.is_empty(), "a row that left the index");
}
