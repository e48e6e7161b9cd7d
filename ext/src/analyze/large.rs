//! Definitions of too many parts.

use super::Analyzer;
use pg_tviews_ir::View;

/// More sources than these are refused, and so are more subqueries: how a change of one source is maintained depends on all others. Views
/// that each read the one below twice have that many after a few steps.
const MOST_SOURCES: usize = 300;

/// Whether a definition has too many parts to be planned. Each table, view and subquery counts where it is read.
pub fn is_too_large(view: &View) -> bool {
    view.sources.len() > MOST_SOURCES || view.blocks.len() > MOST_SOURCES + 1
}

impl Analyzer {
    /// Refuses a definition of too many parts, which is not looked at any further.
    pub(super) fn refuse_large(&mut self) -> bool {
        let large = is_too_large(&self.view);
        if large {
            let message = format!("it reads more than {MOST_SOURCES} tables, views and subqueries");
            let hint = "Make parts of it tviews of their own, and read these.";
            self.object("definition", None, message, hint);
        }
        large
    }
}
