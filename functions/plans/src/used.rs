//! Which products use a plan or method, by the look-up rows of their associations; and which names
//! are free for a copy.

use domain::catalog::Product;
use domain::ids::Id;
use domain::limits::{COPY_NAMES, NAMED_PRODUCTS};
use domain::plan::association::Association;
use domain::plan::copy;
use domain::record::Kind;
use domain::rejection::{Code, Rejection};
use edge::{Cx, Problem};

/// The products that use it, with their associations; at most `most`.
pub(crate) async fn by(
    cx: &Cx,
    member: &'static str,
    used: Id,
    most: usize,
) -> Result<Vec<(Product, Association)>, Problem> {
    let (store, tenant) = (cx.store(), cx.tenant()?);
    let mut ids = store.find_named(tenant, Kind::Association, member, &used.to_string()).await?;
    ids.truncate(most);
    let sold = store.find_sold(tenant, &ids).await?;
    Ok(sold
        .into_iter()
        .filter_map(|(product, association)| Some((product, association?)))
        .collect())
}

/// The same in words, for a refusal; nothing where nothing uses it.
pub(crate) async fn words(
    cx: &Cx,
    member: &'static str,
    id: Id,
    uses: u32,
) -> Result<Vec<String>, Problem> {
    if uses == 0 {
        return Ok(Vec::new());
    }
    let found = by(cx, member, id, NAMED_PRODUCTS).await?;
    let named = |(product, association): &(Product, Association)| {
        let back = association.deprovision_plan_id == Some(id);
        let as_what = if back { " as its deprovision plan" } else { "" };
        format!("{:?} ({}){as_what}", product.name_version.name, product.id)
    };
    let mut words: Vec<String> = found.iter().map(named).collect();
    let more = (uses as usize).saturating_sub(words.len());
    words.extend((more > 0).then(|| format!("{more} more")));
    Ok(words)
}

/// A name for a copy that nobody has in the namespace.
pub(crate) async fn free_name(
    cx: &Cx,
    kind: Kind,
    namespace: Id,
    original: &str,
) -> Result<String, Problem> {
    for n in 1..=COPY_NAMES {
        let name = copy::name(original, n);
        if !cx.store().is_taken(cx.tenant()?, kind, &name, namespace).await? {
            return Ok(name);
        }
    }
    let detail = format!("{COPY_NAMES} copies have such a name already. Rename some.");
    Err(Rejection::new(Code::NameTaken, detail).into())
}
