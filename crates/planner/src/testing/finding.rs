//! How affected units are found: in the changed row itself, or by a search, and which way it takes; which indexes it misses.

use super::{Builder, check};
use crate::{link_columns, plan};
use std::collections::BTreeSet;

#[test]
fn a_foreign_key_to_the_root_names_the_unit() {
    check(
        "from product p
         select p.pk
         sub
           from review r
           where r.fk_product = p.pk
           aggregate
           select count(r.pk)
         end",
        "key p.pk: one row
         p: direct pk
         r: direct fk_product",
    );
}

#[test]
fn a_lookup_is_searched() {
    check(
        "from product p
         join category c on p.fk_category = c.pk
         select p.pk, c.name",
        "key p.pk: one row
         p: direct pk
         c: p.pk from c, product p where p.fk_category = c.pk",
    );
}

/// On the way out two tables are passed; on the way in the root is left out, because the row before it has the key.
#[test]
fn searches_take_several_hops() {
    check(
        "from review r
         join product p on p.pk = r.fk_product
         join category c on c.pk = p.fk_category
         select r.pk, c.name",
        "key r.pk: one row
r: direct pk
p: r.pk from p, review r where p.pk = r.fk_product
c: r.pk from c, product p, review r where c.pk = p.fk_category and p.pk = r.fk_product",
    );
    check(
        "from product p
         select p.pk
         sub
           from line l
           where l.fk_product = p.pk
           select l.amount
           sub
             from part t
             where t.order = l.order and t.no = l.no
             select t.name
           end
         end",
        "key p.pk: one row
         p: direct pk
         l: direct fk_product
         t: l.fk_product from t, line l where t.order = l.order and t.no = l.no",
    );
}

#[test]
fn a_table_joined_with_itself_is_two_occurrences() {
    check(
        "from category c
         left category above on above.pk = c.parent
         select c.pk, above.name",
        "key c.pk: one row
         c: direct pk
         above: c.pk from above, category c where above.pk = c.parent",
    );
}

#[test]
fn a_key_of_several_columns_has_to_be_given_whole() {
    check(
        "from line l
         select l.order, l.no
         sub
           from part t
           where t.order = l.order and t.no = l.no
           select t.name
         end",
        "key l.order, l.no: one row
         l: direct order, no
         t: direct order, no",
    );
    check(
        "from line l
         select l.order, l.no
         sub
           from part t
           where t.order = l.order
           select t.name
         end",
        "key l.order, l.no: one row
         l: direct order, no
         t: t.order, l.no from t, line l where t.order = l.order",
    );
}

/// A bigint equals an integer, but its value can't stand for it: the root stays in the search.
#[test]
fn an_equality_across_types_keeps_the_root() {
    check(
        "from product p
         select p.pk
         sub
           from measure m
           where m.wide_product = p.pk
           select m.value
         end",
        "key p.pk: one row
         p: direct pk
         m: p.pk from m, product p where m.wide_product = p.pk",
    );
}

/// A filter would only narrow the search, and could raise an error that the definition does not raise.
#[test]
fn filters_stay_out_of_searches() {
    check(
        "from product p
         join category c on p.fk_category = c.pk
         where 1 / length(p.name) > 0 and c.name <> ''
         select p.pk",
        "key p.pk: one row
         p: direct pk
         c: p.pk from c, product p where p.fk_category = c.pk",
    );
}

#[test]
fn conditions_that_are_no_equalities_link_too() {
    check(
        "from category c
         select c.pk
         sub
           from review r
           where r.rating < c.pk
           select r.pk
         end",
        "key c.pk: one row
         c: direct pk
         r: c.pk from r, category c where r.rating < c.pk",
    );
}

/// Over an equality where there is one, however many steps that takes.
#[test]
fn equalities_are_preferred() {
    check(
        "from category c
         select c.pk
         sub
           from product p
           join review r on r.fk_product = p.pk
           where p.fk_category = c.pk and r.rating > c.parent
           select r.pk
         end",
        "key c.pk: one row
         c: direct pk
         p: direct fk_category
         r: p.fk_category from r, product p where r.fk_product = p.pk",
    );
}

#[test]
fn an_index_that_maintenance_would_use_is_advised() {
    // To recompute a product its visits are looked up.
    check(
        "from product p
         select p.pk
         sub
           from visit v
           where v.fk_product = p.pk
           aggregate
           select count(v.pk)
         end",
        "key p.pk: one row
         p: direct pk
         v: direct fk_product
         missing for v: visit(fk_product)",
    );
    // To find the visits of a changed product.
    check(
        "from visit v
         join product p on p.pk = v.fk_product
         select v.pk, p.name",
        "key v.pk: one row
         v: direct pk
         p: v.pk from p, visit v where p.pk = v.fk_product
         missing for p: visit(fk_product)",
    );
}

#[test]
fn leading_columns_of_an_index_are_enough() {
    check(
        "from line l
         select l.order, l.no
         sub
           from part t
           where t.order = l.order and t.name = l.amount
           select t.pk
         end",
        "key l.order, l.no: one row
         l: direct order, no
         t: t.order, l.no from t, line l where t.order = l.order and t.name = l.amount",
    );
}

#[test]
fn only_used_columns_matter() {
    let built = Builder::read(
        "from product p
         join category c on p.fk_category = c.pk
         select p.pk, p.*, c.name",
    );
    let plan = plan(&built.view, None).expect("a plan");
    let [product, category] = plan.occurrences.as_slice() else {
        panic!("two occurrences");
    };
    assert!(product.used.whole_row);
    assert!(!category.used.whole_row);
    // pk and name, not parent.
    assert_eq!(category.used.attnums, BTreeSet::from([1, 3]));
    assert_eq!(link_columns(&built.view, category.source), BTreeSet::from([1]));
}

/// The steps of a search from the source with this alias: the column that has the values, and the one by which the next table is entered.
fn steps_text(input: &str, alias: &str) -> Option<Vec<String>> {
    let built = Builder::read(input);
    let plan = plan(&built.view, None).expect("a plan");
    let start = built
        .view
        .source_ids()
        .find(|id| built.view.source(*id).alias == alias)?;
    let name = |column: pg_tviews_ir::Column| {
        let source = built.view.source(column.source);
        let table = built.view.table(column.source).expect("a table");
        let column = table.column(column.attnum).expect("a column");
        format!("{}.{}", source.alias, column.name)
    };
    let steps = crate::steps(&built.view, &plan.key, start)?;
    let text = |step: &crate::Step| {
        let search = built.with_aliases(step.search.statement(&["changed"]).replace('\n', " "));
        format!("{} = {}: {search}", name(step.from), name(step.into))
    };
    Some(steps.iter().map(text).collect())
}

/// Each step has a search for its values, over the tables before it.
#[test]
fn a_search_goes_step_by_step() {
    let steps = steps_text(
        "from review r
         join product p on p.pk = r.fk_product
         join category c on c.pk = p.fk_category
         select r.pk, c.name",
        "c",
    );
    assert_eq!(
        steps.expect("steps"),
        [
            "c.pk = p.fk_category: SELECT DISTINCT c.pk   FROM changed AS s2",
            "p.pk = r.fk_product: SELECT DISTINCT p.pk   FROM changed AS s2, s.product AS s1  WHERE (c.pk = p.fk_category)",
        ]
    );
}

#[test]
fn a_step_over_something_else_than_an_equality_is_none() {
    let input = "from product p
         join category c on p.fk_category < c.pk
         select p.pk, c.name";
    assert_eq!(steps_text(input, "c"), None);
}
