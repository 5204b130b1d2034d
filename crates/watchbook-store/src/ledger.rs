//! The leases of one store as a value: who holds what, and the next token. For stores that keep them under a lock of
//! their own.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use watchbook_core::text::Name;
use watchbook_core::{Fence, LeaseName, Timestamp};

use crate::contract::{LONGEST_LEASE, Lease, MAX_LEASES, StoreError, Taken};

/// Who holds what. One count of tokens for all names, so that one which is not held need not be remembered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    last_token: u64,
    leases: BTreeMap<LeaseName, Row>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Row {
    holder: Name,
    token: u64,
    expires_at: Timestamp,
}

impl Row {
    fn lease(&self, name: &LeaseName) -> Lease {
        Lease {
            fence: Fence {
                name: name.clone(),
                token: self.token,
            },
            holder: self.holder.clone(),
            expires_at: self.expires_at,
        }
    }
}

impl Ledger {
    /// As [`Leases::acquire`](crate::Leases::acquire), at `now`.
    ///
    /// # Errors
    /// [`StoreError::TooLarge`] when it holds [`MAX_LEASES`] already.
    pub fn acquire(
        &mut self,
        name: &LeaseName,
        holder: &Name,
        span: Duration,
        now: Timestamp,
    ) -> Result<Taken, StoreError> {
        self.leases.retain(|_, row| row.expires_at > now);
        if let Some(row) = self.leases.get(name)
            && row.holder != *holder
        {
            return Ok(Taken::Held(row.lease(name)));
        }
        if self.leases.len() >= MAX_LEASES {
            return Err(StoreError::TooLarge {
                what: "the list of leases",
                size: MAX_LEASES + 1,
                limit: MAX_LEASES,
            });
        }
        self.last_token += 1;
        let row = Row {
            holder: holder.clone(),
            token: self.last_token,
            expires_at: now.plus(span.min(LONGEST_LEASE)),
        };
        let lease = row.lease(name);
        self.leases.insert(name.clone(), row);
        Ok(Taken::Given(lease))
    }

    /// As [`Leases::renew`](crate::Leases::renew), at `now`.
    ///
    /// # Errors
    /// [`StoreError::Fenced`] when the lease is not held with that token.
    pub fn renew(
        &mut self,
        fence: &Fence,
        span: Duration,
        now: Timestamp,
    ) -> Result<Lease, StoreError> {
        self.check(fence, now)?;
        let row = self.leases.get_mut(&fence.name);
        let row = row.ok_or_else(|| StoreError::Fenced(fence.clone()))?;
        row.expires_at = now.plus(span.min(LONGEST_LEASE));
        Ok(row.lease(&fence.name))
    }

    /// As [`Leases::release`](crate::Leases::release). Says whether there was something to end.
    pub fn release(&mut self, fence: &Fence) -> bool {
        let is_held = self
            .leases
            .get(&fence.name)
            .is_some_and(|row| row.token == fence.token);
        if is_held {
            self.leases.remove(&fence.name);
        }
        is_held
    }

    /// The leases that are held at `now`, in the order of their names.
    pub fn held(&self, now: Timestamp) -> Vec<Lease> {
        let held = self.leases.iter().filter(|(_, row)| row.expires_at > now);
        held.map(|(name, row)| row.lease(name)).collect()
    }

    /// Refuses what bears a fence that does not hold at `now`.
    ///
    /// # Errors
    /// [`StoreError::Fenced`] when the lease is not held with that token.
    pub fn check(&self, fence: &Fence, now: Timestamp) -> Result<(), StoreError> {
        let row = self.leases.get(&fence.name);
        match row.filter(|row| row.token == fence.token && row.expires_at > now) {
            Some(_) => Ok(()),
            None => Err(StoreError::Fenced(fence.clone())),
        }
    }
}
