//! Puts a case together.

use super::change;
use super::documents;
use super::kinds;
use super::reader;
use super::schema::{Kind, Relation, Schema};
use super::totals;
use super::types::Extras;
use super::view;
use crate::fragment::Fragment;
use crate::oracle::{Case, Command, CreateForm, Definition, End, Step};
use crate::rng::Rng;
use crate::server;
use crate::{parts, sql};

/// What to generate.
#[derive(Clone, Debug)]
pub struct Options {
    /// Steps in a case.
    pub steps: usize,
    /// Tviews in a case, at most.
    pub tviews: usize,
    /// Whether `ALTER TABLE` is among the statements.
    pub alter: bool,
    /// PostgreSQL's major version: what is newer does not turn up.
    pub version: u32,
    /// What types the server has beyond the usual ones.
    pub extras: Extras,
    /// Whether all sources hang together by their links: most changes affect few units then.
    pub tame: bool,
    /// Documents of one schema and changes of single columns, instead of anything.
    pub documents: bool,
    /// These documents show subqueries, and what these read changes.
    pub leaves: bool,
    /// Aggregates of one schema and changes of their rows, instead of anything.
    pub totals: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            steps: 30,
            tviews: 6,
            alter: true,
            version: 15,
            extras: Extras::default(),
            tame: false,
            documents: false,
            leaves: false,
            totals: false,
        }
    }
}

impl Options {
    /// The usual ones for the server under test.
    pub fn for_server() -> Self {
        Self {
            version: server::major_version(),
            extras: server::extras(),
            ..Self::default()
        }
    }
}

/// The case that this seed stands for.
pub fn case(seed: u64, options: &Options) -> Case {
    if options.documents {
        documents::case(seed, options)
    } else if options.totals {
        totals::case(seed, options)
    } else {
        build(seed, options, 0).0
    }
}

/// A case, and what `count` writers do at the same time in place of its own steps.
pub fn writers(seed: u64, options: &Options, count: usize) -> (Case, Vec<Vec<Step>>) {
    if options.documents {
        documents::writers(seed, options, count)
    } else if options.totals {
        totals::writers(seed, options, count)
    } else {
        build(seed, options, count)
    }
}

fn build(seed: u64, options: &Options, writers: usize) -> (Case, Vec<Vec<Step>>) {
    let mut rng = Rng::new(seed);
    let mut schema = Schema::random(options.version, options.extras, &mut rng.fork());
    schema.tame = options.tame;
    let mut views = rng.fork();
    for nth in 0..views.weighted(&[(5, 0), (3, 1), (2, 2)]) {
        view::source_view(&mut schema, nth, &mut views);
    }
    let mut tviews = vec![];
    let mut definitions = rng.fork();
    for nth in 0..definitions.between(1, options.tviews) {
        let name = format!("tv_{nth}");
        let query = if definitions.chance(62) {
            view::query_view(&mut schema, &name, &mut definitions)
        } else {
            view::document_view(&mut schema, &name, &mut definitions)
        };
        let form = if definitions.chance(50) {
            CreateForm::Function
        } else {
            CreateForm::CreateTableAs
        };
        tviews.push(Definition { name, query, form });
    }
    // Writers at the same time cannot tell which definitions were accepted.
    schema.tviews = if writers == 0 { tviews.len() } else { 0 };
    let mut changes = rng.fork();
    let mut steps: Vec<Step> = (0..options.steps)
        .flat_map(|_| steps_of(&schema, &mut changes))
        .collect();
    // A new column would be one of those that a natural join joins by.
    let texts = tviews.iter().map(|tview| &tview.query).chain(&schema.statements);
    let natural = texts
        .map(ToString::to_string)
        .any(|text| text.contains(" NATURAL "));
    if options.alter && !natural && changes.chance(30) {
        let at = changes.below(steps.len());
        steps.splice(at..at, alter_steps(&schema, &mut changes));
    }
    if options.alter && changes.chance(30) {
        let at = changes.below(steps.len());
        steps.splice(at..at, partition_steps(&schema, &mut changes));
    }
    let mut random_steps = || {
        (0..options.steps)
            .flat_map(|_| steps_of(&schema, &mut changes))
            .collect()
    };
    let others = (0..writers).map(|_| random_steps()).collect();
    let case = Case {
        seed,
        data: schema.data.clone(),
        schema: schema.statements,
        tviews,
        steps,
    };
    (case, others)
}

/// A step, and where it leaves a cursor behind a second one that reads on.
fn steps_of(schema: &Schema, rng: &mut Rng) -> Vec<Step> {
    let step = step(schema, rng);
    let holds = |command: &Command| command.text.to_string().starts_with("DECLARE held");
    let held = step.commands().iter().any(holds);
    let rest = held.then(|| Step::Single(reader::held()));
    std::iter::once(step).chain(rest).collect()
}

fn step(schema: &Schema, rng: &mut Rng) -> Step {
    match rng.below(100) {
        0..=73 => Step::Single(change::command(schema, rng)),
        74..=75 => Step::Single(several(schema, rng)),
        76..=77 => Step::Single(block(schema, rng)),
        78..=80 => Step::Single(setting(rng, "SET")),
        81 => Step::single("ANALYZE"),
        _ => transaction(schema, rng),
    }
}

