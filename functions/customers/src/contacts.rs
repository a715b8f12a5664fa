//! `…/{id}/contacts`: the people of a customer or partner.

use domain::customer::contact::{Contact, ContactInput};
use domain::record::Kind;
use domain::view::entitlement::ListedEntitlement;
use edge::{Answer, Cx, Problem};
use serde_json::json;

use crate::customers::load as customer;

async fn load(cx: &Cx, kind: Kind) -> Result<Contact, Problem> {
    let owner = customer(cx, kind).await?;
    Ok(cx.store().load_contact(cx.tenant()?, owner.id, cx.id("contactId")?).await?)
}

pub(crate) async fn create(cx: Cx, kind: Kind) -> Result<Answer, Problem> {
    let (cx, body) = (&cx, &cx.json::<ContactInput>()?);
    cx.decide_on(body, move |input, stamp| async move {
        let owner = customer(cx, kind).await?;
        let (contact, decision) = Contact::create(input, &owner, &stamp)?;
        let answer = Answer::created(&contact, format!("{}/{}", cx.path(), contact.id))?;
        Ok((answer.version(contact.version), decision))
    })
    .await
}

pub(crate) async fn list(cx: Cx, kind: Kind) -> Result<Answer, Problem> {
    let owner = customer(&cx, kind).await?;
    let contacts = cx.store().list_contacts(cx.tenant()?, owner.id).await?;
    Answer::ok(&json!({"data": contacts}))
}

pub(crate) async fn show(cx: Cx, kind: Kind) -> Result<Answer, Problem> {
    let contact = load(&cx, kind).await?;
    cx.show(&contact, contact.version)
}

pub(crate) async fn update(cx: Cx, kind: Kind) -> Result<Answer, Problem> {
    let (cx, body) = (&cx, &cx.json::<ContactInput>()?);
    cx.decide_on(body, move |input, stamp| async move {
        let contact = load(cx, kind).await?;
        cx.if_match(contact.version)?;
        let (contact, decision) = contact.update(input, &stamp)?;
        Ok((Answer::ok(&contact)?.version(contact.version), decision))
    })
    .await
}

pub(crate) async fn delete(cx: Cx, kind: Kind) -> Result<Answer, Problem> {
    let cx = &cx;
    cx.decide(move |_| async move {
        let contact = load(cx, kind).await?;
        cx.if_match(contact.version)?;
        let owner = customer(cx, kind).await?;
        let id = contact.id;
        let names = |row: &ListedEntitlement| row.contact_id == Some(id);
        let is_named = cx.store().has(cx.tenant()?, Kind::Entitlement, names).await?;
        Ok((Answer::deleted(), contact.delete(&owner, is_named)?))
    })
    .await
}
