//! A new master key: whoever runs the service has it made, and everything that an older one sealed
//! is sealed anew.
//!
//! Neighbours: the bootstrap function and local mode begin it, the sweeper carries it out.
//! Guarantee: an older key opens what it sealed until whoever runs the service has it forgotten,
//! which is refused as long as anything is sealed with it.

use std::collections::BTreeSet;

use domain::access::Tenant;
use domain::decision::Decision;
use domain::ids::Id;
use domain::limits::{MIGRATE_AT_ONCE, RESEAL_ROWS, RESEAL_WAIT};
use domain::plan::door::Sealed;
use domain::record::Record;
use domain::rejection::{Code, Rejection};
use futures::future::join_all;
use store::mark::{CheckValues, Mark};
use store::resealing::{Holder, Resealing};
use store::{Extra, StoreError};

use crate::app::App;
use crate::http::problem::Problem;
use crate::provider::{credential_place, secret_place};
use crate::secret::{BrokenSeal, Secret, key_secret_place, profile_place};

/// Makes a master key, which seals from now on; or says how far the last one is that was made, as
/// long as older ones have sealed anything.
///
/// # Errors
/// While another call makes one; when the store, or the place of the keys, is not available.
pub async fn rotate(app: &App) -> Result<Resealing, Problem> {
    let (now, store) = (app.clock.now(), &*app.store);
    let so_far = store.find_resealing().await?.unwrap_or_default();
    if so_far.making.is_some_and(|until| now < until) {
        let detail = "Another call is making a master key just now. Try again in a minute.";
        return Err(Rejection::new(Code::InUse, detail).into());
    }
    let is_under_way = so_far.making.is_none() && so_far.rev > 0 && !so_far.done;
    if is_under_way {
        return Ok(so_far);
    }
    let (master, mark) = (app.master()?, mark(app).await?);
    master.read_again().await?;
    // One that the mark does not know is of a call that was ended early, or of after a backup.
    let unused = Some(master.newest()).filter(|newest| *newest > self::newest(&mark));
    let number = unused.unwrap_or(master.newest() + 1);
    let mut made = so_far.make(number, now.after(RESEAL_WAIT));
    store.keep_resealing(&mut made, None).await.map_err(|error| match error {
        StoreError::Conflict => {
            Rejection::new(Code::InUse, "Another call was faster. Try again in a minute.").into()
        }
        other => Problem::from(other),
    })?;
    if unused.is_none() {
        master.add(&app.ids.entropy()).await?;
    }
    let mark = Mark { master_keys: CheckValues(master.check_values(number)), ..mark };
    let mut begun = made.begin(app.clock.now());
    store.keep_resealing(&mut begun, Some(&mark)).await?;
    Ok(begun)
}

/// Forgets an older master key for ever.
///
/// # Errors
/// `NOT_FOUND`; `IN_USE` as long as anything is sealed with it, or cannot be read, and for the
/// newest key.
pub async fn forget(app: &App, number: u32) -> Result<(), Problem> {
    let (master, mark) = (app.master()?, mark(app).await?);
    let refused = |detail: String| Problem::from(Rejection::new(Code::InUse, detail));
    let so_far = app.store.find_resealing().await?.unwrap_or_default();
    master.read_again().await?;
    if master.find(number).is_none() {
        return Err(Rejection::not_found("master key").into());
    }
    if number >= newest(&mark) {
        return Err(refused(format!("Master key {number} is not older than the newest one.")));
    }
    if !so_far.done {
        return Err(refused(format!(
            "Master key {number} may still be needed. {so_far} Try again when everything is sealed \
             anew; on a stopped folder, rotate-master goes on with it."
        )));
    }
    let (mut look, mut left) = (Resealing::default(), 0);
    loop {
        let holders = app.store.next_holders(&mut look, RESEAL_ROWS).await?;
        let needs = |holder: &Result<Holder, StoreError>| match holder {
            Ok((_, record)) => numbers(record).contains(&number),
            Err(_) => true,
        };
        left += holders.iter().filter(|holder| needs(holder)).count();
        if look.is_at_end() {
            break;
        }
    }
    if left > 0 {
        return Err(refused(format!(
            "{left} rows are sealed with master key {number}, or cannot be read. Rotate the master \
             key once more: everything is sealed anew."
        )));
    }
    let mut kept = mark.master_keys.0.clone();
    kept.remove(&number);
    app.store.replace_mark(&Mark { master_keys: CheckValues(kept), ..mark }).await?;
    Ok(master.remove(number).await?)
}

/// The next step, if there is one: every tenant's own row first, and after a while some rows more.
/// Says how far it is.
///
/// # Errors
/// When the store, or a key, is not available. Nothing is lost: the step is repeated.
pub async fn step(app: &App) -> Result<Option<Resealing>, Problem> {
    let Some(mut so_far) = app.store.find_resealing().await? else { return Ok(None) };
    if so_far.due.is_none() {
        return Ok(Some(so_far));
    }
    let sealer = Sealer { app, number: so_far.number };
    if !so_far.announced {
        sealer.announce().await?;
        so_far.announced = true;
        so_far.due = Some(app.clock.now().after(RESEAL_WAIT));
        return Ok(Some(keep(app, so_far).await?));
    }
    let holders = app.store.next_holders(&mut so_far, RESEAL_ROWS).await?;
    let mut old = Vec::new();
    for holder in holders {
        match holder {
            Ok((tenant, record)) => {
                let is_old = |number: &u32| *number != so_far.number;
                old.extend(numbers(&record).iter().any(is_old).then_some((tenant, record)));
            }
            Err(_) => so_far.unreadable += 1,
        }
    }
    for some in old.chunks(MIGRATE_AT_ONCE) {
        let each = some.iter().map(|(tenant, record)| sealer.renew(*tenant, record.clone()));
        for renewed in join_all(each).await {
            match renewed {
                Ok(()) => so_far.found += 1,
                Err(Unsealed::Broken(error)) => {
                    tracing::error!(%error, "a row is not sealed anew");
                    so_far.unreadable += 1;
                }
                Err(Unsealed::Store(error)) => return Err(error.into()),
            }
        }
    }
    let so_far = if so_far.is_at_end() { so_far.turn() } else { so_far };
    Ok(Some(keep(app, so_far).await?))
}

