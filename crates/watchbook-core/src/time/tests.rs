//! Tests of [`Timestamp`].

use proptest::prelude::*;

use super::*;

#[test]
fn reads_what_rfc_3339_allows_and_writes_one_form() {
    for (input, written) in [
        ("2026-02-23T10:00:00Z", "2026-02-23T10:00:00.000Z"),
        ("2026-02-23T12:00:00+02:00", "2026-02-23T10:00:00.000Z"),
        ("2026-02-23T10:00:00.123456789Z", "2026-02-23T10:00:00.123Z"),
        ("2024-02-29T23:59:59.999Z", "2024-02-29T23:59:59.999Z"),
        ("1970-01-01T00:00:00.000Z", "1970-01-01T00:00:00.000Z"),
        ("9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"),
    ] {
        assert_eq!(input.parse::<Timestamp>().unwrap().to_string(), written);
    }
}

#[test]
fn refuses_what_is_no_time() {
    for input in [
        "",
        "yesterday",
        "2026-02-23",
        "2026-02-30T10:00:00.000Z",
        "2026-13-01T10:00:00.000Z",
        "2026-02-23T24:00:00.000Z",
        "2026-02-23T10:60:00.000Z",
        "2026-02-23T10:00:00.000",
        "1969-12-31T23:59:59.999Z",
        "0001-01-01T00:00:00Z",
        "2026-02-23T10:00:00.00xZ",
    ] {
        assert!(input.parse::<Timestamp>().is_err(), "{input}");
    }
}

#[test]
fn a_long_refused_text_is_cut_in_the_error() {
    let error = "9".repeat(100_000).parse::<Timestamp>().unwrap_err();
    assert!(error.to_string().len() < 200);
}

#[test]
fn the_end_of_a_day_is_its_last_millisecond() {
    let noon: Timestamp = "2026-02-23T12:00:00Z".parse().unwrap();
    assert_eq!(noon.end_of_day().to_string(), "2026-02-23T23:59:59.999Z");
}

proptest! {
    #[test]
    fn written_forms_read_back(millis in 0..=MAX_MILLIS) {
        let moment = Timestamp::from_millis(millis);
        let written = moment.to_string();
        prop_assert_eq!(written.parse::<Timestamp>().unwrap(), moment);
        let reference = OffsetDateTime::from_unix_timestamp_nanos(i128::from(millis) * 1_000_000).unwrap();
        prop_assert_eq!(OffsetDateTime::parse(&written, &Rfc3339).unwrap(), reference);
    }
}
