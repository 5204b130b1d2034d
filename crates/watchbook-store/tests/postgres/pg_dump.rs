//! A dump of the three tables of the log is a log: restored by the database's own tools, with its tables or without.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use watchbook_core::query::PageRequest;
use watchbook_store::conformance::block_on;
use watchbook_store::postgres::{ExecMode, migrate};
use watchbook_store::{Artifacts as _, Incidents as _, Transfer as _};

use crate::commands::{attach, creation, keyed_creation, note};
use crate::schema::{Schema, cluster};

/// The tables of the log.
const LOG: [&str; 3] = ["incidents", "incident_events", "incident_artifacts"];

/// A tool of the installed server, the newest first.
fn tool(name: &str) -> PathBuf {
    let mut found: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .unwrap()
        .map(|version| version.unwrap().path().join("bin").join(name))
        .filter(|path| path.exists())
        .collect();
    found.sort();
    found.pop().expect("the tools of the server are installed")
}

/// A database of its own on the test's cluster: a dump names the schema it was made in.
struct Own {
    name: String,
}

impl Own {
    fn new(name: &str) -> Self {
        let name = format!("dump_{}_{name}", std::process::id());
        psql(&cluster(), &format!("create database {name}"));
        Self { name }
    }

    fn address(&self) -> String {
        cluster().replace("dbname=postgres", &format!("dbname={}", self.name))
    }

    fn schema(&self) -> Schema {
        Schema::public(self.address())
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        psql(
            &cluster(),
            &format!("drop database {} with (force)", self.name),
        );
    }
}

fn psql(address: &str, sql: &str) {
    let mut command = Command::new(tool("psql"));
    command.args([
        "-X",
        "-q",
        "-v",
        "ON_ERROR_STOP=1",
        "-d",
        address,
        "-c",
        sql,
    ]);
    let status = command.stdout(Stdio::null()).status().unwrap();
    assert!(status.success(), "{sql}");
}

fn dump(from: &str, to: &Path, how: &[&str]) {
    let mut command = Command::new(tool("pg_dump"));
    command
        .args(["-d", from, "-f", to.to_str().unwrap()])
        .args(how);
    for table in LOG {
        command.args(["-t", table]);
    }
    assert!(command.status().unwrap().success());
}

fn restore(to: &str, file: &Path) {
    let mut command = Command::new(tool("psql"));
    command.args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", to, "-f"]);
    let status = command.arg(file).stdout(Stdio::null()).status().unwrap();
    assert!(status.success(), "the dump is restored");
}

/// Dumps a store with everything in it, restores it as `again` does, and looks at what came of it.
fn survives(name: &str, how: &[&str], again: impl Fn(&Own, &Path)) {
    let (from, to) = (
        Own::new(&format!("{name}_from")),
        Own::new(&format!("{name}_to")),
    );
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("log.sql");
    block_on(async {
        let schema = from.schema();
        migrate(&schema.options()).await.unwrap();
        let store = schema.store(ExecMode::Prepared);
        let made = store.apply(keyed_creation("k1")).await.unwrap();
        let id = made.incident.id;
        store.apply(note(id, "rolled back")).await.unwrap();
        let (command, content) = attach(id);
        store.attach(command, content.clone()).await.unwrap();
        dump(&from.address(), &file, how);
        again(&to, &file);
        let restored = to.schema().store(ExecMode::Prepared);
        assert_eq!(
            restored.get(id).await.unwrap(),
            store.get(id).await.unwrap()
        );
        let page = PageRequest {
            limit: 500,
            after: None,
        };
        let lines = restored.events(id, page).await.unwrap();
        assert_eq!(lines, store.events(id, page).await.unwrap());
        let name = watchbook_core::ArtifactName::new("notes.md").unwrap();
        let kept = restored.artifact(id, &name, None).await.unwrap();
        assert_eq!(kept.bytes, content);
        let noted = restored.apply(note(id, "and watching")).await.unwrap();
        assert_eq!(noted.events[0].seq, 4, "it goes on");
        restored.apply(creation()).await.unwrap();
        // Keys begin anew: the request is taken for a new one, and finds that its incident is there.
        let keys = restored.export(&[(id, 0)]).await.unwrap();
        assert_eq!(keys[0].keys, []);
        let steps = migrate(&to.schema().options()).await.unwrap();
        assert_eq!(steps.taken, Vec::<&str>::new(), "nothing is left to do");
    });
}

#[test]
fn a_dump_with_its_tables_is_recognised_and_completed() {
    survives("whole", &[], |to, file| {
        psql(&to.address(), "create extension pg_trgm");
        restore(&to.address(), file);
        let done = std::thread::scope(|scope| {
            let migrating = scope.spawn(|| {
                let schema = to.schema();
                block_on(async { migrate(&schema.options()).await.unwrap() })
            });
            migrating.join().unwrap()
        });
        assert!(done.taken.contains(&"incidents"), "{done:?}");
    });
}

#[test]
fn a_dump_of_data_goes_into_tables_that_were_made_before() {
    survives("data", &["--data-only"], |to, file| {
        std::thread::scope(|scope| {
            let migrating = scope.spawn(|| {
                let schema = to.schema();
                block_on(async { migrate(&schema.options()).await.unwrap() })
            });
            migrating.join().unwrap()
        });
        restore(&to.address(), file);
    });
}

#[test]
fn tables_of_another_program_are_left_alone() {
    block_on(async {
        let schema = Schema::empty().await;
        for table in LOG {
            schema
                .execute(&format!("create table {table} (id int)"))
                .await;
        }
        let refused = migrate(&schema.options()).await.unwrap_err().to_string();
        assert!(refused.contains("does not exist"), "{refused}");
        let untouched = schema.execute("insert into incidents values (1)").await;
        assert_eq!(untouched, 1);
    });
}
