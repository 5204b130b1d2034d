//! The trail of calls through the door, over files that a power cut took the end of.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use serde_json::json;
use watchbook_api::decode;
use watchbook_app::{App, AppParts, Context};
use watchbook_core::audit::AuditQuery;
use watchbook_core::query::PageRequest;
use watchbook_core::text::Name;
use watchbook_store::AuditLog as _;
use watchbook_store::disk::SimDisk;
use watchbook_store::jsonl::{JsonlOptions, JsonlStore};
use watchbook_store::system::{ManualClock, SeededEntropy};

use crate::world::{config, keyless, object};

/// A process on this disk.
fn process(disk: &SimDisk, clock: &ManualClock, seed: u64) -> (App, JsonlStore) {
    let (clock, entropy) = (Arc::new(clock.clone()), Arc::new(SeededEntropy::new(seed)));
    let options = JsonlOptions::new(Path::new("/site"), clock.clone(), entropy.clone());
    let store = JsonlStore::open(JsonlOptions {
        disk: Arc::new(disk.clone()),
        workers: 0,
        ..options
    });
    let store = store.unwrap();
    let app = App::new(AppParts {
        store: Arc::new(store.clone()),
        config: Arc::new(config(&[])),
        clock,
        entropy,
    });
    (app, store)
}

async fn call(app: &App, request: &str, action: &str, params: serde_json::Value) {
    let tool = if action == "whoami" {
        "admin_tool"
    } else {
        "oncall_tool"
    };
    let context = Context::new(keyless("sofiia"), Name::new(request).unwrap());
    let decoded = decode(tool, action, object(params)).unwrap();
    app.execute(&context, decoded).await.unwrap();
}

#[tokio::test]
async fn every_acknowledged_write_has_exactly_one_entry_after_a_power_cut() {
    let mut restored = 0;
    for seed in 0..20 {
        let (disk, clock) = (SimDisk::new(), ManualClock::default());
        let (app, _) = process(&disk, &clock, seed);
        let new = |title: &str| json!({"service": "gateway", "severity": "P2", "title": title});
        call(&app, "first", "incident_create", new("slow")).await;
        app.sync_audit().await.unwrap();
        let writes = ["second", "third", "fourth"];
        for request in writes {
            call(&app, request, "incident_create", new(request)).await;
        }

        let (app, store) = process(&disk.crash(seed), &clock, seed + 100);
        call(&app, "after", "whoami", json!({})).await;
        let page = PageRequest {
            limit: 500,
            after: None,
        };
        let entries = store
            .search_audit(AuditQuery::default(), page)
            .await
            .unwrap()
            .items;
        let mut found: BTreeMap<&str, usize> = BTreeMap::new();
        for entry in &entries {
            *found.entry(entry.opening.request.as_str()).or_default() += 1;
            restored += usize::from(entry.opening.restored_from().is_some());
        }
        let all = ["after", "first", "fourth", "second", "third"];
        assert_eq!(found, all.map(|request| (request, 1)).into(), "seed {seed}");
    }
    assert!(restored > 5, "only {restored} entries were lost");
}
