//! What a route is: its name, who may use it, what goes in and comes out.
//!
//! Neighbours: `table` has them all; the routers and `infra/openapi.json` are made of it.

use domain::access::Needs;
use domain::record::Kind;
use utoipa::ToSchema;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::Schema;

use crate::http::page::PARAMETERS;
use crate::http::problem::CREATED;

/// What the paths of source 004 end with.
const SUFFIX: &str = ".ws";

/// What changes nothing that is kept, and what is made with a history of its own.
const UNAUDITED: &[&str] = &[
    "lintPlan",
    "previewPlan",
    "rehearsePlan",
    "testMethod",
    "reportStatus",
    "createEntitlement",
    "putEntitlementXml",
    "createActivation",
    "activateMany",
];

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

/// The schema of a body.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// Its name.
    pub name: fn() -> String,
    /// It and all it refers to.
    pub collect: fn(&mut Vec<(String, RefOr<Schema>)>),
}

/// What comes out.
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
    /// Who may use it.
    pub needs: Needs,
    /// Where its handler is.
    pub function: Function,
    /// What it does.
    pub summary: &'static str,
    /// Query parameters, besides those of lists.
    pub query: &'static [&'static str],
    /// What goes in.
    pub takes: Option<Shape>,
    /// What comes out.
    pub gives: Gives,
    /// How it is spoken to, and how it says no.
    pub dialect: Dialect,
}

/// How a route is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// JSON in and out; errors are problems.
    Own,
    /// XML in and out; errors are plain text (source 004).
    Ldk,
    /// The token may stand in the query; errors are in the envelope (source 003).
    Crm,
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
        dialect: Dialect::Own,
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

/// The schema of `T`.
pub(super) const fn shape<T: ToSchema>() -> Shape {
    Shape {
        name: || T::name().into_owned(),
        collect: |out| {
            out.push((T::name().into_owned(), T::schema()));
            T::schemas(out);
        },
    }
}

impl Route {
    pub(super) const fn takes<T: ToSchema>(mut self) -> Self {
        self.takes = Some(shape::<T>());
        self
    }

    pub(super) const fn one<T: ToSchema>(mut self) -> Self {
        self.gives = Gives::One(shape::<T>());
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
        self.dialect = Dialect::Ldk;
        self
    }

    /// Of CRM.COM's facade.
    pub(super) const fn crm(mut self) -> Self {
        self.dialect = Dialect::Crm;
        self
    }

    /// Whether its acts have entries in the audit.
    pub fn is_audited(&self) -> bool {
        self.verb != "GET" && !UNAUDITED.contains(&self.operation)
    }

    /// What it acts on, for the audit: the last thing that its path names.
    pub fn subject(&self) -> Option<Kind> {
        self.path.rsplit(['/', '.']).find_map(|part| {
            Some(match part {
                "tenant" => Kind::Tenant,
                "namespaces" => Kind::Namespace,
                "roles" => Kind::Role,
                "api-keys" => Kind::ApiKey,
                "features" => Kind::Feature,
                "products" => Kind::Product,
                "custom-attributes" => Kind::CustomAttribute,
                "customers" => Kind::Customer,
                "partners" => Kind::Partner,
                "contacts" => Kind::Contact,
                "plans" => Kind::Plan,
                "methods" => Kind::Method,
                "association" => Kind::Association,
                "entitlements" | "entitlement" => Kind::Entitlement,
                "product-keys" => Kind::ProductKey,
                "activations" => Kind::Activation,
                "provisioning-requests" => Kind::ProvisioningRequest,
                _ => return None,
            })
        })
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
            Gives::One(_) if self.verb == "GET" && self.dialect == Dialect::Own => &["fields"],
            _ => &[],
        };
        common.iter().chain(self.query).copied().collect()
    }

    /// Whether an Idempotency-Key counts: on every POST, and where a PUT makes something new.
    pub fn heeds_idempotency_key(&self) -> bool {
        self.verb == "POST" && self.needs != Needs::Signature
            || matches!(self.gives, Gives::Location(CREATED))
    }

    /// PUT and PATCH of an existing entity.
    pub fn needs_if_match(&self) -> bool {
        matches!(self.verb, "PUT" | "PATCH")
            && self.operation != "putAssociation"
            && self.dialect == Dialect::Own
    }
}
