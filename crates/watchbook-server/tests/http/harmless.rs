//! What is refused leaves no trace: not in the directory, and not behind a link that somebody planted in it.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;
use watchbook_store::system::ManualClock;

use crate::stand::Stand;

/// Names, kinds, link targets and contents of everything below `dir`, the audit trail aside.
fn fingerprint(dir: &Path) -> String {
    let mut seen = Sha256::new();
    let mut waiting = vec![dir.to_owned()];
    while let Some(path) = waiting.pop() {
        if path.ends_with("ops/audit") {
            continue;
        }
        let kind = fs::symlink_metadata(&path)
            .expect("it is there")
            .file_type();
        let content = if kind.is_symlink() {
            let target = fs::read_link(&path).expect("a link");
            target.into_os_string().into_encoded_bytes()
        } else if kind.is_dir() {
            let entries = fs::read_dir(&path).expect("a folder");
            let mut inner: Vec<_> = entries.map(|entry| entry.expect("one").path()).collect();
            inner.sort();
            waiting.extend(inner);
            Vec::new()
        } else {
            fs::read(&path).expect("a file")
        };
        let name = path.as_os_str().as_encoded_bytes();
        seen.update(format!("{kind:?} {} {} ", name.len(), content.len()));
        seen.update(name);
        seen.update(content);
    }
    seen.finalize()
        .iter()
        .fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}

/// A directory that is served, with something beside it that nobody may touch.
struct Ground {
    root: TempDir,
    stand: Stand,
    said: Vec<String>,
}

impl Ground {
    async fn new() -> Self {
        let root = TempDir::new().expect("a directory");
        for dir in ["served", "outside"] {
            fs::create_dir(root.path().join(dir)).expect("a folder");
        }
        fs::write(root.path().join("outside/note.md"), "theirs").expect("a file");
        let stand = Stand::on_files(&root.path().join("served"), &ManualClock::default(), 10).await;
        Self {
            root,
            stand,
            said: Vec::new(),
        }
    }

    /// A new incident with an artifact, so that it has a folder.
    async fn incident(&self) -> String {
        let id = self.stand.incident().await;
        self.attach(&id, "first.md").await;
        id
    }

    async fn attach(&self, id: &str, name: &str) {
        let params = json!({"incident_id": id, "name": name, "content": "# Ours"});
        self.stand.done("incident_attach_artifact", params).await;
    }

    /// Puts a link to `target`, something outside, in place of `name` below the incidents.
    fn plant(&self, name: &str, target: &str) {
        let path = self.root.path().join("served/ops/incidents").join(name);
        if path.is_dir() {
            fs::remove_dir_all(&path).expect("room for a link");
        }
        symlink(self.root.path().join("outside").join(target), path).expect("a link");
    }

    /// Makes a call that must be refused and must change nothing, and notes what it was told.
    async fn refuses(&mut self, what: &str, action: &str, params: Value) {
        let before = fingerprint(self.root.path());
        let answer = self.stand.call("sofiia", action, params).await;
        assert_eq!(answer.header("content-type"), "application/problem+json");
        assert_eq!(before, fingerprint(self.root.path()), "{what}: {answer:?}");
        let json = answer.json();
        let mut said = format!("{what}: {} {}", answer.status, answer.code());
        let errors = json["errors"].as_array().expect("a list");
        let lines = errors.iter().map(|error| {
            let text = |name: &str| error[name].as_str().expect("a text").to_owned();
            format!("{}: {}", text("pointer"), text("message"))
        });
        let lines: Vec<String> = lines.collect();
        let lines = if lines.is_empty() {
            vec![answer.detail()]
        } else {
            lines
        };
        for line in lines {
            let _ = write!(said, "\n  {line}");
        }
        self.said.push(said);
    }

