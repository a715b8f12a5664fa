//! The permissions that routes take, by name.
//!
//! Neighbours: `table` gives each route one of them.

use domain::access::Act::{Add, Delete, Edit, View};
use domain::access::Area::{Activation, Admin, Catalog, Customer, Entitlement};
use domain::access::Needs;
use domain::access::Needs::{AllOf, OneOf};

pub(super) const CATALOG_VIEW: Needs = OneOf(&[(Catalog, View)]);
pub(super) const CATALOG_ADD: Needs = OneOf(&[(Catalog, Add)]);
pub(super) const CATALOG_EDIT: Needs = OneOf(&[(Catalog, Edit)]);
pub(super) const CATALOG_DELETE: Needs = OneOf(&[(Catalog, Delete)]);
pub(super) const ADMIN_VIEW: Needs = OneOf(&[(Admin, View)]);
pub(super) const ADMIN_EDIT: Needs = OneOf(&[(Admin, Edit)]);
pub(super) const CUSTOMER_VIEW: Needs = OneOf(&[(Customer, View)]);
pub(super) const CUSTOMER_ADD: Needs = OneOf(&[(Customer, Add)]);
pub(super) const CUSTOMER_EDIT: Needs = OneOf(&[(Customer, Edit)]);
pub(super) const CUSTOMER_DELETE: Needs = OneOf(&[(Customer, Delete)]);
pub(super) const EXPORT: Needs =
    AllOf(&[(Customer, Edit), (Entitlement, View), (Activation, View), (Admin, View)]);
pub(super) const ENTITLEMENT_VIEW: Needs = OneOf(&[(Entitlement, View)]);
pub(super) const ENTITLEMENT_ADD: Needs = OneOf(&[(Entitlement, Add)]);
pub(super) const ENTITLEMENT_EDIT: Needs = OneOf(&[(Entitlement, Edit)]);
pub(super) const ENTITLEMENT_DELETE: Needs = OneOf(&[(Entitlement, Delete)]);
pub(super) const ACTIVATION_VIEW: Needs = OneOf(&[(Activation, View)]);
pub(super) const ACTIVATION_ADD: Needs = OneOf(&[(Activation, Add)]);
pub(super) const ACTIVATION_EDIT: Needs = OneOf(&[(Activation, Edit)]);
pub(super) const REQUEST_VIEW: Needs = OneOf(&[(Entitlement, View), (Activation, View)]);
pub(super) const REQUEST_COMMENT: Needs = OneOf(&[(Entitlement, Edit), (Activation, Edit)]);
pub(super) const REHEARSE: Needs = AllOf(&[(Catalog, View), (Entitlement, View)]);
