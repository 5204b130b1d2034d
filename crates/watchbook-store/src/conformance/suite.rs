//! The table of all cases, and what is made of it: a list, a way to run one by name, and a test for each.

use super::{Case, Harness, Need, Sentence, cases};

/// The table of all cases: module, name, the sentences it holds a store to, and what it needs. Everything else
/// derives from it.
#[doc(hidden)]
#[macro_export]
macro_rules! __conformance_cases {
    ($then:ident!($($args:tt)*)) => {
        $crate::$then! { ($($args)*)
            decided every_operation_leads_where_it_is_decided [Incidents(1), Incidents(10)] Nothing;
            decided a_refusal_leaves_no_trace [Incidents(1)] Nothing;
            decided a_write_to_an_old_version_is_refused [Incidents(1)] Nothing;
            decided of_many_that_race_one_wins [Incidents(1)] Nothing;
            decided two_handles_decide_on_one_state [Incidents(1)] Shared;
            decided what_is_so_already_changes_nothing [Incidents(1)] Nothing;
            decided a_creation_names_what_looks_the_same [Incidents(1)] Nothing;
            decided what_looks_the_same_is_told_by_its_creation [Incidents(1)] Nothing;
            atomic a_merge_shows_on_both_or_neither [Incidents(2)] Nothing;
            atomic a_merge_shows_on_both_or_neither_elsewhere [Incidents(2)] Shared;
            atomic an_import_shows_whole_or_not_at_all [Incidents(2)] Nothing;
            durable what_was_answered_survives_a_restart [Incidents(3)] Persistent;
            durable what_was_answered_survives_a_crash [Incidents(3)] Persistent;
            durable nothing_is_shown_before_it_is_durable [Incidents(3)] Persistent;
            reading a_write_is_read_back_at_once [Incidents(4)] Nothing;
            reading a_write_is_read_back_elsewhere [Incidents(4)] Shared;
            sequence lines_count_from_one_without_gaps [Incidents(5)] Nothing;
            sequence writers_at_once_share_one_count [Incidents(5)] Nothing;
            sequence two_handles_share_one_count [Incidents(5)] Shared;
            idempotent the_same_request_gets_the_first_answer [Incidents(6)] Nothing;
            idempotent another_body_is_refused [Incidents(6)] Nothing;
            idempotent a_key_without_a_change_is_remembered [Incidents(6)] Nothing;
            idempotent a_refusal_leaves_the_key_free [Incidents(6)] Nothing;
            idempotent a_key_is_remembered_for_seven_days [Incidents(6)] Nothing;
            idempotent a_key_is_remembered_through_a_restart [Incidents(6)] Persistent;
            idempotent one_key_many_callers_one_incident [Incidents(6)] Nothing;
            idempotent a_key_counts_on_every_handle [Incidents(6)] Shared;
            honest a_refusal_certainly_did_not_happen [Incidents(7)] Nothing;
            honest an_error_says_whether_it_happened [Incidents(7)] Faults;
            pages every_order_gives_each_incident_once [Incidents(8)] Nothing;
            pages what_is_written_meanwhile_neither_repeats_nor_hides [Incidents(8)] Nothing;
            pages a_growing_timeline_is_read_once [Incidents(8)] Nothing;
            pages follow_ups_are_read_once [Incidents(8)] Nothing;
            pages a_page_is_bounded [Incidents(8)] Nothing;
            dry a_preview_answers_what_apply_would [Incidents(9)] Nothing;
            dry a_preview_writes_nothing [Incidents(9)] Nothing;
            folded what_is_shown_is_the_fold_of_the_timeline [Incidents(10)] Nothing;
            black a_redacted_text_is_nowhere [Incidents(11)] Nothing;
            black a_redacted_line_keeps_its_place [Incidents(11)] Nothing;
            black a_redacted_text_stays_away [Incidents(11)] Persistent;
            black a_redacted_text_is_nowhere_elsewhere [Incidents(11)] Shared;
            filters each_filter_means_what_it_says [] Nothing;
            filters each_order_is_what_it_says [Incidents(12)] Nothing;
            followups each_question_about_follow_ups_means_what_it_says [Incidents(12)] Nothing;
            followups each_time_of_a_follow_up_can_be_asked_for [] Nothing;
            followups they_outlive_their_incident [] Nothing;
            hostile texts_come_back_as_they_were [Incidents(10)] Nothing;
            hostile texts_come_back_after_a_restart [Incidents(3)] Persistent;
            hostile a_clock_that_goes_back_disturbs_nothing [Incidents(1)] Nothing;
            verifiable the_head_moves_with_each_commit_and_nothing_else [] Verifiable;
            artifacts bytes_are_there_before_their_event [Artifacts(1)] Nothing;
            artifacts an_event_cannot_name_bytes_that_are_not_there [Artifacts(1)] Nothing;
            artifacts bytes_survive_a_crash [Artifacts(1)] Persistent;
            artifacts older_versions_stay_reachable [Artifacts(2)] Nothing;
            artifacts wrong_bytes_are_refused [Artifacts(3)] Nothing;
            artifacts damaged_bytes_are_not_given_out [Artifacts(3)] Damage;
            audit an_opening_is_found_at_once [AuditLog(1)] Nothing;
            audit an_opening_survives_a_restart [AuditLog(1)] Persistent;
            audit what_was_synced_survives_a_crash [AuditLog(1)] Persistent;
            audit entries_of_two_handles_stand_beside_each_other [AuditLog(2)] Shared;
            audit entries_at_once_are_each_whole [AuditLog(2)] Nothing;
            audit an_opening_comes_with_its_own_closing [AuditLog(3)] Nothing;
            audit each_question_about_the_trail_means_what_it_says [AuditLog(3)] Nothing;
            keys a_record_is_replaced_by_its_id [Keys(2), Keys(5)] Nothing;
            keys records_survive_a_crash [Keys(1)] Persistent;
            keys every_handle_sees_a_record [Keys(2)] Shared;
            keys the_pepper_stays [Keys(4)] Nothing;
            keys the_pepper_stays_through_a_crash [Keys(4)] Persistent;
            keys every_handle_has_one_pepper [Keys(4)] Shared;
            keys secrets_are_readable_by_their_owner_alone [Keys(3)] Files;
            keys secrets_are_not_printed [Keys(3)] Nothing;
            leases one_holder_at_a_time [Leases(1)] Nothing;
            leases of_many_that_ask_at_once_one_gets_it [Leases(1)] Nothing;
            leases a_lease_ends_when_it_is_released [Leases(2)] Nothing;
            leases a_lease_ends_in_its_time [Leases(2)] Nothing;
            leases tokens_grow [Leases(3)] Nothing;
            leases tokens_grow_through_a_crash [Leases(3)] Persistent;
            leases a_write_goes_through_only_under_its_fence [Leases(4)] Nothing;
            leases a_fence_covers_every_kind_of_write [Leases(4)] Nothing;
            leases every_handle_sees_a_lease [Leases(1), Leases(5)] Shared;
            leases a_lease_is_there_after_a_restart [Leases(5)] Persistent;
            feed every_line_is_told [Feed(1)] Nothing;
            feed every_handle_tells [Feed(1)] Shared;
            feed a_reader_goes_on_after_a_crash [Feed(1)] Persistent;
            feed lines_are_told_in_their_order [Feed(2)] Nothing;
            feed lines_are_told_once [Feed(3)] Nothing;
            feed a_position_of_a_lost_past_is_refused [Feed(4)] Restoration;
            transfer what_was_taken_over_is_as_it_was [Transfer(1)] Transfer;
            transfer keys_that_were_taken_over_answer_as_before [Transfer(1)] Transfer;
            transfer what_was_taken_over_durably_survives [Transfer(1)] Transfer;
            transfer what_was_taken_over_is_seen_elsewhere [] Transfer;
            transfer the_trail_and_the_secret_come_along [Transfer(1)] Transfer;
            transfer what_is_there_is_not_taken_over_again [Transfer(2)] Transfer;
            transfer what_failed_can_be_repeated [Transfer(3)] Transfer;
            transfer lines_that_follow_are_added [Transfer(4)] Transfer;
            transfer lines_that_do_not_fit_are_refused [Transfer(4)] Transfer;
            transfer what_is_black_stays_black [Transfer(4)] Transfer;
            absorb a_run_is_brought_in_once [Absorb(1)] Absorbs;
            absorb the_order_of_coming_back_makes_no_difference [Absorb(2)] Absorbs;
            absorb a_line_that_is_here_is_not_written_again [Absorb(3)] Absorbs;
            absorb an_overridden_value_leaves_a_line [Absorb(4)] Absorbs;
            absorb what_one_key_opened_twice_becomes_one [Absorb(4)] Absorbs;
            absorb what_one_alert_group_opened_twice_becomes_one [Absorb(4)] Absorbs;
            absorb bytes_come_with_their_commit [Absorb(4)] Absorbs;
            absorb what_was_blacked_out_apart_is_black_here [Incidents(11)] Absorbs;
            absorb what_does_not_fit_holds_up_nothing [Absorb(5)] Absorbs;
            absorb a_store_keeps_its_id [] Absorbs;
        }
    };
}

