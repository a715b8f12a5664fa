//! Customers, channel partners, and their contacts.
//!
//! Neighbours: the edge's table of routes; `domain::customer` decides.

mod contacts;
mod customers;
mod erasure;
mod export;

use std::sync::Arc;

use axum::Router;
use domain::record::Kind;
use edge::http::routes::Function;
use edge::{App, Routes};

/// The routes of this function.
pub fn router(app: Arc<App>) -> Router {
    Routes::of(Function::Customers, app)
        .on("createCustomer", |cx| customers::create(cx, Kind::Customer))
        .on("listCustomers", |cx| customers::list(cx, Kind::Customer))
        .on("getCustomer", |cx| customers::show(cx, Kind::Customer))
        .on("updateCustomer", |cx| customers::update(cx, Kind::Customer))
        .on("deleteCustomer", |cx| customers::delete(cx, Kind::Customer))
        .on("eraseCustomer", |cx| erasure::begin(cx, Kind::Customer))
        .on("getCustomerErasure", |cx| erasure::show(cx, Kind::Customer))
        .on("exportCustomer", |cx| export::page(cx, Kind::Customer))
        .on("createCustomerContact", |cx| contacts::create(cx, Kind::Customer))
        .on("listCustomerContacts", |cx| contacts::list(cx, Kind::Customer))
        .on("getCustomerContact", |cx| contacts::show(cx, Kind::Customer))
        .on("updateCustomerContact", |cx| contacts::update(cx, Kind::Customer))
        .on("deleteCustomerContact", |cx| contacts::delete(cx, Kind::Customer))
        .on("createPartner", |cx| customers::create(cx, Kind::Partner))
        .on("listPartners", |cx| customers::list(cx, Kind::Partner))
        .on("getPartner", |cx| customers::show(cx, Kind::Partner))
        .on("updatePartner", |cx| customers::update(cx, Kind::Partner))
        .on("deletePartner", |cx| customers::delete(cx, Kind::Partner))
        .on("erasePartner", |cx| erasure::begin(cx, Kind::Partner))
        .on("getPartnerErasure", |cx| erasure::show(cx, Kind::Partner))
        .on("exportPartner", |cx| export::page(cx, Kind::Partner))
        .on("createPartnerContact", |cx| contacts::create(cx, Kind::Partner))
        .on("listPartnerContacts", |cx| contacts::list(cx, Kind::Partner))
        .on("getPartnerContact", |cx| contacts::show(cx, Kind::Partner))
        .on("updatePartnerContact", |cx| contacts::update(cx, Kind::Partner))
        .on("deletePartnerContact", |cx| contacts::delete(cx, Kind::Partner))
        .router()
}
