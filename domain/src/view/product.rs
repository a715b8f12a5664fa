//! Products as answers show them.

use serde::Serialize;

use crate::access::Role;
use crate::catalog::Product;
use crate::machine::Stateful;

/// A product, with what may be done now.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ProductView)]
pub struct ProductView {
    /// The product.
    #[serde(flatten)]
    pub product: Product,
    /// COMPLETE while it is a draft that lacks nothing, then RETIRE.
    pub allowed_actions: Vec<&'static str>,
}

impl ProductView {
    /// As the caller of this role sees it.
    pub fn new(product: Product, role: &Role) -> Self {
        let allowed_actions = product.allowed((), role);
        Self { product, allowed_actions }
    }
}
