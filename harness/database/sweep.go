package database

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
)

// listing is a database of ours as the server knows it.
type listing struct {
	name  name
	label label // the zero value where it cannot be read
	bytes int64 // on disk
}

// label is the comment on a database of ours: for people who look, and for
// choosing which template goes when there are too many. What is dropped is
// decided by names and locks, never by this.
type label struct {
	Holdfast string    `json:"holdfast"` // template, build, clone
	DataSet  string    `json:"data_set"`
	Key      string    `json:"key,omitempty"` // of the data set
	Run      string    `json:"run,omitempty"`
	Used     time.Time `json:"used"`
}

func (l label) comment(database string) string {
	text, _ := json.Marshal(l) // of strings and a time: cannot fail
	return "COMMENT ON DATABASE " + quote(database) + " IS " + literal(string(text))
}

// list returns the databases of ours that belong to our role; those of another
// role are its own runs' to clear. The size is asked for only where wanted, since
// it costs a walk over the files.
func list(ctx context.Context, conn *pgx.Conn, sizes bool) ([]listing, error) {
	rows, err := conn.Query(ctx, `
		SELECT d.datname, coalesce(shobj_description(d.oid, 'pg_database'), ''),
		       CASE WHEN $1 THEN pg_database_size(d.oid) ELSE 0 END
		  FROM pg_database d
		 WHERE d.datname LIKE 'holdfast\_%' AND pg_get_userbyid(d.datdba) = current_user`, sizes)
	if err != nil {
		return nil, fmt.Errorf("list databases: %w", err)
	}
	var found []listing
	var datname, comment string
	var bytes int64
	_, err = pgx.ForEachRow(rows, []any{&datname, &comment, &bytes}, func() error {
		if n, ok := parseName(datname); ok {
			l := listing{name: n, bytes: bytes}
			_ = json.Unmarshal([]byte(comment), &l.label)
			found = append(found, l)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list databases: %w", err)
	}
	return found, nil
}

// drop removes a database, whoever is connected to it, and sees that it is gone.
func drop(ctx context.Context, conn *pgx.Conn, n name) error {
	if _, err := conn.Exec(ctx, "DROP DATABASE IF EXISTS "+quote(n.String())+" WITH (FORCE)"); err != nil && !hasCode(err, codeNoSuchDatabase) {
		return fmt.Errorf("drop database %s: %w", n, err)
	}
	var there bool
	if err := conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", n.String()).Scan(&there); err != nil {
		return fmt.Errorf("see whether database %s is gone: %w", n, err)
	}
	if there {
		return fmt.Errorf("drop database %s: it is still there", n)
	}
	return nil
}

// sweepDead drops the clones and half-built templates of sessions that are dead,
// and returns how many. A session takes its lock before it makes its first
// database: so databases are listed first and locks after, and whatever was
// listed and has no lock has no owner.
func sweepDead(ctx context.Context, conn *pgx.Conn) (swept int, err error) {
	found, err := list(ctx, conn, false)
	if err != nil {
		return 0, err
	}
	alive, err := heldKeys(ctx, conn)
	if err != nil {
		return 0, err
	}
	var errs []error
	for _, l := range found {
		if l.name.kind == templateKind || alive[lockKey(cloneKind, l.name.token)] {
			continue
		}
		if err := drop(ctx, conn, l.name); err != nil {
			errs = append(errs, err)
			continue
		}
		swept++
	}
	return swept, errors.Join(errs...)
}

// prune drops the templates that were not used for longest, until what is left
// is within both bounds. A template that anyone uses just now stays.
func prune(ctx context.Context, conn *pgx.Conn, keep int, keepBytes int64) (dropped []string, err error) {
	templates, err := list(ctx, conn, true)
	if err != nil {
		return nil, err
	}
	templates = slices.DeleteFunc(templates, func(l listing) bool { return l.name.kind != templateKind })
	slices.SortFunc(templates, func(a, b listing) int {
		return cmp.Or(b.label.Used.Compare(a.label.Used), cmp.Compare(a.name.token, b.name.token))
	})
	var count int
	var total int64
	for _, l := range templates {
		count++
		total += l.bytes
		if count <= keep && total <= keepBytes {
			continue
		}
		gone, err := dropUnused(ctx, conn, l.name)
		if err != nil {
			return dropped, err
		}
		if gone {
			count--
			total -= l.bytes
			dropped = append(dropped, cmp.Or(l.label.DataSet, l.name.String()))
		}
	}
	return dropped, nil
}

// dropUnused drops a template unless somebody holds its lock.
func dropUnused(ctx context.Context, conn *pgx.Conn, n name) (gone bool, err error) {
	key := lockKey(templateKind, n.token)
	held, err := heldKeys(ctx, conn) // also by those who meet in another database
	if err != nil || held[key] {
		return false, err
	}
	var locked bool
	if err := conn.QueryRow(ctx, "SELECT pg_try_advisory_lock($1)", key).Scan(&locked); err != nil || !locked {
		return false, err
	}
	errDrop := drop(ctx, conn, n)
	_, errUnlock := conn.Exec(ctx, "SELECT pg_advisory_unlock($1)", key)
	return errDrop == nil, errors.Join(errDrop, errUnlock)
}
