//! `…/{id}/contacts`: the people of a customer or partner.

use domain::customer::contact::{Contact, ContactInput};
use domain::record::Kind;
use domain::view::entitlement::EntitlementLine;
use edge::{Answer, Cx, Problem};
use serde_json::json;

use crate::customers::load as customer;

async fn load(cx: &Cx, partner: bool) -> Result<Contact, Problem> {
    let owner = customer(cx, partner).await?;
    Ok(cx.store().load_contact(cx.tenant()?, owner.id, cx.id("contactId")?).await?)
}

pub(crate) async fn create(cx: Cx, partner: bool) -> Result<Answer, Problem> {
    let (cx, body) = (&cx, &cx.json::<ContactInput>()?);
    cx.decide_on(body, move |input, stamp| async move {
        let owner = customer(cx, partner).await?;
        let (contact, decision) = Contact::create(input, &owner, &stamp)?;
        let answer = Answer::created(&contact, format!("{}/{}", cx.path(), contact.id))?;
        Ok((answer.version(contact.version), decision))
    })
    .await
}

pub(crate) async fn list(cx: Cx, partner: bool) -> Result<Answer, Problem> {
    let owner = customer(&cx, partner).await?;
    let contacts = cx.store().list_contacts(cx.tenant()?, owner.id).await?;
    Answer::ok(&json!({"data": contacts}))
}

pub(crate) async fn show(cx: Cx, partner: bool) -> Result<Answer, Problem> {
    let contact = load(&cx, partner).await?;
    cx.show(&contact, contact.version)
}

pub(crate) async fn update(cx: Cx, partner: bool) -> Result<Answer, Problem> {
    let (cx, body) = (&cx, &cx.json::<ContactInput>()?);
    cx.decide_on(body, move |input, stamp| async move {
        let contact = load(cx, partner).await?;
        cx.if_match(contact.version)?;
        let (contact, decision) = contact.update(input, &stamp)?;
        Ok((Answer::ok(&contact)?.version(contact.version), decision))
    })
    .await
}

pub(crate) async fn delete(cx: Cx, partner: bool) -> Result<Answer, Problem> {
    let cx = &cx;
    cx.decide(move |_| async move {
        let contact = load(cx, partner).await?;
        cx.if_match(contact.version)?;
        let owner = customer(cx, partner).await?;
        let id = contact.id;
        let names = |row: &EntitlementLine| row.contact_id == Some(id);
        let is_named = cx.store().has(cx.tenant()?, Kind::Entitlement, names).await?;
        Ok((Answer::deleted(), contact.delete(&owner, is_named)?))
    })
    .await
}
