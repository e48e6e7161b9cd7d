//! Every construct of `constructs/` on the extension: accepted or refused, its unit and strategy as `docs/SUPPORTED_SQL.md` says, and exact
//! under every change of the tables that it reads.
//!
//! `CONSTRUCT=part` tries those whose title has that part (the document is not looked at then); `UPDATE_GOLDEN=1` writes the document;
//! `WRAPPINGS=1` tries each construct in every other query, not in one of them only; `UPDATE_PG_IVM=1` measures pg_ivm anew, on a server that has it.

use pg_tviews_tests::constructs::measure::{Comparison, NAME, Tviews, Workbench};
use pg_tviews_tests::constructs::peer::Results;
use pg_tviews_tests::constructs::table::{self, Document, Row};
use pg_tviews_tests::constructs::{Catalogue, Construct, Group, wrapping};
use pg_tviews_tests::oracle::case::quote;
use pg_tviews_tests::psql::without_session_number;
use pg_tviews_tests::server;
use pg_tviews_tests::session::{Failure, Outcome};

#[test]
fn constructs_are_as_documented() {
    let catalogue = Catalogue::load();
    let peer = match std::env::var_os("UPDATE_PG_IVM") {
        Some(_) => Results::measure(&catalogue),
        None => Results::load(),
    };
    let wanted = std::env::var("CONSTRUCT").ok();
    let document = Document::load();
    let database = server::create_database("constructs");
    let mut bench = Workbench::new(&catalogue, &Tviews, || {
        server::connect(server::SUPERUSER, &database)
    });
    let mut problems = vec![];
    let mut groups = vec![];
    let mut tried = 0;
    for group in &catalogue.groups {
        let mut rows: Vec<Row> = vec![];
        for construct in &group.constructs {
            if wanted
                .as_ref()
                .is_some_and(|part| !construct.title.contains(part))
            {
                continue;
            }
            tried += 1;
            match row(&mut bench, &document, &peer, group, construct) {
                Ok(row) => rows.push(row),
                Err(problem) => problems.push(format!(
                    "{}, {}: {problem}\n    {}",
                    group.title, construct.title, construct.definition
                )),
            }
        }
        groups.push((group, rows));
    }
    assert!(tried > 0, "no construct matches {wanted:?}");
    assert!(
        problems.is_empty(),
        "{} of {tried} constructs:\n{}",
        problems.len(),
        problems.join("\n\n")
    );
    if wanted.is_none() {
        check(&document, &table::render(&groups));
    }
}

/// Constructs inside other queries are exact, too, wherever they are accepted there.
#[test]
fn wrapped_constructs_are_exact() {
    let catalogue = Catalogue::load();
    let wanted = std::env::var("CONSTRUCT").ok();
    let every = std::env::var_os("WRAPPINGS").is_some();
    let database = server::create_database("wrapped");
    let mut bench = Workbench::new(&catalogue, &Tviews, || {
        server::connect(server::SUPERUSER, &database)
    });
    let constructs = catalogue.groups.iter().flat_map(|group| &group.constructs);
    let chosen =
        constructs.filter(|construct| wanted.as_ref().is_none_or(|part| construct.title.contains(part)));
    let mut problems = vec![];
    let (mut accepted, mut tried) = (0, 0);
    for (number, construct) in chosen.enumerate() {
        for (place, wrapping) in wrapping::ALL.iter().enumerate() {
            // In the short run each construct is wrapped in one of the ways, in turn.
            if !bench.has(&construct.need) || !(every || number % wrapping::ALL.len() == place) {
                continue;
            }
            let Some(columns) = bench.width(&construct.definition) else {
                continue;
            };
            let wrapped = wrapping.wrap(construct, columns);
            tried += 1;
            match tried_quietly(&mut bench, &wrapped) {
                Ok(created) => accepted += usize::from(created),
                Err(problem) => problems.push(format!(
                    "{}: {problem}\n    {}",
                    wrapped.title, wrapped.definition
                )),
            }
        }
    }
    println!("{tried} tried, {accepted} accepted");
    assert!(tried > 0, "no construct matches {wanted:?}");
    assert!(
        problems.is_empty(),
        "{} of {tried}:\n{}",
        problems.len(),
        problems.join("\n\n")
    );
}

/// Whether it was accepted; a problem if it is not exact then.
fn tried_quietly(bench: &mut Workbench<'_>, construct: &Construct) -> Result<bool, String> {
    let before = bench.session().execute(&construct.before);
    before.map_err(|failure| failure.to_string())?;
    let result = match bench.create(construct) {
        Outcome::Failed(failure) => refused(bench, construct, &failure).map(|_| false),
        Outcome::Done { .. } => {
            let comparison = if construct.by_value {
                Comparison::Value
            } else {
                Comparison::Text
            };
            let exercised = bench.exercise(construct, comparison);
            let dropped = bench.drop().map_err(|failure| failure.to_string());
            exercised
                .map_err(|deviation| deviation.to_string())
                .and(dropped)
                .map(|()| true)
        }
    };
    let after = bench.session().execute(&construct.after);
    after.map_err(|failure| failure.to_string())?;
    result
}

fn check(document: &Document, written: &str) {
    if document.has(written) {
        return;
    }
    assert!(
        std::env::var_os("UPDATE_GOLDEN").is_some(),
        "docs/SUPPORTED_SQL.md is not what was found; UPDATE_GOLDEN=1 writes it:\n{}",
        document.difference(written)
    );
    document.write(written);
}

