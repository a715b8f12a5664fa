//! `webhook sign|verify`: the headers of a callback, and whether some are right.
//!
//! Neighbours: the same code that signs requests and verifies callbacks.

use std::io::Read;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use domain::time::Time;
use edge::ports::{Clock, SystemClock};
use edge::provider::signature::{Signed, is_id, sign, verify};
use edge::secret::Secret;

/// The callback secret, where it is not a flag.
pub const SECRET: &str = "PROVISIO_SECRET";

/// The commands on a message.
#[derive(Clone, Debug, Subcommand)]
pub enum Webhook {
    /// Prints the three headers that sign a body.
    Sign(Sign),
    /// Says whether three headers sign a body: 0 yes, 1 no, 2 for wrong flags.
    Verify(Verify),
}

/// The flags of `webhook sign`.
#[derive(Clone, Debug, Args)]
pub struct Sign {
    /// The method's callback secret, `whsec_…`, or @FILE that holds it.
    #[arg(long, env = SECRET, hide_env_values = true, value_parser = secret)]
    pub secret: Hidden,
    /// The `webhook-id`: a new one for every message, the same for its repetitions.
    #[arg(long, value_parser = message_id)]
    pub id: String,
    /// The body; `-` reads standard input.
    #[arg(default_value = "-")]
    pub body: PathBuf,
}

/// The flags of `webhook verify`.
#[derive(Clone, Debug, Args)]
pub struct Verify {
    /// The method's callback secret, `whsec_…`, or @FILE that holds it.
    #[arg(long, env = SECRET, hide_env_values = true, value_parser = secret)]
    pub secret: Hidden,
    /// The `webhook-id`.
    #[arg(long)]
    pub id: String,
    /// The `webhook-timestamp`.
    #[arg(long)]
    pub timestamp: String,
    /// The `webhook-signature`.
    #[arg(long)]
    pub signature: String,
    /// The body, byte for byte; `-` reads standard input.
    #[arg(default_value = "-")]
    pub body: PathBuf,
}

/// A secret among the flags, which is not printed with them.
#[derive(Clone)]
pub struct Hidden(String);

impl std::fmt::Debug for Hidden {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Hidden(…)")
    }
}

/// Reads a `whsec_…`, or the file that holds one (`@path`), and keeps it out of sight: what stands
/// among the flags is seen by everybody on the machine.
///
/// # Errors
/// When it is none.
pub fn secret(text: &str) -> Result<Hidden, String> {
    let kept = match text.strip_prefix('@') {
        Some(path) => std::fs::read_to_string(path).map_err(|error| format!("{path}: {error}"))?,
        None => text.to_owned(),
    };
    let text = kept.trim();
    let wrong = || "a secret is whsec_ and 24 to 64 bytes in base64".to_owned();
    Secret::from_whsec(text).ok_or_else(wrong).map(|_| Hidden(text.to_owned()))
}

fn message_id(text: &str) -> Result<String, &'static str> {
    let wrong = "a webhook-id has 1 to 64 letters, digits, _ and -";
    if is_id(text) { Ok(text.to_owned()) } else { Err(wrong) }
}

impl Hidden {
    /// The secret.
    pub fn open(&self) -> Vec<Secret> {
        Secret::from_whsec(&self.0).into_iter().collect()
    }
}

impl Webhook {
    /// Carries it out; whether the answer is yes.
    ///
    /// # Errors
    /// When the body cannot be read.
    pub fn run(&self, say: fn(&str)) -> Result<bool, std::io::Error> {
        let now = SystemClock.now();
        match self {
            Self::Sign(flags) => {
                let body = read(&flags.body)?;
                for (name, value) in sign(&flags.secret.open(), &flags.id, now, &body) {
                    say(&format!("{name}: {value}"));
                }
                Ok(true)
            }
            Self::Verify(flags) => {
                let why = flags.judge(&read(&flags.body)?, now);
                say(why.err().unwrap_or("right"));
                Ok(why.is_ok())
            }
        }
    }
}

impl Verify {
    /// Why the headers do not sign the body.
    fn judge(&self, body: &[u8], now: Time) -> Result<(), &'static str> {
        let Self { id, timestamp, signature, .. } = self;
        let (secrets, signed) = (self.secret.open(), Signed { id, timestamp, signature });
        if verify(&secrets, &signed, now, body) {
            return Ok(());
        }
        let seconds: Option<i64> = timestamp.parse().ok();
        let then = Time::from_millis(seconds.and_then(|s| s.checked_mul(1000)).unwrap_or(0));
        if verify(&secrets, &signed, then, body) {
            return Err("the signature is right, but its time is more than 5 minutes away");
        }
        Err("wrong: other secret, id, time or body (byte for byte), or not of the form v1,…")
    }
}

fn read(path: &PathBuf) -> Result<Vec<u8>, std::io::Error> {
    if path.as_os_str() == "-" {
        let mut body = Vec::new();
        std::io::stdin().read_to_end(&mut body)?;
        return Ok(body);
    }
    // The file's name belongs to the message: a bare "not found" would not say what.
    let named = |error| std::io::Error::other(format!("{}: {error}", path.display()));
    std::fs::read(path).map_err(named)
}
