//! Checks that an IR is well formed: what every later stage may take for granted.

use crate::{Column, Expression, Parent, ROOT_BLOCK, SourceId, SourceKind, View, WHOLE_ROW};
use std::fmt;

/// Something wrong with an IR. It is a defect of whoever built it, never of a user's definition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Defect(pub String);

impl fmt::Display for Defect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Defect {}

/// Returns every defect of a view's IR.
pub fn validate(view: &View) -> Vec<Defect> {
    let mut defects = Vec::new();
    let mut report = |text: String| defects.push(Defect(text));
    if view.blocks.is_empty() {
        report("there is no root block".into());
        return defects;
    }
    for (number, block) in view.blocks.iter().enumerate() {
        match block.parent {
            None if number != ROOT_BLOCK.0 => report(format!("block {number} has no parent")),
            Some(Parent::Derived(source)) if source.0 >= view.sources.len() => {
                report(format!("block {number} hangs below unknown source {}", source.0));
            }
            Some(Parent::Branch(outer))
                if view
                    .blocks
                    .get(outer.0)
                    .is_none_or(|outer| !outer.branches.contains(&crate::BlockId(number))) =>
            {
                report(format!("block {number} is no branch of block {}", outer.0));
            }
            Some(Parent::Sublink(outer)) if outer.0 >= number => {
                report(format!(
                    "block {number} hangs below block {}, which is not outside it",
                    outer.0
                ));
            }
            _ => {}
        }
        let outputs = block.outputs.iter().flatten();
        for expression in outputs.chain(block.conditions.iter().map(|condition| &condition.expression)) {
            check_expression(view, expression, &mut report);
        }
    }
    for (number, source) in view.sources.iter().enumerate() {
        if source.block.0 >= view.blocks.len() {
            report(format!(
                "source {number} stands in unknown block {}",
                source.block.0
            ));
        }
        if let SourceKind::Derived(block) = source.kind
            && view.blocks.get(block.0).map(|inner| inner.parent)
                != Some(Some(Parent::Derived(SourceId(number))))
        {
            report(format!(
                "source {number} and block {} do not name each other",
                block.0
            ));
        }
    }
    for used in &view.uses {
        check_column(view, used.column, &mut report);
    }
    defects
}

fn check_expression(view: &View, expression: &Expression, report: &mut impl FnMut(String)) {
    for hole in expression.template.holes() {
        if hole >= expression.columns.len() {
            report(format!("hole {hole} has no column"));
        }
    }
    for column in expression
        .columns
        .iter()
        .chain(&expression.strict)
        .chain(&expression.merges)
    {
        check_column(view, *column, report);
    }
}

fn check_column(view: &View, column: Column, report: &mut impl FnMut(String)) {
    let Some(source) = view.sources.get(column.source.0) else {
        return report(format!("column of unknown source {}", column.source.0));
    };
    let known = match &source.kind {
        SourceKind::Table(table) => column.attnum == WHOLE_ROW || table.column(column.attnum).is_some(),
        SourceKind::Derived(block) => {
            let outputs = view.blocks.get(block.0).map_or(0, |_| view.width(*block));
            (0..=outputs as i64).contains(&i64::from(column.attnum))
        }
        SourceKind::Computed | SourceKind::Recursion(_) => column.attnum >= WHOLE_ROW,
    };
    if !known {
        report(format!(
            "source {} has no column {}",
            column.source.0, column.attnum
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Block, BlockId, Role, Source, Use};

    #[test]
    fn an_empty_view_is_a_defect() {
        assert_eq!(
            validate(&View::default()),
            vec![Defect("there is no root block".into())]
        );
    }

    #[test]
    fn dangling_references_are_defects() {
        let mut view = View {
            blocks: vec![Block::default(), Block::default()],
            ..View::default()
        };
        view.sources.push(Source {
            block: BlockId(7),
            alias: "x".into(),
            nullable: false,
            kind: SourceKind::Derived(BlockId(1)),
        });
        view.uses.insert(Use {
            column: Column {
                source: SourceId(4),
                attnum: 1,
            },
            role: Role::Leaf,
        });
        let texts: Vec<String> = validate(&view).into_iter().map(|defect| defect.0).collect();
        assert_eq!(
            texts,
            [
                "block 1 has no parent",
                "source 0 stands in unknown block 7",
                "source 0 and block 1 do not name each other",
                "column of unknown source 4",
            ]
        );
    }
}
