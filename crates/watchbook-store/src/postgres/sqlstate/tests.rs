//! Which code means what: the table of docs/operate-postgres.md.

use super::*;

fn lost(codes: &[&str]) -> Vec<Option<Loss>> {
    let mut losses: Vec<_> = codes
        .iter()
        .map(|code| loss_by(&SqlState::from_code(code)))
        .collect();
    losses.dedup();
    losses
}

#[test]
fn each_code_says_whether_the_database_is_lost() {
    let gone = [
        "08000", "08001", "08003", "08004", "08006", "08007", "08P01", "57P01", "57P02", "57P03",
        "57P05", "25P03", "25006", "53300", "53100", "57014",
    ];
    let misconfigured = [
        "28000", "28P01", "3D000", "3F000", "42P01", "42703", "42883", "42P10", "57P04", "26000",
        "42P05",
    ];
    let neither = [
        "42501", "23505", "40001", "40P01", "55P03", "22001", "23502", "23514", "25P02", "42601",
        "53000", "53200", "54000", "58030", "XX000", "XX001",
    ];
    assert_eq!(lost(&gone), [Some(Loss::Gone)]);
    assert_eq!(lost(&misconfigured), [Some(Loss::Misconfigured)]);
    assert_eq!(lost(&neither), [None]);
}

#[test]
fn silence_is_a_loss_and_may_have_written() {
    let change = ChangeId::from_bits(1);
    let error = of_write(ExecError::TimedOut(RETRY), change);
    let WriteError::Failed(error) = error else {
        panic!("{error:?}");
    };
    assert!(matches!(error, StoreError::Unknown { .. }), "{error}");
    assert_eq!(error.loss(), Some(Loss::Gone));
    assert_eq!(of_read(ExecError::TimedOut(RETRY)).loss(), Some(Loss::Gone));
}

#[test]
fn a_value_that_cannot_be_read_is_no_loss() {
    assert_eq!(of_value("a key", "no digest").loss(), None);
}
