//! What becomes of a stored row where some of its columns, or parts of its documents, are written anew.

use super::target::{Source, Target};
use crate::pg::jsonb::{Overlaid, overlay, overlay_parts};
use crate::pg::memory::Memory;
use crate::pg::spi::Value;
use crate::pg::stored::OpenTable;
use pg_tviews_jsonb::Overlay;

/// The columns of a row that change.
#[derive(Default)]
pub struct Changes {
    /// Each with its new value.
    pub columns: Vec<(i16, Value)>,
    /// Bytes of the new documents.
    pub size: usize,
}

impl Changes {
    /// What new values of columns, or of parts of documents, change in the current row of a table; `None` if a document lacks the parts
    /// that are to be replaced. New documents are in `scratch`.
    pub fn of(stored: &OpenTable, targets: &[Target], values: &[Value], scratch: &Memory) -> Option<Changes> {
        let mut changes = Changes::default();
        changes.add(stored, targets, values, scratch).then_some(changes)
    }

    /// Adds what further values change, of other columns or other parts of documents; false if a document lacks the parts.
    pub fn add(
        &mut self,
        stored: &OpenTable,
        targets: &[Target],
        mut values: &[Value],
        scratch: &Memory,
    ) -> bool {
        for target in targets {
            let Some((own, others)) = values.split_at_checked(target.width()) else {
                return false;
            };
            values = others;
            let attnum = target.attnum;
            let document = self.value(stored, attnum);
            let overlaid = match (&target.source, own) {
                (Source::Whole, [value]) if target.overlay == Overlay::Value => {
                    if stored.differs(attnum, *value) {
                        self.set(attnum, *value);
                    }
                    continue;
                }
                (Source::Whole, [value]) => scratch.within(|| overlay(document, *value, &target.overlay)),
                (Source::Whole, _) => return false,
                (Source::Parts(forms), parts) => {
                    scratch.within(|| overlay_parts(document, parts, forms, &target.overlay))
                }
            };
            if !self.take(attnum, overlaid) {
                return false;
            }
        }
        true
    }

    /// Adds what has become of a document; false if it lacks the parts.
    pub fn take(&mut self, attnum: i16, overlaid: Overlaid) -> bool {
        match overlaid {
            Overlaid::Same => {}
            Overlaid::New(document, size) => {
                self.set(attnum, document);
                self.size += size;
            }
            Overlaid::Unfit => return false,
        }
        true
    }

    fn set(&mut self, attnum: i16, value: Value) {
        match self.columns.iter_mut().find(|(known, _)| *known == attnum) {
            Some((_, known)) => *known = value,
            None => self.columns.push((attnum, value)),
        }
    }

    /// The value that a column of the current row has afterwards.
    pub fn value(&self, stored: &OpenTable, attnum: i16) -> Value {
        let changed = self.columns.iter().find(|(known, _)| *known == attnum);
        changed.map_or_else(|| stored.row().value(attnum), |(_, value)| *value)
    }
}