/// Commands that are sent together: one transaction.
fn several(schema: &Schema, rng: &mut Rng) -> Command {
    let mut parts = vec![];
    for _ in 0..rng.between(2, 4) {
        let command = change::command(schema, rng);
        if command.copy.is_none() {
            parts.push(command.text);
        }
    }
    parts.push("SELECT 1".into());
    Command::new(Fragment::joined(parts, "; "))
}

/// A block whose statements are undone in part when one of them fails.
fn block(schema: &Schema, rng: &mut Rng) -> Command {
    let mut parts = vec!["NULL; ".into()];
    for _ in 0..rng.between(2, 4) {
        let command = change::command(schema, rng);
        let text = command.text.to_string();
        if command.copy.is_some() || text.contains("$body$") {
            continue;
        }
        let text = sql![command.text, "; "];
        parts.push(match rng.chance(45) {
            false => Fragment::optional(vec![text]),
            true => {
                let fails = rng.weighted(&[(2, "RAISE division_by_zero; "), (3, "")]);
                Fragment::optional(parts![
                    "BEGIN ",
                    text,
                    fails,
                    "EXCEPTION WHEN others THEN NULL; END; "
                ])
            }
        });
    }
    Command::new(sql!["DO $body$ BEGIN ", Fragment::Sequence(parts), "END $body$"])
}

/// A writer whose session shows values in another way than the tview's creator.
fn setting(rng: &mut Rng, word: &str) -> Command {
    let all = [
        "TimeZone = 'America/New_York'",
        "TimeZone = 'UTC'",
        "DateStyle = 'SQL, DMY'",
        "DateStyle = 'ISO, YMD'",
        "IntervalStyle = 'iso_8601'",
        "extra_float_digits = -10",
        "bytea_output = 'escape'",
        "enable_seqscan = off",
        "enable_hashjoin = off",
        "plan_cache_mode = 'force_generic_plan'",
    ];
    Command::new(format!("{word} {}", rng.pick(&all)))
}

fn transaction(schema: &Schema, rng: &mut Rng) -> Step {
    let begin = rng.weighted(&[
        (7, "BEGIN"),
        (1, "BEGIN ISOLATION LEVEL REPEATABLE READ"),
        (1, "BEGIN ISOLATION LEVEL SERIALIZABLE"),
    ]);
    let mut commands = vec![];
    let mut savepoints = 0;
    for _ in 0..rng.between(2, 6) {
        match rng.below(13) {
            0 | 1 => {
                savepoints += 1;
                commands.push(Command::new(format!("SAVEPOINT s{savepoints}")));
            }
            2 if savepoints > 0 => {
                commands.push(Command::new(format!("ROLLBACK TO SAVEPOINT s{savepoints}")));
            }
            3 if savepoints > 0 => {
                commands.push(Command::new(format!("RELEASE SAVEPOINT s{savepoints}")));
                savepoints -= 1;
            }
            4 if rng.chance(50) => commands.push(block(schema, rng)),
            4 => commands.push(setting(rng, "SET LOCAL")),
            5 => commands.push(Command::new("SET CONSTRAINTS ALL IMMEDIATE")),
            6 if schema.tviews > 0 => commands.push(reader::command(schema, rng)),
            _ => commands.push(change::command(schema, rng)),
        }
    }
    if schema.tviews > 0 && rng.chance(9) {
        commands.push(reader::hold(schema, rng));
    }
    Step::Transaction {
        begin: begin.to_owned(),
        commands,
        end: rng.weighted(&[(8, End::Commit), (3, End::Rollback), (1, End::Prepare)]),
        quiet: rng.chance(65),
    }
}

/// A partition that leaves, changes, and comes again.
fn partition_steps(schema: &Schema, rng: &mut Rng) -> Vec<Step> {
    let tables = schema.of_kind(Kind::Table).into_iter();
    let parted: Vec<&Relation> = tables
        .map(|at| &schema.relations[at])
        .filter(|table| table.parts.len() > 1)
        .collect();
    if parted.is_empty() {
        return vec![];
    }
    let table = *rng.pick(&parted);
    let part = rng.pick(&table.parts);
    let mut steps = vec![Step::single(format!(
        "ALTER TABLE {} DETACH PARTITION {}",
        table.name, part.name
    ))];
    for _ in 0..rng.between(1, 3) {
        steps.push(Step::Single(change::command(schema, rng)));
    }
    steps.push(Step::single(kinds::attach(table, part)));
    steps
}

/// A new column, and changes to it: rows taken as a whole show it.
fn alter_steps(schema: &Schema, rng: &mut Rng) -> Vec<Step> {
    let tables = schema.of_kind(Kind::Table);
    let table = &schema.relations[*rng.pick(&tables)].name;
    let default = rng.weighted(&[(1, ""), (1, " DEFAULT 7")]);
    vec![
        Step::single(format!("ALTER TABLE {table} ADD COLUMN extra integer{default}")),
        Step::single(format!("UPDATE {table} SET extra = coalesce(extra, 0) + 1")),
    ]
}
