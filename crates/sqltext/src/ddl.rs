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

/// What the names of our triggers begin with. Nobody else may give a trigger such a name.
pub const RESERVED_PREFIX: &str = "00_pg_tviews_";

/// A trigger that pg_tviews makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OwnTrigger {
    /// On a source, and on each table through which a statement can change its rows: sees statements of one kind.
    Source(Event),
    /// On a subscribed source: sees each row that logical replication applies.
    Applied,
    /// On a tview: refuses the writes of others.
    Guard,
}

/// The triggers on a source that maintenance always needs.
pub const SOURCE_TRIGGERS: [OwnTrigger; 4] = [
    OwnTrigger::Source(Event::Insert),
    OwnTrigger::Source(Event::Update),
    OwnTrigger::Source(Event::Delete),
    OwnTrigger::Source(Event::Truncate),
];

impl OwnTrigger {
    /// All of them.
    pub const ALL: [OwnTrigger; 6] = [
        OwnTrigger::Source(Event::Insert),
        OwnTrigger::Source(Event::Update),
        OwnTrigger::Source(Event::Delete),
        OwnTrigger::Source(Event::Truncate),
        OwnTrigger::Applied,
        OwnTrigger::Guard,
    ];

    /// Its name. Triggers fire in the order of their names, and whatever another trigger reads from a tview has to be up to date: so the
    /// names sort before any that starts with a letter.
    pub fn name(self) -> &'static str {
        match self {
            OwnTrigger::Source(Event::Insert) => "00_pg_tviews_insert",
            OwnTrigger::Source(Event::Update) => "00_pg_tviews_update",
            OwnTrigger::Source(Event::Delete) => "00_pg_tviews_delete",
            OwnTrigger::Source(Event::Truncate) => "00_pg_tviews_truncate",
            OwnTrigger::Applied => "00_pg_tviews_applied",
            OwnTrigger::Guard => "00_pg_tviews_guard",
        }
    }

    /// The one that has this name.
    pub fn named(name: &str) -> Option<OwnTrigger> {
        OwnTrigger::ALL.into_iter().find(|known| known.name() == name)
    }

    /// The function of our schema that it calls.
    pub fn function(self) -> &'static str {
        match self {
            OwnTrigger::Source(_) | OwnTrigger::Applied => "source_changed",
            OwnTrigger::Guard => "refuse_write",
        }
    }

    /// What it fires on.
    pub fn events(self) -> &'static [Event] {
        match self {
            OwnTrigger::Source(Event::Insert) => &[Event::Insert],
            OwnTrigger::Source(Event::Update) => &[Event::Update],
            OwnTrigger::Source(Event::Delete) => &[Event::Delete],
            OwnTrigger::Source(Event::Truncate) => &[Event::Truncate],
            OwnTrigger::Applied => &[Event::Insert, Event::Update, Event::Delete],
            OwnTrigger::Guard => &EVENTS,
        }
    }

    /// Whether it fires before the change.
    pub fn is_before(self) -> bool {
        self == OwnTrigger::Guard
    }

    /// Whether it fires for each row.
    pub fn is_for_each_row(self) -> bool {
        self == OwnTrigger::Applied
    }

    /// The names of its transition tables: of the old rows, of the new ones.
    pub fn transition_tables(self) -> (Option<&'static str>, Option<&'static str>) {
        let OwnTrigger::Source(event) = self else {
            return (None, None);
        };
        let named = |name: &'static str| event.transition_tables().contains(&name).then_some(name);
        (named(OLD_ROWS), named(NEW_ROWS))
    }

    /// The statement that makes it.
    ///
    /// ```sql
    /// CREATE TRIGGER "00_pg_tviews_update" AFTER UPDATE ON "public"."tb_product"
    /// REFERENCING OLD TABLE AS "pg_tviews_old" NEW TABLE AS "pg_tviews_new"
    /// FOR EACH STATEMENT EXECUTE FUNCTION "tviews"."source_changed"()
    /// ```
    ///
    /// ```sql
    /// CREATE TRIGGER "00_pg_tviews_applied" AFTER INSERT OR UPDATE OR DELETE ON "public"."tb_product"
    /// FOR EACH ROW EXECUTE FUNCTION "tviews"."source_changed"()
    /// ```
    ///
    /// ```sql
    /// CREATE TRIGGER "00_pg_tviews_guard" BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON "public"."tv_product"
    /// FOR EACH STATEMENT EXECUTE FUNCTION "tviews"."refuse_write"()
    /// ```
    pub fn create(self, table: &str) -> String {
        let (old, new) = self.transition_tables();
        let named = |which: &str, name: Option<&str>| {
            name.map_or(String::new(), |name| {
                format!(" {which} TABLE AS {}", identifier(name))
            })
        };
        let referencing = match (old, new) {
            (None, None) => String::new(),
            _ => format!("\nREFERENCING{}{}", named("OLD", old), named("NEW", new)),
        };
        format!(
            "CREATE TRIGGER {} {} {} ON {table}{referencing}\nFOR EACH {} EXECUTE FUNCTION {}()",
            identifier(self.name()),
            if self.is_before() { "BEFORE" } else { "AFTER" },
            join(self.events(), " OR ", |event| event.keyword().to_owned()),
            if self.is_for_each_row() {
                "ROW"
            } else {
                "STATEMENT"
            },
            qualified(CATALOG_SCHEMA, self.function()),
        )
    }
}

/// `ALTER TABLE source ENABLE ALWAYS TRIGGER name, …`: they also fire under `session_replication_role = replica`.
pub fn enable_always(relation: &str, triggers: &[OwnTrigger]) -> String {
    let enable = |trigger: &OwnTrigger| format!("ENABLE ALWAYS TRIGGER {}", identifier(trigger.name()));
    format!("ALTER TABLE {relation} {}", join(triggers, ", ", enable))
}

/// `DROP TRIGGER IF EXISTS name ON source`
pub fn drop_trigger(relation: &str, trigger: OwnTrigger) -> String {
    format!(
        "DROP TRIGGER IF EXISTS {} ON {relation}",
        identifier(trigger.name())
    )
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

/// `ALTER VIEW view RENAME TO name`
pub fn rename_view(view: &str, name: &str) -> String {
    format!("ALTER VIEW {view} RENAME TO {}", identifier(name))
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
        let text = OwnTrigger::Source(Event::Update).create("\"s\".\"t\"");
        assert_eq!(
            text,
            "CREATE TRIGGER \"00_pg_tviews_update\" AFTER UPDATE ON \"s\".\"t\"\n\
             REFERENCING OLD TABLE AS \"pg_tviews_old\" NEW TABLE AS \"pg_tviews_new\"\n\
             FOR EACH STATEMENT EXECUTE FUNCTION \"tviews\".\"source_changed\"()"
        );
        for trigger in [
            OwnTrigger::Source(Event::Truncate),
            OwnTrigger::Applied,
            OwnTrigger::Guard,
        ] {
            assert!(!trigger.create("t").contains("REFERENCING"));
        }
    }

    #[test]
    fn triggers_are_known_by_their_names() {
        for trigger in OwnTrigger::ALL {
            assert_eq!(OwnTrigger::named(trigger.name()), Some(trigger));
        }
        assert_eq!(OwnTrigger::named("00_pg_tviews"), None);
    }

    #[test]
    fn created_views_name_every_column() {
        assert_eq!(
            create_view("v", &["a\"b".into()], "SELECT 1"),
            "CREATE VIEW v (\"a\"\"b\") AS\nSELECT 1"
        );
    }
}
