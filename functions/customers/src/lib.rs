//! Customers, channel partners, and their contacts.
//!
//! Neighbours: the edge's table of routes; `domain::customer` decides.

mod contacts;
mod customers;

use std::sync::Arc;

use axum::Router;
use edge::http::routes::Function;
use edge::{App, Routes};

/// The routes of this function.
pub fn router(app: Arc<App>) -> Router {
    Routes::of(Function::Customers, app)
        .on("createCustomer", |cx| customers::create(cx, false))
        .on("listCustomers", |cx| customers::list(cx, false))
        .on("getCustomer", |cx| customers::show(cx, false))
        .on("updateCustomer", |cx| customers::update(cx, false))
        .on("deleteCustomer", |cx| customers::delete(cx, false))
        .on("createCustomerContact", |cx| contacts::create(cx, false))
        .on("listCustomerContacts", |cx| contacts::list(cx, false))
        .on("getCustomerContact", |cx| contacts::show(cx, false))
        .on("updateCustomerContact", |cx| contacts::update(cx, false))
        .on("deleteCustomerContact", |cx| contacts::delete(cx, false))
        .on("createPartner", |cx| customers::create(cx, true))
        .on("listPartners", |cx| customers::list(cx, true))
        .on("getPartner", |cx| customers::show(cx, true))
        .on("updatePartner", |cx| customers::update(cx, true))
        .on("deletePartner", |cx| customers::delete(cx, true))
        .on("createPartnerContact", |cx| contacts::create(cx, true))
        .on("listPartnerContacts", |cx| contacts::list(cx, true))
        .on("getPartnerContact", |cx| contacts::show(cx, true))
        .on("updatePartnerContact", |cx| contacts::update(cx, true))
        .on("deletePartnerContact", |cx| contacts::delete(cx, true))
        .router()
}
