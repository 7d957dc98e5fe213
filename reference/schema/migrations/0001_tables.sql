-- Projects of a crowdfunding platform, and what the search reads of them.
--
-- This file holds bare tables: keys, indexes and triggers follow in later
-- files, so that a bulk load can fill the tables between the two.

CREATE TABLE categories (id integer NOT NULL, name text NOT NULL);
CREATE TABLE cities     (id integer NOT NULL, name text NOT NULL);
CREATE TABLE tags       (id integer NOT NULL, name text NOT NULL);

CREATE TABLE owners (
    id         bigint NOT NULL,
    name       text   NOT NULL,
    email      text   NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE projects (
    id           bigint  NOT NULL,
    title        text    NOT NULL CHECK (title <> ''),
    description  text    NOT NULL,
    category_id  integer NOT NULL,
    city_id      integer NOT NULL,
    owner_id     bigint  NOT NULL,
    status       text    NOT NULL DEFAULT 'active' CHECK (status IN ('draft', 'active', 'funded', 'closed')),
    goal_cents   bigint  NOT NULL CHECK (goal_cents > 0),
    raised_cents bigint  NOT NULL DEFAULT 0 CHECK (raised_cents >= 0),
    created_at   timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE project_tags (project_id bigint NOT NULL, tag_id integer NOT NULL);

-- What is searched of a project: its title, description, category, city and
-- tags as one normalised text. Postings are the words of that text, each bound
-- to the project's bucket (search_posting), so that an index on them can be
-- read one range of projects at a time, newest first.
CREATE TABLE search_documents (
    project_id bigint   NOT NULL,
    document   text     NOT NULL COLLATE "C",
    postings   bigint[] NOT NULL
);

-- Every word that any document ever held (words are not forgotten), and the
-- buckets whose documents held it.
CREATE TABLE search_words (
    id      integer   NOT NULL,
    word    text      NOT NULL COLLATE "C",
    buckets integer[] NOT NULL
);
