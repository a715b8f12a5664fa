//! Three ways to fill the source's plan; all make the same bytes.

use clap::ValueEnum;
use domain::substitution::Definition;
use domain::substitution::shape::{PathLine, paths};
use domain::substitution::values::Values;
use jsonpath_rust::parser::model::JpQuery;
use jsonpath_rust::parser::parse_json_path;
use jsonpath_rust::query::js_path_process;
use serde_json::{Map, Value, json};

use crate::document;

/// A way to fill a plan.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Engine {
    /// Ours: compiled once, straight to bytes.
    Compiled,
    /// jsonpath-rust, each expression parsed once.
    Precompiled,
    /// jsonpath-rust, each expression parsed at every filling.
    ParseEachTime,
    /// Ours, with a plan that reads every single value of the document.
    Everything,
}

/// The source's plan (source 001, Definition Example).
const PLAN: &str = include_str!("../../../functions/local/src/definition.json");

impl Engine {
    /// The ways to fill the source's plan.
    pub(crate) const ALL: [Self; 3] = [Self::Compiled, Self::Precompiled, Self::ParseEachTime];

    /// Its name on the command line.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Compiled => "compiled",
            Self::Precompiled => "precompiled",
            Self::ParseEachTime => "parse-each-time",
            Self::Everything => "everything",
        }
    }

    /// Fills the plan once a call.
    pub(crate) fn filler(self) -> Box<dyn Fn() -> Vec<u8>> {
        let document = document();
        let plan: Map<String, Value> = serde_json::from_str(PLAN).unwrap();
        match self {
            Self::Everything => {
                let leaf = |line: &PathLine| !["array", "object"].contains(&line.kind);
                let all: Vec<String> =
                    paths().into_iter().filter(leaf).map(|line| line.path).collect();
                let definition = Definition::compile(&json!(all).to_string()).unwrap();
                let text = include_str!("../../../domain/tests/cases/shape/shape-2.json");
                let document: Value = serde_json::from_str(text).unwrap();
                Box::new(move || definition.render(&document, Values::Native).unwrap())
            }
            Self::Compiled => {
                let definition = Definition::compile(PLAN).unwrap();
                Box::new(move || definition.render(&document, Values::Native).unwrap())
            }
            Self::Precompiled => {
                let parsed = |(key, value): (String, Value)| {
                    let source = value.as_str().filter(|text| text.starts_with("$."));
                    let query = source.map(|source| parse_json_path(source).unwrap());
                    (key, value, query)
                };
                let plan: Vec<(String, Value, Option<JpQuery>)> =
                    plan.into_iter().map(parsed).collect();
                Box::new(move || {
                    let each = plan.iter().map(|(key, value, query)| {
                        let found = query.as_ref().map(|query| first(query, &document));
                        (key.clone(), found.unwrap_or_else(|| value.clone()))
                    });
                    serde_json::to_vec(&each.collect::<Map<_, _>>()).unwrap()
                })
            }
            Self::ParseEachTime => Box::new(move || {
                let each = plan.iter().map(|(key, value)| {
                    let source = value.as_str().filter(|text| text.starts_with("$."));
                    let found = source.map(|s| first(&parse_json_path(s).unwrap(), &document));
                    (key.clone(), found.unwrap_or_else(|| value.clone()))
                });
                serde_json::to_vec(&each.collect::<Map<_, _>>()).unwrap()
            }),
        }
    }
}

fn first(query: &JpQuery, document: &Value) -> Value {
    let found = js_path_process(query, document).unwrap();
    found.into_iter().next().map_or(Value::Null, |node| node.val().clone())
}
