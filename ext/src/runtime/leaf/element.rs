//! Elements at their places: where a changed row has one element in a list that is a leaf, that element is written, moved or removed, and the
//! others are not read.
//!
//! When that is possible is said in the planner's `elements.rs`. The leaf's own query, restricted to the row, gives the list as it would be if there
//! were no other element: it tells whether the row has one now, what it is, and what stands where there is none. What the stored list
//! has of the row before is told by the row's key, and where the element belongs by what the others show. That is done with the row as it is
//! when the notes are worked off, and with the newest version of the stored one, so that it may be done again, like computing the leaf.

use super::Note;
use super::list::ObjectList;
use super::plan::{TviewLeaves, query};
use crate::error::{Error, Result};
use crate::pg::element::ElementList;
use crate::pg::jsonb::Form;
use crate::pg::keys::{KeyType, UnitSet};
use crate::pg::leaf::Restriction;
use crate::pg::memory::Memory;
use crate::pg::relation::Relation;
use crate::pg::spi::{Connection, KeptPlan, Planning, SnapshotChoice, Value, forget_result, result_row};
use crate::pg::stored::OpenTable;
use crate::runtime::compiled::Compiled;
use crate::runtime::row::Changes;
use pg_tviews_planner::{ElementPlace, LeafPlace};
use pg_tviews_sqltext::{leaf_parts, leaf_value};
use pgrx::pg_sys::{JSONBOID, Oid};
use std::cell::OnceCell;

/// More elements than these of one list are not brought to their places one after the other: the list is computed.
const MOST_ELEMENTS: usize = 4;

/// How elements of a list are written.
pub struct ElementWriter {
    /// The leaf that is the list, as a bit.
    bits: u64,
    place: LeafPlace,
    /// The column of the tview.
    attnum: i16,
    list: ElementList,
    only: Restriction,
    /// The column of a changed row by which its element is known.
    key_type: KeyType,
    /// The types of the unit's key and the element's.
    types: Vec<Oid>,
    /// The list as it would be with the one element, if it can be put together from rows.
    rows: Option<ObjectList>,
    /// The same as a query that computes it.
    plan: OnceCell<KeptPlan>,
}

impl ElementWriter {
    /// Makes it for changes of an occurrence; `None` if the list can't be restricted to one row. Needs the tview's settings.
    pub fn new(
        compiled: &Compiled,
        occurrence: usize,
        element: &ElementPlace,
        place: &LeafPlace,
    ) -> Option<ElementWriter> {
        let table = Oid::from(compiled.plan.occurrences.get(occurrence)?.table);
        let stored = compiled.stored_columns()?.into_iter().nth(place.position)?;
        let columns = Relation::try_open(table)?.attributes();
        let shown = columns.iter().find(|column| column.attnum == element.attnum)?;
        let key_type = KeyType::lookup(shown.type_oid, shown.collation)?;
        let types = compiled.key_types.iter().chain([&key_type]);
        let only = Restriction {
            table,
            attnum: element.attnum,
            parameter: compiled.key_types.len() + 1,
        };
        let writer = ElementWriter {
            bits: 1 << element.leaf,
            attnum: stored.attnum,
            list: ElementList {
                path: place.path.clone(),
                member: element.member.clone(),
                key: Form::of_any(shown.type_oid)?,
                order: element.order.clone(),
            },
            types: types.map(|key| key.oid).collect(),
            rows: ObjectList::new(compiled, place, Some(&only)),
            only,
            key_type,
            place: place.clone(),
            plan: OnceCell::new(),
        };
        (stored.type_oid == JSONBOID && writer.query(compiled).is_some()).then_some(writer)
    }

    fn query(&self, compiled: &Compiled) -> Option<String> {
        query(compiled, std::slice::from_ref(&self.place), Some(&self.only))
    }

    /// The column of a changed row by which its element is known.
    pub fn key(&self) -> i16 {
        self.only.attnum
    }

