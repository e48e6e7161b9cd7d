//! Grouped definitions: what their units are, and how a changed row leads to its groups.

use super::{Builder, check};
use crate::plan;

#[test]
fn a_column_of_the_changed_row_is_its_group() {
    check(
        "from review r
         group r.fk_product
         select r.fk_product, count(r.pk) as n",
        "key r.fk_product?: one row
         r: direct fk_product
         lateral",
    );
}

#[test]
fn a_group_may_be_an_expression() {
    check(
        "from product p
         group lower(p.name), p.fk_category
         select lower(p.name) as name, p.fk_category, count(p.pk) as n",
        "key lower(p.name)?, p.fk_category?: one row
         p: lower(p.name), p.fk_category from p
         lateral",
    );
}

/// Neither table has the whole key: whichever changes, the other one has to be asked.
#[test]
fn a_key_of_several_tables_is_refused() {
    check(
        "from product p
         join review r on r.fk_product = p.pk
         group p.name, r.rating
         select p.name, r.rating, count(r.pk) as n",
        "key p.name?, r.rating?: one row
p: p.name, r.rating from p, review r where r.fk_product = p.pk known if always, (r.tableoid IS NOT NULL)
r: p.name, r.rating from r, product p where r.fk_product = p.pk known if (p.tableoid IS NOT NULL), always
lateral",
    );
}

#[test]
fn an_expression_over_several_tables() {
    check(
        "from product p
         join category c on c.pk = p.fk_category
         group concat(p.name, c.name)
         select concat(p.name, c.name) as both, count(p.pk) as n",
        "key concat(p.name?, c.name)?: one row
p: concat(p.name, c.name) from p, category c where c.pk = p.fk_category known if always, (c.tableoid IS NOT NULL)
c: concat(p.name, c.name) from c, product p where c.pk = p.fk_category known if (p.tableoid IS NOT NULL), always
lateral",
    );
}

/// The group is equal to a column that is nearer to the changed row.
#[test]
fn the_nearest_equal_column_gives_the_group() {
    check(
        "from category c
         join product p on p.fk_category = c.pk
         join review r on r.fk_product = p.pk
         group c.pk
         select c.pk, count(r.pk) as n",
        "key c.pk: one row
         c: direct pk
         p: direct fk_category
         r: p.fk_category from r, product p where r.fk_product = p.pk
         lateral",
    );
}

#[test]
fn optional_tables_lead_to_the_group() {
    check(
        "from product p
         left review r on r.fk_product = p.pk
         group p.fk_category
         select p.fk_category, count(r.pk) as n",
        "key p.fk_category?: one row
         p: direct fk_category
         r: p.fk_category from r, product p where r.fk_product = p.pk
         lateral",
    );
}

/// A changed row can turn a NULL group into another one without being in either.
#[test]
fn an_optional_table_gives_no_group() {
    check(
        "from product p
         left supplier s on s.pk = p.fk_supplier
         group s.home
         select s.home, count(p.pk) as n",
        "key s.home?: one row
p: s.home | (CASE WHEN false THEN s.home END) from p, supplier s where s.pk = p.fk_supplier known if always
s: s.home | (CASE WHEN false THEN s.home END) from s known if always
lateral",
    );
}

#[test]
fn a_subquery_is_tied_to_the_group() {
    check(
        "from product p
         group p.fk_category
         select p.fk_category, count(p.pk) as n
         sub
           from category c
           where c.pk = p.fk_category
           select c.name
         end",
        "key p.fk_category?: one row
         p: direct fk_category
         c: direct pk
         lateral",
    );
}

/// It hangs on rows of the group that are not the group: all of them are asked.
#[test]
fn an_aggregated_subquery_leads_through_the_rows() {
    check(
        "from product p
         group p.fk_category
         select p.fk_category, count(p.pk) as n
         sub
           from review r
           where r.fk_product = p.pk
           select r.rating
         end",
        "key p.fk_category?: one row
         p: direct fk_category
         r: p.fk_category from r, product p where r.fk_product = p.pk
         lateral",
    );
}

