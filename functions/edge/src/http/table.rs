//! THE TABLE of routes.
//!
//! Neighbours: the routers are built from it, and so is `infra/openapi.json`. Guarantee: a route
//! without a permission does not exist.

use domain::access::audit::AuditEntry;
use domain::access::keys::{ApiKeyInput, ApiKeyPatch, KeyInfo};
use domain::access::namespace::NamespaceInput;
use domain::access::role::RoleInput;
use domain::access::secrets::SessionInfo;
use domain::access::tenant::TenantInfo;
use domain::access::tenant::TenantPatch;
use domain::access::{Namespace, Needs, Role};
use domain::activation::activate::{ActivationInput, BulkInput};
use domain::activation::revoke::RevokeInput;
use domain::catalog::custom_attribute::{CustomAttributeInput, CustomAttributePatch};
use domain::catalog::feature::{FeatureInput, FeaturePatch};
use domain::catalog::license::{Attribute, LicenseModelView};
use domain::catalog::product::{ProductInput, ProductPatch};
use domain::catalog::{CustomAttributeDef, Feature};
use domain::customer::contact::{Contact, ContactInput};
use domain::customer::erasure::ErasureView;
use domain::customer::{CustomerInput, CustomerPatch};
use domain::entitlement::input::EntitlementInput;
use domain::entitlement::product_key::{KeyActionInput, ProductKeyPatch};
use domain::machine::{Description, OPERATOR};
use domain::plan::association::{Association, AssociationInput, AssociationView};
use domain::plan::door::RotateInput;
use domain::plan::method::{MethodInfo, MethodInput};
use domain::plan::trial::{LintInput, Linted, Preview, PreviewInput, Rehearsal, RehearseInput};
use domain::plan::version::{PlanVersionLine, PlanVersionView};
use domain::plan::{PlanInput, PlanView};
use domain::record::Kind;
use domain::request::manual::{CommentsInput, StatusInput};
use domain::request::report::ReportInput;
use domain::substitution::shape::PathLine;
use domain::view::activation::{ActivationLine, ActivationView, BulkLine};
use domain::view::attempt::AttemptLine;
use domain::view::crm::Envelope;
use domain::view::customer::CustomerView;
use domain::view::entitlement::{EntitlementLine, EntitlementView, ProductKeyView};
use domain::view::explain::Explanation;
use domain::view::export::Export;
use domain::view::method::TestAnswer;
use domain::view::product::ProductView;
use domain::view::request::{RequestLine, RequestView, RetryLine};

use crate::http::needs::{
    ACTIVATION_ADD, ACTIVATION_EDIT, ACTIVATION_VIEW, ADMIN_EDIT, ADMIN_VIEW, CATALOG_ADD,
    CATALOG_DELETE, CATALOG_EDIT, CATALOG_VIEW, CUSTOMER_ADD, CUSTOMER_DELETE, CUSTOMER_EDIT,
    CUSTOMER_VIEW, ENTITLEMENT_ADD, ENTITLEMENT_DELETE, ENTITLEMENT_EDIT, ENTITLEMENT_VIEW, EXPORT,
    REHEARSE, REQUEST_COMMENT, REQUEST_VIEW,
};
use crate::http::problem::{CREATED, OK};
use crate::http::routes::{ActionInput, Function, Gives, Route, delete, get, patch, post, put};

use Function::{Access, Activations, Callbacks, Catalog, Customers, Entitlements, Plans, Requests};
use Needs::{AnyKey, Nothing, Signature};

/// The filters of requests, for a list and for a retry of many.
#[rustfmt::skip]
const REQUEST_FILTERS: &[&str] = &[
    "status", "productId", "productName", "eId", "aid", "planId", "methodId", "after", "before",
    "number",
];