/// Tries a construct; where the server lacks what it needs, the document's own row stands.
fn row(
    bench: &mut Workbench<'_>,
    document: &Document,
    peer: &Results,
    group: &Group,
    construct: &Construct,
) -> Result<Row, String> {
    let peer = peer.get(group, construct)?.to_owned();
    if !bench.has(&construct.need) {
        let known = document.row(&group.title, &construct.title);
        if known.is_none() && std::env::var_os("UPDATE_GOLDEN").is_some() {
            let empty = String::new;
            let note = "not tried yet".to_owned();
            return Ok([construct.title.clone(), empty(), empty(), empty(), note, peer]);
        }
        let unknown = || "can't be tried on this server, and the document has no row for it".to_owned();
        return known.ok_or_else(unknown);
    }
    let [supported, unit, strategy, found] = tried(bench, construct)?;
    let notes = [needed(construct), found, construct.note.clone()];
    let notes: Vec<String> = notes.into_iter().filter(|note| !note.is_empty()).collect();
    Ok([
        construct.title.clone(),
        supported,
        unit,
        strategy,
        notes.join("; "),
        peer,
    ])
}

fn needed(construct: &Construct) -> String {
    construct
        .need
        .since
        .map_or_else(String::new, |since| format!("PostgreSQL {since}"))
}

fn tried(bench: &mut Workbench<'_>, construct: &Construct) -> Result<[String; 4], String> {
    let text = |failure: Failure| failure.to_string();
    bench.session().execute(&construct.before).map_err(text)?;
    let result = match bench.create(construct) {
        Outcome::Failed(failure) => refused(bench, construct, &failure),
        Outcome::Done { .. } => {
            let comparison = if construct.by_value {
                Comparison::Value
            } else {
                Comparison::Text
            };
            let explained = explained(bench);
            let exercised = bench
                .exercise(construct, comparison)
                .map_err(|deviation| deviation.to_string());
            bench.drop().map_err(text)?;
            exercised.and(explained)
        }
    };
    bench.session().execute(&construct.after).map_err(text)?;
    result
}

/// A refusal has to be one: an error of the definition, or one that lists what stands in the way.
fn refused(
    bench: &mut Workbench<'_>,
    construct: &Construct,
    failure: &Failure,
) -> Result<[String; 4], String> {
    let is_refusal = failure.sqlstate == "0A000" || failure.sqlstate.starts_with("42");
    if !is_refusal {
        if !bench.session().is_alive() {
            let _ = bench.drop();
        }
        return Err(format!("creation fails: {failure}"));
    }
    let query = format!(
        "SELECT place || ': ' || message FROM pg_tviews_analyze({}) WHERE kind = 'refused'",
        quote(&construct.definition)
    );
    let reasons = bench.as_creator(construct, |session| session.rows(&query));
    let mut reasons: Vec<String> = reasons
        .unwrap_or_default()
        .into_iter()
        .flatten()
        .flatten()
        .collect();
    if reasons.is_empty() {
        reasons.extend(failure.message.lines().next().map(str::to_owned));
    }
    let reasons = without_session_number(&reasons.join("; "));
    Ok(["no".into(), String::new(), String::new(), reasons])
}

/// Unit and strategies: sources with the same strategy together, in the order of the definition.
fn explained(bench: &mut Workbench<'_>) -> Result<[String; 4], String> {
    let query = format!(
        "SELECT source, event, unit, strategy FROM pg_tviews_explain({}) WHERE event <> 'TRUNCATE'",
        quote(NAME)
    );
    let rows = bench
        .session()
        .rows(&query)
        .map_err(|failure| failure.to_string())?;
    let mut units: Vec<String> = vec![];
    let mut strategies: Vec<(String, Vec<String>)> = vec![];
    for row in rows {
        let mut cells = row.into_iter().map(Option::unwrap_or_default);
        let mut next = || cells.next().unwrap_or_default();
        let (source, event, unit, strategy) = (next(), next(), next(), next());
        let alias = source.rsplit(" AS ").next().unwrap_or_default().to_owned();
        let strategy = strategy.trim_end_matches(", then recompute these units").replace(
            ", then delta: add the difference to the aggregates; recompute units where that is not enough",
            " (delta)",
        );
        if !units.contains(&unit) {
            units.push(unit);
        }
        let label = format!("{alias}\t{event}");
        match strategies.iter_mut().find(|(known, _)| *known == strategy) {
            Some((_, labels)) => labels.push(label),
            None => strategies.push((strategy, vec![label])),
        }
    }
    let text = |(strategy, labels): (String, Vec<String>)| format!("{}: {strategy}", sources(&labels));
    let strategies: Vec<String> = strategies.into_iter().map(text).collect();
    Ok([
        "yes".into(),
        units.join("; "),
        strategies.join("; "),
        String::new(),
    ])
}

/// The aliases; with the events where these are not all three.
fn sources(labels: &[String]) -> String {
    let mut aliases: Vec<(&str, Vec<&str>)> = vec![];
    for label in labels {
        let (alias, event) = label.split_once('\t').unwrap_or((label, ""));
        match aliases.iter_mut().find(|(known, _)| *known == alias) {
            Some((_, events)) => events.push(event),
            None => aliases.push((alias, vec![event])),
        }
    }
    let text = |(alias, events): (&str, Vec<&str>)| match events.len() {
        0..=2 => format!("`{alias}` ({})", events.join(", ")),
        _ => format!("`{alias}`"),
    };
    aliases.into_iter().map(text).collect::<Vec<String>>().join(", ")
}
