//! What a command does about the tviews that it concerns, depending on whose they are.
//!
//! A command of one role must neither fail nor wait because of another role's tview: its functions may raise or sleep, its owner may hold
//! its locks. So the work on a tview is done at once by the roles that answer for it, and an error fails their command. A superuser
//! who is none of these tries it, for a bounded time; what fails is undone. Others run nothing of it. Where nothing was done the tview is marked
//! ([`crate::catalog::stale`]), and a warning says so.

use crate::catalog::{self, concerned::Object, stale};
use crate::error::{Result, warning};
use crate::pg::attempt::{self, Outcome};
use crate::pg::objects::{CASTS, let_view_depend_on};
use crate::pg::role::{self, Standing};
use crate::pg::settings::{Scope, patience};
use crate::runtime::pending;
use pgrx::pg_sys::Oid;
use std::time::{Duration, Instant};

/// What becomes of a tview on which nothing is done.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Otherwise {
    /// It may differ from its query: it is marked.
    Mark,
    /// Its rows are as they were, and whether it can be maintained is seen by its next maintenance.
    Leave,
}

/// The work of one command on tviews.
pub struct Care {
    /// What the command is, for marks and messages.
    command: String,
    marked: Vec<Oid>,
    /// Why the first of these was marked, if anybody has tried.
    failure: Option<String>,
    /// How long tviews of other roles have been worked on, by their owners: many of them take no more patience than one.
    spent: Vec<(Oid, Duration)>,
}

impl Care {
    /// Begins it.
    pub fn of(command: impl Into<String>) -> Care {
        Care {
            command: command.into(),
            marked: Vec::new(),
            failure: None,
            spent: Vec::new(),
        }
    }

    /// Works on a tview as the module's description says.
    pub fn take(
        &mut self,
        tview: Oid,
        otherwise: Otherwise,
        work: impl FnOnce() -> Result<()>,
    ) -> Result<()> {
        let Some(owner) = role::owner_of(tview) else {
            return Ok(());
        };
        match role::standing(owner) {
            Standing::Own => work(),
            Standing::Superuser => self.attempt(tview, owner, work),
            Standing::Stranger if otherwise == Otherwise::Leave => Ok(()),
            Standing::Stranger => self.mark(tview),
        }
    }

    /// Tries the work on a tview of another role, for as long as there is patience with that role.
    fn attempt(&mut self, tview: Oid, owner: Oid, work: impl FnOnce() -> Result<()>) -> Result<()> {
        let spent = |(role, _): &&(Oid, Duration)| *role == owner;
        let spent: Duration = self.spent.iter().filter(spent).map(|(_, time)| *time).sum();
        let left = i128::from(patience()) - spent.as_millis() as i128;
        let begun = Instant::now();
        let outcome = if left <= 0 {
            Outcome::Late
        } else {
            attempt::attempt(i32::try_from(left).unwrap_or(i32::MAX), || {
                work()?;
                // What others read from this one is theirs, too.
                pending::flush()
            })?
        };
        self.spent.push((owner, begun.elapsed()));
        let reason = match outcome {
            Outcome::Done => return Ok(()),
            Outcome::Failed(reason) => reason,
            Outcome::Late => format!("it takes longer than {} ms", patience()),
        };
        self.failure.get_or_insert(reason);
        self.mark(tview)
    }

    /// Marks a tview.
    pub fn mark(&mut self, tview: Oid) -> Result<()> {
        if self.marked.contains(&tview) {
            return Ok(());
        }
        stale::mark(tview, &self.command)?;
        self.marked.push(tview);
        Ok(())
    }

    /// Says which tviews were marked.
    pub fn finish(self) {
        let Some((names, one)) = self.names() else { return };
        let (may, belong, nothing) = if one {
            (
                "may differ from its query",
                "It belongs to another role",
                "nothing of it was run",
            )
        } else {
            (
                "may differ from their queries",
                "They belong to other roles",
                "nothing of them was run",
            )
        };
        let done = self.failure.map_or_else(
            || nothing.to_owned(),
            |reason| format!("not all went well: {reason}"),
        );
        warning(
            format!("{names} {may} after {}", self.command),
            format!(
                "{belong}, and {done}. The next write to a table below, or pg_tviews_refresh(name) by the owner, compares all rows with the query."
            ),
        );
    }

    /// Says which tviews were marked, where they can't be maintained any more.
    pub fn finish_broken(self) {
        let Some((names, _)) = self.names() else { return };
        warning(
            format!("{names} can't be maintained after {}", self.command),
            "Writes to the tables below fail until this is undone. The owners of these tables can stop the maintenance: pg_tviews_suspend(name), or pg_tviews_drop(name).",
        );
    }

    /// The marked tviews, for a message, and whether it is one.
    fn names(&self) -> Option<(String, bool)> {
        /// More names than these say nothing.
        const MOST_NAMES: usize = 5;
        let shown: Vec<String> = self
            .marked
            .iter()
            .take(MOST_NAMES)
            .map(|tview| role::display_name(*tview))
            .collect();
        let shown = shown.join(", ");
        match self.marked.len() {
            0 => None,
            1 => Some((format!("tview {shown}"), true)),
            count if count <= MOST_NAMES => Some((format!("tviews {shown}"), false)),
            count => Some((format!("tviews {shown} and {} others", count - MOST_NAMES), false)),
        }
    }
}

/// The objects that a command has created or altered, and how a message calls the first of them.
pub fn changed() -> Result<(Vec<Object>, String)> {
    let rows = Scope::catalog()?.connect()?.texts(
        "SELECT classid, objid, objsubid, object_identity FROM pg_catalog.pg_event_trigger_ddl_commands() WHERE objid <> 0",
    )?;
    let text = |row: &[Option<String>], number: usize| row.get(number).cloned().flatten().unwrap_or_default();
    let oid =
        |row: &[Option<String>], number: usize| Oid::from(text(row, number).parse::<u32>().unwrap_or(0));
    let objects = rows
        .iter()
        .map(|row| Object {
            catalog: oid(row, 0),
            oid: oid(row, 1),
            column: text(row, 2).parse().unwrap_or(0),
        })
        .collect();
    let name = rows.first().map(|row| text(row, 3)).unwrap_or_default();
    Ok((objects, name))
}

/// A new cast lasts as long as the tviews whose documents it may write: without it they would be other documents.
fn hold_casts(changed: &[Object], tview: Oid) -> Result<()> {
    let mut casts = changed
        .iter()
        .filter(|object| object.catalog.to_u32() == CASTS)
        .peekable();
    if casts.peek().is_none() {
        return Ok(());
    }
    if let Some(entry) = catalog::entry(tview)? {
        casts.for_each(|cast| let_view_depend_on(entry.definition, (cast.catalog, cast.oid)));
    }
    Ok(())
}

/// After a command that has changed what objects other than tables compute, or how values of them are written.
pub fn results_changed(tag: &str, work: impl Fn(Oid) -> Result<()>) -> Result<()> {
    let (objects, name) = changed()?;
    let mut care = Care::of(format!("{tag} {name}").trim_end().to_owned());
    for tview in catalog::concerned::by_objects(&objects)? {
        hold_casts(&objects, tview)?;
        care.take(tview, Otherwise::Mark, || work(tview))?;
    }
    care.finish();
    Ok(())
}
