//! A tview ready for maintenance: statements, searches and prepared plans.

use super::delta::Deltas;
use super::filter::Filters;
use super::leaf::LeafWriter;
use super::patch::Patcher;
use super::paths::{self, Paths};
use crate::analyze::{self, Analysis, Objection};
use crate::catalog;
use crate::error::{Error, Result};
use crate::pg::context::ErrorContext;
use crate::pg::disclosure::Subject;
use crate::pg::invalidation::{self, Validity, watch};
use crate::pg::keys::{KeyType, UnitSet};
use crate::pg::lock::{self, Mode, Taken};
use crate::pg::related::Mapping;
use crate::pg::relation::{Attribute, Relation, equality_operator, hash_function, is_composite};
use crate::pg::secret::{Tag, Tags};
use crate::pg::settings::{OwnerScope, Scope, Settings};
use crate::pg::spi::{Connection, KeptPlan, Planning};
use pg_tviews_ir::{ROOT_BLOCK, Template, View};
use pg_tviews_planner::{ColumnSet, Finding, Plan, Refusal};
use pg_tviews_sqltext::{Batch, Event, KeyColumn, QueryPart, Search, TviewText};
use pgrx::pg_sys::Oid;
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

/// A tview's compiled form.
pub struct Compiled {
    /// The tview.
    pub oid: Oid,
    /// `schema.name` for messages.
    pub name: String,
    /// What maintenance of it is called in messages.
    task: Rc<str>,
    /// Who may see what errors are about.
    subject: Rc<Subject>,
    /// Under which settings.
    pub settings: Settings,
    /// Its statements.
    pub text: TviewText,
    /// The types of the unit key.
    pub key_types: Vec<KeyType>,
    /// The plan.
    pub plan: Plan,
    /// The IR, for explanations.
    pub view: View,
    /// How many tviews stand below it, one on the other.
    pub level: u32,
    /// The view that holds the definition.
    pub definition: Oid,
    /// No part of the definition may travel as text, which would be misread: units are computed through the view alone.
    pub by_view: bool,
    /// It may differ from its query: the next change that concerns it compares all of it.
    pub stale: bool,
    /// How single leaves of its rows are written.
    pub patcher: Patcher,
    /// Which changed rows have a say at all.
    pub filters: Filters,
    /// How differences of aggregates are added to them.
    pub deltas: Deltas,
    /// Over which values searches go.
    pub paths: Paths,
    /// How leaves made of subqueries are computed on their own.
    pub leaves: LeafWriter,
    /// By what its values are locked.
    pub tags: Tags,
    /// Class of the tview's lock tag.
    catalog: Oid,
    relations: Vec<Oid>,
    validity: Validity,
    plans: RefCell<HashMap<Statement, Rc<KeptPlan>>>,
}

/// A prepared statement of a tview.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Statement {
    UpsertOne,
    UpsertMany(Batch),
    UpsertAll,
    DeleteOne,
    DeleteMany(Batch),
    DeleteAll,
    ReplaceMany(Batch),
    ReplaceAll,
    Fill,
    Empty,
    DifferencesMany(Batch),
    DifferencesAll,
    /// The search of the n-th occurrence over the rows of an event.
    Search(usize, RowsOf),
    /// What the n-th occurrence's search passes in a step.
    Step(usize, usize, RowsOf),
    /// The units of the tview that have what such a search knows, where it does not know all of the key.
    StoredUnits(usize, RowsOf),
}

/// Which transition tables a search starts from.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum RowsOf {
    Insert,
    Update,
    Delete,
}

impl RowsOf {
    /// Those of an event; `None` for TRUNCATE.
    pub fn event(event: Event) -> Option<RowsOf> {
        match event {
            Event::Insert => Some(RowsOf::Insert),
            Event::Update => Some(RowsOf::Update),
            Event::Delete => Some(RowsOf::Delete),
            Event::Truncate => None,
        }
    }

    /// Names of the transition tables.
    pub fn tables(self) -> &'static [&'static str] {
        match self {
            RowsOf::Insert => Event::Insert.transition_tables(),
            RowsOf::Update => Event::Update.transition_tables(),
            RowsOf::Delete => Event::Delete.transition_tables(),
        }
    }
}