    /// An empty set of units, each with the key of an element.
    pub fn noted(&self, compiled: &Compiled) -> UnitSet {
        let types = compiled.key_types.iter().copied();
        UnitSet::of_transaction(&types.chain([self.key_type]).collect::<Vec<_>>())
    }

    /// The list as it would be with one element, or none if that is not there any more, allocated in `scratch`; `None` if it can't be told.
    fn alone(
        &self,
        connection: &Connection<'_>,
        compiled: &Compiled,
        values: &[Value],
        scratch: &Memory,
    ) -> Result<Option<Value>> {
        if let Some(rows) = &self.rows {
            return rows.compute(connection, &self.types, values, scratch);
        }
        let rows = self
            .plan(connection, compiled)?
            .execute(connection, values, SnapshotChoice::Current)?;
        let alone = match result_row().as_deref() {
            Some([alone]) => Some(scratch.within(|| alone.copied_document())),
            // The root has no such row, and whoever has taken it away has noted the unit. Computing it says so, too.
            _ => None,
        };
        forget_result();
        Ok(alone.filter(|_| rows == 1))
    }

    fn plan(&self, connection: &Connection<'_>, compiled: &Compiled) -> Result<&KeptPlan> {
        if let Some(plan) = self.plan.get() {
            return Ok(plan);
        }
        let query = self
            .query(compiled)
            .ok_or_else(|| Error::internal("a list that can't be restricted to one row"))?;
        let sql = leaf_parts(&query, &[leaf_value(0)]);
        let fresh = connection.prepare(&sql, &self.types, Planning::Generic)?.keep();
        Ok(self.plan.get_or_init(|| fresh))
    }
}

/// Noted elements, by the units whose lists they belong to.
pub struct Placing<'a> {
    compiled: &'a Compiled,
    writer: &'a ElementWriter,
    units: UnitSet,
    /// The keys of each unit's elements.
    keys: Vec<Vec<Value>>,
}

impl<'a> Placing<'a> {
    /// Makes it of a note. The units with too many elements are added to `crowded`.
    pub fn new(
        compiled: &'a Compiled,
        leaves: &'a TviewLeaves,
        note: &Note,
        crowded: &mut UnitSet,
    ) -> Option<Placing<'a>> {
        let writer = leaves.element(note.occurrence)?;
        let mut elements = note.elements.clone()?;
        elements.normalize();
        let mut units = note.units.clone();
        units.normalize();
        let mut keys = vec![vec![]; units.len()];
        for number in 0..elements.len() {
            let (unit, key) = elements.unit(number).split_at(compiled.key_types.len());
            keys[units.position(unit)?].extend(key);
        }
        for (number, keys) in keys.iter().enumerate() {
            if keys.len() > MOST_ELEMENTS {
                crowded.append(&units.only(number));
            }
        }
        Some(Placing {
            compiled,
            writer,
            units,
            keys,
        })
    }

    /// The leaf that is the list, as a bit.
    pub fn bits(&self) -> u64 {
        self.writer.bits
    }

    /// The units.
    pub fn units(&self) -> &UnitSet {
        &self.units
    }

    /// The keys of a unit's elements.
    pub fn of(&self, unit: &[Value]) -> &[Value] {
        let number = self.units.position(unit);
        number
            .and_then(|number| self.keys.get(number))
            .map_or(&[], Vec::as_slice)
    }

    /// Brings an element to its place in the current row; false if the list has to be computed.
    pub fn place(
        &self,
        connection: &Connection<'_>,
        unit: &[Value],
        key: Value,
        stored: &OpenTable,
        changes: &mut Changes,
        scratch: &Memory,
    ) -> Result<bool> {
        let writer = self.writer;
        let values: Vec<Value> = unit.iter().copied().chain([key]).collect();
        let Some(alone) = writer.alone(connection, self.compiled, &values, scratch)? else {
            return Ok(false);
        };
        let document = changes.value(stored, writer.attnum);
        let overlaid = scratch.within(|| writer.list.place(document, alone, key));
        Ok(changes.take(writer.attnum, overlaid))
    }
}
