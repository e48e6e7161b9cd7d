//! Triggers that change rows again, or others.

use super::schema::{Kind, Relation, Schema};
use super::types::Ty;
use crate::fragment::Fragment;
use crate::parts;
use crate::rng::Rng;

impl Schema {
    /// A trigger: it changes rows or leaves them out before they are written, writes in another statement, or at the end of the transaction.
    pub(super) fn add_trigger(&mut self, rng: &mut Rng) {
        let tables = self.of_kind(Kind::Table);
        let table = &self.relations[*rng.pick(&tables)];
        let other = &self.relations[*rng.pick(&tables)];
        let Some(column) = text_column(table) else {
            return;
        };
        let (timing, body, deferred) = match rng.below(10) {
            0..=3 => (
                "BEFORE",
                format!("NEW.{column} := coalesce(NEW.{column}, '') || '!'; RETURN NEW;"),
                false,
            ),
            4 => (
                "BEFORE",
                format!("IF NEW.{column} = 'a' THEN RETURN NULL; END IF; RETURN NEW;"),
                false,
            ),
            5 | 6 => (
                "AFTER",
                format!(
                    "IF pg_trigger_depth() = 1 THEN \
                     UPDATE {} SET {column} = '?' WHERE {column} = NEW.{column}; END IF; RETURN NULL;",
                    table.name
                ),
                false,
            ),
            kind => {
                let (target, written) = match text_column(other) {
                    Some(written) if kind > 7 => (other, written),
                    _ => (table, column.clone()),
                };
                // Nothing is left to change the second time: it comes to an end.
                let body = format!(
                    "UPDATE {0} SET {written} = '?' WHERE {written} = NEW.{column} AND {written} <> '?'; RETURN NULL;",
                    target.name
                );
                ("AFTER", body, true)
            }
        };
        self.statements.push(
            format!(
                "CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT \
                 AS $body$ BEGIN {body} END $body$"
            )
            .into(),
        );
        let (word, when) = match deferred {
            true => (" CONSTRAINT", " DEFERRABLE INITIALLY DEFERRED"),
            false => ("", ""),
        };
        self.statements.push(Fragment::optional(parts![format!(
            "CREATE{word} TRIGGER touch {timing} INSERT OR UPDATE ON {}{when} FOR EACH ROW EXECUTE FUNCTION touch()",
            table.name
        )]));
    }
}

/// A column of type `text` that is neither key nor link.
fn text_column(table: &Relation) -> Option<String> {
    let text = |at: &usize| table.columns[*at].ty == Ty::Text;
    let at = table.settable_columns().into_iter().find(text)?;
    Some(table.columns[at].name.clone())
}
