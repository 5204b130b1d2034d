//! Manual pages, made from the same words as the help texts.

use std::io::Write as _;
use std::path::Path;

use clap::Command;
use clap_mangen::Man;
use serde_json::json;
use watchbook_store::disk::{RealDisk, create_dir_all};

use crate::arguments;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::files::NewFile;
use crate::output::Output;
use crate::show::Shown;
use crate::show::text::counted;

/// Prints the page of `watchbook` itself, or writes the page of every command into a folder.
pub(super) fn man(folder: Option<&Path>, output: &mut Output<'_>) -> Result<Exit, Failure> {
    let mut root = arguments::command().disable_help_subcommand(true);
    root.build();
    let Some(folder) = folder else {
        return output.bytes(&page(&root).1).map(|()| Exit::Done);
    };
    let pages = pages(&root);
    write(folder, &pages)?;
    let answer = json!({
        "ok": true,
        "folder": folder.display().to_string(),
        "pages": pages.len(),
    });
    output.answer(&answer, || Shown {
        answer: format!(
            "wrote {} to {}\n",
            counted(pages.len(), "page"),
            folder.display()
        ),
        remarks: Vec::new(),
    })?;
    Ok(Exit::Done)
}

/// The name of a page's file, and the page.
type Page = (String, Vec<u8>);

/// The pages of a command and of all below it that are not hidden.
fn pages(command: &Command) -> Vec<Page> {
    let inner = command.get_subcommands();
    let mut all = vec![page(command)];
    all.extend(inner.filter(|inner| !inner.is_hide_set()).flat_map(pages));
    all
}

fn page(command: &Command) -> Page {
    let man = Man::new(command.clone())
        .source(concat!("watchbook ", env!("CARGO_PKG_VERSION")))
        .manual("watchbook");
    let mut text = Vec::new();
    #[expect(clippy::expect_used, reason = "writing to memory cannot fail")]
    man.render(&mut text).expect("written to memory");
    (man.get_filename(), text)
}

fn write(folder: &Path, pages: &[Page]) -> Result<(), Failure> {
    let failed = |source| Failure::Output {
        path: folder.to_owned(),
        source,
    };
    let folder = std::path::absolute(folder).map_err(failed)?;
    create_dir_all(&RealDisk, &folder).map_err(failed)?;
    for (name, text) in pages {
        let mut file = NewFile::begin(&folder.join(name), false)?;
        file.write_all(text).map_err(failed)?;
        file.keep()?;
    }
    Ok(())
}
