//! The acts of an operator: Update Status, Retry, Cancel, comments (P17 to P19, P22).

use serde::{Deserialize, Serialize};

use crate::activation::Activation;
use crate::cause::{Failure, Own};
use crate::decision::Decision;
use crate::ids::Id;
use crate::limits::COMMENT_CHARS;
use crate::machine::Stateful;
use crate::rejection::{Code, Faults, Rejection};
use crate::request::states::{Event, Status};
use crate::request::{Delivery, Request};
use crate::stamp::Stamp;
use crate::text::shown;
use crate::time::Period;

/// The statuses that an operator may set, by any of their names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE", try_from = "String")]
pub enum ManualStatus {
    /// The provider works on it, as is known by other ways.
    InProgress,
    /// It is done.
    Completed,
    /// It could not be processed.
    Failed,
}

impl From<ManualStatus> for Status {
    fn from(status: ManualStatus) -> Self {
        match status {
            ManualStatus::InProgress => Self::InProgress,
            ManualStatus::Completed => Self::Completed,
            ManualStatus::Failed => Self::Failed,
        }
    }
}

impl TryFrom<String> for ManualStatus {
    type Error = String;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        match Status::named(&name) {
            Some(Status::InProgress) => Ok(Self::InProgress),
            Some(Status::Completed) => Ok(Self::Completed),
            Some(Status::Failed) => Ok(Self::Failed),
            Some(_) => Err(MANUAL.to_owned()),
            None => Err(format!("{}; {MANUAL}", Status::unknown(&name))),
        }
    }
}

const MANUAL: &str = "must be IN_PROGRESS, COMPLETED or FAILED";

/// Body of `POST …/{id}/status`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default)]
pub struct StatusInput {
    /// The new status.
    pub status: Option<ManualStatus>,
    /// 0 to 500 characters; needed to leave COMPLETED.
    pub comments: Option<String>,
}

/// Body of `PATCH …/{id}` and of `POST …/{id}/cancel`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default)]
pub struct CommentsInput {
    /// 0 to 500 characters.
    pub comments: Option<String>,
}

/// Comments are 0 to 500 characters without control characters but line feed and tab (000-H8).
///
/// # Errors
/// The fault, at `/comments`.
pub fn comments(text: Option<&str>) -> Result<Option<String>, Rejection> {
    let text = text.unwrap_or_default().trim();
    let mut faults = Faults::default();
    let fits = text.chars().count() <= COMMENT_CHARS;
    faults.check(fits, "/comments", format!("at most {COMMENT_CHARS} characters"));
    if let Some(c) = text.chars().find(|c| c.is_control() && !matches!(c, '\n' | '\t' | '\r')) {
        faults.add(
            "/comments",
            Code::InvalidCharacter,
            format!("the character {} is not allowed", shown(c)),
        );
    }
    faults.finish()?;
    Ok(Some(text.to_owned()).filter(|text| !text.is_empty()))
}

impl Request {
    /// Update Status of source 000 (P17). A dispatch that is under way is superseded.
    ///
    /// # Errors
    /// `STATUS_CONFLICT` for the same status, `COMMENT_REQUIRED` to leave COMPLETED.
    pub fn update_status(
        mut self,
        input: &StatusInput,
        callback_timeout: Period,
        activation: Option<&Activation>,
        stamp: &Stamp,
    ) -> Result<(Self, Decision), Rejection> {
        let mut faults = Faults::default();
        faults.check(input.status.is_some(), "/status", MANUAL);
        let said = faults.all(comments(input.comments.as_deref()));
        faults.finish()?;
        let to = input.status.unwrap_or(ManualStatus::Failed).into();
        let said = said.flatten();
        let from = self.life.state;
        if to == from {
            let detail = format!("The request is {} already.", from.display());
            return Err(self.refusing(Rejection::new(Code::StatusConflict, detail), activation));
        }
        if from == Status::Completed && said.is_none() {
            let detail = "Leaving Completed needs a comment.";
            return Err(Rejection::at("/comments", Code::CommentRequired, detail));
        }
        self.walk(Event::UpdateStatus, to, stamp, said.clone())?;
        if said.is_some() {
            self.comments = said;
        }
        self.failure = None;
        match to {
            Status::InProgress => self.await_callback(callback_timeout, true, stamp.now),
            Status::Failed => {
                let why = "An operator set the status to Failed.";
                self.failure = Some(Own::Operator.because(why));
            }
            _ => {}
        }
        Ok(self.saved(Decision::default()))
    }

    /// A new generation: plan, method and data are read again (P18, P19).
    ///
    /// # Errors
    /// `ILLEGAL_TRANSITION` unless `DISPATCH_FAILED` or FAILED, and still wanted.
    pub fn retry(
        mut self,
        tenant: Id,
        activation: Option<&Activation>,
        stamp: &Stamp,
    ) -> Result<(Self, Decision), Rejection> {
        self.permit(Event::Retry, activation)?;
        let note = self.ending();
        self.maybe_before = self.may_be_provisioned();
        self.walk(Event::Retry, Status::RequestQueued, stamp, Some(note))?;
        self.reference_number = None;
        self.generation += 1;
        self.earlier_attempts += self.attempt_count;
        self.attempt_count = 0;
        self.delivery = Delivery::Never;
        self.response = None;
        self.long_response = None;
        self.not_before = None;
        self.failure = None;
        self.wait(stamp.now);
        let message = self.message(tenant, stamp.now);
        let decision = message.into_iter().fold(Decision::default(), Decision::enqueue);
        Ok(self.saved(decision))
    }

    /// How this generation ended, for the history: the next one has an error and a reference
    /// number of its own.
    fn ending(&self) -> String {
        let why = self.failure.as_ref().map_or_else(|| "no reason:".to_owned(), Failure::to_string);
        let number = self.reference_number.as_ref();
        let number = number.map(|n| format!(" It had the reference number {n}."));
        let ended = format!("Generation {} ended with {why}", self.generation);
        format!("{}{}", ended.trim_end(), number.unwrap_or_default())
    }

    /// Not sent any more (P22).
    ///
    /// # Errors
    /// `ILLEGAL_TRANSITION` unless queued; the text's faults.
    pub fn cancel(
        mut self,
        input: &CommentsInput,
        activation: Option<&Activation>,
        stamp: &Stamp,
    ) -> Result<(Self, Decision), Rejection> {
        let said = comments(input.comments.as_deref())?;
        self.permit(Event::Cancel, activation)?;
        if said.is_some() {
            self.comments.clone_from(&said);
        }
        self.cancelled(said, Decision::default(), stamp)
    }

    pub(crate) fn cancelled(
        mut self,
        said: Option<String>,
        decision: Decision,
        stamp: &Stamp,
    ) -> Result<(Self, Decision), Rejection> {
        self.walk(Event::Cancel, Status::Failed, stamp, said)?;
        self.failure = Some(Own::Cancelled.because("The request was cancelled."));
        Ok(self.saved(decision))
    }

    /// Sets the comments; no step of the machine (I8).
    ///
    /// # Errors
    /// The text's faults.
    pub fn comment(mut self, input: &CommentsInput) -> Result<(Self, Decision), Rejection> {
        self.comments = comments(input.comments.as_deref())?;
        Ok((self.clone(), Decision::default().save(self)))
    }
}
