//! `GET /crmapi/rest/v2/provisioning/provisioning_requests/show` (source 003).
//!
//! Neighbours: `domain::view::crm` has its shapes, `edge::http::dialect::crm` its way of saying no.

use axum::response::{IntoResponse, Response};
use domain::ids::Id;
use domain::limits::TEXT_CHARS;
use domain::request::Request;
use domain::text::cut;
use domain::view::crm::{CrmCode, CrmRequest, CrmSources, CrmStatus, Envelope, id_of};
use edge::http::dialect::crm::{keep, refused, unknown};
use edge::http::query::Query;
use edge::{Answer, Cx, Problem};
use serde_json::json;

use crate::explain::keys;
use crate::show::{beside, load};

/// The parameter that names the request, and its two members.
const IDENTIFIER: &str = "provisioning_request_identifier";

/// A no: its code, and why.
type Refused = (CrmCode, String);

pub(crate) async fn show(cx: Cx) -> Result<Response, Problem> {
    let asked = match asked(&cx.query) {
        Ok(asked) => asked,
        Err((code, why)) => return Ok(refused(code, &why).into_response()),
    };
    let not_found = "There is no such provisioning request.";
    let Some(id) = asked.id else {
        return Ok(refused(CrmCode::NotFound, not_found).into_response());
    };
    let request = load(&cx, id).await?;
    let shown = sources(&cx, request).await?.view(&cx.caller()?.role);
    let status =
        CrmStatus { code: CrmCode::Ok, description: String::new(), message: String::new() };
    let mut answer = json!(Envelope { data: Some(shown), status });
    keep(&mut answer["data"], &asked.fields);
    Ok(Answer::ok(&answer)?.into_response())
}

/// The order that a call places.
struct Asked {
    /// The request; none for what can be no request's id or number.
    id: Option<Id>,
    /// The members that are wanted; none: all.
    fields: Vec<String>,
}

/// Exactly one of id and number: `provisioning_request_identifier=number=97`, or
/// `provisioning_request_identifier[number]=97` (003-H1).
fn asked(query: &Query) -> Result<Asked, Refused> {
    let mut named: Vec<(&str, &str)> =
        query.values(IDENTIFIER).filter_map(|value| value.split_once('=')).collect();
    for member in ["id", "number"] {
        let name = format!("{IDENTIFIER}[{member}]");
        named.extend(query.values(&name).map(|value| (member, value)));
    }
    named.retain(|(member, value)| ["id", "number"].contains(member) && !value.is_empty());
    let missing = "Name the request by provisioning_request_identifier=id=… or =number=….";
    let id = match named[..] {
        [] => return Err((CrmCode::MissingParameter, missing.to_owned())),
        [("id", value)] => id_of(value),
        [(_, value)] => value.parse().ok(),
        _ => {
            let why = "Name the request by its id or by its number, not both.";
            return Err((CrmCode::TooManyIdentifiers, why.to_owned()));
        }
    };
    let fields = query.values("fields_set").flat_map(|list| list.split(','));
    let fields = fields.map(str::trim).filter(|name| !name.is_empty());
    let fields: Vec<String> = fields.map(str::to_owned).collect();
    if let Some(name) = unknown::<CrmRequest>(&fields) {
        let why = format!("fields_set: there is no field {:?}.", cut(name, TEXT_CHARS));
        return Err((CrmCode::InvalidFieldsSet, why));
    }
    Ok(Asked { id, fields })
}

/// The rows that the answer shows.
async fn sources(cx: &Cx, request: Request) -> Result<CrmSources, Problem> {
    let (tenant, store) = (cx.tenant()?, cx.store());
    let activation = store.load_activation(tenant, &request.aid).await?;
    let entitlement = store.load_entitlement(tenant, request.entitlement_id).await?;
    let method = match &request.method {
        Some(method) => store.find_method(tenant, method.id).await?,
        None => None,
    };
    let owner = entitlement.customer_id.or(activation.customer_id);
    let owner: Vec<Id> = owner.into_iter().collect();
    let customer = store.find_customers(tenant, &owner).await?.into_values().next();
    let customer = match customer {
        Some(customer) => {
            let profile = cx.app.open_profile(&customer).await?;
            Some((customer, profile))
        }
        None => None,
    };
    let mut products = store.find_products(tenant, &[request.product.id]).await?;
    Ok(CrmSources {
        beside: beside(cx, tenant, &request).await?,
        siblings: store.find_requests(tenant, &activation.request_ids()).await?,
        product: products.remove(&request.product.id),
        method: method.map(|method| method.info),
        tenant: store.load_tenant(tenant).await?.info,
        keys: keys(cx, tenant, &request, &[]).await?,
        activation,
        customer,
        request,
    })
}
