//! Stores that break the contract on purpose, one sentence each, and the conformance cases that must notice.
//!
//! A suite that lets a broken store pass shows nothing about the sound ones. So every sentence of the contract has at
//! least one store here, and a test that the case that holds the sentence fails on it.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "everything here is test code, also outside of `#[test]`"
)]

mod absorb;
mod artifacts;
mod audit;
mod disk;
mod feed;
mod incidents;
mod keys;
mod leases;
mod noticed;
mod transfer;
mod twist;

use std::collections::BTreeSet;

use watchbook_store::conformance::{CASES, Ran, Sentence, case, run};

use twist::{Honest, Rig, Twist};

// The rig itself keeps the contract, with every capability: what fails below fails by its twist alone.
watchbook_store::conformance_suite!(Rig::new(Honest), without: []);

/// One row per broken store: its test, the twist, the sentence it breaks, and the case that must notice.
macro_rules! broken {
    ($($name:ident: $twist:expr, breaks $on:ident $number:literal, caught by $case:ident;)*) => {
        /// What each broken store breaks, and the case that notices.
        const BROKEN: &[(&str, Sentence, &str)] =
            &[$((stringify!($name), Sentence::$on($number), stringify!($case)),)*];

        mod notices {
            use super::*;

            $(
                #[test]
                fn $name() {
                    caught($twist, Sentence::$on($number), stringify!($case));
                }
            )*
        }
    };
}

