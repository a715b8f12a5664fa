//! Parts of the design that can be taken out, each to see that an invariant misses it.
//!
//! Neighbours: `seat` commits what is left of a commit.

use store::keys::Key;
use store::port::{Condition, Item, Value, Write};

use crate::api::{Call, Reply};
use crate::gate::Act;
use crate::seat::kind;

/// A part of the design that is taken out, to see that the simulator misses it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum PlantedFault {
    /// Nothing.
    #[default]
    None,
    /// Claims and outcomes are written unconditionally.
    Lease,
    /// No webhook id is remembered.
    Ring,
    /// Idempotency records are written unconditionally.
    Idempotency,
    /// Nobody sweeps.
    Sweeper,
    /// Frozen bytes are forgotten, and made anew at every attempt.
    Frozen,
    /// Product keys give, and count nothing.
    Quantity,
    /// An activation loses one of its requests.
    Request,
    /// That an operator retried is said to be the machine's doing.
    Operator,
    /// A retry keeps its generation, and so its idempotency key.
    Generation,
    /// Nobody ever says that a provider may have heard.
    Delivery,
    /// The last step of a history is left out.
    History,
    /// A callback also writes what is not its own.
    Signature,
    /// What is still being provided when it is revoked is forgotten.
    Behind,
    /// A revoked API key lives on.
    Dismissal,
    /// Callbacks are judged by the secrets of before a rotation.
    Rotation,
    /// A refusal repeats what was sent.
    Echo,
    /// No audit is kept.
    Audit,
    /// That a tenant is suspended is not written.
    Suspension,
    /// An erasure passes over what was sold and used.
    Erasure,
    /// A role keeps the permissions that it had.
    Demotion,
}

impl PlantedFault {
    /// What a client is told, with that part taken out.
    pub fn told(self, reply: Reply, call: Option<&Call>) -> Reply {
        match call {
            Some(call) if self == Self::Echo && reply.status >= 400 => {
                Reply { json: call.body.clone().into(), ..reply }
            }
            _ => reply,
        }
    }

    /// These writes with that part taken out; none when nothing is changed.
    pub fn planted(self, writes: &[Write]) -> Option<Vec<Write>> {
        if matches!(self, Self::None | Self::Sweeper | Self::Suspension) {
            return None;
        }
        let is_request = |write: &&Write| write.key().sk == "R";
        if self == Self::Request
            && kind(writes) == Act::Activate
            && let Some(lost) = writes.iter().rposition(|write| is_request(&write))
        {
            let kept = writes.iter().enumerate().filter(|(place, _)| *place != lost);
            return Some(kept.map(|(_, write)| write.clone()).collect());
        }
        if self == Self::Signature
            && let Some(Write::Put(key, item, _)) = writes.iter().find(is_request)
        {
            let stray = Key { pk: format!("{}0", key.pk), sk: "STRAY".to_owned(), ..key.clone() };
            let stray = Write::Put(stray, item.clone(), Condition::Free);
            return Some(writes.iter().cloned().chain([stray]).collect());
        }
        if self == Self::Rotation {
            let kept = writes.iter().filter(|write| write.key().sk != "METHOD");
            return Some(kept.cloned().collect());
        }
        if self == Self::Demotion {
            let kept = writes.iter().filter(|write| !write.key().pk.contains("#ROLE#"));
            return Some(kept.cloned().collect());
        }
        if self == Self::Audit {
            let is_new = |write: &Write| !matches!(write.condition(), Condition::Rev(_));
            let kept = writes.iter().filter(|w| !(w.key().pk.contains("#AUDIT#") && is_new(w)));
            return Some(kept.cloned().collect());
        }
        let change = |write: &Write| match write.clone() {
            Write::Put(key, item, _) if self == Self::Lease && key.sk == "R" => {
                Write::Put(key, item, Condition::Free)
            }
            Write::Put(key, item, _) if self == Self::Idempotency && key.sk == "X" => {
                Write::Put(key, item, Condition::Free)
            }
            Write::Put(key, mut item, condition) if self == Self::Ring && key.sk == "R" => {
                item.insert("ring".to_owned(), Value::L(Vec::new()));
                Write::Put(key, item, condition)
            }
            Write::Put(key, item, _) if self == Self::Frozen && key.sk.starts_with("P#") => {
                Write::Put(key, item, Condition::Free)
            }
            Write::Add(key, adds, condition)
                if self == Self::Quantity && key.sk.starts_with("K#") =>
            {
                let nothing = adds.into_iter().map(|(name, _)| (name, 0)).collect();
                Write::Add(key, nothing, condition)
            }
            Write::Put(key, mut item, condition)
                if self == Self::Erasure && key.sk == "ERASURE" =>
            {
                if matches!(item.get("part"), Some(Value::M(part)) if part.contains_key("Theirs")) {
                    item.insert("part".to_owned(), Value::S("Storage".to_owned()));
                }
                Write::Put(key, item, condition)
            }
            Write::Put(key, mut item, condition) if self == Self::Dismissal && key.sk == "KEY" => {
                item.remove("revokedDate");
                Write::Put(key, item, condition)
            }
            Write::Put(key, item, condition) if key.sk == "R" => {
                Write::Put(key, spoilt(self, item), condition)
            }
            other => other,
        };
        Some(writes.iter().map(change).collect())
    }
}

/// A request's row with a part of the design taken out.
fn spoilt(plant: PlantedFault, mut item: Item) -> Item {
    let last_step = |item: &mut Item| match item.get_mut("history") {
        Some(Value::L(steps)) => steps.pop(),
        _ => None,
    };
    match plant {
        PlantedFault::Operator => {
            if let Some(Value::L(steps)) = item.get_mut("history") {
                steps.iter_mut().for_each(|step| {
                    if let Value::M(step) = step
                        && step.get("r") == Some(&Value::S("P19".to_owned()))
                    {
                        step.insert("b".to_owned(), Value::S("SYSTEM".to_owned()));
                    }
                });
            }
        }
        PlantedFault::Generation => {
            item.insert("generation".to_owned(), Value::N("1".to_owned()));
        }
        PlantedFault::Delivery => {
            item.insert("delivery".to_owned(), Value::S("NEVER".to_owned()));
        }
        PlantedFault::History => drop(last_step(&mut item)),
        PlantedFault::Behind => drop(item.remove("takenBack")),
        _ => {}
    }
    item
}
