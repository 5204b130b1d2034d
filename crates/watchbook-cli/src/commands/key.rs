//! Keys: made, listed, taken back.

use serde_json::json;
use watchbook_api::Problem;
use watchbook_app::{IssuedKey, KeyInfo, KeyStatus, NewKey};

use crate::arguments::Key;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::run::{Run, runtime};
use crate::show::Shown;
use crate::show::table::{Table, Tone, fixed, plain, text};
use crate::show::text::{line, minute};
use crate::surroundings::Terminal;

pub(super) fn key(run: &Run, what: Key, output: &mut Output<'_>) -> Result<Exit, Failure> {
    runtime()?.block_on(async {
        let directory = run.open_here("key")?;
        let context = directory.context();
        let request = context.request_id.to_string();
        let refused = |problem: Problem| Failure::refused(&problem, &request);
        let keys = directory.app.keys();
        let done = match what {
            Key::Create {
                owner,
                label,
                delegate,
                ingest_only,
                expires_at,
            } => {
                let new = NewKey {
                    agent: owner,
                    label,
                    delegate,
                    ingest_only,
                    expires_at,
                };
                let issued = keys.create(&context, new).await.map_err(refused)?;
                show_issued(&issued, output)
            }
            Key::List => {
                directory.must_exist()?;
                let all = keys.list(&context).await.map_err(refused)?;
                show_all(&all, output)
            }
            Key::Revoke { id } => {
                directory.must_exist()?;
                let key = keys.revoke(&context, &id).await.map_err(refused)?;
                output.answer(&json!({ "ok": true, "key": key }), || {
                    said(format!("{} is taken back\n", key.id))
                })
            }
            Key::Rotate { id } => {
                directory.must_exist()?;
                let issued = keys.rotate(&context, &id).await.map_err(refused)?;
                show_issued(&issued, output)
            }
        };
        directory.app.sync_audit().await?;
        done.map(|()| Exit::Done)
    })
}

fn said(answer: String) -> Shown {
    Shown {
        answer,
        remarks: Vec::new(),
    }
}

/// A new key, the only time it can be shown: alone on standard output, so that it can be piped into a secret store.
fn show_issued(issued: &IssuedKey, output: &mut Output<'_>) -> Result<(), Failure> {
    let IssuedKey { token, info } = issued;
    let answer = json!({ "ok": true, "token": token.reveal(), "key": info });
    output.answer(&answer, || Shown {
        answer: format!("{}\n", token.reveal()),
        remarks: vec![format!(
            "key {} for {}: keep it now, it is not shown again; send it as X-API-Key or Authorization: Bearer\nfrom now on servers on this directory take calls with a key only",
            info.id, info.agent,
        )],
    })
}

fn show_all(all: &[KeyInfo], output: &mut Output<'_>) -> Result<(), Failure> {
    let terminal = output.terminal;
    output.answer(&json!({ "ok": true, "keys": all }), || Shown {
        answer: if all.is_empty() { String::new() } else { table(all, terminal) },
        remarks: if all.is_empty() {
            vec!["there are no keys; servers on this directory serve loopback only and believe whoever calls".to_owned()]
        } else {
            Vec::new()
        },
    })
}

fn table(all: &[KeyInfo], terminal: Terminal) -> String {
    let columns = [
        fixed("ID"),
        fixed("FOR"),
        fixed("STATUS"),
        fixed("MAY"),
        fixed("CREATED"),
        fixed("EXPIRES"),
        text("LABEL"),
    ];
    let mut table = Table::new(&columns, terminal);
    for key in all {
        let (status, tone) = match key.status {
            KeyStatus::Active => ("active", Some(Tone::Good)),
            KeyStatus::Expired => ("expired", Some(Tone::Quiet)),
            KeyStatus::Revoked => ("revoked", Some(Tone::Quiet)),
        };
        let may = match (key.delegate, key.ingest_only) {
            (_, true) => "send alerts only",
            (true, false) => "act for others",
            (false, false) => "",
        };
        let expires = key.expires_at.map(|at| minute(&at.to_string()));
        table.row([
            plain(key.id.as_str()),
            plain(key.agent.as_str()),
            (status.to_owned(), tone),
            plain(may),
            plain(minute(&key.created_at.to_string())),
            plain(expires.unwrap_or_default()),
            plain(
                key.label
                    .as_ref()
                    .map(|label| line(label.as_str()))
                    .unwrap_or_default(),
            ),
        ]);
    }
    table.finish()
}
