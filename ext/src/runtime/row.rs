//! What becomes of a stored row where some of its columns, or parts of its documents, are written anew.

use crate::pg::jsonb::{Overlaid, overlay};
use crate::pg::memory::Memory;
use crate::pg::spi::Value;
use crate::pg::stored::OpenTable;
use pg_tviews_jsonb::Overlay;

/// The columns of a row that change.
pub struct Changes {
    /// Each with its new value.
    pub columns: Vec<(i16, Value)>,
    /// Bytes of the new documents.
    pub size: usize,
}

impl Changes {
    /// What new values of columns, or of parts of documents, change in the current row of a table; `None` if a document lacks the parts
    /// that are to be replaced. New documents are in `scratch`.
    pub fn of(
        stored: &OpenTable,
        targets: &[(i16, Overlay)],
        values: &[Value],
        scratch: &Memory,
    ) -> Option<Changes> {
        let mut changes = Changes {
            columns: Vec::with_capacity(targets.len()),
            size: 0,
        };
        for ((attnum, parts), value) in targets.iter().zip(values) {
            if *parts == Overlay::Value {
                if stored.differs(*attnum, *value) {
                    changes.columns.push((*attnum, *value));
                }
                continue;
            }
            let document = stored.row().value(*attnum);
            match scratch.within(|| overlay(document, *value, parts)) {
                Overlaid::Same => {}
                Overlaid::New(document, size) => {
                    changes.columns.push((*attnum, document));
                    changes.size += size;
                }
                Overlaid::Unfit => return None,
            }
        }
        Some(changes)
    }

    /// The value that a column of the current row has afterwards.
    pub fn value(&self, stored: &OpenTable, attnum: i16) -> Value {
        let changed = self.columns.iter().find(|(known, _)| *known == attnum);
        changed.map_or_else(|| stored.row().value(attnum), |(_, value)| *value)
    }
}
