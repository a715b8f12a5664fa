//! Messages both ways with other people's libraries of Standard Webhooks: what we sign they verify,
//! what they sign we verify, and neither takes what was changed.
//!
//! `cargo run -p tests --bin peers -- 'python3 tests/peer/signatures.py' 'node
//! tests/peer/signatures.cjs'`. Each peer reads and answers a line a message.

use std::io::{BufRead, BufReader, Lines, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitCode, Stdio};

use clap::Parser;
use domain::ids::Entropy;
use domain::time::Time;
use edge::ports::{Clock, SystemClock};
use edge::provider::signature::{SIGNATURE, Signed, sign, verify};
use edge::secret::Secret;
use serde_json::{Value, json};

/// Sends messages both ways.
#[derive(Parser)]
struct Options {
    /// Messages each way.
    #[arg(long, default_value_t = 10_000)]
    messages: u32,
    /// The first seed of what is sent.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Programs that answer line by line.
    #[arg(required = true)]
    peers: Vec<String>,
}

type Failed = Box<dyn std::error::Error>;

#[expect(clippy::print_stdout, clippy::print_stderr, reason = "this is what the user looks at")]
fn main() -> ExitCode {
    let options = Options::parse();
    for peer in &options.peers {
        match exchange(peer, &options) {
            Ok(told) => println!("{peer}: {told}"),
            Err(error) => {
                eprintln!("{peer}: {error}");
                return ExitCode::FAILURE;
            }
        }
    }
    ExitCode::SUCCESS
}

/// A program that answers.
struct Peer {
    program: Child,
    to: ChildStdin,
    from: Lines<BufReader<ChildStdout>>,
}

impl Peer {
    fn start(command: &str) -> Result<Self, Failed> {
        let mut words = command.split_whitespace();
        let mut program = Command::new(words.next().ok_or("no program")?)
            .args(words)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let to = program.stdin.take().ok_or("no input")?;
        let from = BufReader::new(program.stdout.take().ok_or("no output")?).lines();
        Ok(Self { program, to, from })
    }

    fn ask(&mut self, line: &Value) -> Result<String, Failed> {
        writeln!(self.to, "{line}")?;
        Ok(self.from.next().ok_or("it ended")??)
    }
}

/// A message by chance.
struct Message {
    secret: Secret,
    id: String,
    now: Time,
    body: String,
}

impl Message {
    fn by(dice: &mut fastrand::Rng) -> Self {
        let secret = Secret::callback(&Entropy::new(std::array::from_fn(|_| dice.u8(..))));
        let id = (0..dice.usize(1..=64)).map(|_| dice.alphanumeric()).collect();
        let text: String = (0..dice.usize(0..2_000)).map(|_| dice.char(..)).collect();
        let body = json!({"status": "COMPLETED", "said": text, "n": dice.u32(..)}).to_string();
        Self { secret, id, now: SystemClock.now(), body }
    }

    /// The same with one letter more, or another id.
    fn changed(&self, dice: &mut fastrand::Rng) -> (String, String) {
        if dice.bool() {
            return (format!("{}x", self.id), self.body.clone());
        }
        (self.id.clone(), format!("{} ", self.body))
    }
}

fn exchange(command: &str, options: &Options) -> Result<String, Failed> {
    let (mut peer, mut dice) = (Peer::start(command)?, fastrand::Rng::with_seed(options.seed));
    let mut refused = 0;
    for n in 0..options.messages {
        let message = Message::by(&mut dice);
        let Message { secret, id, now, body } = &message;
        let (timestamp, whsec) = ((now.millis() / 1000).to_string(), secret.whsec());
        // One of four is changed on its way.
        let is_changed = dice.u8(..4) == 0;
        let (their_id, their_body) =
            if is_changed { message.changed(&mut dice) } else { (id.clone(), body.clone()) };
        let ours = sign(std::slice::from_ref(secret), id, *now, body.as_bytes());
        let signature = &ours.iter().find(|(name, _)| *name == SIGNATURE).ok_or("unsigned")?.1;
        let heard = peer.ask(&json!({"secret": whsec, "id": their_id, "timestamp": timestamp,
            "body": their_body, "signature": signature}))?;
        let theirs = peer.ask(&json!({"secret": whsec, "id": id, "timestamp": timestamp,
            "body": body}))?;
        let signed = Signed { id: &their_id, timestamp: &timestamp, signature: &theirs };
        let known = verify(std::slice::from_ref(secret), &signed, *now, their_body.as_bytes());
        if (heard == "yes", known) != (!is_changed, !is_changed) {
            let what = format!("message {n}, changed: {is_changed}; they say {heard}, we {known}");
            return Err(what.into());
        }
        refused += u32::from(is_changed);
    }
    drop(peer.to);
    peer.program.wait()?;
    let sent = options.messages;
    Ok(format!("{sent} messages each way, {refused} of them changed and refused on both sides"))
}
