//! The indexes of the tables in each step of an upgrade from 0.1.0.
//!
//! Neighbours: `template` has the other rules.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use store::keys::{Index, Table};
use store::phase::Phase;
use store::tables::projected;

use crate::infra::Infra;

/// The indexes of a table, while the parameter `Indexes` has this value.
fn deployed(infra: &Infra, table: &Value, indexes: &str) -> Vec<Value> {
    let holds = |name: &Value| {
        let equals = &infra.data["Conditions"][name.as_str().unwrap()]["Fn::Not"][0]["Fn::Equals"];
        assert_eq!(equals[0], json!({"Ref": "Indexes"}));
        equals[1] != indexes
    };
    let all = table["GlobalSecondaryIndexes"].as_array().into_iter().flatten();
    let chosen = all.filter_map(|index| match &index["Fn::If"] {
        Value::Null => Some(index.clone()),
        parts => holds(&parts[0]).then(|| parts[1].clone()),
    });
    let mut indexes: Vec<Value> = chosen.collect();
    indexes.sort_by_key(|index| index["IndexName"].to_string());
    indexes
}

/// An index as the store needs it.
fn needed(table: Table, index: Index) -> Value {
    let projection = match projected(table, index) {
        None => json!({"ProjectionType": "ALL"}),
        Some([]) => json!({"ProjectionType": "KEYS_ONLY"}),
        Some(members) => json!({"ProjectionType": "INCLUDE", "NonKeyAttributes": members}),
    };
    let (hash, range) = index.keys();
    let key = json!([{"AttributeName": hash, "KeyType": "HASH"},
        {"AttributeName": range, "KeyType": "RANGE"}]);
    json!({"IndexName": index.name(), "Projection": projection, "KeySchema": key})
}

/// In each step of an upgrade a table has the indexes of what runs by then and of what ran before,
/// and differs from the step before in one.
pub(crate) fn indexes(infra: &Infra) -> Vec<String> {
    let mut findings = Vec::new();
    for (name, table) in [("CoreTable", Table::Core), ("CatalogTable", Table::Catalog)] {
        let resource = &infra.data["Resources"][name]["Properties"];
        let mut before: BTreeSet<&str> = indexes_of(table, Phase::First);
        for (step, forms) in [
            ("OLD", [Phase::First, Phase::First]),
            ("BOTH", [Phase::First, Phase::Mixed]),
            ("NEW", [Phase::Mixed, Phase::Whole]),
        ] {
            let there = deployed(infra, resource, step);
            let names: BTreeSet<&str> =
                there.iter().map(|index| index["IndexName"].as_str().unwrap()).collect();
            let all = Index::ALL.iter().filter(|index| names.contains(index.name()));
            let mut wanted: Vec<Value> = all.map(|index| needed(table, *index)).collect();
            wanted.sort_by_key(|index| index["IndexName"].to_string());
            let enough = forms.iter().all(|form| indexes_of(table, *form).is_subset(&names));
            let changed = before.symmetric_difference(&names).count();
            let steps = usize::from(table == Table::Core);
            for (broken, what) in [
                (there != wanted || !enough, "other indexes than the store's"),
                (changed != steps, "more than one index is made or removed"),
                (step == "NEW" && names != indexes_of(table, Phase::Whole), "an index too many"),
            ] {
                findings.extend(broken.then(|| format!("{name}, Indexes={step}: {what}")));
            }
            before =
                Index::ALL.map(Index::name).into_iter().filter(|n| names.contains(n)).collect();
        }
    }
    findings
}

fn indexes_of(table: Table, form: Phase) -> BTreeSet<&'static str> {
    store::tables::indexes(table, form).iter().map(|index| index.name()).collect()
}
