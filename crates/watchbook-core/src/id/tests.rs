//! Tests of the ids.

use proptest::prelude::*;

use super::*;

#[test]
fn an_incident_id_shows_its_minute() {
    let created: Timestamp = "2026-02-18T14:30:59.999Z".parse().unwrap();
    let id = IncidentId::from_seed(created, 0);
    assert_eq!(id.to_string(), "inc_20260218_1430_000000");
    assert_eq!(
        "inc_20260218_1430_abc123"
            .parse::<IncidentId>()
            .unwrap()
            .to_string(),
        "inc_20260218_1430_abc123"
    );
}

#[test]
fn malformed_incident_ids_are_refused_with_the_form() {
    for text in [
        "",
        "inc_",
        "inc_20260218_1430_abc12",
        "inc_20260218_1430_abc1234",
        "inc_20260218_1430_ABC123",
        "inc_20260230_1430_abc123",
        "inc_20260218_2430_abc123",
        "inc_20260218_1460_abc123",
        "INC_20260218_1430_abc123",
        "inc_20260218-1430_abc123",
        " inc_20260218_1430_abc123",
        "inc_19690218_1430_abc123",
        "inc_20260218_1430_abc12é",
        "../etc/passwd",
    ] {
        let error = text.parse::<IncidentId>().unwrap_err().to_string();
        assert!(
            error.contains("inc_YYYYMMDD_HHMM_<6 of 0-9a-z>"),
            "{text}: {error}"
        );
    }
}

#[test]
fn an_imported_id_depends_on_source_and_source_id_alone() {
    let created: Timestamp = "2024-12-20T16:18:00Z".parse().unwrap();
    let id = IncidentId::imported(created, "github", "5hjghvwvqztc");
    assert_eq!(id, IncidentId::imported(created, "github", "5hjghvwvqztc"));
    assert_ne!(id, IncidentId::imported(created, "github5", "hjghvwvqztc"));
    assert!(id.to_string().starts_with("inc_20241220_1618_"));
}

#[test]
fn an_event_id_is_32_lower_case_hex_digits() {
    let id: EventId = "evt_0123456789abcdef0123456789abcdef".parse().unwrap();
    assert_eq!(id.to_string(), "evt_0123456789abcdef0123456789abcdef");
    for text in [
        "evt_0123",
        "0123456789abcdef0123456789abcdef",
        "evt_0123456789ABCDEF0123456789ABCDEF",
        "evt_+123456789abcdef0123456789abcdef",
    ] {
        assert!(text.parse::<EventId>().is_err(), "{text}");
    }
}

proptest! {
    #[test]
    fn incident_ids_read_back_and_keep_their_order(a in 0..=MAX_MINUTE, b in 0..=MAX_MINUTE, x in 0..ENDINGS, y in 0..ENDINGS) {
        let (left, right) = (IncidentId { minute: a, ending: x }, IncidentId { minute: b, ending: y });
        prop_assert_eq!(left.to_string().parse::<IncidentId>().unwrap(), left);
        prop_assert_eq!(IncidentId::from_bits(left.to_bits()), Some(left));
        prop_assert_eq!(left.cmp(&right), left.to_string().cmp(&right.to_string()));
        prop_assert_eq!(left.cmp(&right), left.to_bits().cmp(&right.to_bits()));
    }

    #[test]
    fn any_text_is_read_or_refused_without_harm(text in ".*") {
        if let Ok(id) = text.parse::<IncidentId>() {
            prop_assert_eq!(id.to_string(), text);
        }
    }
}
