//! The bytes of a generation: rendered at its first claim, frozen, and re-sent unchanged (I7).
//!
//! Neighbours: `lib` claims with them. Guarantee: the first writer wins, a loser takes its bytes.

use domain::cause::{Failure, Own};
use domain::decision::Decision;
use domain::ids::{Id, sha256_of};
use domain::plan::method::Method;
use domain::request::document::Sources;
use domain::request::{Named, Payload, Request};
use domain::rev::Rev;
use domain::stamp::Stamp;
use edge::{App, telemetry};
use store::{Extra, StoreError};

/// What an attempt needs: the frozen bytes, and the method as it is now.
pub(crate) type Ready = Result<(Payload, Method), Failure>;

/// The bytes and the method of an attempt.
pub(crate) enum Prepared {
    /// The ladder waits before the first attempt: commit this.
    Deferred(Decision),
    /// A payload that is not frozen yet.
    New(Payload, Method),
    /// One that is, or why there is none.
    Settled(Ready),
}

/// Finds or makes the payload of the request's generation.
pub(crate) async fn prepare(
    app: &App,
    tenant: Id,
    request: &Request,
    stamp: &Stamp,
) -> Result<Prepared, StoreError> {
    if request.attempt_count > 0
        && let Some(frozen) = frozen(app, tenant, request).await?
    {
        return Ok(Prepared::Settled(frozen));
    }
    let sources = match app.store.load_sources(tenant, request.clone()).await {
        Err(StoreError::NotFound(what)) => {
            return Ok(Prepared::Settled(Err(
                Own::PlanInvalid.because(format!("The {what} is gone."))
            )));
        }
        Err(StoreError::Corrupt(what, why)) => {
            return Ok(Prepared::Settled(Err(unreadable(request, what, &why))));
        }
        other => other?,
    };
    if let Some(method) = &sources.method
        && let Some(decision) = request.deferred(tenant, &method.info, stamp)
    {
        return Ok(Prepared::Deferred(decision));
    }
    Ok(match make(&sources) {
        Ok((payload, method)) => Prepared::New(payload, method),
        Err(unusable) => Prepared::Settled(Err(unusable)),
    })
}

/// Freezes a new payload: from now on these bytes are the generation's.
pub(crate) async fn freeze(
    app: &App,
    tenant: Id,
    request: &Request,
    (payload, method): (Payload, Method),
    stamp: &Stamp,
) -> Result<Ready, StoreError> {
    let decision = Decision::default().save(payload.clone());
    match app.commit(tenant, decision, stamp, &Extra::default()).await {
        Ok(()) => Ok(Ok((payload, method))),
        // Another worker was first: its bytes count.
        Err(StoreError::Conflict) => {
            frozen(app, tenant, request).await?.ok_or(StoreError::Conflict)
        }
        Err(error) => Err(error),
    }
}

/// The bytes that are frozen already, with their method as it is now.
async fn frozen(app: &App, tenant: Id, request: &Request) -> Result<Option<Ready>, StoreError> {
    let found = async {
        let found = app.store.find_payload(tenant, request.id, request.generation).await?;
        let Some(payload) = found else { return Ok(None) };
        let method = app.store.find_method(tenant, payload.method.id).await?;
        Ok(Some(usable(method).map(|method| (payload, method))))
    };
    match found.await {
        Err(StoreError::Corrupt(what, why)) => Ok(Some(Err(unreadable(request, what, &why)))),
        other => other,
    }
}

/// A row that cannot be read ends the request with that reason: it does not wait for ever.
fn unreadable(request: &Request, what: &str, why: &str) -> Failure {
    telemetry::unreadable(1);
    tracing::error!(request = %request.id, what, why, "a row cannot be read");
    Own::Unreadable.because(format!("The {what} cannot be read."))
}

fn usable(method: Option<Method>) -> Result<Method, Failure> {
    match method {
        None => Err(Own::MethodMissing.because("The method is gone.")),
        Some(method) if !method.info.enabled => {
            Err(Own::MethodMissing.because("The method is disabled."))
        }
        Some(method) => Ok(method),
    }
}

fn make(sources: &Sources) -> Result<(Payload, Method), Failure> {
    let missing = || Own::PlanMissing.because("The product has no plan.");
    let plan = sources.plan.as_ref().ok_or_else(missing)?;
    let method = usable(sources.method.clone())?;
    let document = plan.content.document(sources);
    let text = plan.content.fill(&document)?;
    let named =
        |id, name: &String, version| Named { id, name: name.clone(), version: Some(version) };
    let payload = Payload {
        request: sources.request.id,
        generation: sources.request.generation,
        document_hash: sha256_of(&document),
        people: plan.content.speaks_of_people(),
        plan: named(plan.id, &plan.name, plan.version),
        method: named(method.info.id, &method.info.name, method.info.version),
        text,
        expires: None,
        rev: Rev::default(),
    };
    Ok((payload, method))
}
