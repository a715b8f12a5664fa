//! `cargo run`: Provisio on this machine, in one process.

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use local::demo::Demo;
use local::options::{Cli, Command, Plans, ProviderOptions};
use local::start_error::StartError;
use local::{Options, Running, log, provide, start};
use serde_json::json;
#[cfg(unix)]
use tokio::signal::unix::{Signal, Signal as Interrupt, SignalKind, signal};
#[cfg(windows)]
use tokio::signal::windows::{CtrlC as Interrupt, ctrl_c};
use tokio_util::sync::CancellationToken;

#[tokio::main]
async fn main() -> ExitCode {
    log::start();
    let Cli { command, options } = Cli::parse();
    match command {
        None => ended(run(&options).await, "Provisio did not start"),
        Some(Command::Plans(Plans::Check(check))) => {
            (check.run(&mut |line| say(line)) as u8).into()
        }
        Some(Command::Doctor(doctor)) => match doctor.run(say).await {
            Ok(well) => u8::from(!well).into(),
            Err(error) => {
                say_aside(&error.to_string());
                WRONG.into()
            }
        },
        Some(Command::Requests(requests)) => match requests.run(say).await {
            Ok(well) => u8::from(!well).into(),
            Err(error) => {
                say_aside(&error.to_string());
                WRONG.into()
            }
        },
        Some(Command::Roles(roles)) => done(roles.run(say).await),
        Some(Command::Keys(keys)) => done(keys.run(say).await),
        Some(Command::Tenants(tenants)) => done(tenants.run(say).await),
        Some(Command::Provider(options)) => {
            ended(provider(&options).await, "The provider did not start")
        }
        Some(Command::Webhook(webhook)) => match webhook.run(say) {
            Ok(yes) => u8::from(!yes).into(),
            Err(error) => {
                say_aside(&format!("The body was not read: {error}"));
                WRONG.into()
            }
        },
    }
}

fn done<E: std::fmt::Display>(done: Result<(), E>) -> ExitCode {
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say_aside(&error.to_string());
            ExitCode::FAILURE
        }
    }
}

/// What a command ends with that was not given what it needs.
const WRONG: u8 = 2;

fn ended(done: Result<(), StartError>, not: &str) -> ExitCode {
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say_aside(&format!("{not}: {error}"));
            ExitCode::FAILURE
        }
    }
}

async fn run(options: &Options) -> Result<(), StartError> {
    let say = if options.json { say_aside } else { say };
    let running = start(options).await?;
    let mut ends = Ends::listen()?;
    introduce(&running, options, say);
    tokio::select! {
        () = ends.come() => {}
        () = tell(&running, options, say) => ends.come().await,
    }
    say(
        "\nStopping: what was begun is finished, everything is kept. Ctrl-C again ends it at once.",
    );
    tokio::select! {
        () = running.stop() => {}
        () = ends.come() => {}
    }
    Ok(())
}

async fn provider(options: &ProviderOptions) -> Result<(), StartError> {
    let mut ends = Ends::listen()?;
    let stop = CancellationToken::new();
    let provided = provide(options, stop.clone(), say);
    tokio::pin!(provided);
    tokio::select! {
        ended = &mut provided => ended,
        () = ends.come() => {
            stop.cancel();
            provided.await
        }
    }
}

fn introduce(running: &Running, options: &Options, say: fn(&str)) {
    let data = running.data.path().display();
    say(&format!("Provisio is up.\n\n  API        {}", running.api));
    say(&format!("  OpenAPI    {}/docs", running.api));
    say(&format!("  provider   {}", running.provider_url));
    say(&format!("  data       {data}"));
    if options.json {
        let line = json!({
            "api": running.api, "apiKey": running.api_key,
            "provider": running.provider_url, "dataDir": data.to_string(),
        });
        self::say(&line.to_string());
    } else {
        say(&format!("  admin key  {}\n", running.api_key));
    }
}

async fn tell(running: &Running, options: &Options, say: fn(&str)) {
    if !options.no_demo {
        let demo = match Demo::new(running, say) {
            Ok(demo) => demo.run().await,
            Err(error) => Err(error),
        };
        if let Err(error) = demo {
            say(&format!("The demo ended early: {error}"));
        }
    }
    say("Ctrl-C stops it; the next start goes on where it was.");
}

/// Ctrl-C and SIGTERM. They are caught from the moment that this is made: it is made before the
/// line that says that the service is up, whose reader may end the service at once.
struct Ends {
    interrupt: Interrupt,
    #[cfg(unix)]
    terminate: Signal,
}

impl Ends {
    #[cfg(unix)]
    fn listen() -> std::io::Result<Self> {
        let interrupt = signal(SignalKind::interrupt())?;
        Ok(Self { interrupt, terminate: signal(SignalKind::terminate())? })
    }

    #[cfg(windows)]
    fn listen() -> std::io::Result<Self> {
        Ok(Self { interrupt: ctrl_c()? })
    }

    /// Waits for the next.
    async fn come(&mut self) {
        #[cfg(unix)]
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
        #[cfg(windows)]
        self.interrupt.recv().await;
    }
}

/// To who looks. Somebody who stopped reading (`| head -1`) misses nothing that he wants.
fn say(line: &str) {
    accept_loss_in_silence(writeln!(std::io::stdout(), "{line}"));
}

/// The same, beside what another program reads.
fn say_aside(line: &str) {
    accept_loss_in_silence(writeln!(std::io::stderr(), "{line}"));
}

fn accept_loss_in_silence(written: std::io::Result<()>) {
    if let Err(error) = written {
        tracing::debug!(%error, "nobody reads");
    }
}