/// One test per case of the suite, for the backend behind a [`Harness`], and one that it skips exactly the cases that
/// need what it is said to be without.
///
/// The expression is evaluated anew in every test: each case has a store of its own.
///
/// ```text
/// watchbook_store::conformance_suite!(InMemory::default(), without: [Persistent, Shared, Verifiable, Faults, Files, Restoration]);
/// ```
#[macro_export]
macro_rules! conformance_suite {
    ($harness:expr, without: [$($need:ident),* $(,)?]) => {
        $crate::__conformance_cases! { __conformance_tests!($harness) }

        #[test]
        fn what_is_skipped_is_what_is_declared() {
            let without = [$($crate::conformance::Need::$need),*];
            $crate::conformance::check_declared(|| $harness, &without);
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __conformance_tests {
    (($harness:expr) $($module:ident $case:ident [$($sentence:expr),*] $need:ident;)*) => {
        $(
            #[test]
            fn $case() {
                let case = $crate::conformance::case(stringify!($case)).expect("it is in the table");
                $crate::conformance::run(case, &$harness);
            }
        )*
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __conformance_table {
    (() $($module:ident $case:ident [$($on:ident($number:literal)),*] $need:ident;)*) => {
        /// Every case, in the order of the contract.
        pub const CASES: &[Case] = &[$(Case {
            name: stringify!($case),
            holds: &[$(Sentence::$on($number)),*],
            need: Need::$need,
            module: stringify!($module),
        },)*];

        pub(super) async fn dispatch<H: Harness>(name: &str, harness: &H) {
            $(
                if name == stringify!($case) {
                    return Box::pin(cases::$module::$case(harness)).await;
                }
            )*
            panic!("there is no case {name}");
        }
    };
}

__conformance_cases! { __conformance_table!() }

/// The case with this name.
pub fn case(name: &str) -> Option<&'static Case> {
    CASES.iter().find(|case| case.name == name)
}
