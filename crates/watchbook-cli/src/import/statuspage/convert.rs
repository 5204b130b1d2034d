//! From an incident of Statuspage to the parameters of `incident_import`, or the reason why not.

use serde_json::{Map, Value, json};
use watchbook_core::{Timestamp, limit};

use super::source::{Incident, Page, Update};
use super::wording::Mended;

/// The most component changes that one line keeps as facts.
const MAX_CHANGES: usize = 50;
/// What an incident is about when neither a component nor the page has a name.
const UNKNOWN_SERVICE: &str = "unknown";

/// An incident, ready to be imported.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Conversion {
    /// Its id at the source.
    pub source_id: String,
    /// The parameters of `incident_import`.
    pub params: Map<String, Value>,
    /// How many updates it has.
    pub updates: usize,
    /// What had to be changed to fit.
    pub remarks: Vec<String>,
}

/// An incident that is not imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Skipped {
    /// Its id at the source, if it has one.
    pub source_id: Option<String>,
    /// Why.
    pub why: String,
    /// Whether that is how it should be, such as a planned maintenance.
    pub intended: bool,
}

/// Turns one incident into what `incident_import` takes.
///
/// # Errors
/// When it is a planned maintenance, or cannot be read.
pub(crate) fn convert(
    incident: &Value,
    source: &str,
    page: Option<&Page>,
) -> Result<Conversion, Skipped> {
    let named = incident.get("id").and_then(Value::as_str);
    let incident: Incident = serde_json::from_value(incident.clone())
        .map_err(|error| fault(named, format!("cannot be read: {error}")))?;
    if is_maintenance(&incident) {
        return Err(Skipped {
            source_id: Some(incident.id),
            why: "is a planned maintenance, not an incident".to_owned(),
            intended: true,
        });
    }
    let mut mended = Mended::default();
    let params = params(&incident, source, page, &mut mended)
        .map_err(|why| fault(Some(&incident.id), why))?;
    Ok(Conversion {
        updates: incident.updates.as_ref().map_or(0, Vec::len),
        source_id: incident.id,
        params,
        remarks: mended.remarks,
    })
}

fn fault(source_id: Option<&str>, why: String) -> Skipped {
    Skipped {
        source_id: source_id.map(str::to_owned),
        why,
        intended: false,
    }
}

fn is_maintenance(incident: &Incident) -> bool {
    let stages = ["scheduled", "in_progress", "verifying", "completed"];
    incident.impact.as_deref() == Some("maintenance")
        || incident.scheduled_for.is_some()
        || stages.contains(&incident.status.as_str())
}

fn params(
    incident: &Incident,
    source: &str,
    page: Option<&Page>,
    mended: &mut Mended,
) -> Result<Map<String, Value>, String> {
    let created_at = moment("created_at", &incident.created_at)?;
    let begun = incident.started_at.as_deref();
    let started_at = begun.map_or(Ok(created_at), |text| moment("started_at", text))?;
    let services = services(incident, page, mended);
    let (service, affects) = services.split_first().ok_or("names no service")?;
    let title = mended.title(&incident.name).ok_or("has no title")?;
    let events = events(incident, created_at, mended)?;
    let whole = json!({
        "source": source,
        "source_id": incident.id,
        "created_at": created_at.to_string(),
        "incident": {
            "service": service,
            "affects": affects,
            "severity": severity(incident, mended),
            "title": title,
            "started_at": started_at.to_string(),
            "labels": labels(incident, source, mended),
        },
        "events": events,
    });
    match whole {
        Value::Object(members) => Ok(members),
        _ => Err("cannot be written".to_owned()),
    }
}

fn moment(what: &str, text: &str) -> Result<Timestamp, String> {
    text.parse().map_err(|error| format!("{what}: {error}"))
}

/// Statuspage's impact on our scale.
fn severity(incident: &Incident, mended: &mut Mended) -> &'static str {
    match incident.impact.as_deref() {
        Some("critical") => "P1",
        Some("major") => "P2",
        Some("minor") => "P3",
        Some("none") | None => "P4",
        Some(other) => {
            let other: String = other.chars().take(40).collect();
            mended.remarks.push(format!(
                "impact: {other:?} is not known, taken as none (P4)"
            ));
            "P4"
        }
    }
}

