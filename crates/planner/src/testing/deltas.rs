//! Which aggregates are kept by differences, and what becomes of a stored row.

use super::Builder;
use crate::{Kept, deltas, leaves, plan};
use pg_tviews_ir::{
    Aggregate, AggregateFunction, BlockId, Expression, Number, Part, Shape, Summary, Template, validate,
};
use pg_tviews_sqltext::PatchValue;

/// The summary that an item of a select list is: an aggregate, or `coalesce(aggregate,0)`, or `round(aggregate,2)`. All columns
/// are integers.
pub(super) fn summary(text: &str, expression: &Expression) -> Option<Summary> {
    let inside = |call: &str, end: &str| Some(text.strip_prefix(call)?.strip_suffix(end)?.to_owned());
    let (call, template, shape) = if let Some(call) = inside("coalesce(", ",0)") {
        (call, "COALESCE($1, 0)", Shape::OrZero(0))
    } else if let Some(call) = inside("round(", ",2)") {
        (call, "round($1, 2)", Shape::Rounded(2))
    } else {
        (text.to_owned(), "$1", Shape::Itself)
    };
    let (name, argument) = call.strip_suffix(')')?.split_once('(')?;
    let function = match name {
        "count" => AggregateFunction::Count,
        "sum" => AggregateFunction::Sum(Number::Integer),
        "avg" => AggregateFunction::Average(Number::Integer),
        _ => return None,
    };
    let argument = (!argument.is_empty()).then(|| Expression {
        template: Template::parse("$1", 1).expect("a template"),
        ..expression.clone()
    });
    Some(Summary {
        template: Template::parse(template, 1).expect("a template"),
        parts: vec![Part::Aggregate(Aggregate {
            function,
            argument,
            filter: None,
        })],
        shape,
    })
}

/// The summary that shows a subquery as it is.
pub(super) fn shown(block: BlockId) -> Summary {
    Summary {
        template: Template::single_hole(),
        parts: vec![Part::Subquery(block)],
        shape: Shape::Itself,
    }
}

/// Compares what becomes of changes of each table: one line for each, its measures, the new values, and the condition.
fn check(input: &str, expect: &str) {
    let built = Builder::read(input);
    assert_eq!(validate(&built.view), [], "{input}\n{}", built.view);
    let plan = plan(&built.view, None).expect("a plan");
    let names: Vec<&str> = built
        .view
        .columns
        .iter()
        .map(|column| column.name.as_str())
        .collect();
    let computed = leaves(&built.view, &plan.key, &plan.occurrences).of;
    let computed: Vec<bool> = computed.iter().map(Option::is_some).collect();
    let kept = deltas(&built.view, &plan.key, &plan.occurrences, &names, &computed);
    let mut actual = vec![];
    for (occurrence, kept) in plan.occurrences.iter().zip(kept) {
        let alias = |source| &built.view.source(source).alias;
        let text = match kept {
            None => "computed anew".to_owned(),
            Some(Kept::With(other)) => format!("with {}", alias(other)),
            Some(Kept::ByDelta(delta)) => {
                let mut lines = vec![format!("by {}", delta.measures.join("; "))];
                for column in &delta.columns {
                    write_leaves(names[column.position], &column.value, &mut lines);
                }
                // What the rest is made of is shown where sums are stored as they are.
                if !delta.fits.contains("CASE") {
                    lines.push(format!("if {}", delta.fits.replace(") AND (", ")\nand (")));
                }
                for (number, figure) in delta.figures.iter().enumerate() {
                    let parameter = format!("(${})", delta.measures.len() + number + 1);
                    lines
                        .iter_mut()
                        .for_each(|line| *line = line.replace(&parameter, figure));
                }
                lines.join("\n")
            }
        };
        actual.push(format!("{}: {text}", alias(occurrence.source)));
    }
    let mut actual = actual.join("\n");
    for (long, short) in [
        ("OPERATOR(\"pg_catalog\".", "("),
        ("::\"pg_catalog\".", "::"),
        ("\"pg_catalog\".", ""),
        ("\"", ""),
        ("::int8", ""),
        ("::numeric", ""),
        ("::text", ""),
        ("(r.rating)", "r.rating"),
        ("(t.total)", "t.total"),
    ] {
        actual = actual.replace(long, short);
    }
    let lines = |text: &str| -> Vec<String> {
        let lines = text.lines().map(|line| line.trim().to_owned());
        lines.filter(|line| !line.is_empty()).collect()
    };
    assert_eq!(lines(&actual), lines(expect), "{input}\n{actual}");
}

