//! Reads under addresses of their own.

use serde_json::{Value, json};

use crate::stand::Stand;
use crate::wire::Ask;

async fn items(stand: &Stand, target: &str) -> Vec<Value> {
    let answer = stand.get(target).await;
    assert_eq!(answer.status, 200, "{target} {answer:?}");
    answer.json()["result"]["items"]
        .as_array()
        .expect("a list")
        .clone()
}

#[tokio::test]
async fn lists_take_the_parameters_of_their_action() {
    let stand = Stand::open().await;
    let (one, two) = (stand.incident().await, stand.incident().await);
    let params = json!({"incident_id": one, "reason": "false alarm"});
    stand.done("incident_cancel", params).await;
    assert_eq!(items(&stand, "/v1/incidents").await.len(), 2);
    let open = items(
        &stand,
        "/v1/incidents?status=open&limit=5&severity=P2&severity=P1",
    )
    .await;
    assert_eq!(open.len(), 1);
    assert_eq!(open[0]["id"], two.as_str());
    let ids = items(&stand, "/v1/incidents?fields=id&agent_id=monitor").await;
    assert_eq!(ids[0].as_object().map(serde_json::Map::len), Some(1));
    let first = stand.get("/v1/incidents?limit=1").await.json();
    let cursor = first["result"]["next_cursor"].as_str().expect("a cursor");
    let second = items(&stand, &format!("/v1/incidents?limit=1&cursor={cursor}")).await;
    assert_ne!(second[0]["id"], first["result"]["items"][0]["id"]);
}

#[tokio::test]
async fn one_incident_with_its_timeline_and_follow_ups() {
    let stand = Stand::open().await;
    let id = stand.incident().await;
    let params = json!({
        "incident_id": id, "type": "followup", "message": "Add a limit",
        "meta": {"owner": "ada", "due_date": "2026-02-20"},
    });
    stand.done("incident_append_event", params).await;
    let incident = stand.get(&format!("/v1/incidents/{id}")).await.json();
    assert_eq!(incident["result"]["incident"]["id"], id.as_str());
    assert_eq!(incident["meta"]["backend"], "memory");
    let events = items(&stand, &format!("/v1/incidents/{id}/events")).await;
    assert_eq!(events.len(), 2);
    let followups = items(&stand, "/v1/followups?owner=ada").await;
    assert_eq!(followups.len(), 1);
    let summary = stand
        .get("/v1/followups/summary?service=gateway")
        .await
        .json();
    assert!(summary["result"]["summary"].is_object(), "{summary}");
}

#[tokio::test]
async fn an_artifact_is_a_file_to_save() {
    let stand = Stand::open().await;
    let id = stand.incident().await;
    let content = "# Notes\n<script>alert(1)</script>\n";
    let params = json!({"incident_id": id, "name": "notes.md", "content": content});
    stand.done("incident_attach_artifact", params).await;
    let target = format!("/v1/incidents/{id}/artifacts/notes.md");
    let answer = stand.get(&target).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.body, content);
    assert_eq!(
        answer.header("content-type"),
        "text/markdown; charset=utf-8"
    );
    assert_eq!(
        answer.header("content-disposition"),
        "attachment; filename=\"notes.md\""
    );
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    let tag = answer.header("etag").to_owned();
    let again = stand
        .ask(Ask::get(&target).header("if-none-match", &tag))
        .await;
    assert_eq!((again.status, again.body.as_str()), (304, ""));
    // The old bytes stay reachable under their digest.
    let params = json!({"incident_id": id, "name": "notes.md", "content": "new"});
    stand.done("incident_attach_artifact", params).await;
    let sha256 = tag.trim_matches('"');
    assert_eq!(stand.get(&target).await.body, "new");
    assert_eq!(
        stand.get(&format!("{target}?sha256={sha256}")).await.body,
        content
    );
    for name in ["other.md", "..%2Fx.md", "%00.md", "notes.html"] {
        let answer = stand
            .get(&format!("/v1/incidents/{id}/artifacts/{name}"))
            .await;
        assert!(matches!(answer.status, 404 | 422), "{name} {answer:?}");
    }
}

