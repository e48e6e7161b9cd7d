//! Lists of objects that are put together from rows: the values of the members are read by a query without JSON functions.

use crate::analyze::definition_query;
use crate::error::{Error, Result};
use crate::pg::jsonb::{Form, list_of_rows};
use crate::pg::leaf::Restriction;
use crate::pg::list_rows::ListRows;
use crate::pg::memory::Memory;
use crate::pg::relation::Relation;
use crate::pg::spi::{Connection, KeptPlan, Planning, SnapshotChoice, Value, forget_result, result_rows};
use crate::runtime::compiled::Compiled;
use crate::runtime::target::{self, Target};
use pg_tviews_planner::{LeafPlace, leaf_columns};
use pg_tviews_sqltext::PatchValue;
use pgrx::pg_sys::{JSONBOID, Oid};
use std::cell::OnceCell;

/// A list of objects as a query of its rows.
pub struct ObjectList {
    rows: ListRows,
    plan: OnceCell<KeptPlan>,
}

impl ObjectList {
    /// Makes it for a leaf, with `only` for some rows of its table; `None` if that is something else, or shows values that only the server can convert.
    /// Needs the tview's settings.
    pub fn new(compiled: &Compiled, place: &LeafPlace, only: Option<&Restriction>) -> Option<ObjectList> {
        let definition = Relation::try_open(compiled.definition)?;
        let key = compiled.plan.key.columns.iter().zip(&compiled.key_types);
        let key: Vec<(usize, Oid)> = key
            .map(|(part, key_type)| (part.position, key_type.oid))
            .collect();
        Some(ObjectList {
            rows: definition_query(&definition).list_rows((place.position, &place.path), &key, only)?,
            plan: OnceCell::new(),
        })
    }

    /// Its plan; the parameters are of these types.
    fn plan(&self, connection: &Connection<'_>, types: &[Oid]) -> Result<&KeptPlan> {
        if let Some(plan) = self.plan.get() {
            return Ok(plan);
        }
        let plan = connection.prepare(&self.rows.text, types, Planning::Generic)?;
        let forms = plan.result_types().into_iter().map(Form::of_any);
        if !forms.eq(self.rows.members.iter().map(|(_, form)| Some(*form))) {
            return Err(Error::internal(
                "a list's members are of other types than its definition says",
            ));
        }
        Ok(self.plan.get_or_init(|| plan.keep()))
    }

    /// The list for these parameters, allocated in `scratch`; `None` if only the server can say why there is none.
    pub fn compute(
        &self,
        connection: &Connection<'_>,
        types: &[Oid],
        values: &[Value],
        scratch: &Memory,
    ) -> Result<Option<Value>> {
        self.plan(connection, types)?
            .execute(connection, values, SnapshotChoice::Current)?;
        let rows = result_rows();
        let list = if rows.is_empty() && !self.rows.empty {
            Some(Value::NULL)
        } else {
            scratch.within(|| list_of_rows(&self.rows.members, &rows))
        };
        forget_result();
        Ok(list)
    }
}

/// How a list is computed.
pub struct ListWriter {
    list: ObjectList,
    /// The types of the key.
    types: Vec<Oid>,
    /// Where it goes.
    pub targets: Vec<Target>,
}

impl ListWriter {
    /// Makes it for a leaf, if that is such a list. Needs the tview's settings.
    pub fn new(compiled: &Compiled, place: &LeafPlace) -> Option<ListWriter> {
        let stored = compiled.stored_columns()?.into_iter().nth(place.position)?;
        if stored.type_oid != JSONBOID {
            return None;
        }
        let columns = leaf_columns(std::slice::from_ref(place));
        let columns: Vec<(i16, &PatchValue)> = columns
            .iter()
            .map(|column| (stored.attnum, &column.value))
            .collect();
        let ((), targets) = target::prepare(&columns, |_| Ok(()), |()| vec![JSONBOID]).ok()?;
        Some(ListWriter {
            list: ObjectList::new(compiled, place, None)?,
            types: compiled.key_types.iter().map(|key| key.oid).collect(),
            targets,
        })
    }

    /// The statement whose rows are the elements.
    pub fn sql(&self) -> &str {
        &self.list.rows.text
    }

    /// The list of a unit: see [`ObjectList::compute`].
    pub fn compute(
        &self,
        connection: &Connection<'_>,
        unit: &[Value],
        scratch: &Memory,
    ) -> Result<Option<Value>> {
        self.list.compute(connection, &self.types, unit, scratch)
    }
}
