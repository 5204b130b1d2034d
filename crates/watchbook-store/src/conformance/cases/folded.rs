//! Incidents 10, *folded*: what is shown is the fold of the timeline, and nothing else.

use watchbook_core::{Incident, IncidentId, IncidentState, fold};

use crate::conformance::{Harness, Scene, Snapshot, story};
use crate::contract::Store;

/// After a story with every operation, each incident is the fold of the events that are shown, from `get` and from the
/// list alike, and each follow-up that is listed is one of its incident.
pub async fn what_is_shown_is_the_fold_of_the_timeline<H: Harness>(harness: &H) {
    let scene = Scene::open(harness).await;
    let story = story::tell(&scene).await;
    let shown = Snapshot::of(&scene.store).await;
    assert_eq!(shown.len(), 4);
    for (incident, _) in &shown.incidents {
        assert_eq!(Some(incident), folded(&scene, incident.id).await.as_ref());
    }
    for item in &shown.followups {
        assert_eq!(item.incident_id, story.main);
        let incident = scene.get(item.incident_id).await;
        assert!(incident.followups.contains(&item.followup));
        assert_eq!(
            (&item.service, &item.env),
            (&incident.service, &incident.env)
        );
        assert_eq!(item.severity, incident.severity);
    }
    assert_eq!(shown.followups.len(), 2);
}

async fn folded<S: Store>(scene: &Scene<S>, id: IncidentId) -> Option<Incident> {
    let mut state = IncidentState::default();
    for event in scene.timeline(id).await {
        fold::apply(&mut state, &event);
    }
    state.incident(id)
}
