//! `setup`: installs what the tests need from the system's packages, only what is missing, saying so.

use crate::failure::Failure;
use crate::needs::{self, Need, Remedy};
use crate::process::Program;

/// Installs, and fails when something is still missing afterwards.
pub(crate) fn run() -> Result<(), Failure> {
    let still_missing = install_missing()?;
    let complaint = |need: &&Need| format!("{}: {}", need.name, need.remedy);
    let complaints: Vec<String> = still_missing.iter().map(complaint).collect();
    if complaints.is_empty() {
        println!("setup: everything the tests need is there");
        return Ok(());
    }
    Err(Failure::Missing(format!(
        "still missing: {}",
        complaints.join("; ")
    )))
}

/// Installs the packages of what is missing and returns what could not be had.
pub(crate) fn install_missing() -> Result<Vec<&'static Need>, Failure> {
    let packages: Vec<&str> = needs::missing()
        .iter()
        .filter_map(|need| package(need))
        .collect();
    if !packages.is_empty() {
        let privilege = privilege()?;
        println!("setup: installing {} with apt-get", packages.join(", "));
        apt_get(privilege, &["update", "--quiet"])?;
        let install = ["install", "--yes", "--quiet", "--no-install-recommends"];
        apt_get(privilege, &[&install, packages.as_slice()].concat())?;
    }
    Ok(needs::missing())
}

fn package(need: &Need) -> Option<&'static str> {
    match need.remedy {
        Remedy::Package(package) => Some(package),
        Remedy::ByHand(_) => None,
    }
}

/// Who may install.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Privilege {
    Root,
    Sudo,
}

fn privilege() -> Result<Privilege, Failure> {
    if !Program::new("apt-get", ["--version"]).succeeds() {
        let advice = "there is no apt-get here; install what is missing by hand";
        return Err(Failure::Missing(advice.to_owned()));
    }
    let user = Program::new("id", ["-u"]).capture()?;
    if user.trim_ascii() == b"0" {
        return Ok(Privilege::Root);
    }
    if Program::new("sudo", ["--version"]).succeeds() {
        return Ok(Privilege::Sudo);
    }
    let advice = "installing packages needs root; run it as root or install sudo";
    Err(Failure::Missing(advice.to_owned()))
}

/// `env` sets the variable also behind sudo, which drops it from the environment.
fn apt_get(privilege: Privilege, arguments: &[&str]) -> Result<(), Failure> {
    let call = [
        &["env", "DEBIAN_FRONTEND=noninteractive", "apt-get"],
        arguments,
    ]
    .concat();
    match (privilege, call.as_slice()) {
        (Privilege::Root, [program, rest @ ..]) => {
            Program::new(program, rest.iter().copied()).run()
        }
        (_, call) => Program::new("sudo", call.iter().copied()).run(),
    }
}
