//! Making a tview.

use super::convert;
use super::judged::key_holds;
use super::members;
use super::tried::try_functions;
use super::triggers;
use crate::analyze::{self, Objection};
use crate::catalog::needs;
use crate::catalog::tree::Tree;
use crate::catalog::{self, Entry, SourceRow};
use crate::error::{Error, Result, notice};
use crate::pg::context::ErrorContext;
use crate::pg::name;
use crate::pg::objects::{self, Object, default_configuration};
use crate::pg::own::OwnStatements;
use crate::pg::parse;
use crate::pg::relation::{self, Relation, TRIGGER, role_name};
use crate::pg::role;
use crate::pg::settings::{Scope, SourcePrivilege, current_output_settings, source_privilege};
use crate::pg::spi::OwnConnection;
use crate::pg::tree::Query;
use crate::runtime::compiled::{Compiled, plan_of};
use crate::runtime::{acquire, blind_spots, flush};
use pg_tviews_ir::View;
use pg_tviews_planner::{Finding, Plan};
use pg_tviews_sqltext::{self as sqltext, CATALOG_SCHEMA, qualified};
use pgrx::PgSqlErrorCode;
use pgrx::pg_sys::Oid;
use std::rc::Rc;

/// A definition that has been accepted.
pub struct Accepted {
    view: View,
    /// Its plan.
    pub(super) plan: Plan,
    /// The query with all names qualified.
    query_text: String,
    columns: Vec<String>,
    settings: Vec<(String, String)>,
    configuration: Option<Object>,
    /// The casts to `json` by which its values are written.
    casts: Vec<Object>,
    /// The functions of users that it names.
    functions: Vec<Oid>,
}

impl Accepted {
    /// The tables that it reads.
    pub fn sources(&self) -> Vec<Oid> {
        self.view.tables().into_iter().map(Oid::from).collect()
    }

    /// Whether all that it reads is unlogged.
    pub fn is_unlogged(&self) -> bool {
        self.view.unlogged
    }
}

/// Says why a tview becomes UNLOGGED.
pub fn notice_unlogged(table: &str) {
    notice(
        format!("tview \"{table}\" is UNLOGGED, as the tables that it reads are"),
        "A crash empties them all.",
    );
}

/// A definition judged: what was found, and the plan or everything that stands in the way.
pub struct Judged {
    pub view: View,
    pub plan: std::result::Result<Plan, Vec<Objection>>,
    pub query_text: String,
    /// The configuration of text search that it uses because it is the session's default.
    configuration: Option<Object>,
    /// The casts to `json` by which its values are written.
    casts: Vec<Object>,
    /// The functions of users that it names.
    functions: Vec<Oid>,
}

/// Judges a definition for the current role. `columns` are names given with the table, if any.
pub fn judge(query: Query, columns: &[String]) -> Result<Judged> {
    let owner = relation::current_role();
    let query = query.with_fixed_times();
    let scope = Scope::own_definition()?;
    let query = match query.reads_otherwise() {
        true => parse::definition(&parse::query_text(query))?,
        false => query,
    };
    let mut analysis = analyze::analyze(query, owner, scope.operation());
    let query_text = if analyze::is_too_large(&analysis.view) {
        String::new()
    } else {
        parse::query_text(query.with_inlined_common_tables())
    };
    if columns.len() > analysis.view.columns.len() {
        return Err(Error::new(
            PgSqlErrorCode::ERRCODE_SYNTAX_ERROR,
            "too many column names were specified",
        ));
    }
    for (column, given) in analysis.view.columns.iter_mut().zip(columns) {
        column.name.clone_from(given);
    }
    let configuration = analysis.need_default_configuration();
    analysis.refuse_temporary()?;
    let plan = plan_of(&analysis.view, &analysis.objections, None);
    Ok(Judged {
        casts: analysis.casts(),
        functions: analysis.functions(),
        view: analysis.view,
        plan,
        query_text,
        configuration,
    })
}

/// The settings that are in force whenever the tview is computed. A default that somebody could drop is among them only if it is needed.
fn settings_of(judged: &Judged) -> Result<Vec<(String, String)>> {
    let mut settings = current_output_settings()?;
    if judged.configuration.is_none() && default_configuration().is_some() {
        let unused = settings
            .iter_mut()
            .filter(|(name, _)| name == "default_text_search_config");
        unused.for_each(|(_, value)| "pg_catalog.simple".clone_into(value));
    }
    Ok(settings)
}

