//! The file as it comes: what of it is read, and nothing believed yet.

use serde::Deserialize;
use serde_json::Value;

/// A file with incidents.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct File {
    /// The page they were published on, if the file says so.
    pub page: Option<Page>,
    /// The incidents, each still as it was written: one that cannot be read does not stop the others.
    pub incidents: Vec<Value>,
}

/// The page that incidents were published on.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Page {
    /// Its id.
    pub id: String,
    /// Its name.
    #[serde(default)]
    pub name: Option<String>,
}

/// A file that is no list of incidents.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unreadable {
    /// It is not JSON.
    #[error("this is not JSON: {0}")]
    NotJson(#[from] serde_json::Error),
    /// It is JSON of another kind.
    #[error(
        "this has no \"incidents\" list; save https://<your page>/api/v2/incidents.json and import that"
    )]
    NoIncidents,
}

/// One incident.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Incident {
    pub(super) id: String,
    pub(super) name: String,
    #[serde(default)]
    pub(super) status: String,
    #[serde(default)]
    pub(super) impact: Option<String>,
    pub(super) created_at: String,
    #[serde(default)]
    pub(super) started_at: Option<String>,
    #[serde(default)]
    pub(super) resolved_at: Option<String>,
    #[serde(default)]
    pub(super) scheduled_for: Option<String>,
    #[serde(default)]
    pub(super) shortlink: Option<String>,
    #[serde(default)]
    pub(super) components: Option<Vec<Component>>,
    #[serde(default, rename = "incident_updates")]
    pub(super) updates: Option<Vec<Update>>,
}

/// A component that an incident touches.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Component {
    pub(super) name: String,
}

/// One update of an incident.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Update {
    #[serde(default)]
    pub(super) id: Option<String>,
    #[serde(default)]
    pub(super) status: String,
    #[serde(default)]
    pub(super) body: Option<String>,
    #[serde(default)]
    pub(super) created_at: Option<String>,
    #[serde(default)]
    pub(super) display_at: Option<String>,
    #[serde(default)]
    pub(super) affected_components: Option<Vec<Change>>,
}

/// A component's change of state, as an update tells it.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Change {
    #[serde(default)]
    pub(super) name: Option<String>,
    #[serde(default)]
    pub(super) old_status: Option<String>,
    #[serde(default)]
    pub(super) new_status: Option<String>,
}

/// Reads a file: the object that the API gives, or a bare list of incidents.
///
/// # Errors
/// When it is not JSON or has no incidents.
pub(crate) fn read(bytes: &[u8]) -> Result<File, Unreadable> {
    match serde_json::from_slice(bytes)? {
        Value::Array(incidents) => Ok(File {
            page: None,
            incidents,
        }),
        Value::Object(mut members) => {
            let page = members.remove("page");
            let Some(Value::Array(incidents)) = members.remove("incidents") else {
                return Err(Unreadable::NoIncidents);
            };
            Ok(File {
                page: page.and_then(|page| serde_json::from_value(page).ok()),
                incidents,
            })
        }
        _ => Err(Unreadable::NoIncidents),
    }
}
