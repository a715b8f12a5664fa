//! The schema of a body or an answer: what members there are, and where.
//!
//! Neighbours: the table of routes names the shapes; `openapi` shows them, `page` and `positions`
//! ask them.

use serde_json::{Map, Value, json};
use utoipa::ToSchema;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::Schema;

/// The schema of a body.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// Its name.
    pub name: fn() -> String,
    /// It and all it refers to.
    pub collect: fn(&mut Vec<(String, RefOr<Schema>)>),
}

/// The schema of `T`.
pub const fn shape<T: ToSchema>() -> Shape {
    Shape {
        name: || T::name().into_owned(),
        collect: |out| {
            out.push((T::name().into_owned(), T::schema()));
            T::schemas(out);
        },
    }
}

/// Schemas by their names.
pub(super) fn named(collected: Vec<(String, RefOr<Schema>)>) -> Map<String, Value> {
    collected.into_iter().map(|(name, schema)| (name, json!(schema))).collect()
}

/// A schema, and all that it refers to by their names.
pub fn of(shape: Shape) -> (Value, Map<String, Value>) {
    let mut schemas = Vec::new();
    (shape.collect)(&mut schemas);
    let schemas = named(schemas);
    (schemas[&(shape.name)()].clone(), schemas)
}

/// The names of a schema's members, those of its parts included.
pub fn members(shape: Shape) -> Vec<String> {
    let (schema, all) = of(shape);
    let mut found = Map::new();
    collect(&schema, &all, &mut found);
    found.into_iter().map(|(name, _)| name).collect()
}

/// Whether a schema has the member that a name leads to; a dot leads into an object.
pub fn has(shape: Shape, name: &str) -> bool {
    let (mut schema, all) = of(shape);
    name.split('.').all(|part| {
        let mut found = Map::new();
        collect(&schema, &all, &mut found);
        let next = found.remove(part);
        schema = next.clone().unwrap_or_default();
        next.is_some()
    })
}

/// The members of a schema: its own, those of its parts, and of what it lists or refers to.
fn collect(schema: &Value, all: &Map<String, Value>, found: &mut Map<String, Value>) {
    let own = schema["properties"].as_object().into_iter().flatten();
    found.extend(own.map(|(name, member)| (name.clone(), member.clone())));
    for parts in ["allOf", "oneOf"] {
        schema[parts].as_array().into_iter().flatten().for_each(|part| collect(part, all, found));
    }
    if schema["items"].is_object() {
        collect(&schema["items"], all, found);
    }
    let referred = schema["$ref"].as_str().and_then(|reference| reference.rsplit('/').next());
    if let Some(schema) = referred.and_then(|name| all.get(name)) {
        collect(schema, all, found);
    }
}
