//! The command: searches every scope, then looks for thirteen mutants.

use std::io::{Write, stdout};
use std::process::ExitCode;
use std::time::Instant;

use model::search::{MUTANTS, Model, SCOPES};

fn main() -> std::io::Result<ExitCode> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let mut out = stdout().lock();
    let mut sound = true;
    let begun = Instant::now();
    for scope in SCOPES {
        let Ok(model) = Model::new(scope, None) else { return Ok(ExitCode::from(2)) };
        let (begun, found) = (Instant::now(), model.search(threads));
        let seconds = begun.elapsed().as_secs_f64();
        let broken = found.broken.len();
        writeln!(out, "{scope:?}: {} states, {seconds:.1} s, {broken} violations", found.states)?;
        for step in &found.trace {
            writeln!(out, "    {step}")?;
        }
        sound &= found.broken.is_empty();
    }
    for (mutant, scope) in MUTANTS {
        let Ok(model) = Model::new(scope, Some(mutant)) else { return Ok(ExitCode::from(2)) };
        let found = model.search(threads);
        match found.broken.first() {
            Some((invariant, steps)) => {
                writeln!(out, "{mutant:?}: killed by {invariant} after {steps} steps")?;
            }
            None => writeln!(out, "{mutant:?}: SURVIVES {} states", found.states)?,
        }
        sound &= !found.broken.is_empty();
    }
    writeln!(out, "{:.1} s", begun.elapsed().as_secs_f64())?;
    Ok(if sound { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
