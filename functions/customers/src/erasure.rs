//! `…/{id}/erase`, and how far that is.

use domain::access::Bound;
use domain::customer::erasure::{ErasureView, Walk};
use domain::ids::Id;
use domain::limits::PAGE;
use domain::record::Kind;
use domain::rejection::Rejection;
use domain::request::manual::CommentsInput;
use edge::http::page::fields;
use edge::{Answer, Cx, Problem};
use serde_json::json;
use store::theirs::Theirs;

use crate::customers::load;

/// The customer or partner of the path, as the owner of what was sold.
pub(crate) const fn who(kind: Kind, id: Id) -> Bound {
    match kind {
        Kind::Partner => Bound::Partner(id),
        _ => Bound::Customer(id),
    }
}

pub(crate) async fn begin(cx: Cx, kind: Kind) -> Result<Answer, Problem> {
    let (cx, body) = (&cx, &cx.json::<CommentsInput>()?);
    cx.decide_on(body, move |input, stamp| async move {
        let customer = load(cx, kind).await?;
        let so_far = cx.store().find_erasure(cx.tenant()?, customer.id).await?;
        let open = open(cx, who(kind, customer.id)).await?;
        let (erasure, decision) = customer.begin_erasure(input, so_far, open, &stamp)?;
        Ok((Answer::ok(&ErasureView::from(&erasure))?, decision))
    })
    .await
}

/// A request of theirs that is not at rest.
async fn open(cx: &Cx, who: Bound) -> Result<Option<Id>, Problem> {
    let (tenant, mut walk) = (cx.tenant()?, Walk::Sold(None));
    while walk != Walk::Over {
        let found = cx.store().next_theirs(tenant, who, walk, PAGE.1).await?;
        for (thing, _) in found.things {
            let Ok(Theirs::Used(used)) = thing else { continue };
            let requests = cx.store().find_requests(tenant, &used.request_ids()).await?;
            if let Some(open) = requests.iter().find(|request| !request.is_at_rest()) {
                return Ok(Some(open.id));
            }
        }
        walk = found.next;
    }
    Ok(None)
}

pub(crate) async fn show(cx: Cx, kind: Kind) -> Result<Answer, Problem> {
    let customer = load(&cx, kind).await?;
    let found = cx.store().find_erasure(cx.tenant()?, customer.id).await?;
    let erasure = found.ok_or_else(|| Rejection::not_found("erasure of it"))?;
    Answer::ok(&fields(&cx.query, json!(ErasureView::from(&erasure))))
}
