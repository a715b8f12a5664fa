//! The catalog: products, and with issue 5 features and license models.

pub mod product;

pub use product::Product;
