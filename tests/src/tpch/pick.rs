//! Which rows a random statement concerns, and which columns it sets.

use super::schema::Table;
use super::values::{self, Column, Values};
use crate::rng::Rng;
use crate::session::{Failure, Session};

/// The most rows that a statement changes, or nearly so: a range may end among rows that share the first column of a key.
const MANY: usize = 120;

/// A statement's rows: a condition on the key, and the range of its first column.
#[derive(Clone, Debug)]
pub struct Rows {
    /// The condition.
    pub condition: String,
    /// Where the range begins.
    pub low: String,
    /// Where it ends.
    pub high: String,
}

/// Chooses among what the tables hold.
#[derive(Debug)]
pub struct Picker {
    /// All chance comes from here.
    pub rng: Rng,
}

impl Picker {
    /// A picker that is fully determined by `seed` and by what the tables hold.
    pub fn new(seed: u64) -> Self {
        Self { rng: Rng::new(seed) }
    }

    /// The key of a row, more often of one of the first.
    pub fn key(&mut self, session: &mut Session, table: Table) -> Result<Option<Vec<String>>, Failure> {
        const WHOLE: usize = 1_000_000;
        const FIRST: usize = 30_000;
        let place = if self.rng.chance(50) {
            self.rng.below(FIRST)
        } else {
            self.rng.below(WHOLE)
        };
        let key = table.key().join(", ");
        let rows = session.rows(&format!(
            "SELECT {key} FROM {table} ORDER BY {key} OFFSET (SELECT count(*) * {place} / {WHOLE} FROM {table}) LIMIT 1"
        ))?;
        Ok(rows
            .into_iter()
            .next()
            .map(|row| row.into_iter().map(Option::unwrap_or_default).collect()))
    }

    /// One row or a range of them; none where the table is empty.
    pub fn rows(&mut self, session: &mut Session, table: Table, many: bool) -> Result<Option<Rows>, Failure> {
        let Some(key) = self.key(session, table)? else {
            return Ok(None);
        };
        let first = table.key()[0];
        let low = key[0].clone();
        if !many {
            let conditions: Vec<String> = table
                .key()
                .iter()
                .zip(&key)
                .map(|(column, value)| format!("{column} = {value}"))
                .collect();
            return Ok(Some(Rows {
                condition: conditions.join(" AND "),
                high: low.clone(),
                low,
            }));
        }
        let count = self.rng.skewed(MANY) + 2;
        let high = session.value(&format!(
            "SELECT max({first}) FROM \
             (SELECT {first} FROM {table} WHERE {first} >= {low} ORDER BY {first} LIMIT {count}) AS r"
        ))?;
        let Some(high) = high else { return Ok(None) };
        Ok(Some(Rows {
            condition: format!("{first} BETWEEN {low} AND {high}"),
            low,
            high,
        }))
    }

    /// One to three columns with new values.
    pub fn assignments(
        &mut self,
        session: &mut Session,
        table: Table,
    ) -> Result<Vec<(&'static str, String)>, Failure> {
        const UNREAD_PERCENT: usize = 15;
        let mut chosen: Vec<Column> = vec![];
        let wanted = 1 + self.rng.skewed(3);
        while chosen.len() < wanted {
            let column = *self.rng.pick(values::columns(table));
            if matches!(column.values, Values::Unread) && !self.rng.chance(UNREAD_PERCENT) {
                continue;
            }
            if chosen.iter().all(|other| other.name != column.name) {
                chosen.push(column);
            } else if self.rng.chance(20) {
                break;
            }
        }
        let mut made = vec![];
        for column in chosen {
            if let Some(value) = column.values.sql(&mut self.rng) {
                made.push((column.name, value));
            } else if let Values::Key(other) = column.values {
                let Some(key) = self.key(session, other)? else {
                    continue;
                };
                let mut key = key.into_iter();
                made.extend(key.next().map(|value| (column.name, value)));
                made.extend(key.next().map(|value| ("l_suppkey", value)));
            }
        }
        Ok(made)
    }

    /// The same as the `SET` clause of an update.
    pub fn set_clause(&mut self, session: &mut Session, table: Table) -> Result<Option<String>, Failure> {
        let assignments = self.assignments(session, table)?;
        let set: Vec<String> = assignments
            .iter()
            .map(|(column, value)| format!("{column} = {value}"))
            .collect();
        Ok((!set.is_empty()).then(|| set.join(", ")))
    }
}
