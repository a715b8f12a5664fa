//! Products as answers show them.

use serde::Serialize;

use crate::access::{Act, Role};
use crate::catalog::Product;

/// A product, with what may be done now.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ProductView)]
pub struct ProductView {
    /// The product.
    #[serde(flatten)]
    pub product: Product,
    /// COMPLETE while it is a draft, then RETIRE.
    pub allowed_actions: Vec<&'static str>,
}

impl ProductView {
    /// As the caller of this role sees it.
    pub fn new(product: Product, role: &Role) -> Self {
        let may = role.may_in(product.namespace_id, Act::Edit);
        let allowed = product.life_cycle_stage.allowed();
        Self { product, allowed_actions: if may { allowed } else { Vec::new() } }
    }
}
