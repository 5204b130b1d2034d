//! Pages of lists: one statement where every condition has an index; stretch by stretch where one has none.

use tokio_postgres::Row;
use watchbook_core::query::{PageRequest, Place};

use super::condition::Conditions;
use super::exec::Link;
use super::sqlstate;
use crate::contract::StoreError;

/// How many stretches are looked through for one page. A page may end there with fewer items than were asked for;
/// the next begins after what was looked at.
const STRETCHES: usize = 10;

/// What a list reads, and in which order.
#[derive(Debug, Clone, Copy)]
pub(super) struct Source {
    pub(super) columns: &'static str,
    pub(super) table: &'static str,
    pub(super) order: &'static str,
    /// How many rows one statement looks through for conditions that no index helps with: few of the table, so that
    /// they are met sooner in the order of the list than by reading all of it.
    pub(super) stretch: usize,
}

/// One page as rows.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) rows: Vec<Row>,
    /// Where the next page begins after.
    pub(super) next: Option<Place>,
}

impl Source {
    /// The statement that gives the first `limit` rows.
    pub(super) fn page(self, asked: &Conditions, limit: usize) -> String {
        let Self {
            columns,
            table,
            order,
            stretch,
        } = self;
        let firm = asked.firm();
        match asked.loose() {
            None => format!(
                "select {columns} from {table}\nwhere {firm}\norder by {order}\nlimit {limit}"
            ),
            Some(loose) => format!(
                "select {columns} from (\n\
                 select * from {table}\nwhere {firm}\norder by {order}\nlimit {stretch}\n\
                 ) as stretch\nwhere {loose}\norder by {order}\nlimit {limit}"
            ),
        }
    }

    /// The statement that gives the last row of a stretch, if there are so many.
    pub(super) fn end(self, asked: &Conditions) -> String {
        let Self {
            columns,
            table,
            order,
            stretch,
        } = self;
        let firm = asked.firm();
        let before = stretch - 1;
        format!(
            "select {columns} from {table}\nwhere {firm}\norder by {order}\noffset {before}\nlimit 1"
        )
    }

    /// Reads one page of what `ask` asks for after a place.
    pub(super) async fn look<A, P>(
        self,
        link: Link<'_>,
        request: PageRequest,
        ask: A,
        place: P,
    ) -> Result<Found, StoreError>
    where
        A: Fn(Option<Place>) -> Conditions + Send + Sync,
        P: Fn(&Row) -> Result<Place, StoreError> + Send + Sync,
    {
        let PageRequest { limit, mut after } = request;
        let mut rows: Vec<Row> = Vec::new();
        for _ in 0..STRETCHES {
            let asked = ask(after);
            let sql = self.page(&asked, limit + 1 - rows.len());
            rows.extend(sent(link, &sql, &asked).await?);
            if rows.len() > limit {
                rows.truncate(limit);
                let next = rows.last().map(&place).transpose()?;
                return Ok(Found { rows, next });
            }
            if asked.loose().is_none() {
                return Ok(Found { rows, next: None });
            }
            let end = sent(link, &self.end(&asked), &asked).await?;
            match end.first() {
                None => return Ok(Found { rows, next: None }),
                Some(row) => after = Some(place(row)?),
            }
        }
        Ok(Found { rows, next: after })
    }
}

async fn sent(link: Link<'_>, sql: &str, asked: &Conditions) -> Result<Vec<Row>, StoreError> {
    link.unnamed(sql, &asked.params())
        .await
        .map_err(sqlstate::of_read)
}