/// Accepts a definition or refuses it with all objections. `text` is what the user wrote, for places in it; `columns` are names
/// given with the table, if any.
pub fn accept(query: Query, name: &str, text: Option<&str>, columns: &[String]) -> Result<Accepted> {
    let judged = judge(query, columns)?;
    let settings = settings_of(&judged)?;
    let plan = judged
        .plan
        .map_err(|objections| analyze::refusal(name, text, &objections))?;
    let names = judged
        .view
        .columns
        .iter()
        .map(|column| column.name.clone())
        .collect();
    let rounded = settings.iter().any(|(name, value)| {
        name == "extra_float_digits" && value.parse::<i32>().is_ok_and(|digits| digits < 1)
    });
    if rounded && !plan.key.single {
        return Err(Error::unsupported(format!(
            "\"{name}\" can't be maintained under extra_float_digits below 1"
        ))
        .detail("Its rows are told apart by their text, and numbers would be rounded there.")
        .hint("SET extra_float_digits = 1 before the tview is created."));
    }
    Ok(Accepted {
        view: judged.view,
        plan,
        query_text: judged.query_text,
        columns: names,
        settings,
        configuration: judged.configuration,
        casts: judged.casts,
        functions: judged.functions,
    })
}

/// `pg_tviews_create(name, query)`.
pub fn create(name: &str, text: &str) -> Result<()> {
    let target = name::parse(name)?;
    if target.is_temporary() {
        return Err(Error::unsupported("a tview can't be a temporary table"));
    }
    let (schema, table) = (target.creation_schema(), target.name());
    if relation::lookup(&schema, &table)?.is_some() {
        return Err(Error::new(
            PgSqlErrorCode::ERRCODE_DUPLICATE_TABLE,
            format!("relation \"{schema}.{table}\" already exists"),
        )
        .hint("pg_tviews_drop(name) removes a tview."));
    }
    let query = parse::definition(text)?;
    let accepted = accept(query, &table, Some(text), &[])?;
    finish(&accepted, &schema, &table)
}

/// How full the pages of a tview are made whose rows are updated in place: with room for a new version of a row in its page no index
/// needs a new entry. What the user says instead counts.
///
/// Rows of more than 2 kB are stored out of line in parts, so that a quarter of a page is room for any row. Rows of values of fixed
/// length are shorter than that.
fn fillfactor(view: &View) -> u8 {
    let mut types = view.columns.iter().map(|column| Oid::from(column.type_oid));
    if types.all(relation::is_fixed_length) {
        85
    } else {
        75
    }
}

/// Creates everything that belongs to a tview and fills it. The table is made too, unless it is there (empty) already.
pub fn finish(accepted: &Accepted, schema: &str, table: &str) -> Result<()> {
    establish(accepted, schema, table, false).map(drop)
}

/// Creates everything that belongs to a tview around a table with rows, and makes these equal to the query. Returns the number of
/// rows written.
pub fn adopt(accepted: &Accepted, schema: &str, table: &str) -> Result<u64> {
    establish(accepted, schema, table, true)
}

/// The positions of the unit key in the output, from 0.
fn positions(plan: &Plan) -> Vec<usize> {
    plan.key.columns.iter().map(|part| part.position).collect()
}

