//! What is offered is what is not refused: for every machine, state and guard, every act is tried.

use std::collections::BTreeMap;

use domain::activation::Activation;
use domain::activation::activate::{ActivationInput, Facts};
use domain::activation::revoke::{Revocation, RevokeInput};
use domain::activation::states::{Event as OfActivation, State as ActivationState};
use domain::attributes::CustomAttributes;
use domain::catalog::Product;
use domain::catalog::states::{Event as OfProduct, LifeCycleStage};
use domain::entitlement::create::Products;
use domain::entitlement::input::{Action, EntitlementInput};
use domain::entitlement::parties::Known;
use domain::entitlement::product_key::{KeyAction, KeyActionInput, KeySecret, ProductKey};
use domain::entitlement::states::{
    Around, Event as OfEntitlement, KeyAround, KeyEvent, KeyState, State,
};
use domain::entitlement::{ActivationMethod, Entitlement, ItemProduct, LineItem, LineItemType};
use domain::machine::Stateful;
use domain::rejection::Rejection;
use domain::request::manual::{CommentsInput, ManualStatus, StatusInput};
use domain::request::states::{Event as OfRequest, Status};
use domain::request::{Request, RequestType};
use domain::rev::Rev;
use domain::time::{Day, Period};
use strum::IntoEnumIterator;
use uuid::Uuid;

use crate::lifecycle::{active, association, at, id, queued};

/// Tries every act; `order` says whether it is carried out. A refusal offers what is possible.
fn check<T: Stateful>(
    thing: &T,
    around: T::Around<'_>,
    about: &str,
    order: impl Fn(T::Event) -> Result<(), Rejection>,
) {
    let possible = thing.possible(around);
    for event in T::MACHINE.actions {
        let action = (*event).into();
        let offered = possible.offers.iter().any(|offer| offer.action == action);
        let answer = order(*event);
        assert_eq!(offered, answer.is_ok(), "{about}: {action}: {answer:?}");
        let instead = answer.err().and_then(|refused| refused.possible);
        // An activation may be refused by the key's machine instead of the entitlement's.
        if let Some(instead) = instead.filter(|instead| instead.state == possible.state) {
            assert_eq!(instead, possible, "{about}: {action}");
        }
    }
}

/// Whether one of several ways to order an act is taken.
fn any<T>(ways: impl IntoIterator<Item = Result<T, Rejection>>) -> Result<(), Rejection> {
    let mut last = None;
    for way in ways {
        match way {
            Ok(_) => return Ok(()),
            Err(refused) => last = Some(refused),
        }
    }
    Err(last.unwrap())
}

fn product(stage: LifeCycleStage) -> Product {
    Product { life_cycle_stage: stage, ..association().0 }
}

fn item(kind: LineItemType, method: ActivationMethod) -> LineItem {
    let product_id = product(LifeCycleStage::Commit).id;
    let of = ItemProduct { product_id, features: Vec::new(), memory_data: None };
    LineItem {
        line_item_type: kind,
        num_product_keys: 1,
        num_activation_per_product_key: 5,
        activation_method: method,
        fixed_quantity: (method == ActivationMethod::Fixed).then_some(2),
        protection_key_ids: vec!["1".to_owned()],
        enforcement_id: None,
        activation_attributes: Vec::new(),
        item_products: vec![of],
    }
}

/// A draft without content.
fn draft() -> Entitlement {
    let (input, secret) = (EntitlementInput::default(), KeySecret::new([1; 32]));
    let known = Known::default();
    let (made, _) =
        Entitlement::create(&input, &Products::default(), &known, &secret, &at(0)).unwrap();
    Entitlement { rev: Rev::of(1), ..made }
}

fn key(entitlement: &Entitlement, remaining: u32) -> ProductKey {
    ProductKey {
        entitlement_id: entitlement.id,
        index: 0,
        generation: entitlement.key_generation,
        state: KeyState::Enabled,
        activated: 0,
        custom_attributes: CustomAttributes::default(),
        allowed: remaining,
        addable: false,
        rev: Rev::of(1),
    }
}