impl Compiled {
    /// Reads the catalogs; `None` if the relation is no tview.
    pub fn build(tview: Oid) -> Result<Option<Compiled>> {
        let validity = watch(&[tview]);
        let Some(entry) = catalog::entry(tview)? else {
            return Ok(None);
        };
        let Some(table) = Relation::try_open(tview) else {
            return Ok(None);
        };
        let name = table.display_name();
        let Some(definition) = Relation::try_open(entry.definition) else {
            return Err(
                Error::internal(format!("the definition of tview {name} is missing")).hint(format!(
                    "DROP TABLE {} and create the tview again.",
                    table.quoted()
                )),
            );
        };
        let settings = Settings::new(&entry.settings)?;
        let owner = table.owner();
        let subject = Rc::new(Subject::new(tview, name.clone(), owner));
        let scope = Scope::owner(&subject, &settings);
        let query = definition.view_query();
        let analysis = analyze::analyze_with_key(query, owner, &entry.key, scope.operation());
        let by_view = analysis.misread.is_some();
        let plan = match plan_of(&analysis.view, &analysis.objections, Some(&entry.key)) {
            Ok(plan) if by_view => without_texts(plan),
            Ok(plan) => plan,
            Err(objections) => return Err(no_longer(&name, &objections)),
        };
        if table.is_unlogged() != analysis.view.unlogged {
            return Err(no_longer(&name, &[other_persistence(analysis.view.unlogged)]));
        }
        let relations = relations_of(&analysis, tview, entry.definition);
        let level = level_of(&analysis.view, tview)?;
        invalidation::add(&validity, &relations);
        let (text, key_types) = statements(&table, &definition, &plan, &loose_columns(&analysis.view))?;
        drop(scope);
        let sources = analysis.view.tables().into_iter().map(Oid::from);
        let subject = subject.made_from(sources.collect());
        Ok(Some(Compiled {
            oid: tview,
            task: format!("maintenance of tview {name}").into(),
            subject: Rc::new(subject),
            name,
            settings,
            text,
            key_types,
            plan,
            view: analysis.view,
            level,
            definition: entry.definition,
            stale: catalog::stale::is_marked(tview)?,
            by_view,
            patcher: Patcher::new(),
            filters: Filters::default(),
            deltas: Deltas::new(),
            paths: Paths::default(),
            leaves: LeafWriter::new(),
            tags: catalog::tags(tview)?,
            catalog: catalog::catalog_oid()?,
            relations,
            validity,
            plans: RefCell::new(HashMap::new()),
        }))
    }

    /// While it lives, errors say that the tview is being maintained.
    pub fn context(&self) -> ErrorContext {
        ErrorContext::about(Rc::clone(&self.task), &self.subject)
    }

    /// The restricted operation in which all of it is done, with its settings.
    pub fn scope(&self) -> OwnerScope {
        Scope::owner(&self.subject, &self.settings)
    }

    /// The same where no result depends on settings.
    pub fn rights(&self) -> OwnerScope {
        Scope::rights(&self.subject)
    }

    /// As [`Compiled::context`] for something else that is done with it.
    pub fn context_of(&self, what: &str) -> ErrorContext {
        ErrorContext::about(format!("{what} of tview {}", self.name), &self.subject)
    }

    /// Whether nothing has changed that it was made from.
    pub fn is_valid(&self) -> bool {
        self.validity.get()
    }

    /// Turns false when something changes that it was made from.
    pub fn validity(&self) -> Validity {
        Rc::clone(&self.validity)
    }

    /// Locks the tview and all it reads against changes of their definition.
    pub fn lock_definition(&self) {
        for relation in &self.relations {
            lock::lock_definition(*relation);
        }
    }

    /// Locks the tview for maintenance by this transaction alone, to its end.
    pub fn lock_for_maintenance(&self) {
        lock::lock_tview(self.catalog, self.oid, Mode::Alone);
    }

    /// Locks the tview for maintenance beside others.
    pub fn lock_in_mode(&self, mode: Mode) -> Taken {
        lock::lock_tview(self.catalog, self.oid, mode)
    }

    /// By what units are locked, in order; `None` if these can't be locked one by one.
    pub fn unit_tags(&self, units: &UnitSet) -> Option<Vec<Tag>> {
        const MOST: usize = 64;
        if units.len() > MOST {
            return None;
        }
        let hashes = units.hashes()?.into_iter();
        let mut tags: Vec<Tag> = hashes.map(|hash| self.tags.unit(hash)).collect();
        tags.sort_unstable();
        tags.dedup();
        Some(tags)
    }

