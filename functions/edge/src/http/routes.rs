//! The form of a route: its name, its permission, its body and its answer.
//!
//! Neighbours: `table` has them all; the routers and `infra/openapi.json` are made of it.

use domain::access::Needs;
use domain::record::Kind;
use utoipa::ToSchema;

use crate::http::dialect::{CRM, Dialect, LDK, OWN};
use crate::http::problem::CREATED;
use crate::http::shape::{Shape, shape};

/// The end of the paths of source 004.
const SUFFIX: &str = ".ws";

/// The parameters of every list; the last one is for those that are only shown.
const PARAMETERS: [&str; 4] = ["limit", "cursor", "order", "fields"];

/// The functions that have routes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, strum::IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
#[expect(missing_docs, reason = "the folders of `functions`")]
pub enum Function {
    Access,
    Catalog,
    Customers,
    Plans,
    Entitlements,
    Activations,
    Requests,
    Callbacks,
}

/// The answer.
#[derive(Clone, Copy, Debug)]
pub enum Gives {
    /// One of these.
    One(Shape),
    /// A page of these.
    Page(Shape),
    /// All of these.
    All(Shape),
    /// Any JSON object.
    Object,
    /// Nothing (204).
    Nothing,
    /// A page for people.
    Text,
    /// An XML document.
    Xml,
    /// Nothing but `Location`, with this status.
    Location(u16),
}

/// A row of the table.
#[derive(Debug)]
pub struct Route {
    /// Its name, unique.
    pub operation: &'static str,
    /// HTTP method.
    pub verb: &'static str,
    /// Path with its parameters in braces.
    pub path: &'static str,
    /// The permission that it takes.
    pub needs: Needs,
    /// Where its handler is.
    pub function: Function,
    /// A sentence: its effect.
    pub summary: &'static str,
    /// Query parameters, besides those of lists.
    pub query: &'static [&'static str],
    /// The body.
    pub takes: Option<Shape>,
    /// The answer.
    pub gives: Gives,
    /// The status of success is 201.
    pub creates: bool,
    /// What it acts on, for the audit; none: it changes nothing that is kept, or what it makes has
    /// a history of its own.
    pub audits: Option<Kind>,
    /// A PUT or PATCH needs no `If-Match`.
    pub unconditional: bool,
    /// Its list begins with the oldest.
    pub ascending: bool,
    /// How it is spoken to, and how it says no.
    pub dialect: Dialect,
}

/// Body of `POST …/{eId}/actions`.
#[derive(Clone, Debug, Default, serde::Serialize, serde::Deserialize, ToSchema)]
#[serde(default)]
pub struct ActionInput {
    /// SAVE, QUEUE, PRODUCE, ENABLE, DISABLE or REOPEN.
    pub action: Option<domain::entitlement::input::Action>,
}

const fn route(
    verb: &'static str,
    operation: &'static str,
    path: &'static str,
    needs: Needs,
    function: Function,
    summary: &'static str,
) -> Route {
    let gives = Gives::Nothing;
    Route {
        operation,
        verb,
        path,
        needs,
        function,
        summary,
        query: &[],
        takes: None,
        gives,
        creates: false,
        audits: None,
        unconditional: false,
        ascending: false,
        dialect: OWN,
    }
}

macro_rules! verbs {
    ($($name:ident $verb:literal),*) => {
        $(pub(super) const fn $name(
            operation: &'static str,
            path: &'static str,
            needs: Needs,
            function: Function,
            summary: &'static str,
        ) -> Route {
            route($verb, operation, path, needs, function, summary)
        })*
    };
}
verbs!(get "GET", post "POST", put "PUT", patch "PATCH", delete "DELETE");

impl Route {
    pub(super) const fn takes<T: ToSchema>(mut self) -> Self {
        self.takes = Some(shape::<T>());
        self
    }

    pub(super) const fn one<T: ToSchema>(mut self) -> Self {
        self.gives = Gives::One(shape::<T>());
        self
    }

    /// One that is made.
    pub(super) const fn made<T: ToSchema>(mut self) -> Self {
        self.creates = true;
        self.one::<T>()
    }

    /// Has an entry in the audit for each act.
    pub(super) const fn audits(mut self, kind: Kind) -> Self {
        self.audits = Some(kind);
        self
    }

    pub(super) const fn unconditional(mut self) -> Self {
        self.unconditional = true;
        self
    }

    pub(super) const fn ascending(mut self) -> Self {
        self.ascending = true;
        self
    }

    pub(super) const fn page<T: ToSchema>(mut self) -> Self {
        self.gives = Gives::Page(shape::<T>());
        self
    }

    /// A list that is always answered whole.
    pub(super) const fn all<T: ToSchema>(mut self) -> Self {
        self.gives = Gives::All(shape::<T>());
        self
    }

    pub(super) const fn object(mut self) -> Self {
        self.gives = Gives::Object;
        self
    }

    pub(super) const fn text(mut self) -> Self {
        self.gives = Gives::Text;
        self
    }

    /// Of the XML facade.
    pub(super) const fn xml(mut self, gives: Gives) -> Self {
        self.gives = gives;
        self.dialect = LDK;
        self
    }

    /// Of CRM.COM's facade.
    pub(super) const fn crm(mut self) -> Self {
        self.dialect = CRM;
        self
    }

    /// The path as the router knows it: it takes no suffix behind a parameter.
    pub fn mounted(&self) -> &'static str {
        let behind = self.path.strip_suffix(SUFFIX).filter(|path| path.ends_with('}'));
        behind.unwrap_or(self.path)
    }

    pub(super) const fn query(mut self, names: &'static [&'static str]) -> Self {
        self.query = names;
        self
    }

    /// Every query parameter that it takes.
    pub fn parameters(&self) -> Vec<&'static str> {
        let common: &[&str] = match self.gives {
            Gives::Page(_) if self.verb == "GET" => &PARAMETERS,
            Gives::Page(_) => &PARAMETERS[..3],
            Gives::One(_) if self.verb == "GET" && self.dialect.ours => &["fields"],
            _ => &[],
        };
        common.iter().chain(self.query).copied().collect()
    }

    /// Whether an Idempotency-Key counts: on every POST but a session's, whose secret is of no use
    /// without it, and where a PUT makes something new.
    pub fn heeds_idempotency_key(&self) -> bool {
        self.verb == "POST" && !matches!(self.needs, Needs::Signature | Needs::AnyKey)
            || matches!(self.gives, Gives::Location(CREATED))
    }

    /// PUT and PATCH of an existing entity.
    pub fn needs_if_match(&self) -> bool {
        matches!(self.verb, "PUT" | "PATCH") && !self.unconditional && self.dialect.ours
    }
}