broken! {
    a_store_that_ignores_the_version: incidents::IgnoresTheVersion,
        breaks Incidents 1, caught by a_write_to_an_old_version_is_refused;
    a_store_that_notes_refusals: incidents::NotesRefusals,
        breaks Incidents 1, caught by a_refusal_leaves_no_trace;
    a_store_that_decides_before_it_locks: incidents::DecidesBeforeItLocks,
        breaks Incidents 1, caught by of_many_that_race_one_wins;
    a_store_whose_handles_decide_alone: incidents::DecidesBeforeItLocks,
        breaks Incidents 1, caught by two_handles_decide_on_one_state;
    a_store_that_writes_what_is_so_already: incidents::WritesWhatIsSo,
        breaks Incidents 1, caught by what_is_so_already_changes_nothing;
    a_store_that_knows_nothing_similar: incidents::KnowsNothingSimilar,
        breaks Incidents 1, caught by a_creation_names_what_looks_the_same;
    a_store_that_sorts_what_is_similar_by_id: incidents::SortsTheSimilarById,
        breaks Incidents 1, caught by what_looks_the_same_is_told_by_its_creation;
    a_store_that_decides_by_itself: incidents::DecidesByItself,
        breaks Incidents 1, caught by every_operation_leads_where_it_is_decided;
    a_store_that_trusts_the_clock: incidents::TrustsTheClock,
        breaks Incidents 1, caught by a_clock_that_goes_back_disturbs_nothing;

    a_store_that_shows_half_a_merge: incidents::ShowsHalfAMerge::default(),
        breaks Incidents 2, caught by a_merge_shows_on_both_or_neither;
    a_store_that_shows_half_a_merge_elsewhere: incidents::ShowsHalfAMerge::default(),
        breaks Incidents 2, caught by a_merge_shows_on_both_or_neither_elsewhere;
    a_store_that_imports_line_by_line: incidents::ImportsLineByLine,
        breaks Incidents 2, caught by an_import_shows_whole_or_not_at_all;

    a_store_that_flushes_late: incidents::LosesTheLastCommit::at_restart(),
        breaks Incidents 3, caught by what_was_answered_survives_a_restart;
    a_store_that_does_not_sync: incidents::LosesTheLastCommit::at_crash(),
        breaks Incidents 3, caught by what_was_answered_survives_a_crash;
    a_store_that_shows_before_it_syncs: incidents::ShowsBeforeItSyncs::default(),
        breaks Incidents 3, caught by nothing_is_shown_before_it_is_durable;
    a_store_that_mangles_texts: incidents::ManglesTexts::default(),
        breaks Incidents 3, caught by texts_come_back_after_a_restart;

    a_store_that_reads_from_a_cache: incidents::ReadsFromACache::default(),
        breaks Incidents 4, caught by a_write_is_read_back_at_once;
    a_store_that_lists_late: incidents::ListsLate::default(),
        breaks Incidents 4, caught by a_write_is_read_back_at_once;
    a_store_that_reads_old_elsewhere: incidents::ReadsFromACache::elsewhere(),
        breaks Incidents 4, caught by a_write_is_read_back_elsewhere;

    a_store_with_gaps: incidents::LeavesGaps,
        breaks Incidents 5, caught by lines_count_from_one_without_gaps;
    a_store_that_doubles_a_line: incidents::DoublesALine,
        breaks Incidents 5, caught by lines_count_from_one_without_gaps;
    a_store_that_loses_a_line_in_the_crowd: incidents::LosesALine::default(),
        breaks Incidents 5, caught by writers_at_once_share_one_count;
    a_store_whose_handles_count_alone: incidents::LosesALine::default(),
        breaks Incidents 5, caught by two_handles_share_one_count;

    a_store_that_forgets_keys: incidents::ForgetsKeys,
        breaks Incidents 6, caught by the_same_request_gets_the_first_answer;
    a_store_that_answers_replays_with_the_present: incidents::ReplaysThePresent,
        breaks Incidents 6, caught by the_same_request_gets_the_first_answer;
    a_store_that_takes_any_body: incidents::TakesAnyBody,
        breaks Incidents 6, caught by another_body_is_refused;
    a_store_that_forgets_idle_keys: incidents::ForgetsIdleKeys,
        breaks Incidents 6, caught by a_key_without_a_change_is_remembered;
    a_store_that_burns_keys: incidents::BurnsKeys::default(),
        breaks Incidents 6, caught by a_refusal_leaves_the_key_free;
    a_store_that_forgets_after_three_days: incidents::ForgetsAfterThreeDays::default(),
        breaks Incidents 6, caught by a_key_is_remembered_for_seven_days;
    a_store_that_forgets_at_restart: incidents::ForgetsAtRestart::default(),
        breaks Incidents 6, caught by a_key_is_remembered_through_a_restart;
    a_store_that_looks_for_keys_before_it_locks: incidents::LooksForKeysTooEarly::default(),
        breaks Incidents 6, caught by one_key_many_callers_one_incident;
    a_store_with_keys_per_handle: incidents::KeysPerHandle,
        breaks Incidents 6, caught by a_key_counts_on_every_handle;

    a_store_that_calls_a_success_a_failure: incidents::CallsSuccessFailure,
        breaks Incidents 7, caught by an_error_says_whether_it_happened;
    a_store_that_calls_a_failure_a_success: incidents::CallsFailureSuccess,
        breaks Incidents 7, caught by an_error_says_whether_it_happened;
    a_store_that_is_never_sure: incidents::IsNeverSure,
        breaks Incidents 7, caught by a_refusal_certainly_did_not_happen;

    a_store_that_repeats_at_borders: incidents::RepeatsAtBorders,
        breaks Incidents 8, caught by every_order_gives_each_incident_once;
    a_store_that_pages_by_number: incidents::PagesByNumber::default(),
        breaks Incidents 8, caught by what_is_written_meanwhile_neither_repeats_nor_hides;
    a_store_that_skips_lines_at_borders: incidents::SkipsLinesAtBorders,
        breaks Incidents 8, caught by a_growing_timeline_is_read_once;
    a_store_that_pages_by_deadline_alone: incidents::PagesByDeadlineAlone,
        breaks Incidents 8, caught by follow_ups_are_read_once;
    a_store_without_a_largest_page: incidents::HasNoLargestPage,
        breaks Incidents 8, caught by a_page_is_bounded;

    a_store_whose_preview_writes: incidents::PreviewWrites,
        breaks Incidents 9, caught by a_preview_writes_nothing;
    a_store_whose_preview_guesses: incidents::PreviewGuesses,
        breaks Incidents 9, caught by a_preview_answers_what_apply_would;

    a_store_that_adds_of_its_own: incidents::AddsOfItsOwn,
        breaks Incidents 10, caught by what_is_shown_is_the_fold_of_the_timeline;
    a_store_that_trims_facts: incidents::ManglesTexts::at_once(),
        breaks Incidents 10, caught by texts_come_back_as_they_were;

    a_store_that_keeps_redacted_lines: incidents::KeepsTexts::in_timelines(),
        breaks Incidents 11, caught by a_redacted_text_is_nowhere;
    a_store_that_tells_in_replays: incidents::KeepsTexts::in_replays(),
        breaks Incidents 11, caught by a_redacted_text_is_nowhere;
    a_store_that_tells_after_a_restart: incidents::KeepsTexts::after_a_restart(),
        breaks Incidents 11, caught by a_redacted_text_stays_away;
    a_store_that_tells_elsewhere: incidents::KeepsTexts::elsewhere(),
        breaks Incidents 11, caught by a_redacted_text_is_nowhere_elsewhere;
    a_store_that_drops_redacted_lines: incidents::DropsRedactedLines,
        breaks Incidents 11, caught by a_redacted_line_keeps_its_place;

    a_store_that_lists_backwards: incidents::ListsBackwards,
        breaks Incidents 12, caught by each_order_is_what_it_says;
    a_store_that_puts_the_latest_deadline_first: incidents::PutsTheLatestDeadlineFirst,
        breaks Incidents 12, caught by each_question_about_follow_ups_means_what_it_says;

    a_store_that_names_files_first: artifacts::NamesFilesFirst::default(),
        breaks Artifacts 1, caught by bytes_are_there_before_their_event;
    a_store_that_names_what_is_not_there: artifacts::NamesWhatIsNotThere,
        breaks Artifacts 1, caught by an_event_cannot_name_bytes_that_are_not_there;
    a_store_that_does_not_sync_files: artifacts::LosesBytes::default(),
        breaks Artifacts 1, caught by bytes_survive_a_crash;
    a_store_that_keeps_the_latest_only: artifacts::KeepsTheLatestOnly,
        breaks Artifacts 2, caught by older_versions_stay_reachable;
    a_store_that_takes_any_bytes: artifacts::TakesAnyBytes,
        breaks Artifacts 3, caught by wrong_bytes_are_refused;
    a_store_that_gives_damaged_bytes: artifacts::GivesDamagedBytes,
        breaks Artifacts 3, caught by damaged_bytes_are_not_given_out;

    a_store_that_audits_at_the_end: audit::WritesAtTheEnd::default(),
        breaks AuditLog 1, caught by an_opening_is_found_at_once;
    a_store_that_buffers_the_trail: audit::LosesTheTail::at_restart(),
        breaks AuditLog 1, caught by an_opening_survives_a_restart;
    a_store_that_syncs_no_trail: audit::LosesTheTail::at_crash(),
        breaks AuditLog 1, caught by what_was_synced_survives_a_crash;
    a_store_with_a_trail_per_handle: audit::TrailPerHandle::default(),
        breaks AuditLog 2, caught by entries_of_two_handles_stand_beside_each_other;
    a_store_that_loses_entries_in_the_crowd: audit::LosesEntriesInTheCrowd::default(),
        breaks AuditLog 2, caught by entries_at_once_are_each_whole;
    a_store_that_pairs_in_turn: audit::PairsInTurn::default(),
        breaks AuditLog 3, caught by an_opening_comes_with_its_own_closing;
    a_store_that_ignores_the_question: audit::IgnoresTheQuestion,
        breaks AuditLog 3, caught by each_question_about_the_trail_means_what_it_says;

    a_store_that_loses_a_key: keys::LosesTheLastKey,
        breaks Keys 1, caught by records_survive_a_crash;
    a_store_that_keeps_both_records: keys::KeepsBothRecords::default(),
        breaks Keys 2, caught by a_record_is_replaced_by_its_id;
    a_store_that_caches_keys: keys::CachesKeys::default(),
        breaks Keys 2, caught by every_handle_sees_a_record;
    a_store_with_open_files: keys::LeavesFilesOpen,
        breaks Keys 3, caught by secrets_are_readable_by_their_owner_alone;
    a_store_that_prints_the_pepper: keys::PrintsThePepper::default(),
        breaks Keys 3, caught by secrets_are_not_printed;
    a_store_that_peppers_each_key_anew: keys::ChangesThePepper::at_each_key(),
        breaks Keys 4, caught by the_pepper_stays;
    a_store_that_loses_the_pepper: keys::ChangesThePepper::at_a_crash(),
        breaks Keys 4, caught by the_pepper_stays_through_a_crash;
    a_store_with_a_pepper_per_handle: keys::ChangesThePepper::at_each_handle(),
        breaks Keys 4, caught by every_handle_has_one_pepper;
    a_store_that_sorts_keys: keys::SortsKeys,
        breaks Keys 5, caught by a_record_is_replaced_by_its_id;
    a_store_that_moves_replaced_keys: keys::MovesReplacedKeys::default(),
        breaks Keys 5, caught by a_record_is_replaced_by_its_id;

    a_store_that_gives_to_everybody: leases::GivesToEverybody,
        breaks Leases 1, caught by one_holder_at_a_time;
    a_store_that_looks_before_it_takes: leases::LooksBeforeItTakes,
        breaks Leases 1, caught by of_many_that_ask_at_once_one_gets_it;
    a_store_that_takes_nothing_back: leases::TakesNothingBack,
        breaks Leases 2, caught by a_lease_ends_when_it_is_released;
    a_store_whose_leases_never_end: leases::NeverEnds,
        breaks Leases 2, caught by a_lease_ends_in_its_time;
    a_store_that_counts_holders: leases::GivesTheSameToken,
        breaks Leases 3, caught by tokens_grow;
    a_store_that_counts_anew_after_a_crash: leases::CountsAnew::default(),
        breaks Leases 3, caught by tokens_grow_through_a_crash;
    a_store_that_ignores_fences: leases::IgnoresFences::everywhere(),
        breaks Leases 4, caught by a_write_goes_through_only_under_its_fence;
    a_store_that_attaches_over_fences: leases::IgnoresFences::of_attachments(),
        breaks Leases 4, caught by a_fence_covers_every_kind_of_write;
    a_store_with_leases_per_handle: leases::LeasesPerHandle,
        breaks Leases 5, caught by every_handle_sees_a_lease;
    a_store_that_forgets_leases: leases::ForgetsLeases,
        breaks Leases 5, caught by a_lease_is_there_after_a_restart;

    a_store_that_tells_of_one_incident_per_commit: feed::TellsOfOneIncident::default(),
        breaks Feed 1, caught by every_line_is_told;
    a_store_with_a_feed_per_handle: feed::FeedPerHandle::default(),
        breaks Feed 1, caught by every_handle_tells;
    a_store_whose_feed_begins_anew: feed::BeginsAnew::default(),
        breaks Feed 1, caught by a_reader_goes_on_after_a_crash;
    a_store_that_tells_backwards: feed::TellsBackwards,
        breaks Feed 2, caught by lines_are_told_in_their_order;
    a_store_that_tells_the_last_again: feed::TellsTheLastAgain,
        breaks Feed 3, caught by lines_are_told_once;
    a_store_that_goes_on_after_a_restoration: feed::GoesOnRegardless,
        breaks Feed 4, caught by a_position_of_a_lost_past_is_refused;

    a_store_that_takes_any_run: absorb::TakesAnyRun,
        breaks Absorb 1, caught by a_run_is_brought_in_once;
    a_store_that_stamps_on_arrival: absorb::StampsOnArrival::default(),
        breaks Absorb 2, caught by the_order_of_coming_back_makes_no_difference;
    a_store_that_writes_lines_again: absorb::WritesLinesAgain,
        breaks Absorb 3, caught by a_line_that_is_here_is_not_written_again;
    a_store_that_overrides_in_silence: absorb::OverridesInSilence,
        breaks Absorb 4, caught by an_overridden_value_leaves_a_line;
    a_store_that_keeps_both_of_a_key: absorb::KeepsBoth,
        breaks Absorb 4, caught by what_one_key_opened_twice_becomes_one;
    a_store_that_keeps_both_of_a_group: absorb::KeepsBoth,
        breaks Absorb 4, caught by what_one_alert_group_opened_twice_becomes_one;
    a_store_that_leaves_bytes_behind: absorb::LeavesBytesBehind,
        breaks Absorb 4, caught by bytes_come_with_their_commit;
    a_store_that_takes_in_no_redaction: absorb::TakesInNoRedaction,
        breaks Incidents 11, caught by what_was_blacked_out_apart_is_black_here;
    a_store_that_stops_at_what_does_not_fit: absorb::StopsAtWhatDoesNotFit,
        breaks Absorb 5, caught by what_does_not_fit_holds_up_nothing;

    a_store_that_signs_what_it_takes_over: transfer::SignsItself,
        breaks Transfer 1, caught by what_was_taken_over_is_as_it_was;
    a_store_that_leaves_keys_behind: transfer::LeavesKeysBehind,
        breaks Transfer 1, caught by keys_that_were_taken_over_answer_as_before;
    a_store_that_takes_over_without_a_sync: transfer::LosesWhatItTook,
        breaks Transfer 1, caught by what_was_taken_over_durably_survives;
    a_store_that_doubles_the_trail: transfer::DoublesTheTrail,
        breaks Transfer 1, caught by the_trail_and_the_secret_come_along;
    a_store_that_takes_over_anew: transfer::TakesOverAnew,
        breaks Transfer 2, caught by what_is_there_is_not_taken_over_again;
    a_store_that_keeps_half_of_a_failure: transfer::KeepsHalf,
        breaks Transfer 3, caught by what_failed_can_be_repeated;
    a_store_that_takes_over_beginnings_only: transfer::TakesBeginningsOnly,
        breaks Transfer 4, caught by lines_that_follow_are_added;
    a_store_that_closes_gaps: transfer::ClosesGaps,
        breaks Transfer 4, caught by lines_that_do_not_fit_are_refused;
    a_store_that_does_not_black_out_what_it_has: transfer::KeepsBright::default(),
        breaks Transfer 4, caught by what_is_black_stays_black;
}

