//! What an operation costs besides time: bytes of the log, rows of tables, buffers.

use postgres::Client;

/// What has been written until some moment, or between two.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Writes {
    /// Bytes of the write-ahead log.
    pub wal_bytes: i64,
    /// Rows inserted into the tables of the schema.
    pub inserted: i64,
    /// Rows updated.
    pub updated: i64,
    /// Those of them that needed no new entry in any index.
    pub updated_hot: i64,
    /// Rows deleted.
    pub deleted: i64,
    /// Pages of the tables, their indexes and TOAST that were looked at, in memory or not.
    pub buffers: i64,
}

impl Writes {
    /// What has been written until now: to the log by everybody, to tables in the connection's own schema.
    pub fn until_now(client: &mut Client) -> Result<Writes, postgres::Error> {
        // What this backend has not told the statistics yet is told with the end of this statement.
        client.execute("SELECT pg_stat_force_next_flush()", &[])?;
        let row = client.query_one(
            "SELECT (pg_current_wal_insert_lsn() - '0/0')::bigint, sum(n_tup_ins)::bigint, sum(n_tup_upd)::bigint,
                    sum(n_tup_hot_upd)::bigint, sum(n_tup_del)::bigint,
                    sum(heap_blks_read + heap_blks_hit + coalesce(idx_blks_read + idx_blks_hit, 0)
                        + coalesce(toast_blks_read + toast_blks_hit, 0)
                        + coalesce(tidx_blks_read + tidx_blks_hit, 0))::bigint
               FROM pg_stat_user_tables JOIN pg_statio_user_tables USING (relid, schemaname)
              WHERE schemaname = current_schema()",
            &[],
        )?;
        let number = |index| row.get::<usize, Option<i64>>(index).unwrap_or(0);
        Ok(Writes {
            wal_bytes: number(0),
            inserted: number(1),
            updated: number(2),
            updated_hot: number(3),
            deleted: number(4),
            buffers: number(5),
        })
    }

    /// What was written since `before`.
    pub fn since(self, before: Writes) -> Writes {
        Writes {
            wal_bytes: self.wal_bytes - before.wal_bytes,
            inserted: self.inserted - before.inserted,
            updated: self.updated - before.updated,
            updated_hot: self.updated_hot - before.updated_hot,
            deleted: self.deleted - before.deleted,
            buffers: self.buffers - before.buffers,
        }
    }
}

/// Writes of several runs together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// How many runs.
    pub runs: u64,
    /// What they wrote.
    pub writes: Writes,
}

impl Counted {
    /// One more run.
    pub fn add(&mut self, writes: Writes) {
        self.runs += 1;
        self.writes.wal_bytes += writes.wal_bytes;
        self.writes.inserted += writes.inserted;
        self.writes.updated += writes.updated;
        self.writes.updated_hot += writes.updated_hot;
        self.writes.deleted += writes.deleted;
        self.writes.buffers += writes.buffers;
    }

    /// The part of one run.
    pub fn each(&self, total: i64) -> f64 {
        total as f64 / self.runs.max(1) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::{Counted, Writes};

    #[test]
    fn runs_share_what_they_wrote() {
        let at = |wal_bytes, updated| Writes {
            wal_bytes,
            updated,
            ..Writes::default()
        };
        let mut counted = Counted::default();
        counted.add(at(1_500, 7).since(at(1_000, 5)));
        counted.add(at(2_300, 8).since(at(1_500, 7)));
        assert_eq!((counted.runs, counted.writes), (2, at(1_300, 3)));
        assert!((counted.each(counted.writes.updated) - 1.5).abs() < 1e-9);
    }
}
