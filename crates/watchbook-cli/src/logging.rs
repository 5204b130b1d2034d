//! The log: what the program has to say to whoever runs it, on standard error.

use tracing_subscriber::EnvFilter;
use watchbook_config::Environment;

/// What is logged when `WATCHBOOK_LOG` says nothing: what somebody should look at.
const DEFAULT: &str = "warn";

/// Sends log lines to standard error, as far as `WATCHBOOK_LOG` asks for them. Called once, by `main`.
pub fn install(environment: &Environment) {
    let wanted = environment.get("WATCHBOOK_LOG").unwrap_or(DEFAULT);
    let filter = EnvFilter::try_new(wanted).unwrap_or_else(|_| EnvFilter::new(DEFAULT));
    // Whoever embeds the command may have a log of its own already.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_target(false)
        .try_init();
}