/// Keeps how far it is; who was slower than another one does nothing.
async fn keep(app: &App, mut so_far: Resealing) -> Result<Resealing, Problem> {
    match app.store.keep_resealing(&mut so_far, None).await {
        Err(StoreError::Conflict) => Ok(app.store.find_resealing().await?.unwrap_or(so_far)),
        other => Ok(other.map(|()| so_far)?),
    }
}

/// The number of the master key that seals what is made for no tenant that is there yet.
///
/// # Errors
/// When the store is not available.
pub async fn sealing(app: &App) -> Result<u32, StoreError> {
    Ok(app.store.find_mark().await?.as_ref().map_or(Sealed::FIRST_KEY, newest))
}

async fn mark(app: &App) -> Result<Mark, Problem> {
    let unmarked = || {
        let detail = "The data does not say which master key it was made with. Start this version \
            once on it; on AWS invoke the bootstrap function.";
        Rejection::new(Code::InUse, detail)
    };
    Ok(app.store.find_mark().await?.ok_or_else(unmarked)?)
}

fn newest(mark: &Mark) -> u32 {
    mark.master_keys.0.keys().max().copied().unwrap_or(Sealed::FIRST_KEY)
}

/// The numbers of the master keys that have sealed what is in a row.
fn numbers(record: &Record) -> BTreeSet<u32> {
    let sealed: Vec<&Sealed> = match record {
        Record::Tenant(tenant) => return BTreeSet::from([tenant.master_key()]),
        Record::Method(method) => method.secrets.iter().chain(&method.credential).collect(),
        Record::Door(door) => door.secrets.iter().collect(),
        Record::Customer(customer) => customer.profile.iter().collect(),
        _ => Vec::new(),
    };
    sealed.into_iter().map(Sealed::master_key).collect()
}

/// Why a row was not sealed anew.
enum Unsealed {
    Broken(BrokenSeal),
    Store(StoreError),
}

impl From<BrokenSeal> for Unsealed {
    fn from(error: BrokenSeal) -> Self {
        Self::Broken(error)
    }
}

impl From<StoreError> for Unsealed {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// Seals with the master key of a number.
struct Sealer<'a> {
    app: &'a App,
    number: u32,
}

impl Sealer<'_> {
    /// Has every tenant's row name the number, so that whoever calls seals with it.
    async fn announce(&self) -> Result<(), Problem> {
        let listed = self.app.store.list_tenants().await?.into_iter().map(|it| it.info.id);
        let tenants: BTreeSet<Id> = listed.chain([Id::FIRST_TENANT]).collect();
        for id in tenants {
            self.app
                .until_won(|_| async {
                    let tenant = self.app.store.load_tenant(id).await?;
                    if tenant.master_key() == self.number {
                        return Ok(());
                    }
                    let sealed = self.tenant(tenant).await.map_err(Problem::from)?;
                    let decision = Decision::default().save(sealed);
                    Ok(self.app.store.commit(id, &decision, &Extra::default()).await?)
                })
                .await?;
        }
        Ok(())
    }

    async fn tenant(&self, tenant: Tenant) -> Result<Tenant, BrokenSeal> {
        let secret = Secret::of_bytes(self.app.product_keys(&tenant).await?);
        let place = key_secret_place(tenant.info.id);
        let sealed = self.seal(&secret, &place).await?;
        Ok(tenant.sealed(sealed))
    }

    /// Seals what is in a row anew, and writes it as long as nobody else has meanwhile: then the
    /// next pass does.
    async fn renew(&self, tenant: Id, record: Record) -> Result<(), Unsealed> {
        let record: Record = match record {
            Record::Tenant(row) => self.tenant(row).await?.into(),
            Record::Method(mut row) => {
                let id = row.info.id;
                row.secrets = self.all(&row.secrets, &secret_place(id)).await?;
                row.credential = self.one(row.credential, &credential_place(id)).await?;
                row.into()
            }
            Record::Door(mut row) => {
                row.secrets = self.all(&row.secrets, &secret_place(row.method)).await?;
                row.into()
            }
            Record::Customer(mut row) => {
                row.profile = self.one(row.profile, &profile_place(row.id)).await?;
                row.into()
            }
            _ => return Ok(()),
        };
        let decision = Decision::default().save(record);
        match self.app.store.commit(tenant, &decision, &Extra::default()).await {
            Err(StoreError::Conflict) => Ok(()),
            other => Ok(other?),
        }
    }

    async fn all(&self, old: &[Sealed], place: &str) -> Result<Vec<Sealed>, BrokenSeal> {
        let mut anew = Vec::with_capacity(old.len());
        for sealed in old {
            let opened = self.app.open(sealed, place).await?;
            anew.push(self.seal(&opened, place).await?);
        }
        Ok(anew)
    }

    async fn one(&self, old: Option<Sealed>, place: &str) -> Result<Option<Sealed>, BrokenSeal> {
        Ok(self.all(old.as_slice(), place).await?.pop())
    }

    /// Two secrets of one place need nonces of their own.
    async fn seal(&self, secret: &Secret, place: &str) -> Result<Sealed, BrokenSeal> {
        self.app.seal(self.number, secret, place, &self.app.ids.entropy()).await
    }
}
