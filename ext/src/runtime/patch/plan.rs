//! How a tview's rows are patched: what the planner says, made ready to be executed.

use crate::error::Result;
use crate::pg::expression::RowExpressions;
use crate::pg::keys::KeyType;
use crate::pg::relation::{Attribute, Relation, is_composite};
use crate::pg::spi::{Connection, KeptPlan, Planning};
use crate::pg::stored::{Probe, Storage};
use crate::runtime::compiled::Compiled;
use crate::runtime::target::{self, Target};
use pg_tviews_ir::Table;
use pg_tviews_planner::{ExactSearch, Location, Patch, Patches};
use pg_tviews_sqltext::{qualified, row_expressions};
use pgrx::pg_sys::Oid;
use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

/// A tview's way to patch, made when it is first needed; `None` inside if its rows can't be patched at all.
pub type Patcher = OnceCell<Option<TviewPatcher>>;

/// How changes are patched into a tview.
pub struct TviewPatcher {
    pub storage: Storage,
    /// The tview's columns, by their position in the output.
    columns: Vec<Attribute>,
    pub key: Way,
    occurrences: Vec<Used>,
    /// Where the tview shows to which rows of other tables a row of the root is linked.
    pub links: Option<Links>,
}

/// The columns that show to which rows of other tables a row of the root is linked, where changes of these may be patched.
pub struct Links {
    /// The root's table.
    pub root: Oid,
    /// The way to its rows by the unit key.
    pub key: Way,
    pub columns: Vec<Link>,
}

/// A column that shows to which row of another table a row of the root is linked.
pub struct Link {
    /// Its number in the tview.
    pub attnum: i16,
    pub key_type: KeyType,
    /// The column of the root that it shows.
    pub root: i16,
}

/// How a column's values travel in arrays; `None` if they can't. Looked up when it is asked for: the types of most columns never are.
fn travels(column: &Attribute) -> Option<KeyType> {
    KeyType::lookup(column.type_oid, column.collation).filter(|_| !is_composite(column.type_oid))
}

/// An occurrence of a source.
struct Used {
    /// The columns that the definition uses; `None` for whole rows, or too many columns.
    columns: Option<Vec<i16>>,
    /// How changes of some of them are patched; `None` if that is never possible.
    patcher: Option<OccurrencePatcher>,
}

/// A way to stored rows: the index, and the tview's columns whose values are looked up.
pub struct Way {
    pub probe: Probe,
    pub attnums: Vec<i16>,
}

/// How changes of an occurrence are patched.
pub struct OccurrencePatcher {
    patches: Patches,
    /// Quoted name of the table.
    table: String,
    pub place: Place,
    /// The number of the link that leads to it alone, and the column of the changed row whose value the link has.
    pub link: Option<(usize, i16)>,
    /// How a changed row is found again; `None` without an index for that.
    pub source: Option<SourceRow>,
    /// What is done when these of the used columns have changed.
    decisions: RefCell<HashMap<u64, Rc<Decision>>>,
}

/// Where the rows are that hold a changed row.
pub enum Place {
    /// The unit key is in these columns of the changed row.
    Key(Vec<i16>),
    /// They have the value of a column of the changed row in a column of their own.
    Column {
        way: Way,
        attnum: i16,
        search: UnitSearch,
    },
    /// A search finds their unit keys.
    Search(UnitSearch),
}

/// A search for unit keys from the values of some columns of a changed row.
pub struct UnitSearch {
    pub columns: Vec<i16>,
    pub statement: Prepare,
}

/// How a changed row is found again: by the values of these columns.
pub struct SourceRow {
    pub table: Oid,
    pub probe: Probe,
    pub attnums: Vec<i16>,
    pub types: Vec<KeyType>,
}

/// A statement that is prepared when it is first needed.
pub struct Prepare {
    sql: String,
    types: Vec<Oid>,
    planning: Planning,
    plan: OnceCell<KeptPlan>,
}

