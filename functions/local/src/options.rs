//! The commands and flags of `cargo run`.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::access::{Keys, Roles};
use crate::check::Check;
use crate::doctor::Doctor;
use crate::operator::Requests;
use crate::script::Step;
use crate::tenants::Tenants;
use crate::webhook::{Hidden, SECRET, Webhook, secret};

/// Provisio on this machine: API, queue, provider and store in one process. Without a command it
/// starts.
#[derive(Clone, Debug, Parser)]
#[command(name = "provisio", version, args_conflicts_with_subcommands = true)]
pub struct Cli {
    /// Another thing to do.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// The flags of the service.
    #[command(flatten)]
    pub options: Options,
}

/// The commands besides the service.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Looks at plans without a service.
    #[command(subcommand)]
    Plans(Plans),
    /// Looks whether a data folder and its service are well: 0 yes, 1 no, 2 there is nothing to
    /// look at.
    Doctor(Doctor),
    /// Asks a running service about provisioning requests.
    #[command(subcommand)]
    Requests(Requests),
    /// Lists, makes and deletes roles.
    #[command(subcommand)]
    Roles(Roles),
    /// Lists, makes, rotates and revokes API keys.
    #[command(subcommand)]
    Keys(Keys),
    /// Makes, lists and suspends tenants.
    #[command(subcommand)]
    Tenants(Tenants),
    /// A fake provider that follows a script.
    Provider(ProviderOptions),
    /// Signs and verifies messages (Standard Webhooks).
    #[command(subcommand)]
    Webhook(Webhook),
}

/// The commands on plans.
#[derive(Clone, Debug, Subcommand)]
pub enum Plans {
    /// Warns of what is probably not meant, and fills the plan from a document: 0 fine, 1 doubtful,
    /// 2 wrong.
    Check(Check),
}

/// The flags of the fake provider.
#[derive(Clone, Debug, Args)]
pub struct ProviderOptions {
    /// Its port; 0: any.
    #[arg(long, default_value_t = 4179)]
    pub port: u16,
    /// The method's callback secret, `whsec_…`, or @FILE that holds it.
    #[arg(long, env = SECRET, hide_env_values = true, value_parser = secret)]
    pub secret: Hidden,
    /// A step for each new request, the last one goes on: accept, refuse, delay:SECONDS,
    /// fail:TIMES, shuffle (callbacks out of order), break (a FAILED callback), silence (none).
    #[arg(long, value_delimiter = ',', default_value = "accept")]
    pub script: Vec<Step>,
}

/// The flags of the service.
#[derive(Clone, Debug, Args)]
pub struct Options {
    /// Port of the API; 0: any.
    #[arg(long, default_value_t = 4177)]
    pub port: u16,
    /// Port of the demo provider; 0: any.
    #[arg(long, default_value_t = 4178)]
    pub provider_port: u16,
    /// Where everything is kept.
    #[arg(long, default_value = ".local")]
    pub data_dir: PathBuf,
    /// Make no demo catalog and run no demo entitlement.
    #[arg(long)]
    pub no_demo: bool,
    /// Print one JSON line on stdout when ready, and nothing else there.
    #[arg(long)]
    pub json: bool,
    /// Let methods call private address ranges (10/8, 172.16/12, 192.168/16, `fc00::/7`).
    #[arg(long)]
    pub allow_private_egress: bool,
}
