//! Statements that create and drop what belongs to a tview.

use crate::{CATALOG_SCHEMA, NEW_ROWS, OLD_ROWS, identifier, join, literal, qualified};

/// What a source's trigger fires on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// INSERT, COPY.
    Insert,
    /// UPDATE.
    Update,
    /// DELETE.
    Delete,
    /// TRUNCATE.
    Truncate,
}

/// All events that maintenance listens to.
pub const EVENTS: [Event; 4] = [Event::Insert, Event::Update, Event::Delete, Event::Truncate];

impl Event {
    /// SQL keyword.
    pub fn keyword(self) -> &'static str {
        match self {
            Event::Insert => "INSERT",
            Event::Update => "UPDATE",
            Event::Delete => "DELETE",
            Event::Truncate => "TRUNCATE",
        }
    }

    /// Name of the trigger on a source. Triggers fire in the order of their names, and whatever another trigger reads from
    /// a tview has to be up to date: so the name sorts before any that starts with a letter.
    pub fn source_trigger(self) -> &'static str {
        match self {
            Event::Insert => "00_pg_tviews_insert",
            Event::Update => "00_pg_tviews_update",
            Event::Delete => "00_pg_tviews_delete",
            Event::Truncate => "00_pg_tviews_truncate",
        }
    }

    /// The transition tables that exist for the event.
    pub fn transition_tables(self) -> &'static [&'static str] {
        match self {
            Event::Insert => &[NEW_ROWS],
            Event::Update => &[OLD_ROWS, NEW_ROWS],
            Event::Delete => &[OLD_ROWS],
            Event::Truncate => &[],
        }
    }
}

/// Name of the trigger on a subscribed source that sees what logical replication applies.
pub const APPLIED_TRIGGER: &str = "00_pg_tviews_applied";

/// ```sql
/// CREATE TRIGGER "00_pg_tviews_applied" AFTER INSERT OR UPDATE OR DELETE ON "public"."tb_product"
/// FOR EACH ROW EXECUTE FUNCTION "tviews"."source_changed"()
/// ```
pub fn create_applied_trigger(source: &str) -> String {
    format!(
        "CREATE TRIGGER {} AFTER INSERT OR UPDATE OR DELETE ON {source}\nFOR EACH ROW EXECUTE FUNCTION {}()",
        identifier(APPLIED_TRIGGER),
        qualified(CATALOG_SCHEMA, "source_changed"),
    )
}

/// Name of the trigger that refuses direct writes to a tview.
pub const GUARD_TRIGGER: &str = "00_pg_tviews_guard";

/// ```sql
/// CREATE TRIGGER "00_pg_tviews_update" AFTER UPDATE ON "public"."tb_product"
/// REFERENCING OLD TABLE AS "pg_tviews_old" NEW TABLE AS "pg_tviews_new"
/// FOR EACH STATEMENT EXECUTE FUNCTION "tviews"."source_changed"()
/// ```
pub fn create_source_trigger(event: Event, source: &str) -> String {
    let referencing = event
        .transition_tables()
        .iter()
        .map(|name| {
            let which = if *name == OLD_ROWS { "OLD" } else { "NEW" };
            format!(" {which} TABLE AS {}", identifier(name))
        })
        .collect::<String>();
    let referencing = if referencing.is_empty() {
        String::new()
    } else {
        format!("\nREFERENCING{referencing}")
    };
    format!(
        "CREATE TRIGGER {} AFTER {} ON {source}{referencing}\nFOR EACH STATEMENT EXECUTE FUNCTION {}()",
        identifier(event.source_trigger()),
        event.keyword(),
        qualified(CATALOG_SCHEMA, "source_changed"),
    )
}

/// `CREATE TRIGGER "00_pg_tviews_guard" BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON tview FOR EACH STATEMENT …`
pub fn create_guard_trigger(tview: &str) -> String {
    format!(
        "CREATE TRIGGER {} BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON {tview}\nFOR EACH STATEMENT EXECUTE FUNCTION {}()",
        identifier(GUARD_TRIGGER),
        qualified(CATALOG_SCHEMA, "refuse_write"),
    )
}

/// `ALTER TABLE source ENABLE ALWAYS TRIGGER name, …`: they also fire under `session_replication_role = replica`.
pub fn enable_always(relation: &str, triggers: &[&str]) -> String {
    let enable = |trigger: &&str| format!("ENABLE ALWAYS TRIGGER {}", identifier(trigger));
    format!("ALTER TABLE {relation} {}", join(triggers, ", ", enable))
}