#[test]
fn distinct_groups_by_the_whole_output() {
    check(
        "from product p
         join category c on c.pk = p.fk_category
         distinct
         select c.name, c.pk as number",
        "key c.pk: one row
p: direct fk_category
c: direct pk
lateral",
    );
}

#[test]
fn what_is_distinct_has_to_be_known() {
    check(
        "from product p
         distinct
         select p.pk, count(p.pk) as subquery",
        "key p.pk: many rows
p: direct pk
lateral",
    );
}

#[test]
fn all_rows_are_one_unit() {
    check(
        "from product p
         join review r on r.fk_product = p.pk
         aggregate
         select count(r.pk) as n",
        "key : many rows
         p: everything
         r: everything
         lateral",
    );
}

#[test]
fn groups_have_to_be_in_the_output() {
    check(
        "from review r
         group r.fk_product, r.rating
         select r.fk_product, count(r.pk) as n",
        "key r.fk_product?: many rows
r: direct fk_product
lateral",
    );
}

#[test]
fn a_group_in_a_derived_table_is_expanded() {
    check(
        "from (
           from product p
           where p.name <> ''
           select lower(p.name) as low, p.pk
         ) d
         join review r on r.fk_product = d.pk
         group d.low
         select d.low, count(r.pk) as n",
        "key lower(p.name)?: one row
p: lower(p.name) from p
r: lower(p.name) from r, product p where r.fk_product = p.pk
lateral",
    );
}

#[test]
fn an_aggregate_of_a_derived_table_is_no_group() {
    check(
        "from product p
         join (
           from review r
           group r.fk_product
           select r.fk_product, count(r.pk) as n
         ) t on t.fk_product = p.pk
         group t.n
         select t.n, count(p.pk) as products",
        "key : many rows
p: everything
r: everything
lateral",
    );
}

/// A number that is another type gives no value for the group.
#[test]
fn equal_values_of_another_type_are_not_the_group() {
    check(
        "from product p
         join measure m on m.wide_product = p.pk
         group p.pk
         select p.pk, count(m.pk) as n",
        "key p.pk: one row
         p: direct pk
         m: p.pk from m, product p where m.wide_product = p.pk
         lateral",
    );
}

#[test]
fn a_table_that_is_tied_to_nothing_is_refused() {
    check(
        "from product p
         join review r
         group p.fk_category
         select p.fk_category, count(r.pk) as n",
        "key p.fk_category?: one row
p: direct fk_category
r: everything
lateral",
    );
}

/// PostgreSQL does not merge a query with an ORDER BY or a WITH clause into the one around it.
#[test]
fn what_is_computed_apart_is_computed_unit_by_unit() {
    check(
        "from product p
         join category c on p.fk_category = c.pk
         apart
         select p.pk, c.name",
        "key p.pk: one row
         p: direct pk
         c: p.pk from c, product p where p.fk_category = c.pk
         lateral",
    );
}

/// A key that an equality makes the same as another table's determines that table.
#[test]
fn what_equals_a_key_determines_a_group() {
    check(
        "from product p
         join review r on r.fk_product = p.pk
         group r.fk_product, p.name
         select r.fk_product, p.name, count(r.pk) as n",
        "key r.fk_product: one row
         p: direct pk
         r: direct fk_product
         lateral",
    );
}

/// PostgreSQL passes a list of keys into a group, but not over a join's equality into a second one.
#[test]
fn keys_come_as_a_list_where_it_reaches_as_far() {
    let listed = |view: &str| plan(&Builder::read(view).view, None).expect("a plan").listed;
    assert!(listed(
        "from product p
         join review r on r.fk_product = p.pk
         group p.fk_category
         select p.fk_category, count(r.pk) as n"
    ));
    assert!(!listed(
        "from product p
         left (
           from review r
           group r.fk_product
           select r.fk_product, count(r.pk) as n
         ) t on t.fk_product = p.pk
         select p.pk, t.n"
    ));
    assert!(!listed(
        "from product p
         group p.fk_category, p.fk_supplier
         select p.fk_category, p.fk_supplier, count(p.pk) as n"
    ));
}
