package schema

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"slices"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"golang.org/x/sync/errgroup"
)

// bucketBits is what search_bucket in the database shifts a project's id by.
const bucketBits = 14

// names is a table of things that have an id and a name.
func names(of string) table {
	return table{of, []column{{"id", pgtype.Int4OID}, {"name", pgtype.TextOID}}}
}

// The tables that are filled for each project.
var (
	projectsTable = table{"projects", []column{{"id", pgtype.Int8OID}, {"title", pgtype.TextOID}, {"description", pgtype.TextOID},
		{"category_id", pgtype.Int4OID}, {"city_id", pgtype.Int4OID}, {"owner_id", pgtype.Int8OID}, {"status", pgtype.TextOID},
		{"goal_cents", pgtype.Int8OID}, {"raised_cents", pgtype.Int8OID}, {"created_at", pgtype.TimestamptzOID}}}
	documentsTable = table{"search_documents", []column{{"project_id", pgtype.Int8OID}, {"document", pgtype.TextOID}, {"postings", pgtype.Int8ArrayOID}}}
	taggingsTable  = table{"project_tags", []column{{"project_id", pgtype.Int8OID}, {"tag_id", pgtype.Int4OID}}}
)

// load fills all tables. Projects are made bucket by bucket on all processors, and
// each of their tables is filled by a connection of its own.
func load(ctx context.Context, conn *pgx.Conn, dsn string, g *generator) error {
	if err := loadNames(ctx, conn, g); err != nil {
		return err
	}
	seen := newSightings(len(g.words))
	group, groupCtx := errgroup.WithContext(ctx)
	sinks := map[string]*io.PipeWriter{}
	for _, t := range []table{projectsTable, documentsTable, taggingsTable} {
		rows, sink := io.Pipe()
		sinks[t.name] = sink
		group.Go(func() error {
			err := loadTable(groupCtx, dsn, t, rows)
			rows.CloseWithError(err) // whoever writes learns of it
			return err
		})
	}
	group.Go(func() error {
		err := makeBuckets(groupCtx, g, seen, sinks)
		for _, sink := range sinks {
			sink.CloseWithError(err) // nil: the rows are complete
		}
		return err
	})
	if err := group.Wait(); err != nil {
		return err
	}
	return seen.load(ctx, conn, g.words)
}

func loadTable(ctx context.Context, dsn string, t table, rows io.Reader) error {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	return t.fill(ctx, conn, rows)
}

// makeBuckets makes the projects of one bucket after the other, several at once, and
// writes them into their tables.
func makeBuckets(ctx context.Context, g *generator, seen *sightings, sinks map[string]*io.PipeWriter) error {
	group, making := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0) + 1) // one more, for each waits for the database now and then
	for bucket := range g.params.Projects>>bucketBits + 1 {
		if making.Err() != nil {
			break
		}
		group.Go(func() error {
			first := max(bucket<<bucketBits, 1)
			last := min((bucket+1)<<bucketBits-1, g.params.Projects)
			projects := make([]project, 0, last-first+1)
			for id := first; id <= last; id++ {
				projects = append(projects, g.project(id))
			}
			seen.add(bucket, projects)
			for _, e := range []func(int64, []project) (*encoder, error){encodeProjects, encodeDocuments, encodeTaggings} {
				encoded, err := e(bucket, projects)
				if err != nil {
					return fmt.Errorf("projects %d to %d: %w", first, last, err)
				}
				if _, err := sinks[encoded.table.name].Write(encoded.rows); err != nil { // one bucket's rows at a time
					return err
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	return ctx.Err() // what was left out is not complete
}

func encodeProjects(_ int64, projects []project) (*encoder, error) {
	e := projectsTable.encoder()
	for _, p := range projects {
		if err := e.row(p.id, p.title, p.description, p.category, p.city, p.owner, p.status, p.goal, p.raised, p.created); err != nil {
			return nil, err
		}
	}
	return e, nil
}

func encodeDocuments(bucket int64, projects []project) (*encoder, error) {
	e := documentsTable.encoder()
	for _, p := range projects {
		postings := make([]int64, len(p.words))
		for i, word := range p.words {
			postings[i] = bucket<<32 | int64(word)
		}
		if err := e.row(p.id, p.document, postings); err != nil {
			return nil, err
		}
	}
	return e, nil
}

func encodeTaggings(_ int64, projects []project) (*encoder, error) {
	e := taggingsTable.encoder()
	for _, p := range projects {
		for _, tag := range p.tags {
			if err := e.row(p.id, tag); err != nil {
				return nil, err
			}
		}
	}
	return e, nil
}

// loadNames fills categories, cities, tags and owners.
func loadNames(ctx context.Context, conn *pgx.Conn, g *generator) error {
	for name, all := range map[string][]string{
		"categories": trimmed(categories), "cities": trimmed(cities), "tags": plain(g.tags),
	} {
		id := 0
		if err := fillWith(ctx, conn, names(name), all, func(name string) []any {
			id++
			return []any{id, name}
		}); err != nil {
			return err
		}
	}
	ids := make([]int64, owners(g.params.Projects))
	for i := range ids {
		ids[i] = int64(i) + 1
	}
	ownersTable := table{"owners", []column{{"id", pgtype.Int8OID}, {"name", pgtype.TextOID}, {"email", pgtype.TextOID}, {"created_at", pgtype.TimestamptzOID}}}
	return fillWith(ctx, conn, ownersTable, ids, func(id int64) []any {
		return []any{id, ownerName(id), fmt.Sprintf("owner%d@example.org", id), firstDay}
	})
}

// plain returns the names that these tokens were made of.
func plain(names [][]token) []string {
	var all []string
	for _, name := range names {
		all = append(all, name[0].text)
	}
	return all
}

// sightings collects which words were seen in which buckets.
type sightings struct {
	mu      sync.Mutex
	buckets [][]int32 // by word id - 1
}

func newSightings(words int) *sightings {
	return &sightings{buckets: make([][]int32, words)}
}

// add notes the words of a bucket's projects.
func (s *sightings) add(bucket int64, projects []project) {
	seen := make([]bool, len(s.buckets))
	for _, p := range projects {
		for _, word := range p.words {
			seen[word-1] = true
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, yes := range seen {
		if yes {
			s.buckets[i] = append(s.buckets[i], int32(bucket))
		}
	}
}

// load fills the table of the words that were seen.
func (s *sightings) load(ctx context.Context, conn *pgx.Conn, words []string) error {
	var ids []int
	for i, buckets := range s.buckets {
		if len(buckets) > 0 {
			slices.Sort(buckets)
			ids = append(ids, i+1)
		}
	}
	wordsTable := table{"search_words", []column{{"id", pgtype.Int4OID}, {"word", pgtype.TextOID}, {"buckets", pgtype.Int4ArrayOID}}}
	return fillWith(ctx, conn, wordsTable, ids, func(id int) []any {
		return []any{id, words[id-1], s.buckets[id-1]}
	})
}
