//! Plans: what a provider is told, with expressions for what varies (source 001).
//!
//! Neighbours: `method` says where to, `association` for which product, `substitution` fills them.

pub mod association;
pub mod method;
pub mod schema;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::decision::{Decision, Kind, Meta, Name, Stamp};
use crate::ids::Id;
use crate::rejection::{Code, Faults, Rejection};
use crate::substitution::Definition;
use crate::substitution::lint::{Warning, lint};
use crate::text;

/// A plan as the store has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// Its id.
    pub id: Id,
    /// Unique in its namespace, compared without case (001-H13).
    pub name: String,
    /// At most 500 characters.
    pub description: Option<String>,
    /// The namespace it belongs to.
    pub namespace_id: Id,
    /// The definition's text as given; absent: the whole document is sent (001-H3).
    pub definition: Option<String>,
    /// The definition was given as a string that holds JSON, and is answered so.
    pub definition_as_text: bool,
    /// A JSON Schema for the payload (D14), as text.
    pub payload_schema: Option<String>,
    /// Counts the edits; the `ETag` and the version in requests.
    pub version: u64,
    /// How many associations use it (001-R15).
    pub uses: u32,
    /// Created and updated.
    #[serde(flatten)]
    pub meta: Meta,
    /// Revision of the row that was read.
    #[serde(skip)]
    pub rev: u64,
}

/// Body of `POST` and `PUT /v1/plans`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct PlanInput {
    /// 1 to 50 characters; not `' % & " < >`.
    pub name: String,
    /// At most 500 characters.
    pub description: Option<String>,
    /// Default: the default namespace.
    pub namespace_id: Option<Id>,
    /// A JSON object or array, or a string that holds one.
    #[schema(value_type = Option<Object>)]
    pub definition: Option<serde_json::Value>,
    /// A JSON Schema that every payload must meet.
    #[schema(value_type = Option<Object>)]
    pub payload_schema: Option<serde_json::Value>,
}

/// Members that are kept to the letter: number spelling, order and nulls are the user's.
#[derive(Clone, Debug, Default)]
pub struct RawTexts {
    /// The definition's text, when it is a JSON value of the body.
    pub definition: Option<String>,
    /// The schema's text.
    pub payload_schema: Option<String>,
}

/// A plan as answers show it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Plan)]
#[expect(missing_docs, reason = "the members of `Plan`")]
pub struct PlanView {
    pub id: Id,
    pub name: String,
    pub description: Option<String>,
    pub namespace_id: Id,
    /// Always `JSON`.
    pub format: &'static str,
    #[schema(value_type = Option<Object>)]
    pub definition: Option<Box<RawValue>>,
    #[schema(value_type = Option<Object>)]
    pub payload_schema: Option<Box<RawValue>>,
    pub version: u64,
    /// What is allowed but probably not meant; in the answers of POST and PUT.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warnings: Option<Vec<Warning>>,
    pub created_date: crate::time::Time,
    pub created_by: String,
    pub updated_date: crate::time::Time,
    pub updated_by: String,
}

/// What the body said, checked.
struct Content {
    name: String,
    description: Option<String>,
    definition: Option<String>,
    as_text: bool,
    payload_schema: Option<String>,
    warnings: Vec<Warning>,
}

impl Plan {
    /// Makes one. `raw` has the texts as the body has them.
    ///
    /// # Errors
    /// Every fault of the body.
    pub fn create(
        input: &PlanInput,
        raw: &RawTexts,
        namespace_id: Id,
        stamp: &Stamp,
    ) -> Result<(Self, Vec<Warning>, Decision), Rejection> {
        let content = check(input, raw)?;
        let made = Self {
            id: stamp.id(0),
            name: content.name,
            description: content.description,
            namespace_id,
            definition: content.definition,
            definition_as_text: content.as_text,
            payload_schema: content.payload_schema,
            version: 1,
            uses: 0,
            meta: Meta::new(stamp),
            rev: 0,
        };
        let decision = Decision::default().save(made.clone()).claim(made.claim());
        Ok((made, content.warnings, decision))
    }