    /// Everything that was said, with the ids of incidents named.
    fn said(&self, ids: &[(&str, &str)]) -> String {
        let all = self.said.join("\n");
        let said = ids
            .iter()
            .fold(all, |all, (id, name)| all.replace(id, name));
        assert!(
            !said.contains(&*self.root.path().to_string_lossy()),
            "where it lies is nobody's business: {said}"
        );
        said
    }
}

#[tokio::test]
async fn a_wrong_call_is_told_what_to_do_and_changes_no_byte() {
    let mut ground = Ground::new().await;
    let id = ground.incident().await;
    let new = |severity: &str, title: &str| json!({"service": "gateway", "severity": severity, "title": title});
    let attach =
        |name: &str, content: &str| json!({"incident_id": id, "name": name, "content": content});
    let mut unknown = new("P1", "Errors");
    for name in ["sevrity", "titel", "servce", "lables", "zzz"] {
        unknown[name] = 1.into();
    }
    let large = "x".repeat(2 * 1024 * 1024 + 1);
    let forged = json!({"incident_id": id, "type": "status_change", "message": "closed", "meta": {"to": "closed"}});
    let calls = [
        (
            "a malformed id",
            "incident_acknowledge",
            json!({"incident_id": "7"}),
        ),
        (
            "an unknown id",
            "incident_acknowledge",
            json!({"incident_id": "inc_20260223_1000_aaaaaa"}),
        ),
        ("a wrong severity", "incident_create", new("P9", "Errors")),
        ("five unknown parameters", "incident_create", unknown),
        (
            "an illegal move",
            "incident_reopen",
            json!({"incident_id": id}),
        ),
        ("a forged event", "incident_append_event", forged),
        (
            "a byte too many",
            "incident_attach_artifact",
            attach("a.md", &large),
        ),
        (
            "no JSON",
            "incident_attach_artifact",
            attach("a.json", "{\"a\":"),
        ),
        (
            "a way out",
            "incident_attach_artifact",
            attach("../x.md", "x"),
        ),
        (
            "NUL in a title",
            "incident_create",
            new("P1", "Err\u{0}ors"),
        ),
        (
            "bidi in a title",
            "incident_create",
            new("P1", "Err\u{202e}sro"),
        ),
        (
            "bidi in an update",
            "incident_update",
            json!({"incident_id": id, "title": "\u{2066}Errors"}),
        ),
    ];
    for (what, action, params) in calls {
        ground.refuses(what, action, params).await;
    }
    insta::assert_snapshot!(ground.said(&[(&id, "<id>")]));
    ground.stand.stop().await;
}

#[tokio::test]
async fn nothing_is_written_through_a_planted_link() {
    let mut ground = Ground::new().await;
    let (at_name, at_folder, at_versions, at_nothing) = (
        ground.incident().await,
        ground.incident().await,
        ground.incident().await,
        ground.incident().await,
    );
    ground.plant(&format!("{at_name}/note.md"), "note.md");
    ground.plant(&at_folder, "");
    ground.plant(&format!("{at_versions}/.versions"), "");
    ground.plant(&format!("{at_nothing}/note.md"), "missing.md");
    for (what, id) in [
        ("a link at the name", &at_name),
        ("a link at the folder", &at_folder),
        ("a link at the versions", &at_versions),
        ("a link to nothing", &at_nothing),
    ] {
        let params = json!({"incident_id": id, "name": "note.md", "content": "# Ours"});
        ground
            .refuses(what, "incident_attach_artifact", params)
            .await;
    }
    let ids = [&at_name, &at_folder, &at_versions, &at_nothing].map(|id| (id.as_str(), "<id>"));
    insta::assert_snapshot!(ground.said(&ids));
    // The way is free again once the link is gone, as the answer says.
    let planted = format!("served/ops/incidents/{at_name}/note.md");
    fs::remove_file(ground.root.path().join(planted)).expect("removed");
    ground.attach(&at_name, "note.md").await;
    ground.stand.stop().await;
}
