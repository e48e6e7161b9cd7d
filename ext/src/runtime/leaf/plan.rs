//! What the planner says about leaves, made ready to be executed.

use super::element::ElementWriter;
use super::list::ListWriter;
use crate::analyze::definition_query;
use crate::error::{Error, Result};
use crate::pg::leaf::{Place, Restriction};
use crate::pg::relation::Relation;
use crate::pg::spi::{Connection, KeptPlan, Plan, Planning};
use crate::pg::stored::{Probe, Storage};
use crate::runtime::compiled::Compiled;
use crate::runtime::patch::patcher_of;
use crate::runtime::target::{self, Target};
use pg_tviews_planner::{ElementPlace, LeafPlace, PatchColumn, leaf_columns};
use pg_tviews_sqltext::{PatchValue, leaf_parts};
use pgrx::pg_sys::Oid;
use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

/// A tview's leaves, made when they are first needed; `None` inside if none can be computed on its own.
pub type LeafWriter = OnceCell<Option<TviewLeaves>>;

/// More leaves than bits are too many.
const MOST_LEAVES: usize = u64::BITS as usize;

/// How leaves are computed on their own and written.
pub struct TviewLeaves {
    pub storage: Storage,
    /// The way to the row of a unit, and the columns of the key.
    pub probe: Probe,
    pub key: Vec<i16>,
    /// The tview's columns, by position in the output.
    attnums: Vec<i16>,
    places: Vec<LeafPlace>,
    /// For each occurrence the leaves that its changes concern, as bits.
    of: Vec<Option<u64>>,
    /// The leaves that are made of nothing that others write without the unit's lock.
    beside_links: u64,
    /// For each occurrence how its rows' elements are brought to their places in the only leaf that is concerned.
    elements: Vec<Option<ElementWriter>>,
    /// How leaves are computed that are lists of objects.
    lists: Vec<Option<ListWriter>>,
    /// By the leaves that they compute.
    statements: RefCell<HashMap<u64, Rc<Statement>>>,
}

/// A statement that computes some leaves of a unit. Its parameters are the unit's key.
pub struct Statement {
    pub plan: KeptPlan,
    pub targets: Vec<Target>,
}

impl TviewLeaves {
    /// The leaves that changes of an occurrence concern, if they concern nothing else.
    pub fn of(&self, occurrence: usize) -> Option<u64> {
        *self.of.get(occurrence)?
    }

    /// How the elements of an occurrence's changed rows are written, if they can be.
    pub fn element(&self, occurrence: usize) -> Option<&ElementWriter> {
        self.elements.get(occurrence)?.as_ref()
    }

    /// Those of some leaves that are lists of objects, and the others as bits.
    pub fn apart(&self, bits: u64) -> (Vec<&ListWriter>, u64) {
        let mut others = bits;
        let mut lists = Vec::new();
        for (number, list) in self.lists.iter().enumerate() {
            if let Some(list) = list
                && bits & (1 << number) != 0
            {
                others &= !(1 << number);
                lists.push(list);
            }
        }
        (lists, others)
    }

    /// Whether others write nothing of what leaves are made of without locking the unit.
    pub fn are_beside_links(&self, bits: u64) -> bool {
        bits & !self.beside_links == 0
    }

    /// The leaves that changes of some occurrences concern.
    pub fn bits_where(&self, is_one: impl Fn(usize) -> bool) -> u64 {
        let of = self.of.iter().enumerate();
        of.filter(|(number, _)| is_one(*number))
            .fold(0, |all, (_, bits)| all | bits.unwrap_or(0))
    }

    /// The leaves' names: `reviews.recent`.
    pub fn names(&self, compiled: &Compiled, bits: u64) -> Vec<String> {
        let name = |place: &LeafPlace| {
            let column = compiled.text.columns.get(place.position);
            let column = column.map_or("", |(stored, _)| stored);
            let path = place.path.iter().map(String::as_str);
            let keys: Vec<&str> = std::iter::once(column).chain(path).collect();
            keys.join(".")
        };
        self.chosen(bits).map(name).collect()
    }

    fn chosen(&self, bits: u64) -> impl Iterator<Item = &LeafPlace> {
        let places = self.places.iter().enumerate();
        places
            .filter(move |(number, _)| bits & (1 << number) != 0)
            .map(|(_, place)| place)
    }

    /// The query of some leaves, and what its columns are. Needs the tview's settings.
    fn query(&self, compiled: &Compiled, bits: u64) -> Option<(String, Vec<PatchColumn>)> {
        let chosen: Vec<LeafPlace> = self.chosen(bits).cloned().collect();
        Some((query(compiled, &chosen, None)?, leaf_columns(&chosen)))
    }

    /// The text of the statement that computes some leaves. Needs the tview's settings.
    pub fn sql(&self, compiled: &Compiled, bits: u64) -> Option<String> {
        let (lists, others) = self.apart(bits);
        let mut statements: Vec<String> = lists.iter().map(|list| list.sql().to_owned()).collect();
        if others != 0 {
            let (query, columns) = self.query(compiled, others)?;
            let expressions = target::expressions(columns.iter().map(|column| &column.value));
            statements.push(leaf_parts(&query, &expressions));
        }
        Some(statements.join(";\n"))
    }