impl Prepare {
    fn new(sql: String, types: Vec<Oid>, planning: Planning) -> Prepare {
        Prepare {
            sql,
            types,
            planning,
            plan: OnceCell::new(),
        }
    }

    /// Its plan.
    pub fn plan(&self, connection: &Connection<'_>) -> Result<&KeptPlan> {
        if let Some(plan) = self.plan.get() {
            return Ok(plan);
        }
        let fresh = connection.prepare(&self.sql, &self.types, self.planning)?.keep();
        Ok(self.plan.get_or_init(|| fresh))
    }
}

/// What to do about a set of changed columns.
pub enum Decision {
    Nothing,
    Recompute,
    Patch(Box<Prepared>),
}

/// A patch ready to be applied.
pub struct Prepared {
    pub expressions: RowExpressions,
    pub targets: Vec<Target>,
    /// Nothing that is called on the way depends on settings.
    pub settled: bool,
    /// The statements by which rows are written whose table does more than to store them.
    pub statements: Option<Statements>,
}

/// Statements that write rows: their parameters are the key and the new values, in this order.
pub struct Statements {
    /// How keys and values travel.
    pub types: Vec<KeyType>,
    pub one: Prepare,
    pub many: Prepare,
}

impl TviewPatcher {
    /// Whether rows are written one by one, each in its newest version.
    pub fn takes_up(&self) -> bool {
        self.storage.is_direct()
    }

    /// An occurrence: how its changes are patched, if they can be, and the columns that the definition uses; `None` if these are not
    /// known one by one.
    pub fn occurrence(&self, number: usize) -> Option<(Option<&OccurrencePatcher>, &[i16])> {
        let used = self.occurrences.get(number)?;
        Some((used.patcher.as_ref(), used.columns.as_deref()?))
    }
}

impl OccurrencePatcher {
    /// Whether changed rows hold the keys of their units.
    pub fn names_units(&self) -> bool {
        matches!(self.place, Place::Key(_))
    }

    /// Where the list is in which changed rows are elements: a column of the tview, and the keys that lead on from there.
    pub fn list(&self, compiled: &Compiled) -> Option<String> {
        let (position, path) = self.patches.list()?;
        let column = compiled.view.columns.get(position)?;
        let steps = std::iter::once(column.name.as_str()).chain(path);
        Some(steps.collect::<Vec<_>>().join("."))
    }

    /// The columns of changed rows that hold the keys of their units, where rows are found again by other columns: several of them can be
    /// in one unit.
    pub fn unit_apart(&self) -> Option<&[i16]> {
        match &self.place {
            Place::Key(columns) if *columns != self.patches.row_key => Some(columns),
            Place::Key(_) | Place::Column { .. } | Place::Search(_) => None,
        }
    }

    /// What to do when these of the used columns (bits, by their place in the list) have changed.
    pub fn decision(
        &self,
        compiled: &Compiled,
        patcher: &TviewPatcher,
        used: &[i16],
        changed: u64,
    ) -> Result<Rc<Decision>> {
        if let Some(known) = self.decisions.borrow().get(&changed) {
            return Ok(Rc::clone(known));
        }
        let places = used.iter().enumerate();
        let columns: BTreeSet<i16> = places
            .filter(|(place, _)| changed & (1 << place) != 0)
            .map(|(_, attnum)| *attnum)
            .collect();
        let decision = Rc::new(match self.patches.of(&columns) {
            None => Decision::Recompute,
            Some(patch) if patch.columns.is_empty() => Decision::Nothing,
            Some(patch) => match self.prepare(compiled, patcher, &patch)? {
                Some(prepared) => Decision::Patch(Box::new(prepared)),
                None => Decision::Recompute,
            },
        });
        self.decisions.borrow_mut().insert(changed, Rc::clone(&decision));
        Ok(decision)
    }