/// The case must hold the sentence, and must fail on the store that breaks it, by an assertion of its own: a twist that
/// breaks the rig, or what a case needs before it looks, shows nothing.
fn caught(twist: impl Twist, sentence: Sentence, name: &str) {
    let case = case(name).expect("a case of the suite");
    assert!(
        case.holds.contains(&sentence),
        "`{name}` holds {:?}",
        case.holds
    );
    let rig = Rig::new(twist);
    let passed = noticed::by(|| run(case, &rig));
    assert!(passed.is_err(), "`{name}` lets {rig:?} pass: {passed:?}");
    let own = format!("src/conformance/cases/{}.rs", case.module);
    let by_itself = passed.as_ref().is_err_and(|(file, _)| file.ends_with(&own));
    assert!(by_itself, "not `{name}` noticed {rig:?}, but {passed:?}");
}

#[test]
fn every_sentence_has_a_case_and_a_broken_store() {
    for sentence in Sentence::all() {
        let held = CASES.iter().filter(|case| case.holds.contains(&sentence));
        assert!(held.count() > 0, "no case holds {sentence}");
        let broken = BROKEN.iter().filter(|(_, breaks, _)| *breaks == sentence);
        assert!(broken.count() > 0, "no store breaks {sentence}");
    }
}

#[test]
fn every_case_that_holds_a_sentence_has_caught_a_broken_store() {
    let caught: BTreeSet<&str> = BROKEN.iter().map(|(_, _, case)| *case).collect();
    for case in CASES.iter().filter(|case| !case.holds.is_empty()) {
        assert!(
            caught.contains(case.name),
            "`{}` has caught no broken store",
            case.name
        );
    }
}

