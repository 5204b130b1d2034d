//! How many bytes the rows of each table take on disk.

use std::fmt::Write as _;

use crate::bench::AnyError;
use crate::bench::database::filled::BenchDatabase;

const SIZES: &str = include_str!("sizes.sql");

/// One line for each table with rows.
pub(super) async fn told(database: &BenchDatabase) -> Result<String, AnyError> {
    let client = database.client().await?;
    let mut text = String::new();
    for row in client.query(SIZES, &[]).await? {
        let (table, rows): (&str, i64) = (row.try_get(0)?, row.try_get(1)?);
        let (bytes, index_bytes): (i64, i64) = (row.try_get(2)?, row.try_get(3)?);
        if rows > 0 {
            let (each, index_each) = (bytes / rows, index_bytes / rows);
            writeln!(
                text,
                "{}: {rows} rows of {table}, {each} bytes each and {index_each} of indexes",
                database.name
            )?;
        }
    }
    Ok(text)
}
