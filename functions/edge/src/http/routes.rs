//! THE TABLE of routes: what each is called, who may use it, what goes in and comes out.
//!
//! Neighbours: the routers are built from it, and so is `infra/openapi.json`. Guarantee: a route
//! without a permission does not exist (quality.md section 4).

use domain::access::keys::{ApiKeyInput, KeyInfo};
use domain::access::namespace::NamespaceInput;
use domain::access::role::RoleInput;
use domain::access::{Act, Area, Namespace, Needs, Role};
use domain::activation::activate::ActivationInput;
use domain::catalog::product::ProductInput;
use domain::customer::{Customer, CustomerInput};
use domain::entitlement::create::EntitlementInput;
use domain::machine::Description;
use domain::plan::association::{Association, AssociationInput};
use domain::plan::method::{MethodInfo, MethodInput};
use domain::plan::{PlanInput, PlanView};
use domain::request::manual::{CommentsInput, StatusInput};
use domain::request::reported::ReportInput;
use domain::substitution::shape::PathLine;
use domain::view::activation::{ActivationLine, ActivationView};
use domain::view::attempt::AttemptLine;
use domain::view::entitlement::{EntitlementLine, EntitlementView, ProductKeyView};
use domain::view::product::ProductView;
use domain::view::request::{RequestLine, RequestView};
use utoipa::ToSchema;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::Schema;

use crate::http::page::PARAMETERS;

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
}

use Act::{Add, Delete, Edit, View};
use Area::{Activation as Act3, Admin, Catalog as Cat, Customer as Cust, Entitlement as Ent};
use Function::{Access, Activations, Callbacks, Catalog, Customers, Entitlements, Plans, Requests};
use Needs::{AllOf, AnyKey, Nothing, OneOf, Signature};

const CATALOG_VIEW: Needs = OneOf(&[(Cat, View)]);
const CATALOG_ADD: Needs = OneOf(&[(Cat, Add)]);
const CATALOG_EDIT: Needs = OneOf(&[(Cat, Edit)]);
const CATALOG_DELETE: Needs = OneOf(&[(Cat, Delete)]);
const ADMIN_VIEW: Needs = OneOf(&[(Admin, View)]);
const ADMIN_EDIT: Needs = OneOf(&[(Admin, Edit)]);
const CUSTOMER_VIEW: Needs = OneOf(&[(Cust, View)]);
const CUSTOMER_ADD: Needs = OneOf(&[(Cust, Add)]);
const ENTITLEMENT_VIEW: Needs = OneOf(&[(Ent, View)]);
const ENTITLEMENT_ADD: Needs = OneOf(&[(Ent, Add)]);
const ENTITLEMENT_EDIT: Needs = OneOf(&[(Ent, Edit)]);
const ACTIVATION_VIEW: Needs = OneOf(&[(Act3, View)]);
const ACTIVATION_ADD: Needs = OneOf(&[(Act3, Add)]);
const REQUEST_VIEW: Needs = OneOf(&[(Ent, View), (Act3, View)]);
const REQUEST_COMMENT: Needs = OneOf(&[(Ent, Edit), (Act3, Edit)]);
const OPERATOR: Needs = AllOf(&[(Ent, View), (Ent, Edit)]);

