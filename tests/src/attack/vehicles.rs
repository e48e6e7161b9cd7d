//! Places of a definition, and around it, that hostile code can be hidden in.

/// A place.
pub struct Vehicle {
    /// Its name, by which the witness counts.
    pub name: &'static str,
    /// What has to be there first.
    pub needs: &'static str,
    /// The query.
    pub query: &'static str,
    /// PostgreSQL's version that has it first.
    pub since: u32,
}

const fn vehicle(name: &'static str, needs: &'static str, query: &'static str) -> Vehicle {
    Vehicle {
        name,
        needs,
        query,
        since: 15,
    }
}

/// The table that [`HIDDEN`] definitions read; nothing hostile is attached to it.
pub const SOURCE: &str = "
    CREATE TABLE mal.t (i integer PRIMARY KEY, g integer NOT NULL, x integer, s text);
    CREATE INDEX ON mal.t (g);
    INSERT INTO mal.t SELECT n, n % 3, n % 4, 'row ' || n FROM generate_series(1, 12) AS n;
    GRANT ALL ON mal.t TO PUBLIC;
    ANALYZE mal.t;";

/// Definitions with hostile code in them: whoever writes to `mal.t` or reads it by plain SQL runs none of it.
pub const HIDDEN: &[Vehicle] = &[
    vehicle("constant", "", "SELECT g, count(*) AS n, coalesce(sum(x), mal.evil_int('constant')) AS s FROM mal.t GROUP BY g"),
    vehicle(
        "operator",
        "CREATE FUNCTION mal.evil_plus(integer, integer) RETURNS bigint IMMUTABLE LANGUAGE plpgsql AS $$
           BEGIN PERFORM mal.inner_('operator'); RETURN 1; END $$;
         CREATE OPERATOR mal.@+ (LEFTARG = integer, RIGHTARG = integer, FUNCTION = mal.evil_plus);",
        "SELECT i, (1 OPERATOR(mal.@+) 2) AS o, (i OPERATOR(mal.@+) g) AS p FROM mal.t",
    ),
    vehicle(
        "cast",
        "CREATE TYPE mal.label AS ENUM ('a', 'b');
         CREATE FUNCTION mal.label_number(mal.label) RETURNS bigint IMMUTABLE LANGUAGE plpgsql AS $$
           BEGIN PERFORM mal.inner_('cast'); RETURN 1; END $$;
         CREATE CAST (mal.label AS bigint) WITH FUNCTION mal.label_number(mal.label);",
        "SELECT i, ('a'::mal.label)::bigint AS c FROM mal.t",
    ),
    vehicle(
        "inlined function",
        "CREATE FUNCTION mal.inlined() RETURNS bigint IMMUTABLE LANGUAGE sql AS $$ SELECT mal.evil_int('inlined function') $$;",
        "SELECT i, mal.inlined() AS o FROM mal.t",
    ),
    vehicle(
        "function with a parsed body",
        "CREATE FUNCTION mal.parsed(x integer) RETURNS bigint IMMUTABLE LANGUAGE sql
           BEGIN ATOMIC SELECT mal.evil_int('function with a parsed body') + x; END;",
        "SELECT i, mal.parsed(3) AS o, mal.parsed(x) AS p FROM mal.t",
    ),
    vehicle(
        "inlined operator",
        "CREATE FUNCTION mal.inlined_minus(integer, integer) RETURNS bigint IMMUTABLE LANGUAGE sql
           AS $$ SELECT mal.evil_int('inlined operator') - $1 $$;
         CREATE OPERATOR mal.@- (LEFTARG = integer, RIGHTARG = integer, FUNCTION = mal.inlined_minus);",
        "SELECT i, (1 OPERATOR(mal.@-) 2) AS o FROM mal.t",
    ),
    vehicle(
        "default argument",
        "CREATE FUNCTION mal.defaulted(a integer, b bigint DEFAULT mal.evil_int('default argument')) RETURNS bigint IMMUTABLE LANGUAGE sql
           AS $$ SELECT a + b $$;",
        "SELECT i, mal.defaulted(i) AS o FROM mal.t",
    ),
    vehicle(
        "domain",
        "CREATE DOMAIN mal.checked AS integer CHECK (mal.evil_bool('domain') AND VALUE < 100000);",
        "SELECT i, (x::mal.checked)::integer AS o, (7::mal.checked)::integer AS p, '8'::mal.checked::integer AS q FROM mal.t",
    ),
    vehicle(
        "array of a domain",
        "CREATE DOMAIN mal.element AS integer CHECK (mal.evil_bool('array of a domain'));",
        "SELECT i, array_length('{1,2}'::mal.element[], 1) AS o FROM mal.t",
    ),
    vehicle(
        "operator over an array",
        "CREATE FUNCTION mal.evil_same(integer, integer) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS $$
           BEGIN PERFORM mal.inner_('operator over an array'); RETURN $1 = $2; END $$;
         CREATE OPERATOR mal.=== (LEFTARG = integer, RIGHTARG = integer, FUNCTION = mal.evil_same, COMMUTATOR = OPERATOR(mal.===));",
        "SELECT i, x OPERATOR(mal.===) ANY ('{1,2}'::integer[]) AS o, 3 OPERATOR(mal.===) ANY ('{1,2}'::integer[]) AS p FROM mal.t",
    ),
    vehicle("limit", "", "SELECT i, x FROM mal.t ORDER BY i LIMIT mal.evil_int('limit') + 5"),
    vehicle("offset", "", "SELECT g, (SELECT b.x FROM mal.t b WHERE b.g = a.g ORDER BY b.i OFFSET mal.evil_int('offset') LIMIT 1) AS o FROM mal.t a GROUP BY g"),
    vehicle("values", "", "SELECT t.i, v.n FROM mal.t JOIN (VALUES (mal.evil_int('values')), (2)) AS v (n) ON v.n = t.x"),
    vehicle(
        "table function",
        "CREATE FUNCTION mal.evil_rows(n integer) RETURNS SETOF bigint IMMUTABLE LANGUAGE plpgsql AS $$
           BEGIN PERFORM mal.inner_('table function'); RETURN NEXT 1; END $$;",
        "SELECT t.i, r.n FROM mal.t, LATERAL mal.evil_rows(3) AS r (n)",
    ),
    vehicle("filter", "", "SELECT g, count(*) FILTER (WHERE mal.evil_bool('filter')) AS n FROM mal.t GROUP BY g"),
    vehicle("where", "", "SELECT i, x FROM mal.t WHERE mal.evil_bool('where') AND x > 0"),
    vehicle("having", "", "SELECT g, sum(x) AS s FROM mal.t GROUP BY g HAVING mal.evil_bool('having') AND count(*) > 0"),
    vehicle("join", "", "SELECT a.i, b.x FROM mal.t a JOIN mal.t b ON b.i = a.x AND mal.evil_bool('join')"),
    vehicle("outer join", "", "SELECT a.i, b.x FROM mal.t a LEFT JOIN mal.t b ON b.i = a.x AND b.g = mal.evil_int('outer join')"),
    vehicle(
        "window frame",
        "",
        "SELECT i, g, sum(x) OVER (PARTITION BY g ORDER BY i ROWS BETWEEN mal.evil_int('window frame') PRECEDING AND CURRENT ROW) AS s FROM mal.t",
    ),
    vehicle("key of a document", "", "SELECT i, jsonb_build_object(mal.evil_text('key of a document'), x, 's', s) AS data FROM mal.t"),
    vehicle("leaf of a document", "", "SELECT i, jsonb_build_object('a', x, 'b', mal.evil_of(x, 'leaf of a document')) AS data FROM mal.t"),
    vehicle(
        "cast to json",
        "CREATE TYPE mal.pair AS (a integer, b integer);
         CREATE FUNCTION mal.pair_json(mal.pair) RETURNS json IMMUTABLE LANGUAGE plpgsql AS $$
           BEGIN PERFORM mal.inner_('cast to json'); RETURN '{}'; END $$;
         CREATE CAST (mal.pair AS json) WITH FUNCTION mal.pair_json(mal.pair);",
        "SELECT i, to_jsonb(ROW(i, g)::mal.pair) AS data, to_jsonb(ROW(1, 2)::mal.pair) AS other FROM mal.t",
    ),
    vehicle(
        "aggregate",
        "CREATE FUNCTION mal.evil_step(bigint, integer) RETURNS bigint IMMUTABLE LANGUAGE plpgsql AS $$
           BEGIN PERFORM mal.inner_('aggregate'); RETURN $1; END $$;
         CREATE AGGREGATE mal.total(integer) (SFUNC = mal.evil_step, STYPE = bigint, INITCOND = '0');",
        "SELECT g, mal.total(x) AS s FROM mal.t GROUP BY g",
    ),
    vehicle("order in an aggregate", "", "SELECT g, jsonb_agg(x ORDER BY mal.evil_of(x, 'order in an aggregate'), i) AS l FROM mal.t GROUP BY g"),
    vehicle("group key", "", "SELECT g + mal.evil_int('group key') AS k, sum(x) AS s FROM mal.t GROUP BY g + mal.evil_int('group key')"),
    vehicle(
        "view",
        "CREATE VIEW mal.v AS SELECT i, mal.evil_int('view') AS e, x FROM mal.t;",
        "SELECT i, e, x FROM mal.v",
    ),
    vehicle(
        "estimate",
        "CREATE FUNCTION mal.evil_equal(integer, integer) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS $$
           BEGIN PERFORM mal.inner_('estimate'); RETURN $1 = $2; END $$;
         CREATE OPERATOR mal.~=~ (LEFTARG = integer, RIGHTARG = integer, FUNCTION = mal.evil_equal, COMMUTATOR = OPERATOR(mal.~=~),
           RESTRICT = eqsel, JOIN = eqjoinsel);",
        "SELECT a.i, b.i AS j FROM mal.t a JOIN mal.t b ON a.x OPERATOR(mal.~=~) b.g WHERE a.x OPERATOR(mal.~=~) 3",
    ),
    vehicle("case", "", "SELECT i, CASE mal.evil_int('case') WHEN 1 THEN x END AS o, nullif(1, mal.evil_int('case')) AS p FROM mal.t"),
    vehicle(
        "range",
        "CREATE FUNCTION mal.distance(double precision, double precision) RETURNS double precision IMMUTABLE LANGUAGE plpgsql AS $$
           BEGIN PERFORM mal.inner_('range'); RETURN $1 - $2; END $$;
         CREATE TYPE mal.span AS RANGE (SUBTYPE = double precision, SUBTYPE_DIFF = mal.distance);",
        "SELECT i, mal.span(x, x + 1) && '[1,2]'::mal.span AS o FROM mal.t",
    ),
    vehicle("subquery", "", "SELECT i, (SELECT mal.evil_int('subquery') + count(*) FROM mal.t b WHERE b.g = a.i) AS o FROM mal.t a"),
    vehicle("exists", "", "SELECT i, x FROM mal.t a WHERE EXISTS (SELECT FROM mal.t b WHERE b.i = a.g AND b.x = mal.evil_int('exists'))"),
    vehicle("union", "", "SELECT i, x FROM mal.t UNION ALL SELECT i, mal.evil_int('union')::integer FROM mal.t WHERE g = 1"),
    vehicle("distinct", "", "SELECT DISTINCT g, mal.evil_int('distinct') AS e FROM mal.t"),
    vehicle("with", "", "WITH w AS MATERIALIZED (SELECT i, mal.evil_int('with') AS e FROM mal.t) SELECT i, e FROM w"),
    vehicle(
        "recursion",
        "",
        "WITH RECURSIVE r AS (SELECT i, x FROM mal.t WHERE x = 0 UNION SELECT t.i, t.x FROM mal.t JOIN r ON t.x = r.i + mal.evil_int('recursion')) SELECT i, x FROM r",
    ),
    Vehicle {
        name: "json default",
        needs: "",
        query: "SELECT i, JSON_VALUE(jsonb '{}', '$.a' RETURNING bigint DEFAULT mal.evil_int('json default') ON EMPTY) AS o FROM mal.t",
        since: 17,
    },
];