    fn prepare(
        &self,
        compiled: &Compiled,
        patcher: &TviewPatcher,
        patch: &Patch,
    ) -> Result<Option<Prepared>> {
        let statements = if patcher.storage.is_direct() {
            None
        } else {
            let Some(statements) = statements(compiled, patcher, patch) else {
                return Ok(None);
            };
            Some(statements)
        };
        let scope = compiled.scope();
        let connection = scope.connect()?;
        let columns = patch.columns.iter().filter_map(|column| {
            let stored = patcher.columns.get(column.position)?;
            Some((stored.attnum, &column.value))
        });
        let prepare = |expressions: &[String]| {
            let sql = row_expressions(&self.table, &self.patches.alias, expressions);
            RowExpressions::prepare(&connection, &sql, patch.settled)
        };
        let columns: Vec<_> = columns.collect();
        let (expressions, targets) = target::prepare(&columns, prepare, RowExpressions::types)?;
        let runs_nothing = patcher.storage.calls_nothing() && !matches!(self.place, Place::Search(_));
        Ok(Some(Prepared {
            expressions,
            targets,
            settled: patch.settled && runs_nothing,
            statements,
        }))
    }
}

/// The statements that write these columns, if their values can travel in arrays.
fn statements(compiled: &Compiled, patcher: &TviewPatcher, patch: &Patch) -> Option<Statements> {
    let positions: Vec<usize> = patch.columns.iter().map(|column| column.position).collect();
    let travels = positions
        .iter()
        .map(|position| travels(patcher.columns.get(*position)?));
    let values: Vec<KeyType> = travels.collect::<Option<_>>()?;
    if compiled.text.composite {
        return None;
    }
    let types: Vec<KeyType> = compiled.key_types.iter().chain(&values).copied().collect();
    let single = types.iter().map(|value| value.oid).collect();
    let arrays = types.iter().map(|value| value.array).collect();
    Some(Statements {
        one: Prepare::new(compiled.text.write_one(&positions), single, Planning::Generic),
        many: Prepare::new(compiled.text.write_many(&positions), arrays, Planning::Custom),
        types,
    })
}

/// A tview's patcher; `None` if its rows can't be patched.
pub fn patcher_of(compiled: &Compiled) -> Option<&TviewPatcher> {
    compiled.patcher.get_or_init(|| build(compiled)).as_ref()
}

fn build(compiled: &Compiled) -> Option<TviewPatcher> {
    if compiled.by_view {
        return None;
    }
    let key = &compiled.plan.key;
    let patches: Vec<Option<Patches>> = compiled
        .plan
        .occurrences
        .iter()
        .map(|occurrence| pg_tviews_planner::patches(&compiled.view, key, occurrence.source))
        .collect();
    if patches.iter().all(Option::is_none) {
        return None;
    }
    let storage = Storage::examine(compiled.oid)?;
    let columns = compiled.stored_columns()?;
    let links = links(compiled, &patches, &columns);
    let of_key = key.columns.iter().map(|part| columns.get(part.position));
    let of_key: Option<Vec<i16>> = of_key.map(|column| Some(column?.attnum)).collect();
    let of_key = of_key?;
    let key = Way {
        probe: storage.probe(&of_key, true)?,
        attnums: of_key,
    };
    let occurrences = patches.into_iter().zip(&compiled.plan.occurrences);
    let occurrences = occurrences
        .map(|(patches, occurrence)| {
            let used = &occurrence.used;
            let known = !used.whole_row && used.attnums.len() <= MOST_COLUMNS;
            let source = compiled.view.table(occurrence.source);
            Used {
                columns: known.then(|| used.attnums.iter().copied().collect()),
                patcher: patches.and_then(|patches| {
                    occurrence_patcher(patches, source?, &storage, &columns, links.as_ref())
                }),
            }
        })
        .collect();
    Some(TviewPatcher {
        storage,
        columns,
        key,
        occurrences,
        links,
    })
}

