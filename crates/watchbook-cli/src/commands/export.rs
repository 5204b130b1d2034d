//! Writing all incidents out.

use std::io::Write;
use std::path::Path;

use serde_json::json;

use crate::arguments::{Export, ExportFormat};
use crate::exit::Exit;
use crate::export;
use crate::failure::Failure;
use crate::files::NewFile;
use crate::output::Output;
use crate::reach::Reach;
use crate::run::{Run, runtime};
use crate::show::Shown;
use crate::show::text::counted;

pub(super) fn export(run: &Run, how: &Export, output: &mut Output<'_>) -> Result<Exit, Failure> {
    let runtime = runtime()?;
    let reach = run.reach()?;
    if how.output == Path::new("-") {
        runtime.block_on(write(&reach, how.format, output.stream()))?;
        return Ok(Exit::Done);
    }
    let mut file = NewFile::begin(&how.output, false)?;
    let count = runtime.block_on(write(&reach, how.format, &mut file))?;
    let path = file.keep()?;
    let answer = json!({ "ok": true, "file": path.display().to_string(), "incidents": count });
    output.answer(&answer, || Shown {
        answer: format!(
            "wrote {} into {}\n",
            counted(count, "incident"),
            path.display()
        ),
        remarks: Vec::new(),
    })?;
    Ok(Exit::Done)
}

async fn write(reach: &Reach, format: ExportFormat, out: &mut dyn Write) -> Result<usize, Failure> {
    let written = match format {
        ExportFormat::Jsonl => export::jsonl(reach, out).await,
        ExportFormat::Csv => export::csv(reach, out).await,
    };
    reach.finish().await?;
    written
}
