//! `bench`: ours beside its peers, measured in the same run on the same machine, as one table of ratios.
//!
//! The measurements link the store and SQLite, so they are behind the feature `bench`; without it this command only
//! calls itself again with it, in a release build.

#[cfg(feature = "bench")]
mod commands;
#[cfg(feature = "bench")]
mod create;
#[cfg(feature = "bench")]
mod database;
#[cfg(feature = "bench")]
mod disk;
#[cfg(feature = "bench")]
mod generated;
#[cfg(feature = "bench")]
mod http;
#[cfg(feature = "bench")]
mod memory;
#[cfg(feature = "bench")]
mod opened;
mod part;
#[cfg(feature = "bench")]
mod samples;
#[cfg(feature = "bench")]
mod sqlite;
#[cfg(feature = "bench")]
mod store;
#[cfg(feature = "bench")]
mod table;

use crate::failure::Failure;

use part::Part;

/// The allocator of the product, so that what is measured is what is shipped.
#[cfg(feature = "bench")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Whatever kept a measurement from being taken; [`Failure::Measure`] says which.
#[cfg(feature = "bench")]
type AnyError = Box<dyn std::error::Error + Send + Sync>;

/// What can be measured, and how much of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Subject<'a> {
    /// The store, with 100,000 incidents.
    Store,
    /// The same, and with 1,000,000.
    LargeStore,
    /// The server.
    Http,
    /// The store on a database: these tables.
    Postgres(&'static [Part]),
    /// What a fresh process meets that opens this directory. `bench store` calls itself with it.
    Opened(&'a str),
}

impl<'a> Subject<'a> {
    fn parse(words: &[&'a str]) -> Result<Self, Failure> {
        match words {
            ["store"] => Ok(Self::Store),
            ["store", "--large"] => Ok(Self::LargeStore),
            ["http"] => Ok(Self::Http),
            ["postgres"] => Ok(Self::Postgres(Part::ALL)),
            ["postgres", part] => Part::named(part).map(Self::Postgres).ok_or_else(|| {
                Failure::Usage(format!(
                    "no part `{part}` of the benchmark; there is `writes`, `auto`, `replay`, `copy` and `pages`"
                ))
            }),
            ["opened", directory] => Ok(Self::Opened(directory)),
            other => Err(Failure::Usage(format!(
                "no benchmark `{}`; there is `store`, `store --large`, `http` and `postgres`",
                other.join(" ")
            ))),
        }
    }
}

/// Measures one subject and prints its table.
pub(crate) fn run(words: &[&str]) -> Result<(), Failure> {
    let subject = Subject::parse(words)?;
    measure(subject, words)
}

#[cfg(feature = "bench")]
fn measure(subject: Subject<'_>, _words: &[&str]) -> Result<(), Failure> {
    match subject {
        Subject::Store => store::run(&[generated::SMALL]),
        Subject::LargeStore => store::run(&[generated::SMALL, generated::LARGE]),
        Subject::Http => http::run(),
        Subject::Postgres(parts) => database::run(parts),
        Subject::Opened(directory) => opened::print(directory.as_ref()),
    }
}

#[cfg(not(feature = "bench"))]
fn measure(_subject: Subject<'_>, words: &[&str]) -> Result<(), Failure> {
    let itself = [
        "run",
        "--release",
        "--package",
        "xtask",
        "--features",
        "bench",
        "--",
        "bench",
    ];
    let program = crate::process::Program::cargo(itself.iter().chain(words).copied());
    program.within(&crate::checkout::root()).run()
}
