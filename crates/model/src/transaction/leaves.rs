//! How a flush writes single leaves: those made from changed rows, then those that are computed.

use super::{Refusal, Stage, Transaction, Work, World};
use crate::Rule;
use crate::schema::{self, Db, Table};
use std::collections::BTreeSet;

impl Transaction {
    /// What comes after one of the stages of that.
    pub(super) fn write_leaves(
        &mut self,
        stage: Stage,
        tview: Table,
        work: &Work,
        source: &Db,
        world: &World,
    ) -> Result<Stage, Refusal> {
        Ok(match stage {
            Stage::Find => {
                let sources = work.patches.iter();
                let found = sources.flat_map(|key| {
                    let holders = schema::holders(source, *key).into_iter();
                    holders.map(|(unit, row)| (*key, unit, row))
                });
                Stage::Patch(found.collect())
            }
            Stage::Patch(mut found) if !found.is_empty() => {
                let (key, unit, as_found) = found.remove(0);
                let now = self.sees(world);
                let newest = now.get(&(tview, unit)).copied();
                let base = newest.filter(|_| world.rules.has(Rule::NewestVersion));
                let row = schema::patched(&now, key, base.unwrap_or(as_found));
                if newest.is_some_and(|newest| newest != row) {
                    self.change((tview, unit), Some(row), world)?;
                }
                Stage::Patch(found)
            }
            Stage::Patch(_) => {
                let now = self.sees(world);
                let leaves: BTreeSet<i8> = work.leaves.iter().copied().collect();
                let found = leaves.into_iter().filter_map(|unit| {
                    let stored = now.get(&(tview, unit))?;
                    Some((unit, *stored, schema::leaf(source, unit)))
                });
                Stage::Leaves(found.collect())
            }
            Stage::Leaves(mut found) if !found.is_empty() => {
                let (unit, as_found, leaf) = found.remove(0);
                let newest = self.sees(world).get(&(tview, unit)).copied();
                let base = newest.filter(|_| world.rules.has(Rule::NewestVersion));
                let row = schema::with_leaf(base.unwrap_or(as_found), leaf);
                if newest.is_some_and(|newest| newest != row) {
                    self.change((tview, unit), Some(row), world)?;
                }
                Stage::Leaves(found)
            }
            _ => Stage::Search,
        })
    }
}