/// The table (api.md section 2).
#[rustfmt::skip]
pub const ROUTES: &[Route] = &[
    get("getMe", "/v1/me", AnyKey, Access,
        "Shows tenant, key, role and permissions.").object(),
    post("createApiKey", "/v1/api-keys", ADMIN_EDIT, Access,
        "Makes an API key; its secret is shown once.").takes::<ApiKeyInput>().one::<KeyInfo>(),
    get("listApiKeys", "/v1/api-keys", ADMIN_VIEW, Access,
        "Lists API keys.").page::<KeyInfo>(),
    delete("revokeApiKey", "/v1/api-keys/{id}", ADMIN_EDIT, Access,
        "Revokes an API key."),
    post("createRole", "/v1/roles", ADMIN_EDIT, Access,
        "Makes a role.").takes::<RoleInput>().one::<Role>(),
    get("listRoles", "/v1/roles", ADMIN_VIEW, Access,
        "Lists roles.").page::<Role>(),
    get("getRole", "/v1/roles/{id}", ADMIN_VIEW, Access,
        "Shows a role.").one::<Role>(),
    post("createNamespace", "/v1/namespaces", CATALOG_ADD, Access,
        "Makes a namespace.").takes::<NamespaceInput>().one::<Namespace>(),
    get("listNamespaces", "/v1/namespaces", CATALOG_VIEW, Access,
        "Lists namespaces.").page::<Namespace>(),
    get("getNamespace", "/v1/namespaces/{id}", CATALOG_VIEW, Access,
        "Shows a namespace.").one::<Namespace>(),
    get("getHealth", "/v1/health", Nothing, Access,
        "Says whether the service is up.").object(),
    get("listStateMachines", "/v1/state-machines", Nothing, Access,
        "Shows every state table.").all::<Description>(),
    get("getOpenApi", "/openapi.json", Nothing, Access,
        "This document.").object(),
    get("getError", "/errors/{code}", Nothing, Access,
        "Explains an error code.").text(),

    post("createProduct", "/v1/products", CATALOG_ADD, Catalog,
        "Makes a product, as DRAFT.").takes::<ProductInput>().one::<ProductView>(),
    get("listProducts", "/v1/products", CATALOG_VIEW, Catalog,
        "Lists products.").query(&["name", "stage"]).page::<ProductView>(),
    get("getProduct", "/v1/products/{id}", CATALOG_VIEW, Catalog,
        "Shows a product.").one::<ProductView>(),
    post("completeProduct", "/v1/products/{id}/complete", CATALOG_EDIT, Catalog,
        "Sets a draft product to COMMIT.").one::<ProductView>(),

    post("createCustomer", "/v1/customers", CUSTOMER_ADD, Customers,
        "Makes a customer.").takes::<CustomerInput>().one::<Customer>(),
    get("listCustomers", "/v1/customers", CUSTOMER_VIEW, Customers,
        "Lists customers.").query(&["email", "name", "identifier"]).page::<Customer>(),
    get("getCustomer", "/v1/customers/{id}", CUSTOMER_VIEW, Customers,
        "Shows a customer.").one::<Customer>(),

    post("createPlan", "/v1/plans", CATALOG_ADD, Plans,
        "Makes a plan.").takes::<PlanInput>().one::<PlanView>(),
    get("listPlans", "/v1/plans", CATALOG_VIEW, Plans,
        "Lists plans.").query(&["name", "namespaceId"]).page::<PlanView>(),
    get("getDocumentShape", "/v1/plans/document-shape", CATALOG_VIEW, Plans,
        "Lists every path that a plan may use.").all::<PathLine>(),
    get("getPlan", "/v1/plans/{id}", CATALOG_VIEW, Plans,
        "Shows a plan.").one::<PlanView>(),
    put("updatePlan", "/v1/plans/{id}", CATALOG_EDIT, Plans,
        "Replaces a plan; requests processed afterwards use it.")
            .takes::<PlanInput>().one::<PlanView>(),
    delete("deletePlan", "/v1/plans/{id}", CATALOG_DELETE, Plans,
        "Deletes a plan that no product uses."),
    post("createMethod", "/v1/methods", CATALOG_ADD, Plans,
        "Makes a method; its callback secret is shown once.")
            .takes::<MethodInput>().one::<MethodInfo>(),
    get("listMethods", "/v1/methods", CATALOG_VIEW, Plans,
        "Lists methods.").query(&["name"]).page::<MethodInfo>(),
    get("getMethod", "/v1/methods/{id}", CATALOG_VIEW, Plans,
        "Shows a method.").one::<MethodInfo>(),
    put("updateMethod", "/v1/methods/{id}", CATALOG_EDIT, Plans,
        "Replaces a method; its secrets stay.").takes::<MethodInput>().one::<MethodInfo>(),
    delete("deleteMethod", "/v1/methods/{id}", CATALOG_DELETE, Plans,
        "Deletes a method that no product uses."),
    put("putAssociation", "/v1/products/{id}/association", CATALOG_EDIT, Plans,
        "Sets plan and method of a product.").takes::<AssociationInput>().one::<Association>(),
    get("getAssociation", "/v1/products/{id}/association", CATALOG_VIEW, Plans,
        "Shows plan and method of a product.").one::<Association>(),
    delete("deleteAssociation", "/v1/products/{id}/association", CATALOG_EDIT, Plans,
        "Takes plan and method from a product."),
    get("listAssociations", "/v1/associations", CATALOG_VIEW, Plans,
        "Lists associations.").page::<Association>(),

    post("createEntitlement", "/v1/entitlements", ENTITLEMENT_ADD, Entitlements,
        "Makes an entitlement: SAVE, QUEUE or PRODUCE.")
            .takes::<EntitlementInput>().one::<EntitlementView>(),
    get("listEntitlements", "/v1/entitlements", ENTITLEMENT_VIEW, Entitlements,
        "Lists entitlements.").query(&["state", "customerId"]).page::<EntitlementLine>(),
    get("getEntitlement", "/v1/entitlements/{eId}", ENTITLEMENT_VIEW, Entitlements,
        "Shows an entitlement.").one::<EntitlementView>(),
    post("actOnEntitlement", "/v1/entitlements/{eId}/actions", ENTITLEMENT_EDIT, Entitlements,
        "Carries out an action.").takes::<ActionInput>().one::<EntitlementView>(),
    get("listProductKeys", "/v1/entitlements/{eId}/product-keys", ENTITLEMENT_VIEW, Entitlements,
        "Lists product keys.").page::<ProductKeyView>(),
    get("getProductKey", "/v1/product-keys/{pkId}", ENTITLEMENT_VIEW, Entitlements,
        "Shows a product key.").one::<ProductKeyView>(),

    post("createActivation", "/v1/activations", ACTIVATION_ADD, Activations,
        "Activates a product key.").takes::<ActivationInput>().one::<ActivationView>(),
    get("listActivations", "/v1/activations", ACTIVATION_VIEW, Activations,
        "Lists activations.").query(&["eId", "customerId"]).page::<ActivationLine>(),
    get("getActivation", "/v1/activations/{aid}", ACTIVATION_VIEW, Activations,
        "Shows an activation.").one::<ActivationView>(),

    get("listRequests", "/v1/provisioning-requests", REQUEST_VIEW, Requests,
        "Lists provisioning requests.")
            .query(&[
                "status", "productId", "productName", "eId", "aid", "planId", "methodId",
                "after", "before", "number",
            ]).page::<RequestLine>(),
    get("getRequest", "/v1/provisioning-requests/{id}", REQUEST_VIEW, Requests,
        "Shows a provisioning request; view=substitution: the document that its plan sees.")
            .query(&["view"]).one::<RequestView>(),
    patch("commentRequest", "/v1/provisioning-requests/{id}", REQUEST_COMMENT, Requests,
        "Sets the comments.").takes::<CommentsInput>().one::<RequestView>(),
    get("listAttempts", "/v1/provisioning-requests/{id}/attempts", REQUEST_VIEW, Requests,
        "Lists the attempts, oldest first.").all::<AttemptLine>(),
    post("updateStatus", "/v1/provisioning-requests/{id}/status", OPERATOR, Requests,
        "Update Status of source 000.").takes::<StatusInput>().one::<RequestView>(),
    post("retryRequest", "/v1/provisioning-requests/{id}/retry", OPERATOR, Requests,
        "Sends it again as a new generation.").one::<RequestView>(),
    post("cancelRequest", "/v1/provisioning-requests/{id}/cancel", OPERATOR, Requests,
        "Sends it no more.").one::<RequestView>(),

    post("reportStatus", "/v1/callbacks/{methodId}/provisioning-requests/{id}", Signature,
        Callbacks,
        "A provider's signed status callback.")
            .query(&["generation"]).takes::<ReportInput>().object(),
];

