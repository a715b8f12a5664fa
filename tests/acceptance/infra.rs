//! The AWS templates, read as they stand in `infra`.
//!
//! Neighbours: `template` holds them against the code. A text may be changed before it is read,
//! so that each rule is seen to fail.

use std::path::Path;

use serde_json::{Map, Value, json};
use serde_norway::Value as Yaml;

/// The three templates: intrinsic functions in their long form.
pub(crate) struct Infra {
    pub(crate) template: Value,
    pub(crate) data: Value,
    pub(crate) messaging: Value,
}

/// A text of the repository.
pub(crate) fn text(path: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    std::fs::read_to_string(root.join(path)).unwrap()
}

impl Infra {
    /// As it stands.
    pub(crate) fn read() -> Self {
        Self::changed("", "", "")
    }

    /// With one text of one file replaced; it must be there.
    pub(crate) fn changed(file: &str, from: &str, to: &str) -> Self {
        let read = |name: &str| {
            let path = format!("infra/{name}.yaml");
            let mut source = text(&path);
            if name == file {
                assert!(source.contains(from), "{path} has no {from:?}");
                source = source.replace(from, to);
            }
            json_of(serde_norway::from_str(&source).unwrap())
        };
        Self { template: read("template"), data: read("data"), messaging: read("messaging") }
    }

    /// The resources of a type: name and properties.
    pub(crate) fn of_type<'a>(
        template: &'a Value,
        kind: &'a str,
    ) -> impl Iterator<Item = (&'a str, &'a Value)> {
        let all = template["Resources"].as_object().unwrap().iter();
        let fits = move |(_, resource): &(&String, &Value)| resource["Type"] == kind;
        all.filter(fits).map(|(name, resource)| (name.as_str(), &resource["Properties"]))
    }

    /// The Lambdas: the name of the folder, the name of the resource, its properties with those
    /// that all have.
    pub(crate) fn functions(&self) -> Vec<(String, &str, Value)> {
        let globals = &self.template["Globals"]["Function"];
        let each = Self::of_type(&self.template, "AWS::Serverless::Function");
        each.map(|(name, own)| {
            let folder = own["CodeUri"].as_str().unwrap().trim_start_matches("../functions/");
            (folder.to_owned(), name, merged(globals, own))
        })
        .collect()
    }
}

/// `over` goes before `under`; maps are merged.
fn merged(under: &Value, over: &Value) -> Value {
    let (Value::Object(under), Value::Object(own)) = (under, over) else { return over.clone() };
    let mut out = under.clone();
    for (name, value) in own {
        let value = under.get(name).map_or_else(|| value.clone(), |below| merged(below, value));
        out.insert(name.clone(), value);
    }
    Value::Object(out)
}

fn json_of(yaml: Yaml) -> Value {
    match yaml {
        Yaml::Tagged(tagged) => {
            let name = tagged.tag.to_string();
            let name = name.trim_start_matches('!');
            let prefix = if matches!(name, "Ref" | "Condition") { "" } else { "Fn::" };
            json!({format!("{prefix}{name}"): json_of(tagged.value)})
        }
        Yaml::Sequence(list) => list.into_iter().map(json_of).collect(),
        Yaml::Mapping(map) => {
            let pair =
                |(name, value): (Yaml, Yaml)| (name.as_str().unwrap().to_owned(), json_of(value));
            Value::Object(map.into_iter().map(pair).collect::<Map<_, _>>())
        }
        plain => serde_json::to_value(plain).unwrap(),
    }
}
