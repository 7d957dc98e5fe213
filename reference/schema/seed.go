package schema

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"sync"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"
)

// bareTables is the migration that a bulk load is done after: tables without
// keys, indexes and triggers.
const bareTables = 1

// bucketBits is what search_bucket in the database shifts a project's id by.
const bucketBits = 14

// generatorVersion changes whenever the same parameters give other data.
const generatorVersion = 1

// errNotEmpty is returned by [Seed] for a database that has a schema already.
var errNotEmpty = errors.New("seed: the database has tables already: seeding wants a fresh one")

// Params says which data [Seed] builds: equal parameters, equal data.
type Params struct {
	// Projects is how many projects there are, with the ids 1 to Projects.
	Projects int64
	// Seed chooses the projects' words and everything else that is drawn.
	Seed uint64
}

// Validate reports what is wrong with the parameters.
func (p Params) Validate() error {
	if p.Projects < 1 || p.Projects > 100_000_000 {
		return fmt.Errorf("seed: %d projects: want 1 to 100,000,000", p.Projects)
	}
	return nil
}

// DataSetKey returns a short name for what [Seed] builds from these parameters:
// another key, other data or another schema.
func DataSetKey(p Params) (string, error) {
	all, err := migrations()
	if err != nil {
		return "", err
	}
	hash := sha256.New()
	for _, m := range all {
		fmt.Fprintf(hash, "%s %d\n", m.name, len(m.sql))
		io.WriteString(hash, m.sql)
	}
	binary.Write(hash, binary.BigEndian, [3]uint64{generatorVersion, uint64(p.Projects), p.Seed})
	return hex.EncodeToString(hash.Sum(nil)[:8]), nil
}

// Seed migrates a fresh database and fills it. The rows are copied by several
// connections into bare tables; keys, indexes and triggers follow, then the
// planner's statistics. A Seed that fails leaves a database to be thrown away.
func Seed(ctx context.Context, dsn string, p Params) error {
	if err := p.Validate(); err != nil {
		return err
	}
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return fmt.Errorf("seed: %w", err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	switch version, err := appliedVersion(ctx, conn); {
	case err != nil:
		return fmt.Errorf("seed: %w", err)
	case version > 0:
		return errNotEmpty
	}
	all, err := migrations()
	if err != nil {
		return err
	}
	if err := migrate(ctx, conn, all[:bareTables]); err != nil {
		return fmt.Errorf("seed: %w", err)
	}
	if err := load(ctx, conn, dsn, newGenerator(p)); err != nil {
		return fmt.Errorf("seed: %w", err)
	}
	if _, err := conn.Exec(ctx, "SET maintenance_work_mem = '256MB'"); err != nil {
		return fmt.Errorf("seed: %w", err)
	}
	if err := migrate(ctx, conn, all); err != nil {
		return fmt.Errorf("seed: %w", err)
	}
	// VACUUM writes the visibility map and hint bits once, before copies are made.
	if _, err := conn.Exec(ctx, "VACUUM (ANALYZE) "+
		"categories, cities, tags, owners, projects, project_tags, search_documents, search_words"); err != nil {
		return fmt.Errorf("seed: gather statistics: %w", err)
	}
	return nil
}

// load copies all rows.
func load(ctx context.Context, conn *pgx.Conn, dsn string, g *generator) error {
	if err := loadNames(ctx, conn, g); err != nil {
		return err
	}
	seen := newSightings(len(g.words))
	bucketsLeft := make(chan int64)
	group, groupCtx := errgroup.WithContext(ctx)
	group.Go(func() error {
		defer close(bucketsLeft)
		for bucket := range g.params.Projects>>bucketBits + 1 {
			select {
			case bucketsLeft <- bucket:
			case <-groupCtx.Done():
				return groupCtx.Err()
			}
		}
		return nil
	})
	for range max(2, runtime.GOMAXPROCS(0)) {
		group.Go(func() error { return loadBuckets(groupCtx, dsn, g, bucketsLeft, seen) })
	}
	if err := group.Wait(); err != nil {
		return err
	}
	return seen.load(ctx, conn, g.words)
}

// loadBuckets generates and copies the projects of one bucket after the other.
func loadBuckets(ctx context.Context, dsn string, g *generator, buckets <-chan int64, seen *sightings) error {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	for bucket := range buckets {
		first := max(bucket<<bucketBits, 1)
		last := min((bucket+1)<<bucketBits-1, g.params.Projects)
		projects := make([]project, 0, last-first+1)
		for id := first; id <= last; id++ {
			projects = append(projects, g.project(id))
		}
		seen.add(bucket, projects)
		if err := loadProjects(ctx, conn, bucket, projects); err != nil {
			return fmt.Errorf("copy projects %d to %d: %w", first, last, err)
		}
	}
	return nil
}

// loadProjects copies projects with their tags and search documents.
func loadProjects(ctx context.Context, conn *pgx.Conn, bucket int64, projects []project) error {
	columns := []string{"id", "title", "description", "category_id", "city_id", "owner_id",
		"status", "goal_cents", "raised_cents", "created_at"}
	if err := copyRows(ctx, conn, "projects", columns, projects, func(p project) []any {
		return []any{p.id, p.title, p.description, p.category, p.city, p.owner, p.status, p.goal, p.raised, p.created}
	}); err != nil {
		return err
	}
	columns = []string{"project_id", "document", "postings"}
	if err := copyRows(ctx, conn, "search_documents", columns, projects, func(p project) []any {
		postings := make([]int64, len(p.words))
		for i, word := range p.words {
			postings[i] = bucket<<32 | int64(word)
		}
		return []any{p.id, p.document, postings}
	}); err != nil {
		return err
	}
	type tagging struct {
		project int64
		tag     int32
	}
	var taggings []tagging
	for _, p := range projects {
		for _, tag := range p.tags {
			taggings = append(taggings, tagging{p.id, tag})
		}
	}
	return copyRows(ctx, conn, "project_tags", []string{"project_id", "tag_id"}, taggings,
		func(t tagging) []any { return []any{t.project, t.tag} })
}

// loadNames copies categories, cities, tags and owners.
func loadNames(ctx context.Context, conn *pgx.Conn, g *generator) error {
	for table, names := range map[string][]string{
		"categories": trimmed(categories), "cities": trimmed(cities), "tags": plain(g.tags),
	} {
		id := 0
		if err := copyRows(ctx, conn, table, []string{"id", "name"}, names, func(name string) []any {
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
	return copyRows(ctx, conn, "owners", []string{"id", "name", "email", "created_at"}, ids, func(id int64) []any {
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

// copyRows copies one row for each item.
func copyRows[T any](ctx context.Context, conn *pgx.Conn, table string, columns []string, items []T, row func(T) []any) error {
	_, err := conn.CopyFrom(ctx, pgx.Identifier{table}, columns, pgx.CopyFromSlice(len(items), func(i int) ([]any, error) {
		return row(items[i]), nil
	}))
	if err != nil {
		return fmt.Errorf("copy into %s: %w", table, err)
	}
	return nil
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

// load copies the words that were seen.
func (s *sightings) load(ctx context.Context, conn *pgx.Conn, words []string) error {
	var ids []int
	for i, buckets := range s.buckets {
		if len(buckets) > 0 {
			slices.Sort(buckets)
			ids = append(ids, i+1)
		}
	}
	return copyRows(ctx, conn, "search_words", []string{"id", "word", "buckets"}, ids, func(id int) []any {
		return []any{id, words[id-1], s.buckets[id-1]}
	})
}
