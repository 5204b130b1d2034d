//! Backup and restore: one file that proves itself.

use std::io::{Read, Write};
use std::path::Path;
use std::sync::Arc;

use serde_json::json;
use watchbook_config::Flags;
use watchbook_store::disk::{Disk, RealDisk};
use watchbook_store::jsonl::{BackupReport, JsonlStore, Layout, restore as unpack};

use crate::arguments::{Backup, Restore};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::files::{NewFile, Reader};
use crate::output::Output;
use crate::reach::{Kept, Place};
use crate::run::{Run, runtime};
use crate::show::Shown;
use crate::show::text::{bytes, counted};

use super::copy::{Bar, held};
use super::staging::Staging;

pub(super) fn backup(run: &Run, how: &Backup, output: &mut Output<'_>) -> Result<Exit, Failure> {
    let runtime = runtime()?;
    let _inside = runtime.enter();
    let directory = run.open_here("backup")?;
    directory.must_exist()?;
    let staging;
    let files = match &directory.store {
        Kept::Files(files) => files,
        Kept::Database(_) | Kept::Auto { .. } => {
            staging = Staging::new(run)?;
            let bar = Bar::new(output.terminal.progress && !output.json);
            runtime.block_on(staging.take_in(&directory.store, &bar))?
        }
    };
    if how.output == Path::new("-") {
        let report = files.backup(output.stream())?;
        output.remark(described(&report).trim_end());
        return Ok(Exit::Done);
    }
    let mut file = NewFile::begin(&how.output, true)?;
    let report = files.backup(&mut file as &mut dyn Write)?;
    let path = file.keep()?;
    let answer = json!({
        "ok": true,
        "file": path.display().to_string(),
        "commits": report.commits,
        "bytes": report.bytes(),
        "head": report.head.to_string(),
    });
    output.answer(&answer, || Shown {
        answer: format!("wrote {}\n{}", path.display(), described(&report)),
        remarks: Vec::new(),
    })?;
    Ok(Exit::Done)
}

fn described(report: &BackupReport) -> String {
    format!(
        "{}, {}, {} in all\nhead {} (watchbook verify --anchor takes it)\n",
        counted(
            usize::try_from(report.commits).unwrap_or(usize::MAX),
            "commit"
        ),
        counted(report.files.len(), "file"),
        bytes(report.bytes()),
        report.head,
    )
}

/// Unpacks a backup below `layout`.
fn unpacked(
    run: &Run,
    what: &Restore,
    layout: &Layout,
    stdin: &mut dyn Read,
) -> Result<BackupReport, Failure> {
    let disk: Arc<dyn Disk> = Arc::new(RealDisk);
    if what.file == Path::new("-") {
        return Ok(unpack(&disk, &run.clock, layout, stdin)?);
    }
    let mut file = Reader::open(&what.file).map_err(|source| Failure::Input {
        path: what.file.clone(),
        source,
    })?;
    Ok(unpack(&disk, &run.clock, layout, &mut file)?)
}

/// Restores into a database, by way of a directory that is thrown away.
fn into_database(
    run: &Run,
    what: &Restore,
    stdin: &mut dyn Read,
    output: &mut Output<'_>,
) -> Result<Exit, Failure> {
    let runtime = runtime()?;
    let _inside = runtime.enter();
    let staging = Staging::new(run)?;
    let report = unpacked(run, what, staging.layout(), stdin)?;
    let database = Place::Database(None).open(run)?;
    let bar = Bar::new(output.terminal.progress && !output.json);
    let copied = runtime.block_on(staging.give_out(&database, &bar))?;
    let answer = json!({
        "ok": true,
        "incidents": copied.compared.incidents,
        "lines": copied.compared.lines,
        "artifacts": copied.compared.artifacts,
        "head": report.head.to_string(),
        "created_at": report.created_at.to_string(),
    });
    output.answer(&answer, || Shown {
        answer: format!(
            "restored into the database as it was at {}: {}\n",
            report.created_at,
            held(&copied),
        ),
        remarks: Vec::new(),
    })?;
    Ok(Exit::Done)
}

pub(super) fn restore(
    run: &Run,
    what: &Restore,
    stdin: &mut dyn Read,
    output: &mut Output<'_>,
) -> Result<Exit, Failure> {
    if run.globals.server.is_some() {
        return Err(Failure::Usage(
            "restore works on the directory itself; run it on the server's machine, without --server".to_owned(),
        ));
    }
    let dir = run.dir();
    let (config, options) = run.opening(&dir, Flags::default())?.options()?;
    if config.backend.needs_database() {
        return into_database(run, what, stdin, output);
    }
    let report = unpacked(run, what, &options.layout, stdin)?;
    // Names, projections and checkpoint are not part of a backup: they are made from the journal.
    let rebuilt = JsonlStore::open(options).and_then(|store| store.rebuild());
    let remarks = rebuilt.err().map(|error| {
        format!("file names and records could not be made: {error}; then run watchbook rebuild")
    });
    let answer = json!({
        "ok": true,
        "dir": config.dir.display().to_string(),
        "commits": report.commits,
        "bytes": report.bytes(),
        "head": report.head.to_string(),
        "created_at": report.created_at.to_string(),
    });
    output.answer(&answer, || Shown {
        answer: format!(
            "restored into {} as it was at {}\n{}",
            config.dir.display(),
            report.created_at,
            described(&report),
        ),
        remarks: remarks.into_iter().collect(),
    })?;
    Ok(Exit::Done)
}
