//! Taking whole incidents over: one transaction, a few statements whatever the number of incidents.

use std::collections::HashMap;

use deadpool_postgres::Object;
use tokio_postgres::types::Type;
use watchbook_core::{ChangeId, Digest, IncidentId, redact};

use super::PostgresStore;
use super::exec::{Link, Statement};
use super::planted_columns::{Incidents, PlantError, last_stamps, send_keys, send_lines};
use super::read::Loaded;
use super::record::parsed;
use super::sqlstate::{self, WriteError};
use super::write::BLANK;
use crate::contract::{KeptKey, KeptLine, Planted, StoreError, Whole};
use crate::planting;

/// How often it is tried: another server may make the same incidents at the same time.
const TRIES: u32 = 5;

pub(super) const KNOWN_KEYS: Statement = Statement {
    sql: include_str!("sql/known_keys.sql"),
    types: &[Type::TEXT_ARRAY],
};
const SOON: Statement = Statement {
    sql: include_str!("sql/soon.sql"),
    types: &[] as &[Type],
};

/// What is to be written, and what it starts from.
struct Rest {
    whole: Whole,
    version: i64,
    known: Option<Loaded>,
}

impl PostgresStore {
    /// Takes over incidents, or the next lines of incidents.
    pub(super) async fn planted(
        &self,
        wholes: Vec<Whole>,
        durable: bool,
    ) -> Result<Planted, StoreError> {
        self.check_not_frozen()?;
        let wholes = planting::pieced(wholes)?;
        let Some(first) = wholes.first() else {
            return Ok(Planted::default());
        };
        let change = first.lines.first().map(|line| line.change);
        let change = change.or_else(|| first.keys.first().map(|key| key.used.change));
        let change = change.unwrap_or_else(|| ChangeId::from_bits(0));
        let mut connection = self.connect().await?;
        for _ in 0..TRIES {
            let tried = self
                .try_plant(&mut connection, &wholes, durable, change)
                .await;
            match tried {
                Err(WriteError::Raced | WriteError::Known) => {}
                Err(WriteError::Failed(error)) => return Err(error),
                Ok(planted) => return Ok(planted),
            }
        }
        Err(StoreError::Unavailable {
            why: "others write the same incidents at once, or lines with these ids belong to other incidents here"
                .to_owned(),
            retry_after: sqlstate::RETRY,
            source: None,
        })
    }

    async fn try_plant(
        &self,
        connection: &mut Object,
        wholes: &[Whole],
        durable: bool,
        change: ChangeId,
    ) -> Result<Planted, WriteError> {
        let outside = self.database.clone();
        let begun = self.database.begin(connection).await;
        let transaction = begun.map_err(|error| WriteError::Failed(sqlstate::of_read(error)))?;
        let link = outside.link_in(&transaction);
        if !durable {
            let soon = link.rows(&SOON, &[]).await;
            soon.map_err(|error| sqlstate::of_write(error, change))?;
        }
        let rests = self.rests(link, wholes).await?;
        let planted = write(link, &rests, change).await?;
        self.blank_older(link, &rests, change).await?;
        let committed = self.database.commit(transaction).await;
        committed.map_err(|error| sqlstate::of_write(error, change))?;
        Ok(planted)
    }

    /// What of the incidents is not there yet. Their rows are held from now on.
    async fn rests(&self, link: Link<'_>, wholes: &[Whole]) -> Result<Vec<Rest>, StoreError> {
        let ids: Vec<IncidentId> = wholes.iter().map(|whole| whole.id).collect();
        let loaded = self.load(link, &ids, true).await?;
        let mut loaded: HashMap<IncidentId, Loaded> =
            loaded.into_iter().map(|one| (one.id, one)).collect();
        let last_seq = |loaded: &HashMap<IncidentId, Loaded>, id| {
            loaded
                .get(&id)
                .map_or(0, |one: &Loaded| one.state.last_seq())
        };
        let again: Vec<(IncidentId, u32)> = wholes
            .iter()
            .filter_map(|whole| Some((whole.id, planting::before(whole)?)))
            .filter(|(id, before)| *before < last_seq(&loaded, *id))
            .collect();
        let here = self.lines_here(link, &again).await?;
        let bodies = bodies(link, wholes).await?;
        let mut rests = Vec::with_capacity(wholes.len());
        for whole in wholes {
            let id = whole.id;
            let here = here.get(&id).map_or(&[] as &[KeptLine], Vec::as_slice);
            let mut whole = planting::continued(whole.clone(), last_seq(&loaded, id), here)?;
            planting::new_keys(&mut whole, |change| bodies.get(&change).copied())?;
            let known = loaded.remove(&id);
            rests.push(Rest {
                version: known.as_ref().map_or(0, |known| known.version),
                known,
                whole,
            });
        }
        Ok(rests)
    }

