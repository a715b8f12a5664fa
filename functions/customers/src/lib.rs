//! Customers. Contacts and partners come later.
//!
//! Neighbours: the edge's table of routes; `domain::customer` decides.

use std::sync::Arc;

use axum::Router;
use domain::customer::{Customer, CustomerInput};
use domain::decision::Kind;
use edge::http::routes::Function;
use edge::{Answer, App, Cx, Problem, Routes};
use store::list::Page;

/// The routes of this function.
pub fn router(app: Arc<App>) -> Router {
    Routes::of(Function::Customers, app)
        .on("createCustomer", create)
        .on("listCustomers", list)
        .on("getCustomer", show)
        .router()
}

async fn create(cx: Cx) -> Result<Answer, Problem> {
    let input = &cx.json::<CustomerInput>()?;
    cx.decide(move |stamp| async move {
        let (customer, decision) = Customer::create(input, &stamp)?;
        let answer = Answer::created(&customer, format!("/v1/customers/{}", customer.id))?;
        Ok((answer.version(customer.version), decision))
    })
    .await
}

/// Filters by `email`, `name`, `identifier` read an exact key, so they are always complete.
async fn list(cx: Cx) -> Result<Answer, Problem> {
    let tenant = cx.tenant()?;
    let filters: Vec<(&str, &str)> = ["email", "name", "identifier"]
        .into_iter()
        .filter_map(|member| Some((member, cx.query.text(member)?)))
        .collect();
    let Some((member, value)) = filters.first() else {
        let page =
            cx.store().list::<Customer>(tenant, Kind::Customer, &cx.page()?, |_| true).await?;
        return cx.list(&page);
    };
    let ids = cx.store().find_named(tenant, Kind::Customer, member, value).await?;
    let found = cx.store().find_customers(tenant, &ids).await?;
    let asked = cx.page()?;
    let fits =
        |customer: &Customer| filters.iter().all(|(member, value)| has(customer, member, value));
    let mut rows: Vec<Customer> = found.into_values().filter(fits).collect();
    if !asked.ascending {
        rows.reverse();
    }
    if let Some(after) = asked.after {
        rows.retain(|row| if asked.ascending { row.id > after } else { row.id < after });
    }
    let more = rows.len() > asked.limit;
    rows.truncate(asked.limit);
    let next = rows.last().filter(|_| more).map(|row| row.id);
    cx.list(&Page { rows, next })
}

fn has(customer: &Customer, member: &str, value: &str) -> bool {
    let same = |text: &String| text.to_lowercase() == value.to_lowercase();
    match member {
        "email" => customer.emails.iter().any(same),
        "name" => same(&customer.name),
        _ => same(&customer.identifier),
    }
}

async fn show(cx: Cx) -> Result<Answer, Problem> {
    let customer = cx.store().load_customer(cx.tenant()?, cx.id("id")?).await?;
    cx.show(&customer, customer.version)
}