fn establish(accepted: &Accepted, schema: &str, table: &str, adopted: bool) -> Result<u64> {
    let _own = OwnStatements::begin();
    let _context = ErrorContext::new(format!("creation of tview {schema}.{table}"));
    let sources = members::all_tables(&members::trees(&accepted.view)?);
    check_source_privilege(relation::current_role(), &sources)?;
    let definition = create_definition(accepted, schema, table)?;
    let definition_name = qualified(CATALOG_SCHEMA, &definition);
    let table_name = qualified(schema, table);
    if relation::lookup(schema, table)?.is_none() {
        if accepted.is_unlogged() {
            notice_unlogged(table);
        }
        run_as_user(&[sqltext::create_table_like(
            &table_name,
            &definition_name,
            accepted.is_unlogged(),
        )])?;
    }
    let missing = || Error::internal(format!("relation {table_name} was not created"));
    let tview = relation::lookup(schema, table)?.ok_or_else(missing)?;
    if accepted.plan.key.single && !adopted && !Relation::open(tview)?.has_options() {
        run_as_user(&[sqltext::set_fillfactor(&table_name, fillfactor(&accepted.view))])?;
    }
    let definition = relation::lookup(CATALOG_SCHEMA, &definition)?.ok_or_else(missing)?;
    hold_needs(accepted, definition, table)?;
    if adopted {
        convert::check_columns(tview, definition, accepted.is_unlogged())?;
    }
    let trees = members::locked_trees(&accepted.view)?;
    let sources = members::all_tables(&trees);
    register(accepted, tview, definition, trees)?;
    members::create_triggers(&sources)?;
    triggers::guard(tview, &sources)?;
    let key: Vec<String> = positions(&accepted.plan)
        .into_iter()
        .filter_map(|position| accepted.columns.get(position).cloned())
        .collect();
    let (compiled, written) = if adopted {
        run_as_user(&convert::missing_indexes(accepted, tview, &key)?)?;
        relation::invalidate(tview);
        fill(tview, true)?
    } else {
        let filled = fill(tview, false)?;
        run_as_user(&index_statements(accepted, &table_name, &key))?;
        filled
    };
    if written == 0 {
        try_functions(table, &accepted.functions)?;
    }
    let positions = positions(&compiled.plan);
    if !key_holds(&Relation::open(tview)?, &positions, compiled.plan.key.single) {
        return Err(Error::new(
            PgSqlErrorCode::ERRCODE_T_R_SERIALIZATION_FAILURE,
            format!("tables that tview \"{schema}.{table}\" reads have changed while it was created"),
        )
        .hint("Try again."));
    }
    sources.into_iter().for_each(relation::invalidate);
    advise_indexes(accepted, table);
    advise_whole(accepted, table);
    advise_sources(&compiled, table)?;
    Ok(written)
}

/// What the definition needs lasts as long as it. Analysis has looked at what it could find; the server knows it all.
fn hold_needs(accepted: &Accepted, definition: Oid, table: &str) -> Result<()> {
    if let Some(what) = needs::temporary_of(definition)? {
        let (message, hint) = analyze::goes_with_its_session(&what);
        return Err(Error::unsupported(format!("\"{table}\" can't be a tview: {message}")).hint(hint));
    }
    for object in accepted.configuration.iter().chain(&accepted.casts) {
        objects::let_view_depend_on(definition, *object);
    }
    Ok(())
}

/// The index on the unit key. It is unique where a unit has at most one row; a value too long for it would make a write fail, so
/// that groups of variable length get one that takes any.
pub(super) fn index_statements(accepted: &Accepted, table: &str, key: &[String]) -> Vec<String> {
    let parts = &accepted.plan.key.columns;
    let full_identity = sqltext::replica_identity_full(table);
    let varies = |position: usize| {
        accepted
            .view
            .columns
            .get(position)
            .is_some_and(|column| !relation::is_fixed_length(Oid::from(column.type_oid)))
    };
    if parts.is_empty() {
        return vec![full_identity];
    }
    if accepted.plan.key.root.is_none()
        && let Some(part) = parts.iter().position(|part| varies(part.position))
    {
        let fixed = parts.iter().zip(key).filter(|(part, _)| !varies(part.position));
        let fixed: Vec<String> = fixed.map(|(_, name)| name.clone()).take(MOST_COLUMNS).collect();
        let mut statements = vec![sqltext::create_hash_index(table, &key[part])];
        if !fixed.is_empty() {
            statements.push(sqltext::create_index(table, &fixed));
        }
        statements.push(full_identity);
        return statements;
    }
    let single = accepted.plan.key.single && parts.len() <= MOST_COLUMNS;
    match (single, parts.iter().any(|part| part.nullable)) {
        (true, false) => vec![sqltext::add_primary_key(table, key)],
        (true, true) => vec![sqltext::create_unique_index(table, key), full_identity],
        (false, _) => {
            let columns = &key[..key.len().min(MOST_COLUMNS)];
            vec![sqltext::create_index(table, columns), full_identity]
        }
    }
}

/// Most columns of an index (`INDEX_MAX_KEYS`).
const MOST_COLUMNS: usize = 32;

