//! Summing up what is left to do.

use std::time::Duration;

use watchbook_api::{IncidentFollowupsSummary, Problem, Reply};
use watchbook_core::Timestamp;
use watchbook_core::query::{
    FollowupFilter, FollowupQuery, IncidentFilter, IncidentQuery, MAX_LIMIT, PageRequest, Place,
    Sort,
};

use super::answer::Answer;
use crate::call::Call;
use crate::problem;
use crate::tally::{Tally, Window};

/// The most pages that one summary reads of incidents, and of follow-ups: 100,000 items each. `meta.truncated` says
/// when there were more.
const MAX_PAGES: usize = 200;
const DAY: Duration = Duration::from_hours(24);

/// Open incidents, follow-ups, what is overdue and what is stale. Exercises do not count.
pub(super) async fn summarise(
    call: &Call<'_>,
    params: IncidentFollowupsSummary,
) -> Result<Answer, Problem> {
    let mut tally = Tally::new(call.now());
    let since = window_from(call.now(), &params);
    let all = count_incidents(call, &params, &mut tally).await?
        && count_followups(call, &params, since, &mut tally).await?;
    let IncidentFollowupsSummary {
        service,
        env,
        window_days,
    } = params;
    let is_cut = tally.is_cut();
    let summary = tally.into_view(Window {
        service,
        env,
        days: window_days.get(),
        from: since,
    });
    let mut answer = Answer::read(Reply::Summary(Box::new(summary)));
    answer.truncated = is_cut || !all;
    Ok(answer)
}

fn window_from(now: Timestamp, params: &IncidentFollowupsSummary) -> Timestamp {
    now.minus(DAY.saturating_mul(params.window_days.get()))
}

/// Counts unfinished incidents at any age. Whether all were counted.
async fn count_incidents(
    call: &Call<'_>,
    params: &IncidentFollowupsSummary,
    tally: &mut Tally,
) -> Result<bool, Problem> {
    let mut query = IncidentQuery {
        filter: IncidentFilter {
            statuses: Some(IncidentFilter::unfinished()),
            service: params.service.clone(),
            env: params.env.clone(),
            drill: Some(false),
            ..IncidentFilter::default()
        },
        sort: Sort::CreatedDesc,
        page: from(None),
    };
    for _ in 0..MAX_PAGES {
        let page = call.store().list(query.clone()).await;
        let page = page.map_err(|error| problem::of_store(&error))?;
        page.items
            .into_iter()
            .for_each(|incident| tally.add_incident(incident));
        if page.next.is_none() {
            return Ok(true);
        }
        query.page = from(page.next);
    }
    Ok(false)
}

/// Counts unfinished follow-ups at any age, and those that were finished within the window. Whether all were counted.
async fn count_followups(
    call: &Call<'_>,
    params: &IncidentFollowupsSummary,
    since: Timestamp,
    tally: &mut Tally,
) -> Result<bool, Problem> {
    let mut query = FollowupQuery {
        service: params.service.clone(),
        env: params.env.clone(),
        state: FollowupFilter::All,
        finished_since: Some(since),
        drill: Some(false),
        page: from(None),
        ..FollowupQuery::default()
    };
    for _ in 0..MAX_PAGES {
        let page = call.store().followups(query.clone()).await;
        let page = page.map_err(|error| problem::of_store(&error))?;
        page.items
            .into_iter()
            .for_each(|item| tally.add_followup(item));
        if page.next.is_none() {
            return Ok(true);
        }
        query.page = from(page.next);
    }
    Ok(false)
}

const fn from(after: Option<Place>) -> PageRequest {
    PageRequest {
        limit: MAX_LIMIT,
        after,
    }
}
