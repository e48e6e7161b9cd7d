-- The functions jsonb_smart_patch_* as one would write them in PL/pgSQL, and documents to compare them on. Used by
-- `pg_tviews_bench jsonb`, which measures both, and by the tests, which want the same results of both.
--
-- reference_patch_scalar(data, patch), reference_patch_nested(data, patch, path),
-- reference_patch_array(data, patch, path, match_key): as the native functions, errors included.
-- benchmark_document(size): about that many bytes of jsonb: a product with its reviews.

CREATE FUNCTION reference_patch_scalar(data jsonb, patch jsonb) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
BEGIN
    IF jsonb_typeof(patch) <> 'object' THEN
        RAISE EXCEPTION 'patch must be an object' USING ERRCODE = '22023';
    END IF;
    CASE jsonb_typeof(data)
        WHEN 'object' THEN RETURN data || patch;
        WHEN 'null' THEN RETURN patch;
        ELSE RAISE EXCEPTION 'cannot merge an object into this' USING ERRCODE = '22023';
    END CASE;
END $$;

CREATE FUNCTION reference_patch_nested(data jsonb, patch jsonb, path text[]) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    target jsonb := data #> path;
BEGIN
    IF array_ndims(path) > 1 THEN
        RAISE EXCEPTION 'path must be an array of one dimension' USING ERRCODE = '2202E';
    ELSIF array_position(path, NULL) IS NOT NULL THEN
        RAISE EXCEPTION 'path element is null' USING ERRCODE = '22004';
    ELSIF jsonb_typeof(patch) <> 'object' THEN
        RAISE EXCEPTION 'patch must be an object' USING ERRCODE = '22023';
    ELSIF cardinality(path) = 0 THEN
        RETURN reference_patch_scalar(data, patch);
    ELSIF target IS NOT NULL THEN
        RETURN jsonb_set(data, path, reference_patch_scalar(target, patch));
    END IF;
    -- Refuses scalars and positions that are no numbers. It would create elements too: only a missing key is wanted.
    target := jsonb_set(data, path, patch);
    RETURN CASE WHEN jsonb_typeof(data #> path[:cardinality(path) - 1]) = 'object' THEN target ELSE data END;
END $$;

CREATE FUNCTION reference_patch_array(data jsonb, patch jsonb, path text[], match_key text DEFAULT 'id') RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    target jsonb := data #> path;
    wanted jsonb := patch -> match_key;
    patched jsonb;
BEGIN
    IF array_ndims(path) > 1 THEN
        RAISE EXCEPTION 'path must be an array of one dimension' USING ERRCODE = '2202E';
    ELSIF array_position(path, NULL) IS NOT NULL THEN
        RAISE EXCEPTION 'path element is null' USING ERRCODE = '22004';
    ELSIF jsonb_typeof(patch) <> 'object' THEN
        RAISE EXCEPTION 'patch must be an object' USING ERRCODE = '22023';
    ELSIF wanted IS NULL OR jsonb_typeof(wanted) IN ('object', 'array') THEN
        RAISE EXCEPTION 'patch has no such key, or no scalar there' USING ERRCODE = '22023';
    ELSIF target IS NULL OR target = 'null' THEN
        IF cardinality(path) = 0 THEN
            RETURN data;
        END IF;
        -- Changes nothing, but refuses scalars and positions that are no numbers.
        PERFORM jsonb_set(data, path, 'null');
        RETURN data;
    ELSIF jsonb_typeof(target) <> 'array' THEN
        RAISE EXCEPTION 'cannot look for elements in this' USING ERRCODE = '22023';
    END IF;
    SELECT coalesce(jsonb_agg(CASE WHEN jsonb_typeof(e.element) = 'object' AND wanted <> 'null'
                                        AND e.element -> match_key = wanted
                                   THEN e.element || patch
                                   ELSE e.element END
                              ORDER BY e.ordinality), '[]')
      INTO patched
      FROM jsonb_array_elements(target) WITH ORDINALITY AS e (element, ordinality);
    IF cardinality(path) = 0 THEN
        RETURN patched;
    END IF;
    RETURN jsonb_set(data, path, patched);
END $$;

CREATE FUNCTION benchmark_document(size integer) RETURNS jsonb
LANGUAGE sql IMMUTABLE STRICT AS $$
    SELECT jsonb_build_object(
        'id', 4711, 'sku', 'SKU-0004711', 'name', 'A product with a name of usual length', 'price', 129.90, 'stock', 17,
        'active', true, 'tags', jsonb_build_array('garden', 'tools', 'new'),
        'category', jsonb_build_object('id', 12, 'name', 'Garden tools', 'path', 'Home / Garden / Tools'),
        'supplier', jsonb_build_object('id', 3, 'name', 'Supplier and Sons', 'rating', 4.5),
        -- A review takes about 200 bytes.
        'reviews', (SELECT coalesce(jsonb_agg(jsonb_build_object(
                               'id', n, 'author', 'Customer ' || n * 7919 % 1000, 'rating', n % 5 + 1, 'verified', n % 3 = 0,
                               'text', 'Review ' || md5(n::text) || ' ' || md5((n * 31)::text))
                           ORDER BY n), '[]')
                      FROM generate_series(1, (size - 600) / 200) AS n));
$$;