/// Body of `POST …/{eId}/actions`.
#[derive(Clone, Debug, Default, serde::Serialize, serde::Deserialize, ToSchema)]
#[serde(default)]
pub struct ActionInput {
    /// SAVE, QUEUE, PRODUCE, ENABLE, DISABLE or REOPEN.
    pub action: Option<domain::entitlement::create::Action>,
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
    Route { operation, verb, path, needs, function, summary, query: &[], takes: None, gives }
}

macro_rules! verbs {
    ($($name:ident $verb:literal),*) => {
        $(const fn $name(
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

const fn shape<T: ToSchema>() -> Shape {
    Shape {
        name: || T::name().into_owned(),
        collect: |out| {
            out.push((T::name().into_owned(), T::schema()));
            T::schemas(out);
        },
    }
}

impl Route {
    const fn takes<T: ToSchema>(mut self) -> Self {
        self.takes = Some(shape::<T>());
        self
    }

    const fn one<T: ToSchema>(mut self) -> Self {
        self.gives = Gives::One(shape::<T>());
        self
    }

    const fn page<T: ToSchema>(mut self) -> Self {
        self.gives = Gives::Page(shape::<T>());
        self
    }

    /// A list that is always answered whole.
    const fn all<T: ToSchema>(mut self) -> Self {
        self.gives = Gives::All(shape::<T>());
        self
    }

    const fn object(mut self) -> Self {
        self.gives = Gives::Object;
        self
    }

    const fn text(mut self) -> Self {
        self.gives = Gives::Text;
        self
    }

    const fn query(mut self, names: &'static [&'static str]) -> Self {
        self.query = names;
        self
    }

    /// Every query parameter that it takes.
    pub fn parameters(&self) -> Vec<&'static str> {
        let common: &[&str] = match self.gives {
            Gives::Page(_) => &PARAMETERS,
            Gives::One(_) if self.verb == "GET" => &["fields"],
            _ => &[],
        };
        common.iter().chain(self.query).copied().collect()
    }

    /// PUT and PATCH of an existing entity (api.md, concurrency).
    pub fn needs_if_match(&self) -> bool {
        matches!(self.verb, "PUT" | "PATCH") && self.operation != "putAssociation"
    }
}
