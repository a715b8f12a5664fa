//! Plans: the messages to providers, with expressions for the parts that vary (source 001).
//!
//! Neighbours: `method` says where to, `association` for which product, `substitution` fills them.

pub mod association;
pub mod auth;
pub mod channel;
pub mod content;
pub mod copy;
pub mod door;
pub mod method;
pub mod schema;
pub mod trial;
pub mod version;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::decision::Decision;
use crate::ids::Id;
use crate::name::{Name, Scope};
use crate::plan::content::{Content, Given, Reading};
use crate::plan::version::PlanVersion;
use crate::record::Kind;
use crate::rejection::{Code, Faults, Rejection};
use crate::rev::Rev;
use crate::stamp::{Meta, Stamp};
use crate::substitution::lint::Warning;
use crate::substitution::values::Values;
use crate::substitution::version::DocumentVersion;
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
    /// Its definition and schema.
    #[serde(flatten)]
    pub content: Content,
    /// Counts the edits; the `ETag` and the version in requests.
    pub version: u64,
    /// How many associations use it (001-R15).
    pub uses: u32,
    /// Created and updated.
    #[serde(flatten)]
    pub meta: Meta,
    /// Revision of the row that was read.
    #[serde(skip)]
    pub rev: Rev<Self>,
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
    #[schema(value_type = Option<serde_json::Value>)]
    pub definition: Option<serde_json::Value>,
    /// A JSON Schema that every payload must meet.
    #[schema(value_type = Option<serde_json::Value>)]
    pub payload_schema: Option<serde_json::Value>,
    /// Default NATIVE; TEXT for a provider that takes strings only.
    pub values: Values,
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
    #[schema(value_type = Option<serde_json::Value>)]
    pub definition: Option<Box<RawValue>>,
    #[schema(value_type = Option<serde_json::Value>)]
    pub payload_schema: Option<Box<RawValue>>,
    pub values: Values,
    /// The version of the document that it is filled from (`/v1/plans/document-shape`): the newest
    /// of the day that it was last saved.
    #[schema(value_type = u8)]
    pub document_version: DocumentVersion,
    pub version: u64,
    /// Warnings: allowed, but probably not meant; in the answers of POST and PUT.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warnings: Option<Vec<Warning>>,
    pub created_date: crate::time::Time,
    pub created_by: String,
    pub updated_date: crate::time::Time,
    pub updated_by: String,
}

/// The members of the body, checked.
struct Checked {
    name: String,
    description: Option<String>,
    content: Content,
    warnings: Vec<Warning>,
}

/// A plan's definition alone.
#[derive(Debug, Serialize)]
pub struct DefinitionView<'a> {
    /// Always `JSON`.
    pub format: &'static str,
    /// As it was written; null: the whole document is sent.
    pub definition: Option<&'a RawValue>,
}

impl PlanView {
    /// The definition alone (001-H11).
    pub fn definition_only(&self) -> DefinitionView<'_> {
        DefinitionView { format: self.format, definition: self.definition.as_deref() }
    }
}

impl Plan {
    /// Makes one.
    ///
    /// # Errors
    /// Every fault of the body.
    pub fn create(
        input: &PlanInput,
        reading: Reading<'_>,
        namespace_id: Id,
        stamp: &Stamp,
    ) -> Result<(Self, Vec<Warning>, Decision), Rejection> {
        let checked = check(input, reading)?;
        let made = Self {
            id: stamp.id(0),
            name: checked.name,
            description: checked.description,
            namespace_id,
            content: checked.content,
            version: 1,
            uses: 0,
            meta: Meta::new(stamp),
            rev: Rev::default(),
        };
        let decision = Decision::default().save(made.clone()).take(made.claim());
        Ok((made, checked.warnings, decision))
    }

    /// Replaces the content; all requests processed afterwards use it (001-R13). The version that
    /// it had is kept.
    ///
    /// # Errors
    /// Every fault of the body; a plan stays in its namespace.
    pub fn update(
        &self,
        input: &PlanInput,
        reading: Reading<'_>,
        stamp: &Stamp,
    ) -> Result<(Self, Vec<Warning>, Decision), Rejection> {
        let checked = check(input, reading)?;
        if input.namespace_id.is_some_and(|id| id != self.namespace_id) {
            let detail = "a plan stays in its namespace; copy it instead";
            return Err(Rejection::at("/namespaceId", Code::ValidationFailed, detail));
        }
        let mut next = Self {
            name: checked.name,
            description: checked.description,
            content: checked.content,
            version: self.version + 1,
            ..self.clone()
        };
        next.meta.touch(stamp);
        let decision = Decision::default()
            .save(next.clone())
            .save(PlanVersion(self.clone()))
            .replace(&[self.claim()], &[next.claim()]);
        Ok((next, checked.warnings, decision))
    }

    /// Duplicates it for editing, under a name that is free as far as it is known (001-R14).
    pub fn copy(&self, name: String, stamp: &Stamp) -> (Self, Decision) {
        let made = Self {
            id: stamp.id(0),
            name,
            version: 1,
            uses: 0,
            meta: Meta::new(stamp),
            rev: Rev::default(),
            ..self.clone()
        };
        let decision = Decision::default().save(made.clone()).take_fresh(made.claim());
        (made, decision)
    }

    /// Removes it, unless a product uses it (001-R15). Its versions stay: requests name them.
    ///
    /// # Errors
    /// `IN_USE`, naming the products.
    pub fn delete(self, used_by: &[String]) -> Result<Decision, Rejection> {
        if self.uses > 0 {
            return Err(association::in_use("plan", used_by));
        }
        let claim = self.claim();
        let last = PlanVersion(self.clone());
        Ok(Decision::default().delete(self).save(last).release(claim))
    }

    /// As answers show it.
    pub fn view(&self, warnings: Option<Vec<Warning>>) -> PlanView {
        let raw = |text: &String| RawValue::from_string(text.clone()).ok();
        let Content { definition, definition_as_text, payload_schema, .. } = &self.content;
        let definition = if *definition_as_text {
            let quoted = definition.as_ref().map(|t| serde_json::Value::from(t.as_str()));
            quoted.and_then(|quoted| raw(&quoted.to_string()))
        } else {
            definition.as_ref().and_then(raw)
        };
        PlanView {
            id: self.id,
            name: self.name.clone(),
            description: self.description.clone(),
            namespace_id: self.namespace_id,
            format: "JSON",
            definition,
            payload_schema: payload_schema.as_ref().and_then(raw),
            values: self.content.values,
            document_version: self.content.document_version,
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
            value: self.name.clone(),
            id: self.id,
            scope: Scope::Namespace(self.namespace_id),
        }
    }
}

fn check(input: &PlanInput, reading: Reading<'_>) -> Result<Checked, Rejection> {
    let mut faults = Faults::default();
    let name = faults.take("/name", text::name(&input.name));
    let description = faults.take("/description", text::description(input.description.as_deref()));
    let given = Given {
        definition: input.definition.as_ref(),
        payload_schema: input.payload_schema.as_ref(),
        values: input.values,
    };
    let (content, warnings) = Content::read(given, reading, &mut faults);
    faults.finish()?;
    Ok(Checked {
        name: name.unwrap_or_default(),
        description: description.flatten(),
        content,
        warnings,
    })
}