#[tokio::test]
async fn queries_that_cannot_be_understood() {
    let stand = Stand::open().await;
    let id = stand.incident().await;
    let many = "x=1&".repeat(101);
    let targets = [
        "/v1/incidents?limit=501".to_owned(),
        "/v1/incidents?stattus=open".to_owned(),
        "/v1/incidents?a=1&b=2&c=3&d=4&e=5".to_owned(),
        "/v1/incidents?agent_id=a&agent_id=b".to_owned(),
        "/v1/incidents?agent_id=not%20an%20id".to_owned(),
        "/v1/incidents/7".to_owned(),
        "/v1/incidents/%FF".to_owned(),
        "/v1/incidents/inc_20260223_1000_aaaaaa".to_owned(),
        format!("/v1/incidents/{id}?incident_id={id}"),
        format!("/v1/incidents?{many}"),
        "/v1/incidents?cursor=nonsense".to_owned(),
    ];
    let mut rows = Vec::new();
    for target in targets {
        let answer = stand.get(&target).await;
        let shown: String = target.replace(&id, "<id>").chars().take(60).collect();
        let detail = answer.detail().replace(&id, "<id>");
        rows.push(format!("{shown}\n  {} {detail}", answer.status));
    }
    insta::assert_snapshot!(rows.join("\n"), @r##"
    /v1/incidents?limit=501
      422 /limit: must be a whole number from 1 to 500
    /v1/incidents?stattus=open
      422 /stattus: there is no parameter "stattus"; did you mean "status"?
    /v1/incidents?a=1&b=2&c=3&d=4&e=5
      422 5 parameters are invalid, all listed in errors; the first: /a: there is no parameter "a"; known are q, status, service, env, severity, kind, signature, label, owner, updated_since, from, to, drill, sort, limit, cursor, fields, max_bytes
    /v1/incidents?agent_id=a&agent_id=b
      400 the query has agent_id more than once; send it once
    /v1/incidents?agent_id=not%20an%20id
      422 "not an id" is not an agent id; the form is 1 to 64 of A-Z a-z 0-9 _ . : @ -
    /v1/incidents/7
      422 /incident_id: "7" is not an incident id; the form is inc_YYYYMMDD_HHMM_<6 of 0-9a-z>, for example inc_20260223_1000_a1b2c3
    /v1/incidents/%FF
      400 the path cannot be read; encode it as UTF-8 with percent signs
    /v1/incidents/inc_20260223_1000_aaaaaa
      404 there is no incident inc_20260223_1000_aaaaaa
    /v1/incidents/<id>?incident_id=<id>
      422 /incident_id: must be a text, not a list
    /v1/incidents?x=1&x=1&x=1&x=1&x=1&x=1&x=1&x=1&x=1&x=1&x=1&x=
      400 the query has more than 100 parameters; send fewer
    /v1/incidents?cursor=nonsense
      422 /cursor: this cursor does not belong to this list and order; take next_cursor from the page before, or leave it out to begin anew
    "##);
}

#[tokio::test]
async fn pages_for_people_and_probes() {
    let stand = Stand::open().await;
    let page = stand.get("/").await;
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    assert!(page.body.contains("backend memory"), "{}", page.body);
    assert!(!page.body.contains('{') || !page.body.contains("{version}"));
    let live = stand.get("/healthz").await;
    assert_eq!(live.json()["status"], "live");
    let head = stand.ask(Ask::method("HEAD", "/healthz")).await;
    assert_eq!((head.status, head.body.as_str()), (200, ""));
    let ready = stand.get("/readyz").await;
    assert_eq!(
        (ready.status, ready.json()["status"].clone()),
        (200, json!("ready"))
    );
}

/// The page may only tell people to do what works.
#[tokio::test]
async fn what_the_page_links_to_is_there() {
    let stand = Stand::open().await;
    let page = stand.get("/").await.body;
    let links: Vec<&str> = page
        .split("href=\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .collect();
    assert!(links.len() >= 4, "{links:?}");
    for link in links {
        assert_eq!(stand.get(link).await.status, 200, "{link}");
    }
}