    /// The occurrences of a table: (number, columns used, how units are found).
    pub fn occurrences(&self, table: Oid) -> Vec<(usize, &ColumnSet, &Finding)> {
        let all = self.plan.occurrences.iter().enumerate();
        all.filter(|(_, occurrence)| occurrence.table == table.to_u32())
            .map(|(number, occurrence)| (number, &occurrence.used, &occurrence.finding))
            .collect()
    }

    /// The columns of the tview's table, in the order of the output, if they take the definition's values as they are.
    pub fn stored_columns(&self) -> Option<Vec<Attribute>> {
        let table = Relation::try_open(self.oid)?;
        let definition = Relation::try_open(self.definition)?;
        table.takes_rows_of(&definition).then(|| table.attributes())
    }

    /// The columns of a source that the tview uses and that rows which come by this mapping do not have.
    pub fn lost_columns(&self, source: Oid, mapping: &Mapping) -> Vec<String> {
        let of_source = || {
            let all = self.plan.occurrences.iter();
            all.filter(|occurrence| occurrence.table == source.to_u32())
        };
        let whole_row = of_source().any(|occurrence| occurrence.used.whole_row);
        let used = |attnum: i16| {
            whole_row || of_source().any(|occurrence| occurrence.used.attnums.contains(&attnum))
        };
        let table = of_source().find_map(|occurrence| self.view.table(occurrence.source));
        let columns = table.map_or(&[][..], |table| &table.columns);
        let lost = columns
            .iter()
            .filter(|column| used(column.attnum) && !mapping.has(column.attnum));
        lost.map(|column| column.name.clone()).collect()
    }

    /// The text of a statement.
    pub fn sql(&self, statement: Statement) -> String {
        let text = &self.text;
        match statement {
            Statement::UpsertOne => text.upsert_one(),
            Statement::UpsertMany(batch) => text.upsert_many(batch),
            Statement::UpsertAll => text.upsert_all(),
            Statement::DeleteOne => text.delete_one(),
            Statement::DeleteMany(batch) => text.delete_many(batch),
            Statement::DeleteAll => text.delete_all(),
            Statement::ReplaceMany(batch) => text.replace_many(batch),
            Statement::ReplaceAll => text.replace_all(),
            Statement::Fill => text.fill(),
            Statement::Empty => text.empty(),
            Statement::DifferencesMany(batch) => text.differences_many(batch),
            Statement::DifferencesAll => text.verify(),
            Statement::Search(number, rows) => self
                .search(number)
                .map(|search| search.statement(rows.tables()))
                .unwrap_or_default(),
            Statement::Step(number, step, rows) => {
                paths::statement(self, number, step, rows.tables()).unwrap_or_default()
            }
            Statement::StoredUnits(number, rows) => {
                let names: Vec<String> = text
                    .key
                    .iter()
                    .filter_map(|key| text.columns.get(key.position))
                    .map(|(stored, _)| stored.clone())
                    .collect();
                self.search(number)
                    .map(|search| search.stored_units(rows.tables(), &text.table, &names))
                    .unwrap_or_default()
            }
        }
    }

    /// The search of an occurrence, if it needs one.
    pub fn search(&self, number: usize) -> Option<&Search> {
        match &self.plan.occurrences.get(number)?.finding {
            Finding::Search(search) => Some(search),
            Finding::Direct(_) | Finding::Everything => None,
        }
    }

