//! The `watchbook` command: connects the library to the process it runs in.

use std::io::{self, IsTerminal as _};
use std::process::ExitCode;
use std::sync::Arc;

use watchbook_cli::{Surroundings, Terminal, install_logging, run};
use watchbook_config::Environment;
use watchbook_store::system::{OsEntropy, SystemClock};

/// The leader of a batch of writes makes what its callers drop, and the reader of a journal drops what its workers made.
/// The C library's allocator takes a lock for each such piece, which costs more than the work.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[expect(
    clippy::disallowed_methods,
    reason = "the one place where the command's arguments are read"
)]
fn main() -> ExitCode {
    let environment = Environment::from_process();
    install_logging(&environment);
    let terminal = terminal(&environment);
    let surroundings = Surroundings {
        environment,
        stdin: &mut io::stdin().lock(),
        stdout: &mut io::stdout().lock(),
        stderr: &mut io::stderr(),
        terminal,
        clock: Arc::new(SystemClock),
        entropy: Arc::new(OsEntropy),
    };
    run(std::env::args_os(), surroundings).into()
}

fn terminal(environment: &Environment) -> Terminal {
    let stdout = io::stdout();
    let is_terminal = stdout.is_terminal();
    Terminal {
        width: is_terminal.then(|| columns(&stdout)).flatten(),
        colors: is_terminal && environment.get("NO_COLOR").is_none(),
        progress: io::stderr().is_terminal(),
    }
}

/// How wide the terminal is; a terminal that does not say is taken for a plain page.
fn columns(stdout: &io::Stdout) -> Option<u16> {
    let size = rustix::termios::tcgetwinsize(stdout).ok()?;
    Some(match size.ws_col {
        0 => watchbook_cli::PLAIN_WIDTH,
        columns => columns,
    })
}
