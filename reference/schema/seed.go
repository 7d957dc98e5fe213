package schema

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"github.com/jackc/pgx/v5"
)

// bareTables is the migration that a bulk load is done after: tables without
// keys, indexes and triggers.
const bareTables = 1

// generatorVersion changes whenever the same parameters give other data.
const generatorVersion = 2

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
		text := m.sql()
		fmt.Fprintf(hash, "%s %d\n", m.name, len(text))
		io.WriteString(hash, text)
	}
	binary.Write(hash, binary.BigEndian, [3]uint64{generatorVersion, uint64(p.Projects), p.Seed})
	return hex.EncodeToString(hash.Sum(nil)[:8]), nil
}

// Seed migrates a fresh database and fills it. The rows are copied into bare tables,
// frozen; keys, indexes and triggers follow, then the planner's statistics. A Seed
// that fails leaves a database to be thrown away.
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
	// VACUUM has little left to do: the rows came frozen.
	if _, err := conn.Exec(ctx, "VACUUM (ANALYZE) "+
		"categories, cities, tags, owners, projects, project_tags, search_documents, search_words"); err != nil {
		return fmt.Errorf("seed: gather statistics: %w", err)
	}
	return nil
}
