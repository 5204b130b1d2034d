//! Searching the audit trail.

use watchbook_api::{AuditSearch, AuditView, List, Problem, Reply};
use watchbook_core::query::{ListKind, Place};

use super::answer::Answer;
use crate::call::Call;
use crate::problem;

/// One page of entries, the newest first. The search itself is the first of them.
pub(super) async fn search(call: &Call<'_>, params: AuditSearch) -> Result<Answer, Problem> {
    let (query, page) = params.into_query();
    let page = call.store().search_audit(query, page).await;
    let page = page.map_err(|error| problem::of_store(&error))?;
    let list = List::of(
        page,
        ListKind::Audit,
        |entry| Place::of_audit(&entry.opening),
        AuditView::from,
    );
    Ok(Answer::read(Reply::Audit(list)))
}