    /// The statement that computes some leaves.
    pub fn statement(
        &self,
        connection: &Connection<'_>,
        compiled: &Compiled,
        bits: u64,
    ) -> Result<Rc<Statement>> {
        if let Some(known) = self.statements.borrow().get(&bits) {
            return Ok(Rc::clone(known));
        }
        let (query, columns) = self
            .query(compiled, bits)
            .ok_or_else(|| Error::internal("leaves that can't be computed on their own"))?;
        let types: Vec<Oid> = compiled.key_types.iter().map(|key| key.oid).collect();
        let columns: Vec<(i16, &PatchValue)> = columns
            .iter()
            .filter_map(|column| Some((*self.attnums.get(column.position)?, &column.value)))
            .collect();
        let prepare = |expressions: &[String]| {
            connection.prepare(&leaf_parts(&query, expressions), &types, Planning::Generic)
        };
        let (plan, targets) = target::prepare(&columns, prepare, Plan::result_types)?;
        let fresh = Rc::new(Statement {
            targets,
            plan: plan.keep(),
        });
        self.statements.borrow_mut().insert(bits, Rc::clone(&fresh));
        Ok(fresh)
    }
}

/// The query of leaves: see [`Query::leaves_text`](crate::pg::tree::Query::leaves_text).
pub fn query(compiled: &Compiled, places: &[LeafPlace], only: Option<&Restriction>) -> Option<String> {
    let definition = Relation::try_open(compiled.definition)?;
    let places: Vec<Place<'_>> = places
        .iter()
        .map(|place| (place.position, place.path.as_slice()))
        .collect();
    let key = compiled.plan.key.columns.iter().zip(&compiled.key_types);
    let key: Vec<(usize, Oid)> = key
        .map(|(part, key_type)| (part.position, key_type.oid))
        .collect();
    definition_query(&definition).leaves_text(&places, &key, only)
}

/// A tview's leaves; `None` if none can be computed on its own.
pub fn leaves_of(compiled: &Compiled) -> Option<&TviewLeaves> {
    compiled.leaves.get_or_init(|| build(compiled)).as_ref()
}

fn build(compiled: &Compiled) -> Option<TviewLeaves> {
    if compiled.by_view || !compiled.text.single || compiled.text.composite || !compiled.text.loose.is_empty()
    {
        return None;
    }
    let key = &compiled.plan.key;
    let found = pg_tviews_planner::leaves(&compiled.view, key, &compiled.plan.occurrences);
    if found.places.is_empty() || found.places.len() > MOST_LEAVES {
        return None;
    }
    let storage = Storage::examine(compiled.oid).filter(Storage::is_direct)?;
    let columns = compiled.stored_columns()?;
    let attnums: Vec<i16> = columns.iter().map(|column| column.attnum).collect();
    let _scope = compiled.scope();
    let has_query = |place: &LeafPlace| query(compiled, std::slice::from_ref(place), None).is_some();
    let computed: Vec<bool> = found.places.iter().map(has_query).collect();
    let bits = |numbers: &BTreeSet<usize>| {
        let all = numbers.iter().all(|number| computed[*number]);
        all.then(|| numbers.iter().fold(0u64, |bits, number| bits | 1 << number))
    };
    let of: Vec<Option<u64>> = found
        .of
        .iter()
        .map(|numbers| numbers.as_ref().and_then(bits))
        .collect();
    if of.iter().all(Option::is_none) {
        return None;
    }
    let key = key.columns.iter();
    let key: Vec<i16> = key
        .map(|part| attnums.get(part.position).copied())
        .collect::<Option<_>>()?;
    let beside_links = found
        .made_of
        .iter()
        .enumerate()
        .filter(|(_, inside)| {
            !inside
                .iter()
                .any(|number| is_written_without_unit(compiled, *number))
        })
        .fold(0, |bits, (number, _)| bits | 1u64 << number);
    let element = |number: usize, element: &ElementPlace| {
        let place = found.places.get(element.leaf)?;
        of.get(number)?
            .and_then(|_| ElementWriter::new(compiled, number, element, place))
    };
    let elements = found.elements.iter().enumerate();
    let elements = elements
        .map(|(number, place)| element(number, place.as_ref()?))
        .collect();
    let list =
        |(place, computed): (&LeafPlace, &bool)| computed.then(|| ListWriter::new(compiled, place)).flatten();
    let lists = found.places.iter().zip(&computed).map(list).collect();
    Some(TviewLeaves {
        elements,
        lists,
        beside_links,
        probe: storage.probe(&key, true)?,
        storage,
        key,
        attnums,
        places: found.places,
        of,
        statements: RefCell::new(HashMap::new()),
    })
}

/// Whether changes of an occurrence are written as leaves of rows whose units they do not name.
fn is_written_without_unit(compiled: &Compiled, number: usize) -> bool {
    let patcher = patcher_of(compiled).and_then(|patcher| patcher.occurrence(number)?.0);
    patcher.is_some_and(|patcher| !patcher.names_units())
}
