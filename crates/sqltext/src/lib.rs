//! The only place that writes SQL text.
//!
//! Two rules hold everywhere in here. Rather than trying to be smart, identifiers are always quoted and always
//! schema-qualified; values never become text, they travel as `$n`. Each builder shows its target statement as a comment.

mod ddl;
mod delta;
mod maintenance;
mod patch;
mod search;

pub use ddl::*;
pub use delta::{
    AverageOf, CHANGED, Holding, NewCount, NewSum, STORED, StoredValue, all_of, measure_of_rows,
    measure_of_sum, not_less,
};
pub use maintenance::{Batch, KeyColumn, Nulls, QueryPart, TviewText};
pub use patch::{PatchValue, RowSearch, in_document, leaf_parts, leaf_value, row_expressions};
pub use search::{
    NEW_ROWS, OLD_ROWS, REACHED, Recursion, Relation, Search, SearchSource, derived_column, row_is_there,
    row_test,
};

/// The schema that holds catalogs and definitions.
pub const CATALOG_SCHEMA: &str = "tviews";

/// Quotes an identifier. Always quoted: `order` becomes `"order"`.
pub fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A schema-qualified name: `"app"."tv_product"`.
pub fn qualified(schema: &str, name: &str) -> String {
    format!("{}.{}", identifier(schema), identifier(name))
}

/// A string literal that reads the same whatever `standard_conforming_strings` says.
pub fn literal(text: &str) -> String {
    let doubled = text.replace('\'', "''");
    if doubled.contains('\\') {
        format!(" E'{}'", doubled.replace('\\', "\\\\"))
    } else {
        format!("'{doubled}'")
    }
}

/// A column of an alias: `s3."name"`. The alias is one of our own generated ones and needs no quotes.
pub fn column(alias: &str, name: &str) -> String {
    format!("{alias}.{}", identifier(name))
}

/// Joins parts with a separator.
pub(crate) fn join<T>(items: &[T], separator: &str, text: impl FnMut(&T) -> String) -> String {
    items.iter().map(text).collect::<Vec<_>>().join(separator)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_names_stay_names() {
        assert_eq!(
            identifier("a\"b; DROP TABLE x; --"),
            "\"a\"\"b; DROP TABLE x; --\""
        );
        assert_eq!(qualified("Order", "$$"), "\"Order\".\"$$\"");
        assert_eq!(literal("it's"), "'it''s'");
        assert_eq!(literal("a\\'b"), " E'a\\\\''b'");
    }
}
