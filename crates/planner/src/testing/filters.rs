//! Filters on changed rows: which conditions on one table keep its rows from mattering.

use super::check;

#[test]
fn a_condition_on_one_table_filters_its_rows() {
    check(
        "from review r
         join product p on p.pk = r.fk_product and harmless p.name = 'x'
         where harmless r.rating > 3 and r.fk_product > 0
         select r.pk, p.name",
        "key r.pk: one row
         r: direct pk
         r only if r.rating > 3
         p: r.pk from p, review r where p.name = 'x' and p.pk = r.fk_product
         p only if p.name = 'x'",
    );
}

/// Without a row of the optional side NULLs take its place: where they pass, the row has a say by being there.
#[test]
fn the_optional_side_is_filtered_by_what_nulls_do_not_pass() {
    check(
        "from product p
         left category c on c.pk = p.fk_category
         where harmless c.name = 'x' and harmless coalesce(c.name, 'x') = 'x'
         select p.pk, c.name",
        "key p.pk: one row
         p: direct pk
         c: p.pk from c, product p where c.name = 'x' and c.pk = p.fk_category
         c only if c.name = 'x'",
    );
}

#[test]
fn the_condition_of_an_outer_join_filters_its_optional_side_only() {
    check(
        "from product p
         left category c on c.pk = p.fk_category and harmless c.name = 'x' and harmless p.name = 'y'
         select p.pk, c.name",
        "key p.pk: one row
         p: direct pk
         c: p.pk from c, product p where c.name = 'x' and c.pk = p.fk_category
         c only if c.name = 'x'",
    );
}

#[test]
fn filters_reach_from_outside_into_derived_tables_and_groups() {
    check(
        "from product p
         left (
           from review r
           where harmless r.rating > 3
           group r.fk_product
           select r.fk_product, count(r.pk) as n
         ) t on t.fk_product = p.pk and harmless t.fk_product = 7 and harmless t.n > 1
         select p.pk, t.n",
        "key p.pk: one row
         p: direct pk
         r: direct fk_product
         r only if r.fk_product = 7 and r.rating > 3
         lateral",
    );
}

/// What a group makes of its rows, and what is left by a LIMIT, says nothing about a single row.
#[test]
fn below_a_limit_only_inner_conditions_filter() {
    check(
        "from product p
         join (
           from review r
           where harmless r.pk = 1
           limit 5
           select r.fk_product, r.rating
         ) t on t.fk_product = p.pk and harmless t.rating > 3
         select p.pk, t.rating",
        "key p.pk: many rows
         p: direct pk
         r: everything
         r only if r.pk = 1
         lateral",
    );
}

#[test]
fn rows_inside_a_subquery_are_filtered_by_the_conditions_around_it() {
    check(
        "from product p
         where harmless p.name = 'x'
         select p.pk
         sub
           from review r
           where r.fk_product = p.pk and harmless r.rating = 1
           select r.pk
         end",
        "key p.pk: one row
         p: direct pk
         p only if p.name = 'x'
         r: direct fk_product
         r only if r.rating = 1",
    );
}