/// `DROP TRIGGER IF EXISTS name ON source`
pub fn drop_trigger(relation: &str, trigger: &str) -> String {
    format!("DROP TRIGGER IF EXISTS {} ON {relation}", identifier(trigger))
}

/// `ALTER TABLE table SET (fillfactor = percent)`
pub fn set_fillfactor(table: &str, percent: u8) -> String {
    format!("ALTER TABLE {table} SET (fillfactor = {percent})")
}

/// `CREATE VIEW schema.name (columns) AS query`; the query is text that PostgreSQL's deparser wrote.
pub fn create_view(view: &str, columns: &[String], deparsed_query: &str) -> String {
    format!(
        "CREATE VIEW {view} ({}) AS\n{deparsed_query}",
        join(columns, ", ", |name| identifier(name))
    )
}

/// `ALTER VIEW view SET SCHEMA schema`
pub fn set_view_schema(view: &str, schema: &str) -> String {
    format!("ALTER VIEW {view} SET SCHEMA {}", identifier(schema))
}

/// `ALTER VIEW view OWNER TO role`
pub fn set_view_owner(view: &str, role: &str) -> String {
    format!("ALTER VIEW {view} OWNER TO {}", identifier(role))
}

/// `CREATE [UNLOGGED] TABLE tview AS SELECT * FROM definition WITH NO DATA`
pub fn create_table_like(table: &str, definition: &str, unlogged: bool) -> String {
    let kind = if unlogged { "UNLOGGED TABLE" } else { "TABLE" };
    format!("CREATE {kind} {table} AS SELECT * FROM {definition} WITH NO DATA")
}

/// `ALTER TABLE tview ADD PRIMARY KEY (key)`
pub fn add_primary_key(table: &str, key: &[String]) -> String {
    format!(
        "ALTER TABLE {table} ADD PRIMARY KEY ({})",
        join(key, ", ", |name| identifier(name))
    )
}

/// `CREATE INDEX ON tview (key)`
pub fn create_index(table: &str, key: &[String]) -> String {
    format!(
        "CREATE INDEX ON {table} ({})",
        join(key, ", ", |name| identifier(name))
    )
}

/// `CREATE UNIQUE INDEX ON tview (key) NULLS NOT DISTINCT`
pub fn create_unique_index(table: &str, key: &[String]) -> String {
    format!(
        "CREATE UNIQUE INDEX ON {table} ({}) NULLS NOT DISTINCT",
        join(key, ", ", |name| identifier(name))
    )
}

/// `CREATE INDEX ON tview USING hash (column)`: values of any length fit.
pub fn create_hash_index(table: &str, column: &str) -> String {
    format!("CREATE INDEX ON {table} USING hash ({})", identifier(column))
}

/// `ALTER TABLE tview REPLICA IDENTITY FULL`: a table without a key that is published could not be changed otherwise.
pub fn replica_identity_full(table: &str) -> String {
    format!("ALTER TABLE {table} REPLICA IDENTITY FULL")
}

/// `DROP TABLE tview` / `DROP TABLE tview CASCADE`
pub fn drop_table(table: &str, cascade: bool) -> String {
    format!("DROP TABLE {table}{}", if cascade { " CASCADE" } else { "" })
}

/// `DROP VIEW IF EXISTS definition`
pub fn drop_view(view: &str) -> String {
    format!("DROP VIEW IF EXISTS {view}")
}

/// `COMMENT ON VIEW definition IS '…'`
pub fn comment_on_view(view: &str, comment: &str) -> String {
    format!("COMMENT ON VIEW {view} IS {}", literal(comment))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn triggers_declare_their_transition_tables() {
        let text = create_source_trigger(Event::Update, "\"s\".\"t\"");
        assert_eq!(
            text,
            "CREATE TRIGGER \"00_pg_tviews_update\" AFTER UPDATE ON \"s\".\"t\"\n\
             REFERENCING OLD TABLE AS \"pg_tviews_old\" NEW TABLE AS \"pg_tviews_new\"\n\
             FOR EACH STATEMENT EXECUTE FUNCTION \"tviews\".\"source_changed\"()"
        );
        assert!(!create_source_trigger(Event::Truncate, "t").contains("REFERENCING"));
    }

    #[test]
    fn created_views_name_every_column() {
        assert_eq!(
            create_view("v", &["a\"b".into()], "SELECT 1"),
            "CREATE VIEW v (\"a\"\"b\") AS\nSELECT 1"
        );
    }
}
