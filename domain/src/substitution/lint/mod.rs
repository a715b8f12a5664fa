//! Warnings at save: what is allowed, but probably not meant.
//!
//! Neighbours: `expressions` looks at what is substituted, `texts` at what is not; the answers of
//! `POST` and `PUT /v1/plans`, `/v1/plans/lint` and `plans check` tell them.

mod expressions;
mod grown;
mod texts;

pub use grown::grown;

use std::collections::BTreeSet;

use serde::Serialize;

use crate::attributes::Entity;
use crate::substitution::compile::{Definition, Node};
use crate::substitution::expression::Expression;
use crate::substitution::version::DocumentVersion;

/// How much a warning matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Severity {
    /// Worth knowing; may well be meant.
    Note,
    /// Probably not meant.
    Warning,
}

/// The kinds of warnings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr, strum::EnumIter)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum Lint {
    /// No such path: the member will be left out (D8).
    UnknownPath,
    /// The same name exists in another case (001-R7).
    WrongCase,
    /// `$.provisioningRequest` is missing in front (001-R3).
    PrefixMissing,
    /// An index or slice on something that is not an array.
    NotAnArray,
    /// A name on an array: its index is missing.
    IndexMissing,
    /// A filter may find several: then the value is an array (D11).
    PossibleArray,
    /// Always an array, also of none or one (D12).
    AlwaysArray,
    /// An attribute that there is not: none is registered for that entity (D13).
    AttributeNotRegistered,
    /// A person's data goes to the provider.
    PersonalData,
    /// Starts with `$`, but stays as it is (001-H15, D4).
    DollarText,
    /// An expression that is escaped: it is sent as a text (D4).
    EscapedExpression,
    /// An expression inside a longer text is not replaced (D3).
    InsideText,
    /// White space in front makes an expression a plain text (D3).
    LeadingSpace,
    /// Looks like a password or a key in the clear.
    SecretText,
    /// The plan sees an older version of the document, until it is saved again.
    DocumentGrew,
}

/// A warning of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Warning {
    /// Its place in the definition, such as `$["a"][0]`.
    pub at: String,
    /// How much it matters.
    pub severity: Severity,
    /// The kind, such as `UNKNOWN_PATH`.
    pub code: &'static str,
    /// A sentence: the consequence, and the remedy.
    pub detail: String,
    /// The nearest thing that would work; null when there is none.
    pub did_you_mean: Option<String>,
}

impl Warning {
    /// One of which nothing near would work.
    pub fn new(at: impl Into<String>, code: &'static str, detail: impl Into<String>) -> Self {
        let (at, detail) = (at.into(), detail.into());
        Self { at, severity: Severity::Warning, code, detail, did_you_mean: None }
    }
}

/// The custom attributes that are registered, each for an entity.
#[derive(Clone, Debug, Default)]
pub struct Registered(pub BTreeSet<(Entity, String)>);

const PREFIX: &str = "$.provisioningRequest";

/// Every warning, in the order of the definition. Attributes are only judged when it is known
/// which are registered.
pub fn lint(definition: &Definition, registered: Option<&Registered>) -> Vec<Warning> {
    let mut linter = Linter { definition, registered, at: "$".to_owned(), out: Vec::new() };
    linter.node(&definition.root, None);
    linter.out
}

/// The warning of a plan without a definition: it sends all that the document has.
pub fn whole() -> Vec<Warning> {
    let detail = "the whole document is sent, with e-mail addresses and names of persons";
    vec![Found::new(Lint::PersonalData, detail).at("$")]
}

struct Linter<'a> {
    definition: &'a Definition,
    registered: Option<&'a Registered>,
    at: String,
    out: Vec<Warning>,
}

impl Linter<'_> {
    fn node(&mut self, node: &Node, key: Option<&str>) {
        let length = self.at.len();
        match node {
            Node::Static(json) => self.text(json, key),
            Node::Dynamic(i) => self.expression(&self.definition.expressions[*i]),
            Node::Object(members) => {
                for (written, member) in members {
                    let written = written.trim_end_matches(':');
                    self.at.push_str(&format!("[{written}]"));
                    self.node(member, serde_json::from_str(written).ok());
                    self.at.truncate(length);
                }
            }
            Node::Array(elements) => {
                for (i, element) in elements.iter().enumerate() {
                    self.at.push_str(&format!("[{i}]"));
                    self.node(element, key);
                    self.at.truncate(length);
                }
            }
        }
    }

    fn text(&mut self, json: &str, key: Option<&str>) {
        if let Ok(text) = serde_json::from_str::<String>(json) {
            self.note(texts::lint(&text, key));
        }
    }

    fn expression(&mut self, expression: &Expression) {
        let version = self.definition.version;
        self.note(expressions::lint(expression, self.registered, version));
    }

    fn note(&mut self, found: Vec<Found>) {
        self.out.extend(found.into_iter().map(|found| found.at(&self.at)));
    }
}

/// A warning without its place.
struct Found {
    code: Lint,
    detail: String,
    did_you_mean: Option<String>,
}

impl Found {
    fn new(code: Lint, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), did_you_mean: None }
    }

    fn at(self, at: &str) -> Warning {
        Warning {
            at: at.to_owned(),
            severity: self.code.severity(),
            code: self.code.into(),
            detail: self.detail,
            did_you_mean: self.did_you_mean,
        }
    }

    fn mean(mut self, text: impl Into<String>) -> Self {
        self.did_you_mean = Some(text.into());
        self
    }
}

impl Lint {
    const fn severity(self) -> Severity {
        match self {
            Self::PossibleArray
            | Self::AlwaysArray
            | Self::PersonalData
            | Self::DollarText
            | Self::EscapedExpression
            | Self::DocumentGrew => Severity::Note,
            _ => Severity::Warning,
        }
    }
}

/// Whether a text would be a known path, in the document of today.
fn is_known(source: &str) -> bool {
    let compiled = Expression::compile(String::new(), source, DocumentVersion::default());
    compiled.is_ok_and(|expression| expression.path.is_ok())
}