fn write_leaves(place: &str, value: &PatchValue, lines: &mut Vec<String>) {
    match value {
        PatchValue::Value(text) => lines.push(format!("{place} = {text}")),
        PatchValue::Members(members) | PatchValue::Element { members, .. } => {
            for (key, member) in members {
                write_leaves(&format!("{place}/{key}"), member, lines);
            }
        }
    }
}

#[test]
fn numbers_of_rows_are_added_to() {
    check(
        "from review r
         where r.rating > 2
         group r.fk_product
         select r.fk_product, count() as n",
        "r: by CASE WHEN (r.rating > 2) THEN 1 ELSE 0 END
         n = ((((t.n) (+) ($1))))
         if (((t.n) (+) ($1)) (>=) 0)
         and (((t.n) (+) ($1)) (>) 0)",
    );
}

/// Without the number of rows no row may go: the group may have gone with it.
#[test]
fn a_sum_alone_takes_no_rows_away() {
    check(
        "from review r
         group r.fk_product
         select r.fk_product, sum(r.rating) as total",
        "r: by CASE WHEN true THEN 1 ELSE 0 END; CASE WHEN (r.rating IS NOT NULL) THEN 1 ELSE 0 END; CASE WHEN (r.rating IS NOT NULL) THEN r.rating ELSE 0 END
         total = (CASE WHEN (t.total IS NOT NULL OR $2 (>) 0) THEN (round(COALESCE(t.total, 0) (+) (($3) (*) 1), 0)) END)
         if ($1 (>=) 0)
         and ((t.total (<>) 'NaN') IS NOT FALSE)
         and ((t.total IS NOT NULL OR $2 (>) 0) OR round(COALESCE(t.total, 0) (+) (($3) (*) 1), 0) (=) 0)
         and ($2 (>=) 0)",
    );
}

#[test]
fn an_average_is_the_sum_by_the_number() {
    check(
        "from review r
         group r.fk_product
         select r.fk_product, count() as n, count(r.rating) as rated, sum(r.rating) as total, avg(r.rating) as average",
        "r: by CASE WHEN true THEN 1 ELSE 0 END; CASE WHEN (r.rating IS NOT NULL) THEN 1 ELSE 0 END; CASE WHEN (r.rating IS NOT NULL) THEN r.rating ELSE 0 END
         n = ((((t.n) (+) ($1))))
         rated = ((((t.rated) (+) ($2))))
         total = (CASE WHEN ((t.rated) (+) ($2)) (>) 0 THEN (round(COALESCE(t.total, 0) (+) (($3) (*) 1), 0)) END)
         average = (CASE WHEN ((t.rated) (+) ($2)) (>) 0 THEN round(COALESCE(t.total, 0) (+) (($3) (*) 1), 0) (/) ((t.rated) (+) ($2)) END)
         if (((t.n) (+) ($1)) (>=) 0)
         and (((t.rated) (+) ($2)) (>=) 0)
         and (((t.n) (+) ($1)) (>) 0)
         and ((t.total (<>) 'NaN') IS NOT FALSE)
         and (((t.rated) (+) ($2)) (>) 0 OR round(COALESCE(t.total, 0) (+) (($3) (*) 1), 0) (=) 0)",
    );
}

/// The number of values is not that of the rows.
#[test]
fn an_average_alone_tells_nothing() {
    check(
        "from review r
         group r.fk_product
         select r.fk_product, count() as n, avg(r.rating) as average",
        "r: computed anew",
    );
}

