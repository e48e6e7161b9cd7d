//! The unit key: which table it is taken from, whether a unit has one row, and what is refused without one.

use super::{check, check_fixed};

#[test]
fn lookups_leave_one_row_for_each_key() {
    check(
        "from product p
         join category c on p.fk_category = c.pk
         left supplier s on s.pk = p.fk_supplier
         select p.pk, c.name, s.name",
        "key p.pk: one row
         p: direct pk
         c: p.pk from c, product p where p.fk_category = c.pk
         s: p.pk from s, product p where s.pk = p.fk_supplier",
    );
}

/// One product has many reviews: rows with the same key are maintained together.
#[test]
fn fan_out_leaves_many_rows_for_each_key() {
    check(
        "from product p
         left review r on r.fk_product = p.pk
         select p.pk, r.rating",
        "key p.pk: many rows
         p: direct pk
         r: direct fk_product",
    );
}

/// A product determines no review, but a review determines its product.
#[test]
fn the_table_that_determines_most_gives_the_key() {
    check(
        "from product p
         join review r on r.fk_product = p.pk
         select p.pk, r.pk as review",
        "key r.pk: one row
         p: r.pk from p, review r where r.fk_product = p.pk
         r: direct pk",
    );
}

#[test]
fn the_first_of_equals_gives_the_key() {
    check(
        "from product p
         join stock t on t.fk_product = p.pk
         select t.fk_product, p.pk",
        "key p.pk: one row
         p: direct pk
         t: direct fk_product",
    );
}

/// The same for a table in a derived table, or in a view, that is optional as a whole.
#[test]
fn a_table_in_an_optional_derived_table_gives_no_key() {
    check(
        "from product p
         left (
           from supplier s
           select s.pk, s.name
         ) t on t.pk = p.fk_supplier
         select t.pk, t.name",
        "key s.pk?, s.name?: many rows
         p: s.pk, s.name | (CASE WHEN false THEN s.pk END), (CASE WHEN false THEN s.name END) from p, supplier s where s.pk = p.fk_supplier known if always, always
         s: s.pk, s.name | (CASE WHEN false THEN s.pk END), (CASE WHEN false THEN s.name END) from s known if always, always",
    );
}

/// Where the supplier is missing its key is NULL in every row, so it can't tell rows apart.
#[test]
fn an_optional_table_gives_no_key() {
    check(
        "from product p
         left supplier s on s.pk = p.fk_supplier
         select s.pk, p.name",
        "key p.name?: many rows
p: direct name
s: p.name from s, product p where s.pk = p.fk_supplier",
    );
}

#[test]
fn without_a_key_all_missing_columns_are_named() {
    check(
        "from line l
         join product p on p.pk = l.fk_product
         select l.no, p.name",
        "key l.no: many rows
l: direct no
p: l.no from p, line l where p.pk = l.fk_product",
    );
    check(
        "from keyless k\nselect k.name",
        "key k.name?: many rows
k: direct name",
    );
}

#[test]
fn an_expression_over_a_key_is_no_key() {
    check(
        "from product p\nselect p.pk + 1 as pk",
        "key p.pk + 1?: many rows
p: p.pk + 1 from p",
    );
}

#[test]
fn keys_have_several_columns_in_any_order() {
    check(
        "from line l\nselect l.amount, l.no, l.order",
        "key l.order, l.no: one row
         l: direct order, no",
    );
}

/// Two rows can have NULL in a unique column, and then belong to one unit.
#[test]
fn a_key_with_nulls_has_many_rows() {
    check(
        "from code k\nselect k.name, k.id",
        "key k.name?: many rows\nk: direct name",
    );
}

/// Within a transaction two rows can have the same value of a deferrable key.
#[test]
fn a_deferrable_key_has_many_rows() {
    check(
        "from late l\nselect l.pk, l.name",
        "key l.pk: many rows\nl: direct pk",
    );
}

/// A deferrable key does not bound what a join adds either.
#[test]
fn a_deferrable_key_determines_nothing() {
    check(
        "from product p
         join late l on l.pk = p.fk_category
         select p.pk, l.name",
        "key p.pk: many rows
         p: direct pk
         l: p.pk from l, product p where l.pk = p.fk_category",
    );
}

#[test]
fn keys_come_through_plain_derived_tables() {
    check(
        "from (
           from product p
           where p.name <> ''
           select p.pk as number, p.fk_category
         ) d
         join category c on c.pk = d.fk_category
         select d.number, c.name",
        "key p.pk: one row
         p: direct pk
         c: p.pk from c, product p where c.pk = p.fk_category",
    );
}

/// The rows of a grouped table are not those of the table inside.
#[test]
fn keys_do_not_come_through_grouped_derived_tables() {
    check(
        "from (
           from review r
           group r.pk
           select r.pk
         ) d
         select d.pk",
        "key r.pk: many rows
r: direct pk
lateral",
    );
}

/// A function that returns rows returns any number of them.
#[test]
fn computed_rows_fan_out() {
    check(
        "from product p
         join computed g
         select p.pk, g.value",
        "key p.pk: many rows\np: direct pk",
    );
}

#[test]
fn at_most_one_row_does_not_fan_out() {
    check(
        "from product p
         left (
           from review r
           where r.fk_product = p.pk
           limit 1
           select r.rating
         ) d
         select p.pk, d.rating",
        "key p.pk: one row
         p: direct pk
         r: direct fk_product
         lateral",
    );
    check(
        "from product p
         join (
           from review r
           where r.fk_product = p.pk
           aggregate
           select count(r.pk) as n
         ) d
         select p.pk, d.n",
        "key p.pk: one row
         p: direct pk
         r: direct fk_product
         lateral",
    );
}

#[test]
fn the_key_chosen_at_creation_stays() {
    let both = "from product p
                join stock t on t.fk_product = p.pk
                select t.fk_product, p.pk";
    check_fixed(
        both,
        Some(&[0]),
        "key t.fk_product: one row
         p: direct pk
         t: direct fk_product",
    );
    // A key constraint that has gone meanwhile leaves units of many rows.
    check_fixed(
        "from keyless k\nselect k.name",
        Some(&[0]),
        "key k.name?: many rows\nk: direct name",
    );
    check_fixed(
        "from product p\nselect p.pk + 1 as pk",
        Some(&[0]),
        "key p.pk + 1?: many rows
p: p.pk + 1 from p",
    );
}