    /// The prepared form of a statement. Needs the transition tables for a search.
    pub fn prepared(&self, connection: &Connection<'_>, statement: Statement) -> Result<Rc<KeptPlan>> {
        if let Some(plan) = self.plans.borrow().get(&statement) {
            return Ok(Rc::clone(plan));
        }
        let of_key = |one: bool| -> Vec<Oid> {
            self.key_types
                .iter()
                .map(|key| if one { key.oid } else { key.array })
                .collect()
        };
        let (types, planning) = match statement {
            // The test for NULL keys is decided by the planner, once it knows the values.
            Statement::UpsertOne | Statement::DeleteOne
                if self.plan.key.columns.iter().any(|part| part.nullable) =>
            {
                (of_key(true), Planning::Custom)
            }
            Statement::UpsertOne | Statement::DeleteOne => (of_key(true), Planning::Generic),
            Statement::UpsertMany(_)
            | Statement::DeleteMany(_)
            | Statement::ReplaceMany(_)
            | Statement::DifferencesMany(_) => (of_key(false), Planning::Custom),
            Statement::UpsertAll
            | Statement::DeleteAll
            | Statement::ReplaceAll
            | Statement::Fill
            | Statement::Empty
            | Statement::DifferencesAll
            | Statement::Search(..)
            | Statement::Step(..)
            | Statement::StoredUnits(..) => (vec![], Planning::Custom),
        };
        let plan = Rc::new(connection.prepare(&self.sql(statement), &types, planning)?.keep());
        self.plans.borrow_mut().insert(statement, Rc::clone(&plan));
        Ok(plan)
    }
}

/// Plans a view; refusals of the planner become objections beside those of the analysis.
pub fn plan_of(
    view: &View,
    objections: &[Objection],
    fixed_key: Option<&[usize]>,
) -> std::result::Result<Plan, Vec<Objection>> {
    let mut all = objections.to_vec();
    all.extend(duplicate_names(view));
    if analyze::is_too_large(view) {
        return Err(all);
    }
    if !view.columns.is_empty() {
        match pg_tviews_planner::plan(view, fixed_key) {
            Ok(plan) if all.is_empty() => return Ok(plan),
            Ok(_) => {}
            Err(Refusal::KeyLost) => all.push(key_lost()),
        }
    } else if all.is_empty() {
        all.push(Objection {
            place: "select list".into(),
            location: None,
            message: "there are no columns".into(),
            hint: "Select at least the key of a table.".into(),
            privilege: false,
        });
    }
    Err(all)
}

/// The plan where no part of the definition may travel as text: rows that do not name their units themselves have all rows compared.
fn without_texts(mut plan: Plan) -> Plan {
    for occurrence in &mut plan.occurrences {
        occurrence.filter = None;
        if !matches!(occurrence.finding, Finding::Direct(_)) {
            occurrence.finding = Finding::Everything;
        }
    }
    plan.opaque = false;
    plan
}

fn duplicate_names(view: &View) -> Vec<Objection> {
    let names: Vec<&str> = view.columns.iter().map(|column| column.name.as_str()).collect();
    let repeated = names
        .iter()
        .enumerate()
        .filter(|(number, name)| names[..*number].contains(name));
    repeated
        .map(|(_, name)| Objection {
            place: "select list".into(),
            location: None,
            message: format!("there are several columns \"{name}\""),
            hint: "Give each its own name with AS.".into(),
            privilege: false,
        })
        .collect()
}

/// A crash would empty the tview and not what it is made from, or the other way round.
fn other_persistence(unlogged: bool) -> Objection {
    let (own, others) = if unlogged {
        ("LOGGED", "UNLOGGED")
    } else {
        ("UNLOGGED", "LOGGED")
    };
    Objection {
        place: "FROM clause".into(),
        location: None,
        message: format!("the tables that it reads have become {others}, and it is {own}"),
        hint: "A crash empties unlogged tables and no others.".into(),
        privilege: false,
    }
}

fn key_lost() -> Objection {
    Objection {
        place: "unit key".into(),
        location: None,
        message: "the columns by which its rows were kept apart don't do so any more".into(),
        hint: "Undo the change of a source that took the key away.".into(),
        privilege: false,
    }
}

/// Columns (positions from 0) whose value is one of several equal ones, whichever.
fn loose_columns(view: &View) -> Vec<usize> {
    let loose = view.block(ROOT_BLOCK).loose.iter();
    loose
        .filter_map(|attnum| usize::try_from(*attnum).ok()?.checked_sub(1))
        .filter(|position| view.columns.get(*position).is_some_and(|column| column.key))
        .collect()
}