    /// Replaces the content; all requests processed afterwards use it (001-R13).
    ///
    /// # Errors
    /// Every fault of the body; a plan stays in its namespace.
    pub fn update(
        &self,
        input: &PlanInput,
        raw: &RawTexts,
        stamp: &Stamp,
    ) -> Result<(Self, Vec<Warning>, Decision), Rejection> {
        let content = check(input, raw)?;
        if input.namespace_id.is_some_and(|id| id != self.namespace_id) {
            let detail = "a plan stays in its namespace; copy it instead";
            return Err(Rejection::at("/namespaceId", Code::ValidationFailed, detail));
        }
        let mut next = Self {
            name: content.name,
            description: content.description,
            definition: content.definition,
            definition_as_text: content.as_text,
            payload_schema: content.payload_schema,
            version: self.version + 1,
            ..self.clone()
        };
        next.meta.touch(stamp);
        let decision = Decision::default().save(next.clone()).rename(self.claim(), next.claim());
        Ok((next, content.warnings, decision))
    }

    /// Removes it, unless a product uses it (001-R15).
    ///
    /// # Errors
    /// `IN_USE`.
    pub fn delete(self) -> Result<Decision, Rejection> {
        if self.uses > 0 {
            let detail = format!(
                "The plan is associated with {} product(s). Change those associations first.",
                self.uses
            );
            return Err(Rejection::new(Code::InUse, detail));
        }
        let claim = self.claim();
        Ok(Decision::default().delete(self).release(claim))
    }

    /// As answers show it.
    pub fn view(&self, warnings: Option<Vec<Warning>>) -> PlanView {
        let raw = |text: &String| RawValue::from_string(text.clone()).ok();
        let definition = if self.definition_as_text {
            let quoted = self.definition.as_ref().map(|t| serde_json::Value::from(t.as_str()));
            quoted.and_then(|quoted| raw(&quoted.to_string()))
        } else {
            self.definition.as_ref().and_then(raw)
        };
        PlanView {
            id: self.id,
            name: self.name.clone(),
            description: self.description.clone(),
            namespace_id: self.namespace_id,
            format: "JSON",
            definition,
            payload_schema: self.payload_schema.as_ref().and_then(raw),
            version: self.version,
            warnings,
            created_date: self.meta.created_date,
            created_by: self.meta.created_by.clone(),
            updated_date: self.meta.updated_date,
            updated_by: self.meta.updated_by.clone(),
        }
    }

    fn claim(&self) -> Name {
        Name {
            kind: Kind::Plan,
            member: "name",
            value: format!("{}/{}", self.namespace_id, self.name),
            id: self.id,
            unique: true,
        }
    }
}

fn check(input: &PlanInput, raw: &RawTexts) -> Result<Content, Rejection> {
    let mut faults = Faults::default();
    let name = faults.take("/name", text::name(&input.name));
    let description = faults.take("/description", text::description(input.description.as_deref()));
    let (definition, as_text) = match &input.definition {
        Some(serde_json::Value::String(text)) => (Some(text.clone()), true),
        Some(_) => (raw.definition.clone(), false),
        None => (None, false),
    };
    let warnings = definition.as_deref().map(Definition::compile).transpose();
    let warnings = match warnings {
        Ok(compiled) => compiled.as_ref().map(lint).unwrap_or_default(),
        Err(found) => {
            found.iter().for_each(|fault| faults.push(fault.fault("/definition")));
            Vec::new()
        }
    };
    let payload_schema = input.payload_schema.as_ref().and(raw.payload_schema.clone());
    if let Some(text) = &payload_schema
        && let Err(detail) = schema::check(text)
    {
        faults.add("/payloadSchema", Code::ValidationFailed, detail);
    }
    faults.finish()?;
    Ok(Content {
        name: name.unwrap_or_default(),
        description: description.flatten(),
        definition,
        as_text,
        payload_schema,
        warnings,
    })
}