/// The numbered sentences of a contract, as they stand in the documentation of its trait.
fn numbered(source: &str) -> usize {
    let sentence = |line: &&str| {
        let text = line.strip_prefix("/// ").unwrap_or_default();
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        digits > 0 && text[digits..].starts_with(". *")
    };
    source.lines().filter(sentence).count()
}

#[test]
fn the_suite_knows_every_sentence_that_is_written() {
    let count = |on: fn(&Sentence) -> bool| Sentence::all().filter(on).count();
    for (source, known) in [
        (
            include_str!("../../src/contract/incidents.rs"),
            count(|sentence| matches!(sentence, Sentence::Incidents(_))),
        ),
        (
            include_str!("../../src/contract/artifacts.rs"),
            count(|sentence| matches!(sentence, Sentence::Artifacts(_))),
        ),
        (
            include_str!("../../src/contract/audit.rs"),
            count(|sentence| matches!(sentence, Sentence::AuditLog(_))),
        ),
        (
            include_str!("../../src/contract/keys.rs"),
            count(|sentence| matches!(sentence, Sentence::Keys(_))),
        ),
        (
            include_str!("../../src/contract/leases.rs"),
            count(|sentence| matches!(sentence, Sentence::Leases(_))),
        ),
        (
            include_str!("../../src/contract/feed.rs"),
            count(|sentence| matches!(sentence, Sentence::Feed(_))),
        ),
        (
            include_str!("../../src/contract/absorb.rs"),
            count(|sentence| matches!(sentence, Sentence::Absorb(_))),
        ),
        (
            include_str!("../../src/contract/transfer.rs"),
            count(|sentence| matches!(sentence, Sentence::Transfer(_))),
        ),
    ] {
        assert_eq!(numbered(source), known, "{source}");
    }
}

#[test]
fn a_sound_store_is_let_pass() {
    let case = case("a_preview_writes_nothing").expect("a case of the suite");
    assert_eq!(run(case, &Rig::new(Honest)), Ran::Held);
}