/// The definition's query restricted from inside.
fn restricted(definition: &Relation, plan: &Plan, key_types: &[KeyType]) -> Option<Vec<QueryPart>> {
    let columns: Vec<(usize, Oid)> = plan
        .key
        .columns
        .iter()
        .zip(key_types)
        .map(|(part, key_type)| (part.position, key_type.oid))
        .collect();
    let text = analyze::definition_query(definition).restricted_text(&columns)?;
    let template = Template::parse(&text, columns.len()).ok()?;
    // The text of a query holds no NUL: it can part texts and holes.
    let marked = template.render(|hole| format!("\0{hole}\0"));
    let parts = marked.split('\0').enumerate().map(|(number, part)| {
        if number % 2 == 0 {
            Some(QueryPart::Text(part.to_owned()))
        } else {
            part.parse().ok().map(QueryPart::Key)
        }
    });
    parts.collect()
}

/// The error of a write whose tview can't be maintained any more.
fn no_longer(name: &str, objections: &[Objection]) -> Error {
    analyze::refusal(name, None, objections)
        .hint("A change of a source's definition stands in the way: undo it, or drop the tview and create it again.")
}

/// One more than the highest level of the tviews that a view reads; 0 if it reads none.
fn level_of(view: &View, tview: Oid) -> Result<u32> {
    let mut level = 0;
    for table in view
        .tables()
        .into_iter()
        .map(Oid::from)
        .filter(|table| *table != tview)
    {
        if catalog::entry(table)?.is_some()
            && let Some(lower) = super::acquire(table)?
        {
            level = level.max(lower.level + 1);
        }
    }
    Ok(level)
}

fn relations_of(analysis: &Analysis, tview: Oid, definition: Oid) -> Vec<Oid> {
    let view = &analysis.view;
    let views = view.inlined_views.iter().map(|(oid, _)| *oid);
    let mut relations: Vec<Oid> = view
        .tables()
        .into_iter()
        .chain(views)
        .chain(analysis.named_relations.iter().copied())
        .map(Oid::from)
        .chain([tview, definition])
        .collect();
    relations.sort_by_key(|oid| oid.to_u32());
    relations.dedup();
    relations
}

fn statements(
    table: &Relation,
    definition: &Relation,
    plan: &Plan,
    loose: &[usize],
) -> Result<(TviewText, Vec<KeyType>)> {
    let stored = table.attributes();
    let table_types: Vec<Oid> = stored.iter().map(|column| column.type_oid).collect();
    let defined = definition.attributes();
    let shape = || {
        Error::internal(format!(
            "the columns of tview {} do not fit its definition",
            table.display_name()
        ))
    };
    if stored.len() != defined.len() {
        return Err(shape().hint("Drop the tview and create it again."));
    }
    let mut key = Vec::new();
    let mut key_types = Vec::new();
    for part in &plan.key.columns {
        let attribute = stored.get(part.position).ok_or_else(shape)?;
        let unusable = || {
            Error::unsupported(format!("column \"{}\" can't be a key", attribute.name))
                .detail("Its type has no ordering, or no array type.")
        };
        key.push(KeyColumn {
            position: part.position,
            equals: equality_operator(attribute.type_oid).ok_or_else(unusable)?,
            nullable: part.nullable,
        });
        key_types.push(KeyType::lookup(attribute.type_oid, attribute.collation).ok_or_else(unusable)?);
    }
    let attnums: Vec<i16> = key
        .iter()
        .filter_map(|part| stored.get(part.position))
        .map(|column| column.attnum)
        .collect();
    let has_unique_index = table.indexes().iter().any(|index| {
        index.unique
            && (index.nulls_equal || key.iter().all(|part| !part.nullable))
            && index.attnums.len() == attnums.len()
            && index.attnums.iter().all(|attnum| attnums.contains(attnum))
    });
    let restricted = if plan.opaque && !key_types.is_empty() {
        restricted(definition, plan, &key_types)
    } else {
        None
    };
    let text = TviewText {
        table: table.quoted(),
        definition: definition.quoted(),
        columns: stored
            .into_iter()
            .map(|column| column.name)
            .zip(defined.into_iter().map(|column| column.name))
            .collect(),
        key,
        single: plan.key.single && has_unique_index,
        composite: key_types.iter().any(|key| is_composite(key.oid)),
        lateral: plan.lateral,
        listed: plan.listed,
        restricted,
        loose: loose
            .iter()
            .filter_map(|position| Some((*position, hash_function(table_types.get(*position).copied()?)?)))
            .collect(),
    };
    Ok((text, key_types))
}