/// The table.
#[rustfmt::skip]
pub const ROUTES: &[Route] = &[
    get("getMe", "/v1/me", AnyKey, Access,
        "Shows tenant, key, role and permissions.").object(),
    post("createApiKey", "/v1/api-keys", ADMIN_EDIT, Access,
        "Makes an API key; its secret is shown once.").takes::<ApiKeyInput>().made::<KeyInfo>()
            .audits(Kind::ApiKey),
    get("listApiKeys", "/v1/api-keys", ADMIN_VIEW, Access,
        "Lists API keys.").query(&["roleId"]).page::<KeyInfo>(),
    get("getApiKey", "/v1/api-keys/{id}", ADMIN_VIEW, Access,
        "Shows an API key, without its secret.").one::<KeyInfo>(),
    patch("updateApiKey", "/v1/api-keys/{id}", ADMIN_EDIT, Access,
        "Changes name, role, person and end of an API key.")
            .takes::<ApiKeyPatch>().one::<KeyInfo>().audits(Kind::ApiKey),
    post("rotateApiKey", "/v1/api-keys/{id}/rotate", ADMIN_EDIT, Access,
        "Makes the next secret, shown once; the one before lives on for the overlap.")
            .takes::<RotateInput>().one::<KeyInfo>().audits(Kind::ApiKey),
    delete("revokeApiKey", "/v1/api-keys/{id}", ADMIN_EDIT, Access,
        "Revokes an API key.").audits(Kind::ApiKey),
    post("createSession", "/v1/sessions", AnyKey, Access,
        "Begins a session of the calling key, of 12 hours; its secret is shown once.")
            .made::<SessionInfo>().audits(Kind::Session),
    delete("endSession", "/v1/sessions/current", AnyKey, Access,
        "Ends the calling session.").audits(Kind::Session),
    post("createRole", "/v1/roles", ADMIN_EDIT, Access,
        "Makes a role.").takes::<RoleInput>().made::<Role>().audits(Kind::Role),
    get("listRoles", "/v1/roles", ADMIN_VIEW, Access,
        "Lists roles.").page::<Role>(),
    get("getRole", "/v1/roles/{id}", ADMIN_VIEW, Access,
        "Shows a role.").one::<Role>(),
    put("updateRole", "/v1/roles/{id}", ADMIN_EDIT, Access,
        "Replaces a role; one that is built in can only be enabled and disabled.")
            .takes::<RoleInput>().one::<Role>().audits(Kind::Role),
    delete("deleteRole", "/v1/roles/{id}", ADMIN_EDIT, Access,
        "Deletes a role that no living key has.").audits(Kind::Role),
    post("createNamespace", "/v1/namespaces", CATALOG_ADD, Access,
        "Makes a namespace.").takes::<NamespaceInput>().made::<Namespace>().audits(Kind::Namespace),
    get("listNamespaces", "/v1/namespaces", CATALOG_VIEW, Access,
        "Lists namespaces.").page::<Namespace>(),
    get("getNamespace", "/v1/namespaces/{id}", CATALOG_VIEW, Access,
        "Shows a namespace.").one::<Namespace>(),
    patch("renameNamespace", "/v1/namespaces/{id}", CATALOG_EDIT, Access,
        "Renames a namespace.").takes::<NamespaceInput>().one::<Namespace>()
            .audits(Kind::Namespace),
    delete("deleteNamespace", "/v1/namespaces/{id}", CATALOG_DELETE, Access,
        "Deletes an empty namespace.").audits(Kind::Namespace),
    get("getTenant", "/v1/tenant", ADMIN_VIEW, Access,
        "Shows the tenant and its settings.").one::<TenantInfo>(),
    patch("updateTenant", "/v1/tenant", ADMIN_EDIT, Access,
        "Changes the tenant's settings.").takes::<TenantPatch>().one::<TenantInfo>()
            .audits(Kind::Tenant),
    get("listAudit", "/v1/audit", ADMIN_VIEW, Access,
        "Lists what API keys did: who, when, from, to, why. With id: one thing's acts, whole.")
            .query(&["entity", "id", "actor", "after", "before"]).page::<AuditEntry>(),
    get("getHealth", "/v1/health", Nothing, Access,
        "Says whether the service is up.").object(),
    get("listStateMachines", "/v1/state-machines", Nothing, Access,
        "Shows every state table.").all::<Description>(),
    get("getOpenApi", "/openapi.json", Nothing, Access,
        "This document.").object(),
    get("getError", "/errors/{code}", Nothing, Access,
        "Explains an error code.").text(),

    post("createFeature", "/v1/features", CATALOG_ADD, Catalog,
        "Makes a feature.").takes::<FeatureInput>().made::<Feature>().audits(Kind::Feature),
    get("listFeatures", "/v1/features", CATALOG_VIEW, Catalog,
        "Lists features.").query(&["name", "identifier"]).page::<Feature>(),
    get("getFeature", "/v1/features/{id}", CATALOG_VIEW, Catalog,
        "Shows a feature.").one::<Feature>(),
    patch("updateFeature", "/v1/features/{id}", CATALOG_EDIT, Catalog,
        "Changes a feature.").takes::<FeaturePatch>().one::<Feature>().audits(Kind::Feature),
    delete("deleteFeature", "/v1/features/{id}", CATALOG_DELETE, Catalog,
        "Deletes a feature that no product has.").audits(Kind::Feature),
    get("listLicenseModels", "/v1/license-models", CATALOG_VIEW, Catalog,
        "Lists the license models.").all::<LicenseModelView>(),
    get("getLicenseModel", "/v1/license-models/{id}", CATALOG_VIEW, Catalog,
        "Shows a license model.").one::<LicenseModelView>(),
    get("listLicenseAttributes", "/v1/attributes", CATALOG_VIEW, Catalog,
        "Lists the attributes of license models.").all::<Attribute>(),
    post("createCustomAttribute", "/v1/custom-attributes", CATALOG_ADD, Catalog,
        "Registers a custom attribute.")
            .takes::<CustomAttributeInput>().made::<CustomAttributeDef>()
            .audits(Kind::CustomAttribute),
    get("listCustomAttributes", "/v1/custom-attributes", CATALOG_VIEW, Catalog,
        "Lists the custom attributes that are registered.")
            .query(&["entity"]).page::<CustomAttributeDef>(),
    get("getCustomAttribute", "/v1/custom-attributes/{id}", CATALOG_VIEW, Catalog,
        "Shows a custom attribute.").one::<CustomAttributeDef>(),
    patch("updateCustomAttribute", "/v1/custom-attributes/{id}", CATALOG_EDIT, Catalog,
        "Changes a custom attribute.")
            .takes::<CustomAttributePatch>().one::<CustomAttributeDef>()
            .audits(Kind::CustomAttribute),
    delete("deleteCustomAttribute", "/v1/custom-attributes/{id}", CATALOG_DELETE, Catalog,
        "Strikes a custom attribute off; values stay.").audits(Kind::CustomAttribute),
    post("createProduct", "/v1/products", CATALOG_ADD, Catalog,
        "Makes a product, as DRAFT.").takes::<ProductInput>().made::<ProductView>()
            .audits(Kind::Product),
    get("listProducts", "/v1/products", CATALOG_VIEW, Catalog,
        "Lists products.").query(&["name", "identifier", "stage"]).page::<ProductView>(),
    get("getProduct", "/v1/products/{id}", CATALOG_VIEW, Catalog,
        "Shows a product.").one::<ProductView>(),
    post("completeProduct", "/v1/products/{id}/complete", CATALOG_EDIT, Catalog,
        "Sets a draft product to COMMIT.").one::<ProductView>().audits(Kind::Product),
    post("retireProduct", "/v1/products/{id}/retire", CATALOG_EDIT, Catalog,
        "Sets a product to EOL: it is sold no more.").one::<ProductView>().audits(Kind::Product),
    patch("updateProduct", "/v1/products/{id}", CATALOG_EDIT, Catalog,
        "Changes a draft; of a product that is sold, provisioningEnabled only.")
            .takes::<ProductPatch>().one::<ProductView>().audits(Kind::Product),
    delete("deleteProduct", "/v1/products/{id}", CATALOG_DELETE, Catalog,
        "Deletes a draft without an association.").audits(Kind::Product),

    post("createCustomer", "/v1/customers", CUSTOMER_ADD, Customers,
        "Makes a customer.").takes::<CustomerInput>().made::<CustomerView>().audits(Kind::Customer),
    get("listCustomers", "/v1/customers", CUSTOMER_VIEW, Customers,
        "Lists customers.").query(&["email", "name", "identifier"]).page::<CustomerView>(),
    get("getCustomer", "/v1/customers/{id}", CUSTOMER_VIEW, Customers,
        "Shows a customer.").one::<CustomerView>(),
    patch("updateCustomer", "/v1/customers/{id}", CUSTOMER_EDIT, Customers,
        "Changes a customer.").takes::<CustomerPatch>().one::<CustomerView>()
            .audits(Kind::Customer),
    delete("deleteCustomer", "/v1/customers/{id}", CUSTOMER_DELETE, Customers,
        "Deletes a customer that no entitlement names, with its contacts.").audits(Kind::Customer),
    post("eraseCustomer", "/v1/customers/{id}/erase", ADMIN_EDIT, Customers,
        "Begins to blank what is held of a customer, everywhere; ids, quantities and dates stay.")
            .takes::<CommentsInput>().one::<ErasureView>().audits(Kind::Customer),
    get("getCustomerErasure", "/v1/customers/{id}/erasure", ADMIN_VIEW, Customers,
        "Shows how far the erasure of a customer is, and what was blanked.").one::<ErasureView>(),
    get("exportCustomer", "/v1/customers/{id}/export", EXPORT, Customers,
        "Shows everything that is held of a customer, page by page.")
            .query(&["cursor"]).one::<Export>(),
    post("createCustomerContact", "/v1/customers/{id}/contacts", CUSTOMER_ADD, Customers,
        "Adds a contact.").takes::<ContactInput>().made::<Contact>().audits(Kind::Contact),
    get("listCustomerContacts", "/v1/customers/{id}/contacts", CUSTOMER_VIEW, Customers,
        "Lists the contacts, oldest first.").all::<Contact>(),
    get("getCustomerContact", "/v1/customers/{id}/contacts/{contactId}", CUSTOMER_VIEW, Customers,
        "Shows a contact.").one::<Contact>(),
    patch("updateCustomerContact", "/v1/customers/{id}/contacts/{contactId}", CUSTOMER_EDIT,
        Customers, "Changes a contact.").takes::<ContactInput>().one::<Contact>()
            .audits(Kind::Contact),
    delete("deleteCustomerContact", "/v1/customers/{id}/contacts/{contactId}", CUSTOMER_DELETE,
        Customers, "Deletes a contact.").audits(Kind::Contact),
    post("createPartner", "/v1/partners", CUSTOMER_ADD, Customers,
        "Makes a channel partner.").takes::<CustomerInput>().made::<CustomerView>()
            .audits(Kind::Partner),
    get("listPartners", "/v1/partners", CUSTOMER_VIEW, Customers,
        "Lists channel partners.").query(&["email", "name", "identifier"]).page::<CustomerView>(),
    get("getPartner", "/v1/partners/{id}", CUSTOMER_VIEW, Customers,
        "Shows a channel partner.").one::<CustomerView>(),
    patch("updatePartner", "/v1/partners/{id}", CUSTOMER_EDIT, Customers,
        "Changes a partner.").takes::<CustomerPatch>().one::<CustomerView>().audits(Kind::Partner),
    delete("deletePartner", "/v1/partners/{id}", CUSTOMER_DELETE, Customers,
        "Deletes a partner that no entitlement names, with its contacts.").audits(Kind::Partner),
    post("erasePartner", "/v1/partners/{id}/erase", ADMIN_EDIT, Customers,
        "Begins to blank what is held of a partner, everywhere; ids, quantities and dates stay.")
            .takes::<CommentsInput>().one::<ErasureView>().audits(Kind::Partner),
    get("getPartnerErasure", "/v1/partners/{id}/erasure", ADMIN_VIEW, Customers,
        "Shows how far the erasure of a partner is, and what was blanked.").one::<ErasureView>(),
    get("exportPartner", "/v1/partners/{id}/export", EXPORT, Customers,
        "Shows everything that is held of a partner, page by page.")
            .query(&["cursor"]).one::<Export>(),
    post("createPartnerContact", "/v1/partners/{id}/contacts", CUSTOMER_ADD, Customers,
        "Adds a contact.").takes::<ContactInput>().made::<Contact>().audits(Kind::Contact),
    get("listPartnerContacts", "/v1/partners/{id}/contacts", CUSTOMER_VIEW, Customers,
        "Lists the contacts, oldest first.").all::<Contact>(),
    get("getPartnerContact", "/v1/partners/{id}/contacts/{contactId}", CUSTOMER_VIEW, Customers,
        "Shows a contact.").one::<Contact>(),
    patch("updatePartnerContact", "/v1/partners/{id}/contacts/{contactId}", CUSTOMER_EDIT,
        Customers, "Changes a contact.").takes::<ContactInput>().one::<Contact>()
            .audits(Kind::Contact),
    delete("deletePartnerContact", "/v1/partners/{id}/contacts/{contactId}", CUSTOMER_DELETE,
        Customers, "Deletes a contact.").audits(Kind::Contact),

    post("createPlan", "/v1/plans", CATALOG_ADD, Plans,
        "Makes a plan.").takes::<PlanInput>().made::<PlanView>().audits(Kind::Plan),
    get("listPlans", "/v1/plans", CATALOG_VIEW, Plans,
        "Lists plans.").query(&["name", "namespaceId"]).page::<PlanView>(),
    get("getDocumentShape", "/v1/plans/document-shape", CATALOG_VIEW, Plans,
        "Lists every path that a plan may use.").all::<PathLine>(),
    get("getPlan", "/v1/plans/{id}", CATALOG_VIEW, Plans,
        "Shows a plan.").one::<PlanView>(),
    put("updatePlan", "/v1/plans/{id}", CATALOG_EDIT, Plans,
        "Replaces a plan; requests processed afterwards use it.")
            .takes::<PlanInput>().one::<PlanView>().audits(Kind::Plan),
    delete("deletePlan", "/v1/plans/{id}", CATALOG_DELETE, Plans,
        "Deletes a plan that no product uses.").audits(Kind::Plan),
    post("copyPlan", "/v1/plans/{id}/copy", CATALOG_ADD, Plans,
        "Duplicates a plan as \"Copy of …\".").made::<PlanView>().audits(Kind::Plan),
    get("getDefinition", "/v1/plans/{id}/definition", CATALOG_VIEW, Plans,
        "Shows the definition as it was written.").object(),
    get("listPlanVersions", "/v1/plans/{id}/versions", CATALOG_VIEW, Plans,
        "Lists the versions of a plan.").page::<PlanVersionLine>(),
    get("getPlanVersion", "/v1/plans/{id}/versions/{version}", CATALOG_VIEW, Plans,
        "Shows a version, and what it changed; against=n: compared with version n.")
            .query(&["against"]).one::<PlanVersionView>(),
    post("lintPlan", "/v1/plans/lint", CATALOG_VIEW, Plans,
        "Warns of what is probably not meant.").takes::<LintInput>().one::<Linted>(),
    post("previewPlan", "/v1/plans/preview", CATALOG_VIEW, Plans,
        "Fills a saved or unsaved plan from a request, an activation or a document.")
            .takes::<PreviewInput>().one::<Preview>(),
    post("rehearsePlan", "/v1/plans/{id}/rehearse", REHEARSE, Plans,
        "Shows what an edit would touch, and completed requests under both plans.")
            .takes::<RehearseInput>().one::<Rehearsal>(),
    post("createMethod", "/v1/methods", CATALOG_ADD, Plans,
        "Makes a method; its callback secret is shown once.")
            .takes::<MethodInput>().made::<MethodInfo>().audits(Kind::Method),
    get("listMethods", "/v1/methods", CATALOG_VIEW, Plans,
        "Lists methods.").query(&["name"]).page::<MethodInfo>(),
    get("getMethod", "/v1/methods/{id}", CATALOG_VIEW, Plans,
        "Shows a method.").one::<MethodInfo>(),
    put("updateMethod", "/v1/methods/{id}", CATALOG_EDIT, Plans,
        "Replaces a method; its secrets stay.").takes::<MethodInput>().one::<MethodInfo>()
            .audits(Kind::Method),
    delete("deleteMethod", "/v1/methods/{id}", CATALOG_DELETE, Plans,
        "Deletes a method that no product uses.").audits(Kind::Method),
    post("copyMethod", "/v1/methods/{id}/copy", CATALOG_ADD, Plans,
        "Duplicates a method; the copy's callback secret is shown once.").made::<MethodInfo>()
            .audits(Kind::Method),
    post("rotateSecret", "/v1/methods/{id}/rotate-secret", CATALOG_EDIT, Plans,
        "Makes a new callback secret, shown once; the older one lives on for the overlap.")
            .takes::<RotateInput>().one::<MethodInfo>().audits(Kind::Method),
    post("testMethod", "/v1/methods/{id}/test", CATALOG_EDIT, Plans,
        "Sends a signed ping and shows the answer.").one::<TestAnswer>(),
    post("enableMethod", "/v1/methods/{id}/enable", CATALOG_EDIT, Plans,
        "Enables a method.").one::<MethodInfo>().audits(Kind::Method),
    post("disableMethod", "/v1/methods/{id}/disable", CATALOG_EDIT, Plans,
        "Disables a method: requests that come to it fail.").one::<MethodInfo>()
            .audits(Kind::Method),
    put("putAssociation", "/v1/products/{id}/association", CATALOG_EDIT, Plans,
        "Sets plan and method of a product.").takes::<AssociationInput>()
            .one::<AssociationView>()
            .audits(Kind::Association).unconditional(),
    get("getAssociation", "/v1/products/{id}/association", CATALOG_VIEW, Plans,
        "Shows plan and method of a product.").one::<Association>(),
    delete("deleteAssociation", "/v1/products/{id}/association", CATALOG_EDIT, Plans,
        "Takes plan and method from a product.").audits(Kind::Association),
    get("listAssociations", "/v1/associations", CATALOG_VIEW, Plans,
        "Lists associations.").page::<Association>(),

    post("createEntitlement", "/v1/entitlements", ENTITLEMENT_ADD, Entitlements,
        "Makes an entitlement: SAVE, QUEUE or PRODUCE.")
            .takes::<EntitlementInput>().made::<EntitlementView>(),
    get("listEntitlements", "/v1/entitlements", ENTITLEMENT_VIEW, Entitlements,
        "Lists entitlements.").query(&["state", "customerId"]).page::<EntitlementLine>(),
    get("getEntitlement", "/v1/entitlements/{eId}", ENTITLEMENT_VIEW, Entitlements,
        "Shows an entitlement.").one::<EntitlementView>(),
    put("updateEntitlement", "/v1/entitlements/{eId}", ENTITLEMENT_EDIT, Entitlements,
        "Replaces the content of a draft; with QUEUE or PRODUCE it is sold at once.")
            .takes::<EntitlementInput>().one::<EntitlementView>().audits(Kind::Entitlement),
    delete("deleteEntitlement", "/v1/entitlements/{eId}", ENTITLEMENT_DELETE, Entitlements,
        "Deletes a draft, or a test entitlement.").audits(Kind::Entitlement),
    post("actOnEntitlement", "/v1/entitlements/{eId}/actions", ENTITLEMENT_EDIT, Entitlements,
        "Carries out an action.").takes::<ActionInput>().one::<EntitlementView>()
            .audits(Kind::Entitlement),
    get("listProductKeys", "/v1/entitlements/{eId}/product-keys", ENTITLEMENT_VIEW, Entitlements,
        "Lists product keys.").page::<ProductKeyView>().ascending(),
    get("getProductKey", "/v1/product-keys/{pkId}", ENTITLEMENT_VIEW, Entitlements,
        "Shows a product key.").one::<ProductKeyView>(),
    patch("updateProductKey", "/v1/product-keys/{pkId}", ENTITLEMENT_EDIT, Entitlements,
        "Sets the custom attributes of a product key.")
            .takes::<ProductKeyPatch>().one::<ProductKeyView>().audits(Kind::ProductKey),
    post("actOnProductKey", "/v1/product-keys/{pkId}/actions", ENTITLEMENT_EDIT, Entitlements,
        "Enables or disables a product key.").takes::<KeyActionInput>().one::<ProductKeyView>()
            .audits(Kind::ProductKey),

    put("putEntitlementXml", "/v90/ws/entitlement.ws", ENTITLEMENT_ADD, Entitlements,
        "Makes an entitlement from XML (Sentinel LDK-EMS).").xml(Gives::Location(CREATED)),
    post("updateEntitlementXml", "/v90/ws/entitlement/{entId}.ws", ENTITLEMENT_EDIT, Entitlements,
        "Changes a draft, or carries out an action, from XML.").xml(Gives::Location(OK))
            .audits(Kind::Entitlement),
    get("getEntitlementXml", "/v90/ws/entitlement/{entId}.ws", ENTITLEMENT_VIEW, Entitlements,
        "Shows an entitlement as XML.").xml(Gives::Xml),
    get("getEntitlementSchema", "/v90/ws/entitlement.xsd", ENTITLEMENT_VIEW, Entitlements,
        "Shows the schema of that XML.").xml(Gives::Xml),

    post("createActivation", "/v1/activations", ACTIVATION_ADD, Activations,
        "Activates a product key.").takes::<ActivationInput>().made::<ActivationView>(),
    post("activateMany", "/v1/activations/bulk", ACTIVATION_ADD, Activations,
        "Activates up to 100 times, each in a transaction of its own.")
            .takes::<BulkInput>().all::<BulkLine>(),
    get("listActivations", "/v1/activations", ACTIVATION_VIEW, Activations,
        "Lists activations.").query(&["eId", "customerId"]).page::<ActivationLine>(),
    get("getActivation", "/v1/activations/{aid}", ACTIVATION_VIEW, Activations,
        "Shows an activation.").one::<ActivationView>(),
    post("revokeActivation", "/v1/activations/{aid}/revoke", ACTIVATION_EDIT, Activations,
        "Revokes an activation; its quantity is re-credited once all is taken back.")
            .takes::<RevokeInput>().one::<ActivationView>().audits(Kind::Activation),
    post("acknowledgeActivation", "/v1/activations/{aid}/acknowledge", ACTIVATION_EDIT, Activations,
        "Acknowledges an activation.").one::<ActivationView>().audits(Kind::Activation),

    get("listRequests", "/v1/provisioning-requests", REQUEST_VIEW, Requests,
        "Lists provisioning requests.")
            .query(REQUEST_FILTERS).page::<RequestLine>(),
    get("getRequest", "/v1/provisioning-requests/{id}", REQUEST_VIEW, Requests,
        "Shows a provisioning request; view=substitution: the document that its plan sees.")
            .query(&["view"]).one::<RequestView>(),
    patch("commentRequest", "/v1/provisioning-requests/{id}", REQUEST_COMMENT, Requests,
        "Sets the comments.").takes::<CommentsInput>().one::<RequestView>()
            .audits(Kind::ProvisioningRequest),
    get("explainRequest", "/v1/provisioning-requests/{id}/explain", REQUEST_VIEW, Requests,
        "Explains a request: all that happened, what comes next, what may be ordered and why not.")
            .one::<Explanation>(),
    get("listAttempts", "/v1/provisioning-requests/{id}/attempts", REQUEST_VIEW, Requests,
        "Lists the attempts, oldest first.").all::<AttemptLine>(),
    post("updateStatus", "/v1/provisioning-requests/{id}/status", OPERATOR, Requests,
        "Update Status of source 000.").takes::<StatusInput>().one::<RequestView>()
            .audits(Kind::ProvisioningRequest),
    post("retryRequests", "/v1/provisioning-requests/retry", OPERATOR, Requests,
        "Retries those of a page of the list that failed, each in a transaction of its own; go on \
        with nextCursor.").query(REQUEST_FILTERS).page::<RetryLine>()
            .audits(Kind::ProvisioningRequest),
    post("retryRequest", "/v1/provisioning-requests/{id}/retry", OPERATOR, Requests,
        "Sends it again as a new generation.").one::<RequestView>()
            .audits(Kind::ProvisioningRequest),
    post("cancelRequest", "/v1/provisioning-requests/{id}/cancel", OPERATOR, Requests,
        "Sends it no more.").takes::<CommentsInput>().one::<RequestView>()
            .audits(Kind::ProvisioningRequest),

    get("showCrmRequest", "/crmapi/rest/v2/provisioning/provisioning_requests/show", REQUEST_VIEW,
        Requests, "Shows a provisioning request as CRM.COM does.")
            .query(&["token", "provisioning_request_identifier", "fields_set"])
            .one::<Envelope>().crm(),

    post("reportStatus", "/v1/callbacks/{methodId}/provisioning-requests/{id}", Signature,
        Callbacks,
        "A provider's signed status callback.")
            .query(&["generation"]).takes::<ReportInput>().object(),
];
