//! Random aggregates of all kinds.

use super::expression::Builder;
use super::subquery::Inner;
use super::types::Ty;
use crate::fragment::Fragment;
use crate::sql;

impl Builder<'_> {
    /// An aggregate over a subquery's rows, and its type.
    pub fn any_aggregate(&mut self, inner: &Inner) -> (Fragment, Ty) {
        let ty = self.rng.weighted(&[
            (3, Ty::Int),
            (2, Ty::Big),
            (3, Ty::Numeric),
            (3, Ty::Text),
            (4, Ty::Jsonb),
            (1, Ty::Ints),
            (1, Ty::Bool),
            (1, Ty::StampTz),
        ]);
        let value = self.aggregate(inner, ty, 1);
        (value.unwrap_or_else(|| "count(*)::integer".into()), ty)
    }

    /// An aggregate, with FILTER, DISTINCT and the unusual ones among them, and its type.
    pub fn any_top_aggregate(&mut self, inner: &Inner) -> (Fragment, Ty) {
        match self.rng.below(10) {
            0..=2 => self.any_aggregate(inner),
            3 => self.filtered_aggregate(inner),
            4 => self.distinct_aggregate(inner),
            5 => self.ordered_set(inner),
            6 => self.statistic(inner),
            7 => self.hypothetical(inner),
            8 => self.json_aggregate(inner),
            _ => self.own_aggregate(inner),
        }
    }

    fn filtered_aggregate(&mut self, inner: &Inner) -> (Fragment, Ty) {
        let filter = self.condition(&inner.scope, 1);
        let (value, ty) = match self.rng.below(4) {
            0 => ("count(*)".into(), Ty::Big),
            1 => (sql!["sum(", self.argument(inner, Ty::Int, 1), ")"], Ty::Big),
            2 => (sql!["max(", self.argument(inner, Ty::Text, 0), ")"], Ty::Text),
            _ => {
                let text = self.argument(inner, Ty::Text, 0);
                let order = &inner.order;
                (sql!["array_agg(", text, format!(" ORDER BY {order})")], Ty::Texts)
            }
        };
        // A filter over outer columns only is fine: the argument says which query the aggregate belongs to.
        (sql![value, " FILTER (WHERE ", filter, ")"], ty)
    }

    fn distinct_aggregate(&mut self, inner: &Inner) -> (Fragment, Ty) {
        let (text, int) = (
            self.argument(inner, Ty::Text, 0),
            self.argument(inner, Ty::Int, 1),
        );
        let any = self.any_type();
        match self.rng.below(6) {
            0 => (
                sql!["count(DISTINCT ", self.argument(inner, any, 0), ")"],
                Ty::Big,
            ),
            1 => (sql!["count(DISTINCT (", text, ", ", int, "))"], Ty::Big),
            2 => (
                sql!["string_agg(DISTINCT ", text.clone(), ", ',' ORDER BY ", text, ")"],
                Ty::Text,
            ),
            3 => (
                sql!["array_agg(DISTINCT ", int.clone(), " ORDER BY ", int, " DESC)"],
                Ty::Ints,
            ),
            4 => (sql!["sum(DISTINCT ", int, ")"], Ty::Big),
            _ => (sql!["array_agg(DISTINCT ", text, ")"], Ty::Texts),
        }
    }

    fn ordered_set(&mut self, inner: &Inner) -> (Fragment, Ty) {
        let (text, int) = (
            self.argument(inner, Ty::Text, 0),
            self.argument(inner, Ty::Int, 1),
        );
        match self.rng.below(5) {
            0 => (
                sql!["percentile_disc(0.5) WITHIN GROUP (ORDER BY ", int, ")"],
                Ty::Int,
            ),
            1 => (
                sql![
                    "percentile_disc(ARRAY[0.1, 0.9]) WITHIN GROUP (ORDER BY ",
                    int,
                    " DESC)"
                ],
                Ty::Ints,
            ),
            2 => (
                sql!["percentile_cont(0.25) WITHIN GROUP (ORDER BY ", int, ")"],
                Ty::Float,
            ),
            3 => {
                let filter = self.condition(&inner.scope, 0);
                (
                    sql![
                        "mode() WITHIN GROUP (ORDER BY ",
                        int,
                        ") FILTER (WHERE ",
                        filter,
                        ")"
                    ],
                    Ty::Int,
                )
            }
            _ => (sql!["mode() WITHIN GROUP (ORDER BY ", text, ")"], Ty::Text),
        }
    }

    fn hypothetical(&mut self, inner: &Inner) -> (Fragment, Ty) {
        let int = self.argument(inner, Ty::Int, 0);
        let (function, ty) = self.rng.weighted(&[
            (2, ("rank", Ty::Big)),
            (1, ("dense_rank", Ty::Big)),
            (1, ("percent_rank", Ty::Float)),
            (1, ("cume_dist", Ty::Float)),
        ]);
        (
            sql![
                format!("{function}(2) WITHIN GROUP (ORDER BY "),
                int,
                " NULLS FIRST)"
            ],
            ty,
        )
    }

    /// Sums that are exact in any order.
    fn statistic(&mut self, inner: &Inner) -> (Fragment, Ty) {
        let kind = self.rng.below(9);
        let (function, wanted, ty) = match kind {
            0 => ("stddev", Ty::Int, Ty::Numeric),
            1 => ("var_pop", Ty::Numeric, Ty::Numeric),
            2 => ("stddev_samp", Ty::Big, Ty::Numeric),
            3 => ("bit_and", Ty::Int, Ty::Int),
            4 => ("bit_or", Ty::Int, Ty::Int),
            5 => ("bit_xor", Ty::Int, Ty::Int),
            6 => ("every", Ty::Bool, Ty::Bool),
            _ => ("sum", Ty::Numeric, Ty::Numeric),
        };
        let value = self.argument(inner, wanted, 0);
        if kind == 8 {
            let other = self.argument(inner, Ty::Int, 0);
            return (sql!["regr_count(", value, ", ", other, ")"], Ty::Big);
        }
        (sql![function, "(", value, ")"], ty)
    }

    fn json_aggregate(&mut self, inner: &Inner) -> (Fragment, Ty) {
        let (text, int) = (
            self.argument(inner, Ty::Text, 0),
            self.argument(inner, Ty::Int, 1),
        );
        let order = format!(" ORDER BY {})", inner.order);
        match self.rng.below(5) {
            0 => (sql!["json_agg(", int, order], Ty::Json),
            1 => (
                sql!["json_object_agg(coalesce(", text, ", '-'), ", int, order],
                Ty::Json,
            ),
            2 if self.version >= 16 => (sql!["jsonb_agg_strict(", int, order], Ty::Jsonb),
            3 => (
                sql!["range_agg(int4range(", int.clone(), ", ", int, " + 2))::text"],
                Ty::Text,
            ),
            _ => (
                sql!["jsonb_object_agg(coalesce(", text, ", '-'), ", int, order],
                Ty::Jsonb,
            ),
        }
    }

    /// Aggregates of the schema: one that any order suits, and one that needs one.
    fn own_aggregate(&mut self, inner: &Inner) -> (Fragment, Ty) {
        match self.rng.below(3) {
            0 => (
                sql!["sum_absolute(", self.argument(inner, Ty::Int, 1), ")"],
                Ty::Big,
            ),
            1 => {
                let text = self.argument(inner, Ty::Text, 0);
                (
                    sql!["chain(", text, format!(" ORDER BY {})", inner.order)],
                    Ty::Text,
                )
            }
            _ => (
                sql!["avg(", self.argument(inner, Ty::Numeric, 0), ")"],
                Ty::Numeric,
            ),
        }
    }
}
