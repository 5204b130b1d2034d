//! Looking around: a directory with twelve made-up weeks, served on loopback.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use tokio::net::TcpListener;
use watchbook_config::{Environment, Flags};
use watchbook_server::{BindError, bind};

use super::serve::{StopSignals, farewell, options, until_stopped};
use crate::arguments::Demo;
use crate::demo::{Played, play};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::reach::{Directory, Opening, absolute};
use crate::run::{Run, runtime};

/// The port to serve on when none is named; when it is taken, a free one.
const PORT: u16 = 8000;

pub(super) fn demo(run: &Run, how: &Demo, output: &mut Output<'_>) -> Result<Exit, Failure> {
    let place = place(how.keep.as_deref())?;
    let dir = place.path().to_owned();
    runtime()?.block_on(async {
        let directory = open(run, &dir)?;
        if directory.exists()? {
            return Err(Failure::Usage(format!(
                "{} holds a store already; the demo fills an empty folder only",
                dir.display()
            )));
        }
        drop(directory);
        let played = play(&dir, run.clock.now()).await?;
        if how.no_serve {
            return kept(&dir, &played, output);
        }
        let directory = open(run, &dir)?;
        let listener = listen(&directory, how.port).await?;
        let local = listener.local_addr().map_err(Failure::System)?;
        let options = options(run, &directory, &[])?;
        let stop = StopSignals::listen()?;
        output.text(&introduction(&dir, local, &played, how.keep.is_some()))?;
        let stopped = until_stopped(&directory, listener, options, stop).await?;
        farewell(stopped, output);
        Ok(Exit::Done)
    })
}

/// Where the demo lies: a folder that is kept, or one that goes when it ends.
enum Place {
    Kept(PathBuf),
    ThrownAway(tempfile::TempDir),
}

impl Place {
    fn path(&self) -> &Path {
        match self {
            Self::Kept(path) => path,
            Self::ThrownAway(dir) => dir.path(),
        }
    }
}

fn place(keep: Option<&Path>) -> Result<Place, Failure> {
    match keep {
        Some(path) => absolute(path).map(Place::Kept),
        None => tempfile::Builder::new()
            .prefix("watchbook-demo-")
            .tempdir()
            .map(Place::ThrownAway)
            .map_err(Failure::System),
    }
}

/// Opens the folder with shipped settings: what the person has set for the real log is none of the demo's.
fn open(run: &Run, dir: &Path) -> Result<Directory, Failure> {
    let environment = Environment::default();
    let opening = Opening {
        dir,
        config: None,
        environment: &environment,
        flags: Flags {
            fsync: Some("never".to_owned()),
            ..Flags::default()
        },
        agent: run.agent()?,
        clock: std::sync::Arc::clone(&run.clock),
        entropy: std::sync::Arc::clone(&run.entropy),
        is_tended: false,
    };
    opening.open()
}

/// Listens on loopback: on the port that was named, else on the usual one, else on a free one.
async fn listen(directory: &Directory, port: Option<u16>) -> Result<TcpListener, Failure> {
    let at = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    match (bind(&directory.app, at(port.unwrap_or(PORT))).await, port) {
        (Err(BindError::Io(_)), None) => Ok(bind(&directory.app, at(0)).await?),
        (listener, _) => Ok(listener?),
    }
}

fn kept(dir: &Path, played: &Played, output: &mut Output<'_>) -> Result<Exit, Failure> {
    let Played {
        incidents,
        calls,
        open: _,
    } = played;
    output.line(&format!(
        "made {} with {incidents} made-up incidents ({calls} calls)\n\nlook at them: watchbook --dir {} incident list",
        dir.display(),
        dir.display(),
    ))?;
    Ok(Exit::Done)
}

/// The first screen of a newcomer.
fn introduction(dir: &Path, local: SocketAddr, played: &Played, keep: bool) -> String {
    let Played {
        incidents,
        calls: _,
        open,
    } = played;
    let dir = dir.display();
    let open = open.as_deref().unwrap_or("inc_…");
    let fate = if keep {
        "It stays when you stop."
    } else {
        "It is gone when you stop."
    };
    format!(
        "\
watchbook demo: twelve SIMULATED weeks of a made-up platform, {incidents} incidents

  http://{local}

What is open (an agent would ask like this):
  curl -s http://{local}/v1/tools/oncall_tool -d '{{\"action\":\"incident_list\",\"params\":{{\"status\":\"open\"}}}}'
What is left to do:
  curl -s http://{local}/v1/followups/summary
Write on the timeline of an open incident, as the agent helion:
  curl -s http://{local}/v1/tools/oncall_tool -d '{{\"action\":\"incident_append_event\",\"agent_id\":\"helion\",\"params\":{{\"incident_id\":\"{open}\",\"type\":\"note\",\"message\":\"hello from curl\"}}}}'

The same from another terminal, as tables:
  watchbook --dir {dir} incident list --status open
  watchbook --dir {dir} followup summary
  watchbook --dir {dir} incident show {open}

The folder is {dir}. {fate}
To start for real: watchbook serve, in a folder of your own.
Stop with Ctrl-C.
"
    )
}
