//! A readable form of the IR, for tests and error reports.

use crate::{Condition, Expression, SourceKind, View};
use std::fmt;

impl fmt::Display for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, block) in self.blocks.iter().enumerate() {
            writeln!(
                f,
                "block {number}{}",
                if block.plain { "" } else { " (not plain)" }
            )?;
            if !block.branches.is_empty() {
                let branches: Vec<String> =
                    block.branches.iter().map(|branch| branch.0.to_string()).collect();
                writeln!(f, "  branches {}", branches.join(", "))?;
            }
            for (id, source) in self
                .sources
                .iter()
                .enumerate()
                .filter(|(_, source)| source.block.0 == number)
            {
                let nullable = if source.nullable { " nullable" } else { "" };
                match &source.kind {
                    SourceKind::Table(table) => {
                        writeln!(
                            f,
                            "  s{id} {}: {}.{}{nullable}",
                            source.alias, table.schema, table.name
                        )?;
                    }
                    SourceKind::Derived(inner) => {
                        writeln!(f, "  s{id} {}: block {}{nullable}", source.alias, inner.0)?;
                    }
                    SourceKind::Computed => writeln!(f, "  s{id} {}: computed{nullable}", source.alias)?,
                    SourceKind::Recursion(outer) => {
                        writeln!(f, "  s{id} {}: block {} so far{nullable}", source.alias, outer.0)?;
                    }
                }
            }
            for condition in &block.conditions {
                writeln!(f, "  {condition}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.template.render(|hole| {
            let column = self.columns[hole];
            format!("s{}.{}", column.source.0, column.attnum)
        });
        f.write_str(&text)
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.expression)?;
        if let Some(guard) = &self.guard {
            let names: Vec<String> = guard.iter().map(|source| format!("s{}", source.0)).collect();
            write!(f, " if any of {} is real", names.join(", "))?;
        }
        Ok(())
    }
}