/// The links of all occurrences, whether or not there is an index by which their changes can be patched. None if the root's rows can't be
/// looked up by the unit key.
fn links(compiled: &Compiled, patches: &[Option<Patches>], columns: &[Attribute]) -> Option<Links> {
    let mut links: Vec<Link> = Vec::new();
    let mut source = None;
    for patches in patches.iter().flatten() {
        let Location::Column { position, root, .. } = &patches.location else {
            continue;
        };
        source = Some(root.source);
        let column = columns.get(*position)?;
        let Some(key_type) = travels(column).filter(KeyType::has_hash) else {
            continue;
        };
        if links.iter().all(|link| link.attnum != column.attnum) {
            links.push(Link {
                attnum: column.attnum,
                key_type,
                root: root.attnum,
            });
        }
    }
    links.sort_by_key(|link| link.attnum);
    let root = compiled.view.table(source?)?;
    let key = compiled.plan.key.columns.iter().map(|part| {
        let column = part.value.as_column()?;
        (Some(column.source) == source).then_some(column.attnum)
    });
    let attnums: Vec<i16> = key.collect::<Option<_>>()?;
    let table = Relation::try_open(Oid::from(root.oid))?;
    if links.is_empty() || !table.is_plain() {
        return None;
    }
    Some(Links {
        root: table.oid(),
        key: Way {
            probe: Storage::probe_of(table.oid(), &attnums, false)?,
            attnums,
        },
        columns: links,
    })
}

/// More used columns than bits are too many.
const MOST_COLUMNS: usize = u64::BITS as usize;

fn occurrence_patcher(
    patches: Patches,
    source: &Table,
    storage: &Storage,
    columns: &[Attribute],
    links: Option<&Links>,
) -> Option<OccurrencePatcher> {
    let table = Relation::try_open(Oid::from(source.oid))?;
    // A statement on one table of an inheritance tree changes rows of another: which version is the newest is known by table.
    if table.is_partition() || table.has_parents() || table.has_children() {
        return None;
    }
    let known = table.attributes();
    let column = |attnum: i16| known.iter().find(|column| column.attnum == attnum);
    let by_search = |search: &ExactSearch| {
        let types = search
            .columns
            .iter()
            .map(|attnum| Some(column(*attnum)?.type_oid));
        Some(UnitSearch {
            columns: search.columns.clone(),
            statement: Prepare::new(
                search.search.statement(),
                types.collect::<Option<_>>()?,
                Planning::Generic,
            ),
        })
    };
    let place = match &patches.location {
        Location::Key(columns) => Place::Key(columns.clone()),
        Location::Column {
            position,
            attnum,
            search,
            ..
        } => {
            let attnums = vec![columns.get(*position)?.attnum];
            let search = by_search(search)?;
            match storage.probe(&attnums, false) {
                Some(probe) => Place::Column {
                    way: Way { probe, attnums },
                    attnum: *attnum,
                    search,
                },
                None => Place::Search(search),
            }
        }
        Location::Search(search) => Place::Search(by_search(search)?),
    };
    let link = match &patches.location {
        // The changed row is then known by this column alone.
        Location::Column { position, attnum, .. } if patches.row_key == [*attnum] => {
            let shown = columns.get(*position)?.attnum;
            let number = links.and_then(|links| links.columns.iter().position(|link| link.attnum == shown));
            number.map(|number| (number, *attnum))
        }
        _ => None,
    };
    let key_type = |attnum: &i16| {
        let column = column(*attnum)?;
        KeyType::lookup(column.type_oid, column.collation)
    };
    let attnums = patches.row_key.clone();
    let types: Option<Vec<KeyType>> = attnums.iter().map(key_type).collect();
    let probe = Storage::probe_of(table.oid(), &attnums, false);
    let source_row = types.zip(probe).map(|(types, probe)| SourceRow {
        table: table.oid(),
        probe,
        attnums,
        types,
    });
    Some(OccurrencePatcher {
        table: qualified(&source.schema, &source.name),
        patches,
        place,
        link,
        source: source_row,
        decisions: RefCell::new(HashMap::new()),
    })
}