/// Names each missing index once.
fn advise_indexes(accepted: &Accepted, table: &str) {
    let mut known = Vec::new();
    for index in &pg_tviews_planner::missing_indexes(&accepted.view, &accepted.plan) {
        let identity = (&index.schema, &index.table, &index.columns);
        if known.contains(&identity) {
            continue;
        }
        known.push(identity);
        let columns: Vec<String> = index
            .columns
            .iter()
            .map(|column| sqltext::identifier(column))
            .collect();
        notice(
            format!(
                "tview \"{table}\": {}.{} has no index on ({})",
                index.schema,
                index.table,
                index.columns.join(", ")
            ),
            format!(
                "CREATE INDEX ON {} ({});",
                qualified(&index.schema, &index.table),
                columns.join(", ")
            ),
        );
    }
}

/// Says which changes bring the whole tview up to date.
fn advise_whole(accepted: &Accepted, table: &str) {
    let mut names: Vec<String> = Vec::new();
    for occurrence in &accepted.plan.occurrences {
        if occurrence.finding == Finding::Everything
            && let Some(source) = accepted.view.table(occurrence.source)
        {
            let name = qualified(&source.schema, &source.name);
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    if names.is_empty() {
        return;
    }
    let wanted: Vec<String> = pg_tviews_planner::missing_keys(&accepted.view)
        .into_iter()
        .filter(|(_, columns)| !columns.is_empty())
        .map(|(alias, columns)| {
            let columns: Vec<String> = columns.iter().map(|column| format!("{alias}.{column}")).collect();
            columns.join(", ")
        })
        .collect();
    let hint = if !accepted.plan.key.columns.is_empty() {
        "Nothing ties the rows of these tables to single rows of the tview. Join them, or correlate the subquery, by a condition such as a.x = b.y, if that is what is meant.".to_owned()
    } else if wanted.is_empty() {
        "No output column names the rows that a change affects: add what the query groups or partitions by to the select list, if it does.".to_owned()
    } else {
        format!(
            "Add {} to the select list, so that a changed row names its rows.",
            wanted.join(" or ")
        )
    };
    notice(
        format!(
            "tview \"{table}\": every change of {} recomputes all of it",
            names.join(", ")
        ),
        hint,
    );
}

/// Maintenance hangs on triggers, and every write to a source waits for it: whoever owns a tview must have power over its sources.
pub fn check_source_privilege(role: Oid, tables: &[Oid]) -> Result<()> {
    for table in tables {
        let source = Relation::open(*table)?;
        let by_owner = source_privilege() == SourcePrivilege::Owner;
        if by_owner && role::is_superuser(role) && !role::is_superuser(source.owner()) {
            let owner = role_name(source.owner());
            return Err(Error::new(
                PgSqlErrorCode::ERRCODE_INSUFFICIENT_PRIVILEGE,
                format!("a superuser can't own a tview over table {}, which belongs to {owner}", source.name()),
            )
            .detail("What the owner of a table puts on it (types of columns, indexes, statistics) would run as a superuser when the tview is maintained.")
            .hint(format!(
                "Create the tview as the table's owner: SET ROLE {}; or set pg_tviews.source_privilege to \"trigger\" if you trust that role as yourself.",
                sqltext::identifier(&owner)
            )));
        }
        if by_owner && !source.is_owned_by(role) {
            return Err(Error::new(
                PgSqlErrorCode::ERRCODE_INSUFFICIENT_PRIVILEGE,
                format!("must be owner of table {}", source.name()),
            )
            .detail("Writes to a table wait for the maintenance of each tview over it: only its owner decides on that.")
            .hint(format!(
                "Create the tview as {}, or have a superuser set pg_tviews.source_privilege to \"trigger\".",
                role_name(source.owner())
            )));
        }
        if !source.allows(role, TRIGGER) {
            return Err(Error::new(
                PgSqlErrorCode::ERRCODE_INSUFFICIENT_PRIVILEGE,
                format!("permission denied for table {}", source.name()),
            )
            .detail("A tview needs triggers on the tables that it reads.")
            .hint(format!(
                "GRANT TRIGGER ON {} TO {}.",
                source.quoted(),
                sqltext::identifier(&role_name(role))
            )));
        }
    }
    Ok(())
}

/// Makes the view that holds the definition: as the user, in the schema of the tview, so that the user's own rights decide;
/// then it moves to our schema. Returns its name there, `schema.table`, with a number if that is taken.
fn create_definition(accepted: &Accepted, schema: &str, table: &str) -> Result<String> {
    let mut number = 1;
    let name = loop {
        let name = definition_name(schema, table, number);
        if relation::lookup(CATALOG_SCHEMA, &name)?.is_none() && relation::lookup(schema, &name)?.is_none() {
            break name;
        }
        number += 1;
    };
    let view = qualified(schema, &name);
    run_as_user(&[sqltext::create_view(
        &view,
        &accepted.columns,
        &accepted.query_text,
    )])?;
    let comment = format!("Definition of tview {schema}.{table}");
    run_on_catalog(&[
        sqltext::set_view_schema(&view, CATALOG_SCHEMA),
        sqltext::comment_on_view(&qualified(CATALOG_SCHEMA, &name), &comment),
    ])?;
    Ok(name)
}

/// A name of at most 63 bytes, the server's limit.
pub(super) fn definition_name(schema: &str, table: &str, number: u32) -> String {
    const LIMIT: usize = 63;
    let suffix = if number == 1 {
        String::new()
    } else {
        format!(" {number}")
    };
    let mut name = format!("{schema}.{table}");
    while name.len() + suffix.len() > LIMIT {
        name.pop();
    }
    name + &suffix
}

fn register(accepted: &Accepted, tview: Oid, definition: Oid, trees: Vec<(Oid, Tree)>) -> Result<()> {
    let view = &accepted.view;
    let whole_row = |table: Oid| {
        accepted
            .plan
            .occurrences
            .iter()
            .any(|occurrence| occurrence.table == table.to_u32() && occurrence.used.whole_row)
    };
    let mut rows: Vec<SourceRow> = trees
        .into_iter()
        .map(|(oid, tree)| SourceRow {
            oid,
            is_view: false,
            whole_row: whole_row(oid),
            tree,
        })
        .collect();
    let mut views: Vec<u32> = view.inlined_views.iter().map(|(oid, _)| *oid).collect();
    views.sort_unstable();
    views.dedup();
    rows.extend(views.into_iter().map(|oid| SourceRow {
        oid: Oid::from(oid),
        is_view: true,
        whole_row: false,
        tree: Tree::default(),
    }));
    let entry = Entry {
        definition,
        key: accepted
            .plan
            .key
            .columns
            .iter()
            .map(|part| part.position)
            .collect(),
        settings: accepted.settings.clone(),
        suspended: false,
    };
    catalog::insert(tview, &entry, &rows)
}

/// Writes the rows of the query, or what differs from those that are there. Returns the number of rows written too.
fn fill(tview: Oid, adopted: bool) -> Result<(Rc<Compiled>, u64)> {
    let compiled = acquire(tview)?.ok_or_else(|| Error::internal("the tview just created is not there"))?;
    compiled.lock_for_maintenance();
    let written = if adopted {
        flush::all(&compiled)?
    } else {
        flush::fill(&compiled)?
    };
    Ok((compiled, written))
}

/// Says through which tables a change recomputes everything.
fn advise_sources(compiled: &Compiled, table: &str) -> Result<()> {
    for (source, relative, lost) in blind_spots(compiled)? {
        let (source, relative) = (Relation::open(source)?, Relation::open(relative)?);
        notice(
            format!(
                "tview \"{table}\": UPDATE and DELETE of rows of {} through {} recompute all of it",
                source.display_name(),
                relative.display_name()
            ),
            format!(
                "{} does not have {}: name {} itself in such statements.",
                relative.display_name(),
                lost.join(", "),
                source.display_name()
            ),
        );
    }
    Ok(())
}

/// Runs statements with the current role's rights. Their text holds quoted names, or what the deparser wrote.
pub fn run_as_user(statements: &[String]) -> Result<()> {
    let scope = Scope::user()?;
    run(&scope.connect()?, statements)
}

/// Runs statements with the rights of the installation. Their text holds quoted names only.
pub fn run_on_catalog(statements: &[String]) -> Result<()> {
    let scope = Scope::catalog()?;
    run(&scope.connect()?, statements)
}

fn run(connection: &OwnConnection<'_>, statements: &[String]) -> Result<()> {
    for statement in statements {
        connection.run(statement)?;
    }
    Ok(())
}
