//! Values and changes for documents that show subqueries: lists, the latest few, aggregates, over tables, views and other subqueries. All
//! that a change concerns may be some leaves of some documents.

use crate::rng::Rng;

/// Expressions over the product `p` whose subqueries follow from it alone.
pub(super) const OF_ROOT: &[&str] = &[
    "(SELECT coalesce(jsonb_agg(jsonb_build_object('pk', x.pk, 'stars', x.stars) ORDER BY x.pk DESC), '[]') \
     FROM (SELECT r.pk, r.stars FROM review r WHERE r.fk_product = p.pk ORDER BY r.pk DESC LIMIT 2) x)",
    "(SELECT jsonb_agg(r.author ORDER BY r.pk) FROM review r WHERE r.fk_product = p.pk AND r.stars > 2)",
    "(SELECT r.author FROM review r WHERE r.fk_product = p.pk ORDER BY r.stars DESC, r.pk LIMIT 1)",
    "(SELECT max(r.stars) FROM review r WHERE r.fk_product = p.pk AND r.author <> p.name)",
    "(SELECT jsonb_object_agg(y.author, y.n) FROM (SELECT coalesce(r.author, '-') AS author, count(*) AS n \
     FROM review r WHERE r.fk_product = p.pk GROUP BY 1) y)",
    "EXISTS (SELECT FROM review r WHERE r.fk_product = p.pk AND r.stars = 3)",
    "p.price + coalesce((SELECT sum(r.stars) FROM review r WHERE r.fk_product = p.pk), 0)",
    "CASE WHEN p.price > 2 THEN (SELECT count(*) FROM review r WHERE r.fk_product = p.pk) ELSE \
     (SELECT min(r.pk) FROM review r WHERE r.fk_product = p.pk) END",
    "p.pk IN (SELECT r.fk_product FROM review r WHERE r.stars > 3)",
    "p.code || coalesce((SELECT string_agg(m.name, ',' ORDER BY r.pk) FROM review r JOIN maker m ON m.pk = r.stars \
     WHERE r.fk_product = p.pk), '')",
    "(SELECT jsonb_build_object('n', count(*), 'best', max(r.stars)) FROM review r WHERE r.fk_product = p.pk)",
    "(SELECT jsonb_build_object('n', count(*), 'note', p.note) FROM review r WHERE r.fk_product = p.pk)",
    "(SELECT vc.data FROM v_category vc WHERE vc.pk = p.fk_category)",
    "(SELECT vm.data FROM v_maker vm WHERE vm.pk = p.fk_maker)",
    "(SELECT jsonb_agg(jsonb_build_object('n', c.name, 'r', (SELECT count(*) FROM review r WHERE r.fk_product = p.pk AND r.stars = c.depth)) \
     ORDER BY c.pk) FROM category c WHERE c.pk <= p.fk_category)",
    "(SELECT count(*) FROM product q JOIN review r ON r.fk_product = q.pk WHERE q.fk_category = p.fk_category)",
    "(WITH best AS (SELECT r.pk, r.stars FROM review r WHERE r.fk_product = p.pk) SELECT jsonb_agg(b.stars ORDER BY b.pk) FROM best b)",
    "(SELECT jsonb_agg(u.v ORDER BY u.v) FROM (SELECT r.stars AS v FROM review r WHERE r.fk_product = p.pk \
     UNION ALL SELECT s.amount FROM stock s WHERE s.fk_product = p.pk) u)",
    "(SELECT jsonb_agg(to_jsonb(p.made) ORDER BY r.pk) FROM review r WHERE r.fk_product = p.pk)",
    "(SELECT jsonb_agg(z.k ORDER BY z.k) FROM review r CROSS JOIN LATERAL (SELECT r.stars + p.touched AS k) z WHERE r.fk_product = p.pk)",
    "(SELECT r.stars FROM review r WHERE r.fk_product = p.pk AND p.pk = r.pk)",
    "(SELECT count(*) FROM (product x JOIN review r USING (pk)) WHERE r.fk_product = p.pk)",
    "to_jsonb(ARRAY(SELECT r.stars FROM review r WHERE r.fk_product = p.pk ORDER BY r.pk))",
    "(SELECT p.price > ALL (SELECT r.stars FROM review r WHERE r.fk_product = p.pk))",
    "(SELECT jsonb_agg(p.* ORDER BY r.pk) FROM review r WHERE r.fk_product = p.pk AND p.touched < 1)",
    // Aggregates to which differences are added beside lists that are computed.
    "(SELECT count(*) FROM review r WHERE r.fk_product = p.pk)",
    "(SELECT count(*) FROM review r WHERE r.fk_product = p.pk)",
    "(SELECT round(avg(r.stars), 2) FROM review r WHERE r.fk_product = p.pk)",
    "(SELECT coalesce(sum(r.stars), 0) FROM review r WHERE r.fk_product = p.pk AND r.stars > 1)",
    "(SELECT jsonb_build_object('n', count(*), 'average', avg(r.stars), 'good', count(*) FILTER (WHERE r.stars > 2)) \
     FROM review r WHERE r.fk_product = p.pk)",
];

/// The same over the category `c`, so that they follow from more than the product.
pub(super) const OF_CATEGORY: &[&str] = &[
    "(SELECT count(*) FROM review r WHERE r.fk_product = p.pk AND r.stars > c.depth)",
    "(SELECT jsonb_agg(q.name ORDER BY q.pk) FROM product q WHERE q.fk_category = c.pk)",
    "(SELECT max(r.stars) FROM review r WHERE r.fk_product = c.pk)",
];

/// A change of rows that subqueries read.
pub(super) fn change(rng: &mut Rng) -> String {
    let (pk, product) = (rng.between(1, 12), rng.between(1, 7));
    match rng.below(12) {
        0..=2 => format!(
            "INSERT INTO review VALUES ({pk}, {product}, {}, 'a{}') ON CONFLICT (pk) DO UPDATE \
             SET stars = EXCLUDED.stars, fk_product = EXCLUDED.fk_product",
            rng.between(0, 5),
            rng.between(1, 3)
        ),
        3 => format!(
            "INSERT INTO review SELECT i, i % 7, i % 5, NULL FROM generate_series({}, {}) i ON CONFLICT DO NOTHING",
            pk,
            pk + 8
        ),
        4 => format!("DELETE FROM review WHERE pk = {pk}"),
        5 => format!("DELETE FROM review WHERE fk_product = {product}"),
        6 => format!(
            "UPDATE review SET fk_product = {product} WHERE pk IN ({pk}, {})",
            pk + 1
        ),
        7 => format!("UPDATE review SET stars = stars + 1, author = 'b' WHERE pk <= {pk}"),
        8 => "UPDATE review SET fk_product = fk_product % 6 + 1".to_owned(),
        9 => format!(
            "DO $$ BEGIN DELETE FROM review WHERE pk = {pk}; UPDATE product SET name = name || '+' WHERE pk = {product}; \
             INSERT INTO review VALUES ({pk}, {product}, 4, 'do'); END $$"
        ),
        10 => format!(
            "WITH gone AS (DELETE FROM review WHERE pk = {pk} RETURNING *) \
             INSERT INTO review SELECT pk + 20, {product}, stars, author FROM gone ON CONFLICT DO NOTHING"
        ),
        _ => "TRUNCATE review".to_owned(),
    }
}
