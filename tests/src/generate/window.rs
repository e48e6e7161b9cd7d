//! Random queries with window functions.

use super::expression::Builder;
use super::query::{Block, List, Query, Wanted};
use super::scope::Scope;
use super::subquery::Inner;
use super::types::Ty;
use crate::fragment::Fragment;
use crate::{parts, sql};

/// The windows of a query.
struct Windows {
    /// Windows in which every row has its own place. Where rows can be equal there is only one: two would
    /// number equal rows independently of each other, in more than one way.
    total: Vec<String>,
    /// Windows in which functions give equal rows equal results.
    peers: Vec<String>,
    /// ` WINDOW …`
    clause: Fragment,
}

impl Builder<'_> {
    /// A query with window functions.
    pub fn windowed(&mut self, outer: &Scope, wanted: &Wanted, depth: usize) -> Query {
        let block = self.block(outer, wanted, depth);
        let windows = self.windows(&block);
        let free = wanted.types.is_none();
        let mut list = match &wanted.types {
            Some(_) => List::default(),
            None => self.plain_list(&block, wanted, 0),
        };
        match &wanted.types {
            Some(types) => {
                for ty in types {
                    let value = match self.rng.chance(45) {
                        true => self.window_function(&block.inner, *ty, &windows),
                        false => self.leaf(&block.inner.scope, *ty),
                    };
                    list.add(value, *ty);
                }
            }
            None => {
                for _ in 0..self.rng.weighted(&[(4, 1), (3, 2), (1, 3)]) {
                    let ty = self.window_type();
                    let value = self.window_function(&block.inner, ty, &windows);
                    list.add(value, ty);
                }
            }
        }
        // Equal rows may have other numbers: a limit between them would leave it open which one stays.
        let end = if block.inner.exact && self.rng.chance(7) {
            self.limit(&block.inner, 0)
        } else {
            "".into()
        };
        // A window that nothing uses any more may stay.
        let body = sql![block.body, windows.clause];
        self.finished("SELECT ", list, free, (body, end), block.size)
    }

    fn window_type(&mut self) -> Ty {
        self.rng.weighted(&[
            (5, Ty::Big),
            (3, Ty::Int),
            (3, Ty::Numeric),
            (3, Ty::Text),
            (2, Ty::Jsonb),
            (1, Ty::Ints),
            (1, Ty::Float),
            (1, Ty::Bool),
        ])
    }

    fn windows(&mut self, block: &Block) -> Windows {
        let order = &block.inner.order;
        let by = self.partition(block);
        let mut total = vec![];
        let mut peers = vec![];
        let mut named = vec![];
        if self.rng.chance(30) {
            named.push(sql!["w AS (", by.clone(), ")"]);
            named.push(sql![format!("w1 AS (w ORDER BY {order})")]);
            total.push("w1".to_owned());
            peers.push("w".to_owned());
            let frame = self.rows_frame();
            // The same order with another frame is the same place.
            total.push(format!("(w1{frame})"));
        } else {
            total.push(format!("({by} ORDER BY {order})"));
            let frame = self.rows_frame();
            total.push(format!("({by} ORDER BY {order}{frame})"));
            peers.push(format!("({by})"));
        }
        if self.rng.chance(45) {
            let other = self.partition(block);
            if block.inner.exact {
                let first = self.leaf(&block.inner.scope, Ty::Int);
                let direction = self.rng.weighted(&[(1, ""), (1, " DESC NULLS LAST")]);
                total.push(format!(
                    "({other} ORDER BY ({first}::integer){direction}, {order})"
                ));
            }
            peers.push(format!("({other})"));
        }
        for _ in 0..self.rng.between(0, 2) {
            let peer = self.peer_window(block);
            peers.push(peer);
        }
        let clause = match named.is_empty() {
            true => "".into(),
            false => sql![" WINDOW ", Fragment::joined(named, ", ")],
        };
        Windows { total, peers, clause }
    }

    /// `PARTITION BY` one column or several, or nothing.
    fn partition(&mut self, block: &Block) -> Fragment {
        let mut items = vec![];
        for _ in 0..self
            .rng
            .weighted(&[(if self.tame { 0 } else { 4 }, 0), (6, 1), (2, 2)])
        {
            let ty = self
                .rng
                .weighted(&[(3, Ty::Int), (3, Ty::Text), (1, Ty::Numeric), (1, Ty::Bool)]);
            let item: Fragment = match self.linking_column(&block.sources) {
                Some(column) if self.tamely(80, 40) => column.into(),
                _ => match self.rng.chance(80) {
                    true => self.leaf(&block.inner.scope, ty),
                    false => sql!["(", self.leaf(&block.inner.scope, ty), ") IS NULL"],
                },
            };
            items.push(item);
        }
        if items.is_empty() {
            return "".into();
        }
        Fragment::optional(parts!["PARTITION BY ", Fragment::joined(items, ", ")])
    }

    /// A frame that counts rows.
    fn rows_frame(&mut self) -> &'static str {
        self.rng.weighted(&[
            (1, ""),
            (2, " ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING"),
            (1, " ROWS UNBOUNDED PRECEDING"),
            (1, " ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING"),
            (1, " ROWS BETWEEN 2 PRECEDING AND 1 PRECEDING"),
            (
                1,
                " ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING EXCLUDE CURRENT ROW",
            ),
            (1, " GROUPS BETWEEN 1 PRECEDING AND CURRENT ROW EXCLUDE TIES"),
        ])
    }

    /// A window with an order in which rows may be peers.
    fn peer_window(&mut self, block: &Block) -> String {
        let by = self.partition(block);
        let column = self.leaf(&block.inner.scope, Ty::Int);
        let frame = self.rng.weighted(&[
            (4, ""),
            (2, " RANGE BETWEEN 1 PRECEDING AND 2 FOLLOWING"),
            (1, " RANGE BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING"),
            (1, " GROUPS BETWEEN 1 PRECEDING AND 1 FOLLOWING"),
            (
                1,
                " RANGE BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING EXCLUDE GROUP",
            ),
        ]);
        let direction = self.rng.weighted(&[(2, ""), (1, " DESC"), (1, " NULLS FIRST")]);
        format!("({by} ORDER BY ({column}::integer){direction}{frame})")
    }

    fn window_function(&mut self, inner: &Inner, ty: Ty, windows: &Windows) -> Fragment {
        let total = self.rng.pick(&windows.total).clone();
        let peers = self.rng.pick(&windows.peers).clone();
        let kind = self.rng.below(3);
        let mut aggregate = false;
        let (call, over) = match ty {
            Ty::Int | Ty::Big if kind > 0 => {
                let (name, over) = self.rng.weighted(&[
                    (3, ("row_number()", &total)),
                    (1, ("ntile(3)", &total)),
                    (2, ("rank()", &peers)),
                    (2, ("dense_rank()", &peers)),
                    (2, ("count(*)", &peers)),
                    (1, ("count(*)", &total)),
                ]);
                return sql![format!("({name} OVER {over})::{}", ty.name())];
            }
            Ty::Float => (
                self.rng
                    .weighted(&[(1, "percent_rank()"), (1, "cume_dist()")])
                    .into(),
                peers,
            ),
            Ty::Bool => (sql!["bool_or(", self.leaf(&inner.scope, Ty::Bool), ")"], peers),
            Ty::Numeric if kind > 0 => {
                let of = self.rng.weighted(&[(2, Ty::Int), (2, Ty::Numeric)]);
                let name = self.rng.weighted(&[(1, "avg"), (1, "sum"), (1, "stddev_pop")]);
                let over = if self.rng.chance(50) { total } else { peers };
                (sql![name, "((", self.leaf(&inner.scope, of), ")::numeric)"], over)
            }
            Ty::Jsonb if kind > 0 => {
                let of = self.any_type();
                aggregate = true;
                (sql!["jsonb_agg(", self.leaf(&inner.scope, of), ")"], total)
            }
            Ty::Ints if kind > 0 => (sql!["array_agg(", self.leaf(&inner.scope, Ty::Int), ")"], total),
            Ty::Text if kind == 1 => (
                sql!["string_agg(", self.leaf(&inner.scope, Ty::Text), ", ',')"],
                total,
            ),
            Ty::Text if kind == 2 => (sql!["max(", self.leaf(&inner.scope, Ty::Text), ")"], peers),
            _ => (self.place_function(inner, ty), total),
        };
        let filter = match aggregate && self.rng.chance(35) {
            true => sql![" FILTER (WHERE ", self.condition(&inner.scope, 0), ")"],
            false => "".into(),
        };
        sql![call, filter, format!(" OVER {over}")]
    }

    /// A function that takes a value from another row.
    fn place_function(&mut self, inner: &Inner, ty: Ty) -> Fragment {
        let depth = usize::from(self.rng.chance(30));
        let value = self.expression(&inner.scope, ty, depth);
        match self.rng.below(6) {
            0 => sql!["lag(", value, ")"],
            1 => sql!["lead(", value, ", 2)"],
            2 => sql!["lag(", value, ", 1, ", ty.literal(self.rng), ")"],
            3 => sql!["first_value(", value, ")"],
            4 => sql!["last_value(", value, ")"],
            _ => sql!["nth_value(", value, ", 2)"],
        }
    }
}
