//! THE TABLE of the product's life cycle.
//!
//! Neighbours: `product` walks it; diagram and `/v1/state-machines` are derived.

use serde::{Deserialize, Serialize};
use strum::{EnumIter, EnumString, IntoStaticStr};

use crate::access::{Act, Area};
use crate::catalog::Product;
use crate::catalog::product_feature::missing;
use crate::ids::Id;
use crate::machine::{Machine, Row, Stateful, Who, guard, row, when};
use crate::rejection::{Faults, Rejection};

/// Draft, complete, or at its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[derive(EnumIter, EnumString, IntoStaticStr, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum LifeCycleStage {
    /// Still being made.
    Draft,
    /// "Complete": can be sold.
    Commit,
    /// End of life.
    Eol,
}

/// The events of a product.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the events of the table below")]
pub enum Event {
    Create,
    Complete,
    Retire,
}

use LifeCycleStage::{Commit, Draft, Eol};

const ADD: Who = Who::Caller(Area::Catalog, Act::Add);
const EDIT: Who = Who::Caller(Area::Catalog, Act::Edit);

#[rustfmt::skip]
const TABLE: &[Row<Product>] = &[
    row("C1", &[], Event::Create, &[Draft], when("well-formed; may be incomplete"), ADD, ""),
    row("C2", &[Draft], Event::Complete, &[Commit],
        guard::<Product>("its features have a license model and all values", specified),
        EDIT, "can be sold"),
    row("C3", &[Commit], Event::Retire, &[Eol], when(""), EDIT, "is sold no more"),
];

fn specified(product: &Product, (): ()) -> Result<(), Rejection> {
    let mut faults = Faults::default();
    missing(&product.features, &mut faults);
    faults.finish()
}

impl Stateful for Product {
    type State = LifeCycleStage;
    type Event = Event;
    type Around<'a> = ();
    const MACHINE: Machine<Self> = Machine {
        name: "product",
        table: TABLE,
        acts: &[],
        actions: &[Event::Complete, Event::Retire],
        display: |stage| match stage {
            Draft => "Draft",
            Commit => "Complete",
            Eol => "End of Life",
        },
    };

    fn state(&self, (): ()) -> LifeCycleStage {
        self.life_cycle_stage
    }

    fn namespace(&self) -> Option<Id> {
        Some(self.namespace_id)
    }
}
