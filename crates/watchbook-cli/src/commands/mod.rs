//! What can be done besides the actions: one file per noun.

mod artifact;
mod auto;
mod backup;
mod call;
mod care;
mod config;
mod copy;
mod demo;
mod doctor;
mod export;
mod import;
mod key;
mod man;
mod migrate;
mod reference;
mod serve;
mod staging;

use std::io::Read;

use crate::arguments::{self, Operation};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::run::Run;

pub(crate) use artifact::artifact;

/// Carries out what was said.
///
/// # Errors
/// What stops it.
pub(crate) fn carry_out(
    run: &Run,
    operation: Operation,
    stdin: &mut dyn Read,
    output: &mut Output<'_>,
) -> Result<Exit, Failure> {
    match operation {
        Operation::Serve(how) => serve::serve(run, how, output),
        Operation::Demo(how) => demo::demo(run, &how, output),
        Operation::Call(call) => call::call(run, call, stdin, output),
        Operation::Import(what) => import::import(run, what, stdin, output),
        Operation::Export(how) => export::export(run, &how, output),
        Operation::Key(what) => key::key(run, what, output),
        Operation::Verify(how) => care::verify(run, &how, output),
        Operation::Repair => care::repair(run, output),
        Operation::Rebuild => care::rebuild(run, output),
        Operation::Backup(how) => backup::backup(run, &how, output),
        Operation::Restore(what) => backup::restore(run, &what, stdin, output),
        Operation::Copy(how) => copy::copy(run, &how, output),
        Operation::Migrate(how) => migrate::migrate(run, &how, output),
        Operation::Auto(what) => auto::auto(run, what, output),
        Operation::Doctor => doctor::doctor(run, output),
        Operation::Reference { page } => reference::reference(page, output),
        Operation::Config(what) => config::config(run, &what, output),
        Operation::Man { folder } => man::man(folder.as_deref(), output),
        Operation::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut arguments::command(), "watchbook", &mut script);
            output.bytes(&script).map(|()| Exit::Done)
        }
    }
}