/// Whether some quantity is granted.
fn activated(
    entitlement: &Entitlement,
    key: &ProductKey,
    products: &Products,
    open_requests: bool,
) -> Result<(), Rejection> {
    any((1..=5).map(|quantity| {
        let facts = Facts {
            tenant: id(7),
            entitlement: entitlement.clone(),
            key: key.clone(),
            pk_id: Uuid::nil(),
            products: products.values().map(|product| (product.clone(), None)).collect(),
            open_requests,
            customer: None,
        };
        let update = entitlement.line_item_type() == Some(LineItemType::ProtectionKey_Update);
        let inputs = update.then(|| serde_json::from_str(r#"{"c2v": "x"}"#).unwrap());
        let input = ActivationInput { activation_quantity: quantity, inputs, ..Default::default() };
        facts.activate(&input, &at(9))
    }))
}

/// Every entitlement that guards can tell apart.
fn entitlements(states: &[State]) -> Vec<Entitlement> {
    let mut all = Vec::new();
    for state in states {
        for kind in [
            None,
            Some(LineItemType::Product_Key),
            Some(LineItemType::Hardware_Key),
            Some(LineItemType::ProtectionKey_Update),
        ] {
            for bits in 0_u8..64 {
                let flag = |bit: u8| bits & (1 << bit) != 0;
                let mut made = draft();
                made.life.state = *state;
                made.items =
                    kind.map(|kind| item(kind, ActivationMethod::Partial)).into_iter().collect();
                (made.enabled, made.activation_allowed, made.is_test) = (flag(0), flag(1), flag(2));
                made.active_activations = u64::from(flag(3));
                made.end_date = flag(4).then(|| "1970-01-01".parse::<Day>().unwrap());
                made.key_generation = if flag(5) { 15 } else { 0 };
                all.push(made);
            }
        }
    }
    all
}

#[test]
fn of_an_entitlement() {
    let states: Vec<State> = State::iter().collect();
    let day = |text: &str| text.parse::<Day>().unwrap();
    for stage in LifeCycleStage::iter() {
        let product = product(stage);
        let products = Products::from([(product.id, product)]);
        for (mut made, open_requests) in
            entitlements(&states).into_iter().flat_map(|made| [(made.clone(), false), (made, true)])
        {
            let spent = matches!(made.life.state, State::Completed | State::Acknowledged);
            made.keys_exhausted = if spent { made.keys() } else { 0 };
            let today = day("2027-01-15");
            let around = Around { products: &products, open_requests, today };
            let key = key(&made, if spent { 0 } else { 5 });
            let act = |action| made.act(action, around, &at(9)).map(drop);
            let about = format!("{stage:?} {made:?}");
            check(&made, around, &about, |event| match event {
                OfEntitlement::Update => {
                    let (input, known) = (EntitlementInput::default(), Known::default());
                    made.update(&input, around, &known, &at(9)).map(drop)
                }
                OfEntitlement::Queue => act(Action::Queue),
                OfEntitlement::Produce => act(Action::Produce),
                OfEntitlement::Reopen => act(Action::Reopen),
                OfEntitlement::Enable => act(Action::Enable),
                OfEntitlement::Disable => act(Action::Disable),
                OfEntitlement::Delete => made.clone().delete(around).map(drop),
                OfEntitlement::Activate => activated(&made, &key, &products, open_requests),
                other => panic!("{other:?} is ordered by nobody"),
            });
        }
    }
}

#[test]
fn of_a_product_key() {
    let product = product(LifeCycleStage::Commit);
    let products = Products::from([(product.id, product)]);
    let methods = [ActivationMethod::Partial, ActivationMethod::Fixed, ActivationMethod::Full];
    let states = [State::Draft, State::Queued, State::Produced];
    for mut made in entitlements(&states).into_iter().filter(|made| !made.items.is_empty()) {
        for method in methods {
            made.items = vec![item(made.items[0].line_item_type, method)];
            for (state, remaining) in
                [0, 1, 2, 5].into_iter().flat_map(|n| KeyState::iter().map(move |s| (s, n)))
            {
                let void = state == KeyState::Void;
                let generation = made.key_generation + u8::from(void);
                let state = if void { KeyState::Enabled } else { state };
                let key = ProductKey { state, generation, ..key(&made, remaining) };
                let around = KeyAround { entitlement: &made, today: at(9).now.day() };
                let act = |action| {
                    let input = KeyActionInput { action: Some(action) };
                    key.clone().act(&input, around).map(drop)
                };
                check(&key, around, &format!("{key:?} of {made:?}"), |event| match event {
                    KeyEvent::Enable => act(KeyAction::Enable),
                    KeyEvent::Disable => act(KeyAction::Disable),
                    KeyEvent::Activate => activated(&made, &key, &products, false),
                    other => panic!("{other:?} is ordered by nobody"),
                });
            }
        }
    }
}

#[test]
fn of_an_activation() {
    for state in ActivationState::iter() {
        for bits in 0_u8..8 {
            let flag = |bit: u8| bits & (1 << bit) != 0;
            let mut entitlement = draft();
            entitlement.items = vec![item(LineItemType::Product_Key, ActivationMethod::Partial)];
            entitlement.life.state = State::Produced;
            entitlement.revocation_allowed = flag(0);
            let mut made = Activation { acknowledgement_request: flag(1), ..active() };
            made.life.state = state;
            made.acknowledged_at = flag(2).then(|| at(3).now);
            let revoke = |immediately, comments: Option<&str>| {
                let revocation = Revocation {
                    tenant: id(7),
                    activation: made.clone(),
                    entitlement: entitlement.clone(),
                    key: key(&entitlement, 1),
                    requests: Vec::new(),
                    products: Vec::new(),
                };
                let input = RevokeInput { immediately, comments: comments.map(str::to_owned) };
                revocation.revoke(&input, &at(9))
            };
            check(
                &made,
                &entitlement,
                &format!("{made:?} of {entitlement:?}"),
                |event| match event {
                    OfActivation::Revoke => any([revoke(false, None), revoke(true, Some("why"))]),
                    OfActivation::Acknowledge => {
                        made.clone().acknowledge(entitlement.clone(), &at(9)).map(drop)
                    }
                    other => panic!("{other:?} is ordered by nobody"),
                },
            );
        }
    }
}

#[test]
fn of_a_request() {
    let activations = ActivationState::iter().map(|state| {
        let mut made = active();
        made.life.state = state;
        Some(made)
    });
    for activation in activations.chain([None]) {
        for status in Status::iter() {
            for kind in [RequestType::Provision, RequestType::Deprovision] {
                let mut made = Request { kind, ..queued() };
                made.life.state = status;
                let around = activation.as_ref();
                let set = |status| {
                    let comments = Some("why".to_owned());
                    let input = StatusInput { status: Some(status), comments };
                    made.clone().update_status(&input, Period::from_secs(60), around, &at(9))
                };
                let each =
                    [ManualStatus::InProgress, ManualStatus::Completed, ManualStatus::Failed];
                check(&made, around, &format!("{made:?} {activation:?}"), |event| match event {
                    OfRequest::UpdateStatus => any(each.map(set)),
                    OfRequest::Retry => made.clone().retry(id(7), around, &at(9)).map(drop),
                    OfRequest::Cancel => {
                        made.clone().cancel(&CommentsInput::default(), around, &at(9)).map(drop)
                    }
                    other => panic!("{other:?} is ordered by nobody"),
                });
            }
        }
    }
}

#[test]
fn of_a_product() {
    for stage in LifeCycleStage::iter() {
        for lacking in [false, true] {
            let mut made = product(stage);
            if lacking {
                made.features = vec![serde_json::from_str(r#"{"featureId": 5}"#).unwrap()];
            }
            check(&made, (), &format!("{made:?}"), |event| match event {
                OfProduct::Complete => made.clone().complete(&at(9)).map(drop),
                OfProduct::Retire => made.clone().retire(&at(9)).map(drop),
                OfProduct::Create => panic!("a product is made by its own call"),
            });
            let kept = made.clone().delete(false, BTreeMap::new()).err();
            let instead = kept.and_then(|refused| refused.possible);
            assert!(instead.is_none_or(|instead| instead == made.possible(())), "{made:?}");
        }
    }
}