/// A table and a tview to which hostile code is attached in all ways that PostgreSQL has, beside the definition. Whoever reads or writes
/// them by plain SQL runs it.
pub const ATTACHED: &str = "
    CREATE TABLE mal.d (
      i integer PRIMARY KEY,
      g integer NOT NULL DEFAULT mal.evil_int('column default'),
      x integer CHECK (mal.evil_bool('check')),
      e bigint GENERATED ALWAYS AS (x + mal.evil_int('generated column')) STORED
    );
    INSERT INTO mal.d SELECT n, n % 3, n % 4 FROM generate_series(1, 30) AS n;
    CREATE INDEX d_expression ON mal.d ((x + mal.evil_int('index expression')));
    CREATE UNIQUE INDEX d_predicate ON mal.d (i, g) WHERE mal.evil_int('index predicate') + x > 0;
    CREATE STATISTICS mal.d_statistics ON (x + mal.evil_int('statistics')), (g + 1) FROM mal.d;
    ANALYZE mal.d;
    CREATE POLICY d_policy ON mal.d USING (mal.evil_bool('policy'));
    ALTER TABLE mal.d ENABLE ROW LEVEL SECURITY;
    CREATE TABLE mal.p (i integer, x integer) PARTITION BY LIST ((x + mal.evil_int('partition key')));
    CREATE TABLE mal.p_1 PARTITION OF mal.p DEFAULT;
    INSERT INTO mal.p VALUES (1, 1), (2, 2);
    CREATE TABLE mal.tv_attached AS SELECT d.i, d.g, d.x, d.e, (SELECT sum(b.x) FROM mal.d b WHERE b.g = d.g) AS s FROM mal.d d;
    CREATE TABLE mal.tv_parted AS SELECT x, count(*) AS n FROM mal.p GROUP BY x;
    CREATE INDEX ON mal.tv_attached ((x + mal.evil_int('index of the tview')));
    CREATE INDEX ON mal.tv_attached (g) WHERE mal.evil_int('index predicate of the tview') > 0;
    CREATE STATISTICS mal.tv_statistics ON (x + mal.evil_int('statistics of the tview')), (g + 1) FROM mal.tv_attached;
    ALTER TABLE mal.tv_attached ADD CHECK (mal.evil_bool('check of the tview'));
    CREATE TRIGGER evil AFTER INSERT OR UPDATE OR DELETE ON mal.tv_attached FOR EACH ROW EXECUTE FUNCTION mal.evil_trigger('trigger of the tview');
    CREATE TRIGGER evil_statement BEFORE INSERT OR UPDATE OR DELETE ON mal.tv_attached FOR EACH STATEMENT
      EXECUTE FUNCTION mal.evil_trigger('statement trigger of the tview');
    ANALYZE mal.tv_attached;
    UPDATE mal.d SET x = x + 1 WHERE i < 3;";

/// Where [`ATTACHED`] has hostile code.
pub const ATTACHED_PLACES: [&str; 14] = [
    "column default",
    "check",
    "generated column",
    "index expression",
    "index predicate",
    "statistics",
    "policy",
    "partition key",
    "index of the tview",
    "index predicate of the tview",
    "statistics of the tview",
    "check of the tview",
    "trigger of the tview",
    "statement trigger of the tview",
];

/// The name of a vehicle's tview.
pub fn tview(vehicle: &Vehicle) -> String {
    format!("mal.tv_{}", vehicle.name.replace(' ', "_"))
}
