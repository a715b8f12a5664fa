//! The script of the fake provider, step by step: `--script fail:2,delay:3,accept`.
//!
//! Neighbours: `provider` follows it; the demo's is `accept`.

use std::collections::HashMap;
use std::str::FromStr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::limits::{SCRIPT_DELAY_SECS, SCRIPT_FAILURES};

/// The steps for one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// 202, `IN_PROGRESS`, COMPLETED.
    Accept,
    /// 422: the provider will not do it.
    Refuse,
    /// The answer comes so late; then as ACCEPT.
    Delay(Duration),
    /// 503 this many times; then as ACCEPT.
    Fail(u32),
    /// COMPLETED before the answer, `IN_PROGRESS` after it.
    Shuffle,
    /// 202, `IN_PROGRESS`, FAILED.
    Break,
    /// 202, and not a word after it.
    Silence,
}

impl FromStr for Step {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, number) = match text.trim().split_once(':') {
            Some((name, number)) => {
                let wrong = |_| format!("{number:?} in {text:?} is no whole number");
                (name, Some(number.parse::<u32>().map_err(wrong)?))
            }
            None => (text.trim(), None),
        };
        let step = match (name, number) {
            ("accept", None) => Self::Accept,
            ("refuse", None) => Self::Refuse,
            ("shuffle", None) => Self::Shuffle,
            ("break", None) => Self::Break,
            ("silence", None) => Self::Silence,
            ("delay", Some(n)) if u64::from(n) <= SCRIPT_DELAY_SECS => {
                Self::Delay(Duration::from_secs(n.into()))
            }
            ("fail", Some(n)) if n <= SCRIPT_FAILURES => Self::Fail(n),
            _ => {
                return Err(format!(
                    "{text:?} is no step; there are accept, refuse, delay:SECONDS (up to 60), \
                     fail:TIMES (up to 100), shuffle, break, silence"
                ));
            }
        };
        Ok(step)
    }
}

/// The steps, one for each new request; the last one goes on.
pub struct Script {
    steps: Vec<Step>,
    told: Mutex<HashMap<String, (Step, u32)>>,
}

impl Script {
    /// Of at least one step.
    pub fn new(steps: Vec<Step>) -> Self {
        let steps = if steps.is_empty() { vec![Step::Accept] } else { steps };
        Self { steps, told: Mutex::default() }
    }

    /// The step of a request, and how often it came before. Requests differ by their
    /// `webhook-id`, as every provider should.
    pub fn step(&self, webhook_id: &str) -> (Step, u32) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let nth = told.len();
        let last = self.steps[self.steps.len() - 1];
        let next = self.steps.get(nth).copied().unwrap_or(last);
        let entry = told.entry(webhook_id.to_owned()).or_insert((next, 0));
        let (step, before) = *entry;
        entry.1 += 1;
        (step, before)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_new_request_takes_the_next_step() {
        let script = Script::new(vec![Step::Refuse, Step::Fail(2)]);
        assert_eq!(script.step("a"), (Step::Refuse, 0));
        assert_eq!(script.step("b"), (Step::Fail(2), 0));
        assert_eq!(script.step("a"), (Step::Refuse, 1), "the same again");
        assert_eq!(script.step("b"), (Step::Fail(2), 1));
        assert_eq!(script.step("c"), (Step::Fail(2), 0), "the last one goes on");
    }

    #[test]
    fn what_is_no_step_is_told_so() {
        for text in ["accept", " refuse", "delay:3", "fail:0", "shuffle", "break", "silence"] {
            assert!(text.parse::<Step>().is_ok(), "{text}");
        }
        for text in ["", "explode", "delay", "fail:x", "accept:1", "delay:61", "fail:-1"] {
            assert!(text.parse::<Step>().is_err(), "{text}");
        }
    }
}