#[test]
fn subqueries_over_the_same_rows_help_each_other() {
    check(
        "from product p
         sub data/n
           from review r
           where r.fk_product = p.pk
           aggregate
           select count(r.pk) as n
         end
         sub data/average
           from review s
           where s.fk_product = p.pk
           aggregate
           select round(avg(s.pk),2) as average
         end
         select p.pk, p.name as data/name",
        "p: computed anew
         r: by CASE WHEN true THEN 1 ELSE 0 END; CASE WHEN ((r.pk) IS NOT NULL) THEN (r.pk) ELSE 0 END
         data/n = (((((t.data (->>) 'n')) (+) ($1))))
         data/average = (round((CASE WHEN (((t.data (->>) 'n')) (+) ($1)) (>) 0 THEN round(CASE WHEN ((t.data (->>) 'n')) (>) 0 THEN round(((t.data (->>) 'average')) (*) ((t.data (->>) 'n')), 0) ELSE 0 END (+) (($2) (*) 1), 0) (/) (((t.data (->>) 'n')) (+) ($1)) END), 2))
         s: with r",
    );
}

#[test]
fn beside_a_leaf_that_is_computed_others_are_added_to() {
    check(
        "from product p
         sub data/n
           from review r
           where r.fk_product = p.pk
           aggregate
           select count() as n
         end
         sub data/last
           from review s
           where s.fk_product = p.pk
           select s.rating
           limit 1
         end
         select p.pk",
        "p: computed anew
         r: by CASE WHEN true THEN 1 ELSE 0 END
         data/n = (((((t.data (->>) 'n')) (+) ($1))))
         if ((((t.data (->>) 'n')) (+) ($1)) (>=) 0)
         s: computed anew",
    );
}

#[test]
fn a_list_of_the_same_rows_is_computed_beside_them() {
    check(
        "from product p
         sub data/all
           from review s
           where s.fk_product = p.pk
           list s.pk as id by s.pk
         end
         sub data/n
           from review r
           where r.fk_product = p.pk
           aggregate
           select count() as n
         end
         select p.pk",
        "p: computed anew
         s: computed anew
         r: by CASE WHEN true THEN 1 ELSE 0 END
         data/n = (((((t.data (->>) 'n')) (+) ($1))))
         if ((((t.data (->>) 'n')) (+) ($1)) (>=) 0)",
    );
}

#[test]
fn where_a_unit_is_computed_nothing_is_added() {
    check(
        "from product p
         sub data/n
           from review r
           where r.fk_product = p.pk
           aggregate
           select count() as n
         end
         sub
           from review s
           where s.fk_product = p.pk
           select s.rating
           limit 1
         end
         select p.pk",
        "p: computed anew
         r: computed anew
         s: computed anew",
    );
}

#[test]
fn what_depends_on_other_tables_is_computed() {
    check(
        "from product p
         sub n
           from review r
           join visit v on v.fk_product = r.fk_product
           where r.fk_product = p.pk
           aggregate
           select count() as n
         end
         sub m
           from review s
           where s.fk_product = p.pk and s.rating > p.fk_category
           aggregate
           select count() as n
         end
         select p.pk",
        "p: computed anew
         r: computed anew
         v: computed anew
         s: computed anew",
    );
}

/// Whether there are values does not matter where zero is shown for none.
#[test]
fn a_sum_or_zero_needs_no_number() {
    check(
        "from product p
         sub total
           from review r
           where r.fk_product = p.pk
           aggregate
           select coalesce(sum(r.rating),0) as total
         end
         select p.pk",
        "p: computed anew
         r: by CASE WHEN true THEN 1 ELSE 0 END; CASE WHEN (r.rating IS NOT NULL) THEN 1 ELSE 0 END; CASE WHEN (r.rating IS NOT NULL) THEN r.rating ELSE 0 END
         total = (COALESCE((CASE WHEN true THEN (round(COALESCE(t.total, 0) (+) (($3) (*) 1), 0)) END), 0))
         if ((t.total (<>) 'NaN') IS NOT FALSE)
         and (true OR round(COALESCE(t.total, 0) (+) (($3) (*) 1), 0) (=) 0)",
    );
}

#[test]
fn what_decides_which_rows_there_are_is_computed() {
    check(
        "from product p
         sub
           from review r
           where r.fk_product = p.pk
           aggregate
           select count() as n
         end
         select p.pk, p.name",
        "p: computed anew
         r: computed anew",
    );
}
