-- Keeps search_documents and search_words true to the projects, whoever writes
-- them.

-- search_normalize folds a text: the function is made from the tables of the
-- package fold, which folds queries, and stands here when this file is applied.
-- @fold search_normalize

-- Projects whose ids share all but the last 14 bits share a bucket: small enough
-- (16,384) that reading every project of one is quick, and a million is 62 buckets.
CREATE FUNCTION search_bucket(project_id bigint) RETURNS integer
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
AS $$ SELECT (project_id >> 14)::integer $$;

CREATE FUNCTION search_posting(bucket integer, word_id integer) RETURNS bigint
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
AS $$ SELECT bucket::bigint << 32 | word_id $$;

-- The words of a normalised text. A word of more than 600 characters is cut into
-- pieces that overlap by 200, the longest query: an index entry has a limit.
CREATE FUNCTION search_split(document text) RETURNS TABLE (word text)
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
AS $$
    SELECT DISTINCT substr(whole, start, 600) COLLATE "C"
    FROM string_to_table(document, ' ') whole,
         generate_series(1, greatest(length(whole) - 200, 1), 400) start
    WHERE whole <> ''
$$;

CREATE FUNCTION search_text(ids bigint[]) RETURNS TABLE (project_id bigint, document text)
    LANGUAGE sql STABLE
AS $$
    SELECT p.id, search_normalize(concat_ws(' ', p.title, p.description, c.name, y.name,
        (SELECT string_agg(t.name, ' ' ORDER BY t.id)
         FROM project_tags pt JOIN tags t ON t.id = pt.tag_id
         WHERE pt.project_id = p.id)))
    FROM projects p
    JOIN categories c ON c.id = p.category_id
    JOIN cities y ON y.id = p.city_id
    WHERE p.id = ANY (ids)
$$;

-- Writes the search documents of these projects anew. Words are inserted and
-- locked in their order, so that two writers cannot wait for each other.
CREATE FUNCTION search_index(ids bigint[]) RETURNS void
    LANGUAGE plpgsql
AS $$
BEGIN
    INSERT INTO search_words (word, buckets)
    SELECT DISTINCT s.word, '{}'::integer[]
    FROM search_text(ids) d, search_split(d.document) s
    WHERE NOT EXISTS (SELECT FROM search_words known WHERE known.word = s.word)
    ORDER BY 1
    ON CONFLICT (word) DO NOTHING;

    WITH seen AS (
        SELECT s.word, array_agg(DISTINCT search_bucket(d.project_id)) AS buckets
        FROM search_text(ids) d, search_split(d.document) s
        GROUP BY s.word
    ), lacking AS (
        SELECT w.id, seen.buckets
        FROM search_words w JOIN seen ON seen.word = w.word
        WHERE NOT w.buckets @> seen.buckets
        ORDER BY w.word
        FOR NO KEY UPDATE OF w
    )
    UPDATE search_words w
    SET buckets = (SELECT array_agg(DISTINCT b ORDER BY b) FROM unnest(w.buckets || lacking.buckets) b)
    FROM lacking WHERE lacking.id = w.id;

    INSERT INTO search_documents (project_id, document, postings)
    SELECT d.project_id, d.document, ARRAY(
        SELECT search_posting(search_bucket(d.project_id), w.id)
        FROM search_split(d.document) s JOIN search_words w ON w.word = s.word
        ORDER BY 1)
    FROM search_text(ids) d
    ON CONFLICT (project_id) DO UPDATE
    SET document = EXCLUDED.document, postings = EXCLUDED.postings;
END $$;

CREATE FUNCTION search_project_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM search_index(ARRAY[NEW.id]);
    RETURN NULL;
END $$;

CREATE TRIGGER search_index AFTER INSERT OR UPDATE OF title, description, category_id, city_id ON projects
    FOR EACH ROW EXECUTE FUNCTION search_project_changed();

CREATE FUNCTION search_tagging_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        PERFORM search_index(ARRAY[OLD.project_id]);
    ELSE
        PERFORM search_index(ARRAY[NEW.project_id]);
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER search_index AFTER INSERT OR DELETE ON project_tags
    FOR EACH ROW EXECUTE FUNCTION search_tagging_changed();

-- A renamed category, city or tag touches every project that carries it. The
-- trigger's argument is the query for those, by the renamed row's id.
CREATE FUNCTION search_name_changed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    ids bigint[];
BEGIN
    EXECUTE TG_ARGV[0] INTO ids USING NEW.id;
    PERFORM search_index(ids);
    RETURN NULL;
END $$;

CREATE TRIGGER search_index AFTER UPDATE OF name ON categories
    FOR EACH ROW EXECUTE FUNCTION search_name_changed('SELECT array_agg(id) FROM projects WHERE category_id = $1');
CREATE TRIGGER search_index AFTER UPDATE OF name ON cities
    FOR EACH ROW EXECUTE FUNCTION search_name_changed('SELECT array_agg(id) FROM projects WHERE city_id = $1');
CREATE TRIGGER search_index AFTER UPDATE OF name ON tags
    FOR EACH ROW EXECUTE FUNCTION search_name_changed('SELECT array_agg(project_id) FROM project_tags WHERE tag_id = $1');