/// The components in their order; the first is the service. Without any, the page itself.
fn services(incident: &Incident, page: Option<&Page>, mended: &mut Mended) -> Vec<String> {
    let components = incident.components.as_deref().unwrap_or_default();
    let mut services: Vec<String> = Vec::new();
    for component in components {
        if let Some(name) = mended
            .service(&component.name)
            .filter(|name| !services.contains(name))
        {
            services.push(name);
        }
    }
    if services.is_empty() {
        let page = page.and_then(|page| page.name.as_deref().or(Some(&page.id)));
        let page = page.and_then(|name| mended.service(name));
        services.push(page.unwrap_or_else(|| UNKNOWN_SERVICE.to_owned()));
    }
    let most = limit::AFFECTS + 1;
    if services.len() > most {
        let count = services.len();
        mended
            .remarks
            .push(format!("components: the first {most} of {count} are kept"));
        services.truncate(most);
    }
    services
}

fn labels(incident: &Incident, source: &str, mended: &mut Mended) -> Map<String, Value> {
    let given = [
        ("source", Some(source)),
        ("source_id", Some(incident.id.as_str())),
        ("source_url", incident.shortlink.as_deref()),
        ("impact", incident.impact.as_deref()),
    ];
    let mut labels = Map::new();
    for (name, value) in given {
        if let Some(value) = value.and_then(|value| mended.label(value)) {
            labels.insert(name.to_owned(), value.into());
        }
    }
    labels
}

/// The updates as past lines, the oldest first.
fn events(
    incident: &Incident,
    created_at: Timestamp,
    mended: &mut Mended,
) -> Result<Vec<Value>, String> {
    let updates = incident.updates.as_deref().unwrap_or_default();
    // Statuspage lists the newest first. Updates of the same minute keep their order that way.
    let mut events = Vec::new();
    for update in updates.iter().rev() {
        events.push(event(update, created_at, mended)?);
    }
    let is_over = |update: &Update| stage(&update.status) == Some("resolved");
    let ended = incident.resolved_at.as_deref();
    if let Some(ended) = ended.filter(|_| !updates.iter().any(is_over)) {
        let at = moment("resolved_at", ended)?;
        events.push(json!({
            "at": at.to_string(),
            "message": "resolved, as the source says without an update",
            "status": "resolved",
        }));
    }
    if events.len() > limit::IMPORTED_EVENTS {
        return Err(format!(
            "has {} updates; the limit is {}",
            events.len(),
            limit::IMPORTED_EVENTS
        ));
    }
    Ok(events)
}

fn event(update: &Update, created_at: Timestamp, mended: &mut Mended) -> Result<Value, String> {
    let shown = update
        .display_at
        .as_deref()
        .or(update.created_at.as_deref());
    let at = shown.map_or(Ok(created_at), |text| moment("an update's time", text))?;
    let body = update.body.as_deref().unwrap_or_default();
    let message = mended.message(body);
    let silent = || mended_status(&update.status, mended);
    let message = message.unwrap_or_else(silent);
    let mut event = json!({ "at": at.to_string(), "message": message, "meta": facts(update) });
    if let (Some(stage), Some(members)) = (stage(&update.status), event.as_object_mut()) {
        members.insert("status".to_owned(), stage.into());
    }
    Ok(event)
}

/// What a line says whose update has no text.
fn mended_status(status: &str, mended: &mut Mended) -> String {
    let status = mended.label(status).unwrap_or_else(|| "update".to_owned());
    format!("{status} (without a text)")
}

/// How far the work had come from an update on; nothing for one that only says more.
fn stage(status: &str) -> Option<&'static str> {
    match status {
        "investigating" => Some("open"),
        "identified" => Some("acknowledged"),
        "monitoring" => Some("mitigated"),
        "resolved" => Some("resolved"),
        _ => None,
    }
}

/// What else an update says: its id, its status, and what became of components.
fn facts(update: &Update) -> Map<String, Value> {
    // Facts are the source's own words, and a word that hides or reorders is not worth an incident.
    let mut silent = Mended::default();
    let mut facts = Map::new();
    let mut put = |name: &str, text: &str| {
        if let Some(text) = silent.label(text) {
            facts.insert(name.to_owned(), text.into());
        }
    };
    put("source_status", &update.status);
    put("source_update", update.id.as_deref().unwrap_or_default());
    let changes = update.affected_components.as_deref().unwrap_or_default();
    let changes: Vec<Value> = changes
        .iter()
        .take(MAX_CHANGES)
        .map(|change| {
            let texts = [
                ("name", &change.name),
                ("old", &change.old_status),
                ("new", &change.new_status),
            ];
            let told = texts.into_iter().filter_map(|(name, text)| {
                let text = silent.label(text.as_deref()?)?;
                Some((name.to_owned(), Value::from(text)))
            });
            told.collect()
        })
        .collect();
    if !changes.is_empty() {
        facts.insert("components".to_owned(), changes.into());
    }
    facts
}
