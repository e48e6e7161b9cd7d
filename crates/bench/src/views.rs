//! How each approach's view is made, dropped and checked. The SQL itself is in `test/sql/comprehensive_benchmarks/sql`.

use anyhow::{Context, Result};
use postgres::Client;

use crate::approach::Approach;

const DOCUMENT_QUERY: &str =
    include_str!("../../../test/sql/comprehensive_benchmarks/sql/document_query.sql");
const DOCUMENT_INDEXES: &str =
    include_str!("../../../test/sql/comprehensive_benchmarks/sql/document_indexes.sql");
const TVIEW_INDEXES: &str = include_str!("../../../test/sql/comprehensive_benchmarks/sql/tview_indexes.sql");
const FLAT_QUERY: &str = include_str!("../../../test/sql/comprehensive_benchmarks/sql/flat_query.sql");
const TRIGGER_PATCH: &str = include_str!("../../../test/sql/comprehensive_benchmarks/sql/trigger_patch.sql");
const TRIGGER_REBUILD: &str =
    include_str!("../../../test/sql/comprehensive_benchmarks/sql/trigger_rebuild.sql");

/// The table of documents in every schema but the tview's, where a name with the prefix `tv_` would make it a tview.
const DOCUMENTS: &str = "product_document";

/// The name of the approach's table of documents.
pub fn table(approach: Approach) -> &'static str {
    match approach {
        Approach::Tviews => "tv_product",
        // A plain table made only to see what that takes, and dropped again.
        Approach::NoView => "document_copy",
        _ => DOCUMENTS,
    }
}

/// The query that the approach's view shows.
pub fn query(approach: Approach) -> &'static str {
    match approach {
        Approach::PgIvm => FLAT_QUERY,
        _ => DOCUMENT_QUERY,
    }
}

/// The timed statements of creation: the filled table and its indexes.
pub fn create(approach: Approach) -> Vec<String> {
    let (table, query) = (table(approach), query(approach));
    let fill = match approach {
        Approach::Tviews => format!("SELECT pg_tviews_create('{table}', $query${query}$query$)"),
        Approach::PgIvm => format!("SELECT pgivm.create_immv('{table}', $query${query}$query$)"),
        Approach::Refresh | Approach::RefreshConcurrently => {
            format!("CREATE MATERIALIZED VIEW {table} AS\n{query}")
        }
        Approach::NoView | Approach::PatchTrigger | Approach::RebuildTrigger => {
            format!("CREATE TABLE {table} AS\n{query}")
        }
    };
    let indexes = DOCUMENT_INDEXES.replace(DOCUMENTS, table);
    match approach {
        // pg_ivm inserts new rows before it deletes the old ones, and has a unique index of its own choice.
        Approach::Tviews => vec![fill, TVIEW_INDEXES.to_owned()],
        Approach::PgIvm => vec![fill, indexes.replace("UNIQUE ", "")],
        _ => vec![fill, indexes],
    }
}

/// What belongs to the approach besides the filled table, and isn't timed.
pub fn complete(approach: Approach) -> Vec<String> {
    let view = format!("CREATE VIEW v_product AS\n{DOCUMENT_QUERY}");
    match approach {
        Approach::PatchTrigger => vec![view, TRIGGER_PATCH.to_owned()],
        Approach::RebuildTrigger => vec![view, TRIGGER_REBUILD.to_owned()],
        _ => Vec::new(),
    }
}

/// Takes the view away again.
pub fn drop(approach: Approach) -> String {
    let table = table(approach);
    match approach {
        Approach::Refresh | Approach::RefreshConcurrently => format!("DROP MATERIALIZED VIEW {table}"),
        Approach::Tviews => format!("SELECT pg_tviews_drop('{table}', false)"),
        _ => format!("DROP TABLE {table}"),
    }
}

/// How many rows of the view differ from its query: rows that only one of them has, as often as it has them more.
pub fn count_differences(client: &mut Client, approach: Approach, as_texts: bool) -> Result<i64> {
    differences(client, table(approach), query(approach), as_texts)
}

/// The same of any table and query.
pub fn differences(client: &mut Client, table: &str, query: &str, as_texts: bool) -> Result<i64> {
    let (expected, actual) = if as_texts {
        ("q::text", "t::text")
    } else {
        ("md5(q::text)", "md5(t::text)")
    };
    let statement = format!(
        "WITH expected AS MATERIALIZED (SELECT {expected} AS line FROM (\n{query}) q),
              actual AS MATERIALIZED (SELECT {actual} AS line FROM {table} t)
         SELECT count(*) FROM (
            (TABLE expected EXCEPT ALL TABLE actual) UNION ALL (TABLE actual EXCEPT ALL TABLE expected)) d"
    );
    client.batch_execute("SET work_mem = '256MB'")?;
    let row = client
        .query_one(&statement, &[])
        .context("comparing the view with its query")?;
    client.batch_execute("RESET work_mem")?;
    Ok(row.get(0))
}

/// How many products, from the key `first` on, have a row that differs from the query's.
pub fn wrong_documents(client: &mut Client, approach: Approach, first: i64) -> Result<u64> {
    let (table, query) = (table(approach), query(approach));
    let statement = format!(
        "WITH expected AS (SELECT q.pk_product, q::text AS line FROM (\n{query}) q WHERE q.pk_product >= {first}),
              actual AS (SELECT t.pk_product, t::text AS line FROM {table} t WHERE t.pk_product >= {first})
         SELECT count(DISTINCT pk_product) FROM (
            (TABLE expected EXCEPT ALL TABLE actual) UNION ALL (TABLE actual EXCEPT ALL TABLE expected)) d"
    );
    let row = client
        .query_one(&statement, &[])
        .context("counting the wrong documents")?;
    Ok(row.get::<_, i64>(0).unsigned_abs())
}

/// The rows that the extension's own check reports; with the first key, for the log.
pub fn tview_differences(client: &mut Client) -> Result<Option<String>> {
    let row = client
        .query_one(
            "SELECT count(*), min(key::text) FROM pg_tviews_verify('bench_tviews.tv_product') v",
            &[],
        )
        .context("pg_tviews_verify")?;
    let count: i64 = row.get(0);
    let first: Option<String> = row.get(1);
    Ok((count > 0).then(|| format!("{count} rows, the first with key {}", first.unwrap_or_default())))
}

#[cfg(test)]
mod tests {
    use super::{create, table};
    use crate::approach::Approach;

    #[test]
    fn every_approach_indexes_its_own_table() {
        for approach in Approach::ALL {
            let statements = create(approach);
            assert_eq!(statements.len(), 2, "{approach:?}");
            assert!(
                statements[1].contains(&format!(" ON {} (", table(approach))),
                "{approach:?}"
            );
            for column in ["pk_product", "id", "fk_category", "fk_supplier"] {
                assert!(statements[1].contains(column), "{approach:?} {column}");
            }
        }
    }

    #[test]
    fn only_the_tview_has_a_name_that_makes_tviews() {
        for approach in Approach::ALL {
            assert_eq!(table(approach).starts_with("tv_"), approach == Approach::Tviews);
        }
    }
}
