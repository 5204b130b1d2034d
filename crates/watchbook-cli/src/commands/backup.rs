//! Backup and restore: one file that proves itself.

use std::io::{Read, Write};
use std::path::Path;
use std::sync::Arc;

use serde_json::json;
use watchbook_config::Flags;
use watchbook_store::disk::{Disk, RealDisk};
use watchbook_store::jsonl::{BackupReport, JsonlStore, restore as unpack};

use crate::arguments::{Backup, Restore};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::files::{NewFile, Reader};
use crate::output::Output;
use crate::run::{Run, runtime};
use crate::show::Shown;
use crate::show::text::{bytes, counted};

pub(super) fn backup(run: &Run, how: &Backup, output: &mut Output<'_>) -> Result<Exit, Failure> {
    let _runtime = runtime()?;
    let directory = run.open_here("backup")?;
    directory.must_exist()?;
    let files = directory.store.files("backup")?;
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
    let disk: Arc<dyn Disk> = Arc::new(RealDisk);
    let restored = |input: &mut dyn Read| unpack(&disk, &run.clock, &options.layout, input);
    let report = if what.file == Path::new("-") {
        restored(stdin)?
    } else {
        let mut file = Reader::open(&what.file).map_err(|source| Failure::Input {
            path: what.file.clone(),
            source,
        })?;
        restored(&mut file)?
    };
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