    /// Blacks out the lines that were there before and that new ones redact.
    async fn blank_older(
        &self,
        link: Link<'_>,
        rests: &[Rest],
        change: ChangeId,
    ) -> Result<(), WriteError> {
        for Rest { whole, .. } in rests {
            for id in planting::redacted(&whole.lines) {
                let Some(line) = self.line(link, whole.id, id).await? else {
                    continue;
                };
                if line.redacted {
                    continue;
                }
                let blank = serde_json::to_string(&redact::blank(&line))
                    .map_err(|error| sqlstate::of_value("an event", error))?;
                link.rows(&BLANK, &[&whole.id.to_string(), &id.to_string(), &blank])
                    .await
                    .map_err(|error| sqlstate::of_write(error, change))?;
            }
        }
        Ok(())
    }

    async fn lines_here(
        &self,
        link: Link<'_>,
        again: &[(IncidentId, u32)],
    ) -> Result<HashMap<IncidentId, Vec<KeptLine>>, StoreError> {
        if again.is_empty() {
            return Ok(HashMap::new());
        }
        let wholes = self.exported(link, again).await?;
        Ok(wholes
            .into_iter()
            .map(|whole| (whole.id, whole.lines))
            .collect())
    }
}

/// The bodies of the keys that are remembered here.
async fn bodies(link: Link<'_>, wholes: &[Whole]) -> Result<HashMap<ChangeId, Digest>, StoreError> {
    let keys = wholes.iter().flat_map(|whole| &whole.keys);
    let changes: Vec<String> = keys.map(|key| key.used.change.to_string()).collect();
    if changes.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = link
        .rows(&KNOWN_KEYS, &[&changes])
        .await
        .map_err(sqlstate::of_read)?;
    rows.iter()
        .map(|row| Ok((parsed(row, "change")?, parsed(row, "body")?)))
        .collect()
}

async fn write(link: Link<'_>, rests: &[Rest], change: ChangeId) -> Result<Planted, WriteError> {
    let failed = |error| match error {
        PlantError::Exec(error) => sqlstate::of_write(error, change),
        PlantError::Save(error) => WriteError::Failed(sqlstate::of_value("a line", error)),
    };
    let mut planted = Planted::default();
    let mut incidents = Incidents::default();
    let stamps = last_stamps(lines(rests));
    for Rest {
        whole,
        version,
        known,
    } in rests
    {
        let state = known.as_ref().map(|known| known.state.clone());
        let state = planting::folded(state.unwrap_or_default(), whole)?;
        let known_stamp = known.as_ref().map(|known| known.last_stamp);
        // Without a line nothing of the incident changes.
        let Some(last) = stamps.get(&whole.id) else {
            continue;
        };
        let last = known_stamp.map_or(*last, |known| known.max(*last));
        incidents
            .push(whole.id, *version, &state, last)
            .map_err(|error| failed(error.into()))?;
        planted.incidents += u64::from(known.is_none());
        planted.lines += whole.lines.len() as u64;
    }
    if !incidents.send(link).await.map_err(failed)? {
        return Err(WriteError::Raced);
    }
    send_lines(link, lines(rests)).await.map_err(failed)?;
    let keys: Vec<&KeptKey> = rests.iter().flat_map(|rest| &rest.whole.keys).collect();
    planted.keys = send_keys(link, &keys).await.map_err(failed)?;
    incidents.feed(link).await.map_err(failed)?;
    Ok(planted)
}

fn lines(rests: &[Rest]) -> impl Iterator<Item = &KeptLine> {
    rests.iter().flat_map(|rest| &rest.whole.lines)
}
