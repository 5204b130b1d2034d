//! What the tests need from the system: one table, how to see whether it is there, and how to get it.

use std::fmt;

use crate::failure::Failure;
use crate::process::Program;
use crate::surroundings;

/// Names the needs whose absence is a failure and not a skip: a comma list, or `all`.
const REQUIRE: &str = "WATCHBOOK_REQUIRE";

/// Something a test needs that cargo does not bring.
#[derive(Debug)]
pub(crate) struct Need {
    /// What people and `WATCHBOOK_REQUIRE` call it.
    pub(crate) name: &'static str,
    /// Which tests need it, and for what.
    pub(crate) needed_by: &'static str,
    /// It is there when one of these commands succeeds.
    probes: &'static [&'static [&'static str]],
    /// How to get it.
    pub(crate) remedy: Remedy,
}

/// How to get what is missing.
#[derive(Debug)]
pub(crate) enum Remedy {
    /// Install this package with apt-get.
    Package(&'static str),
    /// Nothing that a package could bring; what a person can do.
    ByHand(&'static str),
}

/// Everything the tests need, in the order in which it is reported.
const NEEDS: &[Need] = &[
    Need {
        name: "curl",
        needed_by: "the tests that send the runbook's calls as they are written",
        probes: &[&["curl", "--version"]],
        remedy: Remedy::Package("curl"),
    },
    Need {
        name: "jq",
        needed_by: "the tests that read the store's files as the runbook does",
        probes: &[&["jq", "--version"]],
        remedy: Remedy::Package("jq"),
    },
    Need {
        name: "pgbouncer",
        needed_by: "the tests of PostgreSQL behind a pooler",
        probes: &[&["/usr/sbin/pgbouncer", "--version"]],
        remedy: Remedy::Package("pgbouncer"),
    },
    Need {
        name: "postgres",
        needed_by: "the tests of the backend for PostgreSQL",
        probes: &[&["sh", "-c", "ls /usr/lib/postgresql/*/bin/initdb"]],
        remedy: Remedy::Package("postgresql"),
    },
    Need {
        name: "tmpfs",
        needed_by: "the tests of a disk that is full",
        // In a mount namespace of its own: as root, else as root of a user namespace. It leaves nothing behind.
        probes: &[
            &[
                "unshare", "--mount", "mount", "-t", "tmpfs", "-o", "size=64k", "none", "/tmp",
            ],
            &[
                "unshare",
                "--map-root-user",
                "--mount",
                "mount",
                "-t",
                "tmpfs",
                "-o",
                "size=64k",
                "none",
                "/tmp",
            ],
        ],
        remedy: Remedy::ByHand(
            "run as root or allow user namespaces: sysctl -w kernel.unprivileged_userns_clone=1",
        ),
    },
];

/// A file that a test takes from outside, as it is not ours to publish. No set-up can bring it, so its absence is a
/// named skip wherever the tests run, and never a failure.
#[derive(Debug)]
struct Datum {
    /// The variable that names it.
    variable: &'static str,
    /// Which test needs it.
    needed_by: &'static str,
}

/// Every such file.
const DATA: &[Datum] = &[Datum {
    variable: "WATCHBOOK_TEST_STATUSPAGE",
    needed_by: "the import of a whole status page",
}];

impl Need {
    fn is_there(&self) -> bool {
        let succeeds = |probe: &[&str]| match probe {
            [program, arguments @ ..] => {
                Program::new(program, arguments.iter().copied()).succeeds()
            }
            [] => false,
        };
        self.probes.iter().any(|probe| succeeds(probe))
    }
}

impl fmt::Display for Remedy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Package(_) => f.write_str("run cargo xtask setup"),
            Self::ByHand(advice) => f.write_str(advice),
        }
    }
}

/// The needs that are not met now.
pub(crate) fn missing() -> Vec<&'static Need> {
    NEEDS.iter().filter(|need| !need.is_there()).collect()
}

/// Says which tests will be skipped, and fails when one of them is required.
pub(crate) fn report(missing: &[&Need]) -> Result<(), Failure> {
    for need in missing {
        println!("{}", skip_line(need));
    }
    let unnamed = |datum: &&Datum| surroundings::variable(datum.variable).is_none();
    for datum in DATA.iter().filter(unnamed) {
        println!("{}", datum_line(datum));
    }
    let required = surroundings::variable(REQUIRE).unwrap_or_default();
    enforce(&required, missing)
}

fn skip_line(need: &Need) -> String {
    let Need {
        name,
        needed_by,
        remedy,
        ..
    } = need;
    format!("skipped: {name} is missing, {remedy} (needed by {needed_by})")
}

fn datum_line(datum: &Datum) -> String {
    let Datum {
        variable,
        needed_by,
    } = datum;
    format!("skipped: {variable} names no file (needed by {needed_by})")
}

/// Fails when a required need is missing, or when the list names something that is no need: a typing error there
/// would quietly require nothing.
fn enforce(required: &str, missing: &[&Need]) -> Result<(), Failure> {
    let names: Vec<&str> = required
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty())
        .collect();
    let is_known = |name: &str| name == "all" || NEEDS.iter().any(|need| need.name == name);
    if let Some(unknown) = names.iter().find(|name| !is_known(name)) {
        let known: Vec<&str> = NEEDS.iter().map(|need| need.name).collect();
        let known = known.join(", ");
        return Err(Failure::Usage(format!(
            "{REQUIRE} names `{unknown}`; it may name all, {known}"
        )));
    }
    let is_required = |need: &&&Need| names.contains(&"all") || names.contains(&need.name);
    let lacking: Vec<&str> = missing
        .iter()
        .filter(is_required)
        .map(|need| need.name)
        .collect();
    if lacking.is_empty() {
        return Ok(());
    }
    Err(Failure::Missing(format!(
        "{REQUIRE} requires {}, see above",
        lacking.join(", ")
    )))
}

#[cfg(test)]
mod tests;
