//! pgbench: as many clients, each with a connection of its own, with statements prepared.

use std::process::Command;
use std::time::Duration;

use tokio_postgres::Client;

use crate::bench::AnyError;
use crate::pg::Cluster;

/// What a row that the store wrote holds, as variables of a script.
#[derive(Debug, Clone)]
pub(super) struct Sample(Vec<(String, String)>);

/// The variables of a script, as texts; those of a row and of a line that the store wrote.
const SAMPLE: &str = include_str!("sample.sql");

impl Sample {
    /// Takes the values of an incident and its last line.
    pub(super) async fn of(client: &Client, incident: &str) -> Result<Self, AnyError> {
        let row = client.query_one(SAMPLE, &[&incident]).await?;
        let columns = row.columns().iter().enumerate();
        let values = columns.map(|(at, column)| Ok((column.name().to_owned(), row.try_get(at)?)));
        Ok(Self(values.collect::<Result<_, AnyError>>()?))
    }
}

/// Scripts run per second.
pub(super) fn per_second(
    cluster: &Cluster,
    database: &str,
    script: &str,
    sample: &Sample,
    callers: u32,
    lasts: Duration,
) -> Result<f64, AnyError> {
    let file = tempfile::NamedTempFile::new()?;
    std::io::Write::write_all(&mut file.as_file(), script.as_bytes())?;
    let address = cluster.address();
    let named = |key: &str| address.split(' ').find_map(|part| part.strip_prefix(key));
    let (host, port) = (named("host="), named("port="));
    let mut command = Command::new(cluster.program("pgbench"));
    command
        .args(["-h", host.unwrap_or_default()])
        .args(["-p", port.unwrap_or_default(), "-U", "postgres"])
        .args(["-n", "-M", "prepared", "-j", "2"])
        .args([
            "-c",
            &callers.to_string(),
            "-T",
            &lasts.as_secs().to_string(),
        ])
        .arg("-f")
        .arg(file.path());
    for (name, value) in &sample.0 {
        command.arg("-D").arg(format!("{name}={value}"));
    }
    let output = command.arg(database).output()?;
    let said = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    if !output.status.success()
        || said.contains("failed transactions: ") && !said.contains("failed transactions: 0")
    {
        return Err(format!("pgbench: {errors}{said}").into());
    }
    let tps = said.lines().find_map(|line| line.strip_prefix("tps = "));
    let number = tps.and_then(|line| line.split(' ').next());
    Ok(number
        .ok_or_else(|| format!("pgbench told no rate: {errors}{said}"))?
        .parse()?)
}
