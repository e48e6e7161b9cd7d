//! Schemas and rows: each approach that touches base tables differently has its own copy of the catalogue.

use std::io::Write;

use anyhow::{Context, Result};
use indicatif::ProgressBar;
use postgres::Client;

use crate::data::{Catalogue, Table};
use crate::interrupt::Interrupt;

const SCHEMA: &str = include_str!("../../../test/sql/comprehensive_benchmarks/sql/schema.sql");
const SCHEMA_INDEXES: &str =
    include_str!("../../../test/sql/comprehensive_benchmarks/sql/schema_indexes.sql");

/// COPY data is sent in pieces of about this size.
const CHUNK: usize = 256 * 1_024;

/// Makes `schema` anew and fills it with the catalogue.
pub fn load(
    client: &mut Client,
    schema: &str,
    catalogue: &Catalogue,
    interrupt: &Interrupt,
    bar: &ProgressBar,
) -> Result<()> {
    bar.set_length(Table::ALL.iter().map(|table| catalogue.entities(*table)).sum());
    client
        .batch_execute(&format!(
            "DROP SCHEMA IF EXISTS {schema} CASCADE; CREATE SCHEMA {schema}"
        ))
        .with_context(|| format!("cannot make the schema {schema}"))?;
    client.batch_execute(SCHEMA).context("schema.sql")?;
    for table in Table::ALL {
        bar.set_message(format!("{schema}: {}", table.name()));
        copy(client, table, catalogue, interrupt, bar)
            .with_context(|| format!("loading {}", table.name()))?;
    }
    interrupt.check()?;
    bar.set_message(format!("{schema}: indexes"));
    client
        .batch_execute(SCHEMA_INDEXES)
        .context("schema_indexes.sql")?;
    bar.set_message(format!("{schema}: vacuum"));
    vacuum(client, None)
}

fn copy(
    client: &mut Client,
    table: Table,
    catalogue: &Catalogue,
    interrupt: &Interrupt,
    bar: &ProgressBar,
) -> Result<()> {
    let mut writer = client.copy_in(table.copy_statement())?;
    let mut buffer = String::with_capacity(2 * CHUNK);
    let mut pending = 0;
    catalogue.write(table, &mut |rows: &str| -> Result<()> {
        buffer.push_str(rows);
        pending += 1;
        if buffer.len() >= CHUNK {
            interrupt.check()?;
            writer.write_all(buffer.as_bytes())?;
            buffer.clear();
            bar.inc(pending);
            pending = 0;
        }
        Ok(())
    })?;
    writer.write_all(buffer.as_bytes())?;
    bar.inc(pending);
    writer.finish()?;
    Ok(())
}

/// Vacuums and analyses the base tables, and the table of documents too if there is one.
pub fn vacuum(client: &mut Client, documents: Option<&str>) -> Result<()> {
    let mut tables: Vec<&str> = Table::ALL.iter().map(|table| table.name()).collect();
    tables.extend(documents);
    client
        .batch_execute(&format!("VACUUM (ANALYZE) {}", tables.join(", ")))
        .context("VACUUM")
}
