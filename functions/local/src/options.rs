//! The flags of `cargo run`.

use std::path::PathBuf;

use clap::Parser;

/// Provisio on this machine: API, queue, provider and store in one process.
#[derive(Clone, Debug, Parser)]
#[command(name = "provisio", version)]
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
