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

// list returns the databases of ours that belong to our role, or to the one that owns
// what our targets use; those of another
// role are its own runs' to clear. The size is asked for only where wanted, since
// it costs a walk over the files.
func list(ctx context.Context, conn *pgx.Conn, sizes bool) ([]listing, error) {
	rows, err := conn.Query(ctx, `
		SELECT d.datname, coalesce(shobj_description(d.oid, 'pg_database'), ''),
		       CASE WHEN $1 THEN pg_database_size(d.oid) ELSE 0 END
		  FROM pg_database d
		 WHERE d.datname LIKE 'holdfast\_%' AND pg_get_userbyid(d.datdba) IN (current_user, $2)`, sizes, ownerOf(conn.Config().User).String())
	if err != nil {
		return nil, fmt.Errorf("list databases: %w", err)
	}
	var found []listing
	var datname, comment string
	var bytes int64
	_, err = pgx.ForEachRow(rows, []any{&datname, &comment, &bytes}, func() error {
		if n, ok := parseName(datname); ok && !n.isRole() {
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

// drop removes a database of our own, whoever is connected to it, and sees that it
// is gone.
func drop(ctx context.Context, conn *pgx.Conn, n name) error {
	return dropBy(ctx, conn, n, " WITH (FORCE)")
}

// dropIdle removes a database that may be another's, unless somebody is connected.
func dropIdle(ctx context.Context, conn *pgx.Conn, n name) error { return dropBy(ctx, conn, n, "") }

func dropBy(ctx context.Context, conn *pgx.Conn, n name, how string) error {
	if _, err := conn.Exec(ctx, "DROP DATABASE IF EXISTS "+quote(n.String())+how); err != nil && !hasCode(err, codeNoSuchDatabase) {
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

// dropOne removes a database or a role that may be another's, unless somebody is
// connected to it or depends on it.
func dropOne(ctx context.Context, conn *pgx.Conn, n name) error {
	switch n.kind {
	case ownerKind:
		return dropOwner(ctx, conn, n)
	case loginKind:
		return dropRole(ctx, conn, n)
	}
	return dropIdle(ctx, conn, n)
}

// sweepDead drops the clones and half-built templates of sessions that are dead, and
// the roles of their targets, and returns how many databases that were.
func sweepDead(ctx context.Context, conn *pgx.Conn) (swept int, err error) {
	dead, err := atTwoLooks(ctx, func() ([]name, error) {
		found, err := unused(ctx, conn)
		return slices.DeleteFunc(found, func(n name) bool { return !n.ofSession() }), err
	})
	var errs []error
	for _, n := range dead {
		err := dropOne(ctx, conn, n)
		errs = append(errs, err)
		if err == nil && !n.isRole() {
			swept++
		}
	}
	return swept, errors.Join(append(errs, err)...)
}

// atTwoLooks is what is found now and a while after. Dead is whoever has no lock, at two
// looks, and to whose database nobody is connected: a living session may have lost its
// lock a moment ago, and its target may be all that is left of a run.
func atTwoLooks(ctx context.Context, look func() ([]name, error)) ([]name, error) {
	suspects, err := look()
	if err != nil || len(suspects) == 0 {
		return nil, err
	}
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-time.After(sweepGrace):
	}
	still, err := look()
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(suspects, func(n name) bool { return !slices.Contains(still, n) }), nil
}

// unused are the databases whose lock nobody holds, and to which nobody is connected,
// after them the roles of dead sessions, and last the owner where nobody uses anything: in
// the order in which they can go. Whoever uses one takes its lock before it makes it: so
// they are listed first and locks after, and whatever was listed and has no lock is
// nobody's.
func unused(ctx context.Context, conn *pgx.Conn) ([]name, error) {
	found, err := list(ctx, conn, false)
	if err != nil {
		return nil, err
	}
	logins, err := roles(ctx, conn)
	if err != nil {
		return nil, err
	}
	owner := ownerOf(conn.Config().User)
	var owned bool
	if err := conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)", owner.String()).Scan(&owned); err != nil {
		return nil, fmt.Errorf("look for role %s: %w", owner, err)
	}
	alive, err := heldKeys(ctx, conn)
	if err != nil {
		return nil, err
	}
	used, err := connectedTo(ctx, conn)
	if err != nil {
		return nil, err
	}
	var names []name
	for _, l := range found {
		if !alive[l.name.lock()] && !used[l.name.String()] {
			names = append(names, l.name)
		}
	}
	owned = owned && len(names) == len(found) && !alive[owner.lock()]
	for _, n := range logins {
		if !alive[n.lock()] {
			names = append(names, n)
		}
	}
	if owned {
		names = append(names, owner)
	}
	return names, nil
}

// connectedTo are the databases that somebody is connected to. Of sessions of other
// roles the server may not tell what they are: they count as somebody.
func connectedTo(ctx context.Context, conn *pgx.Conn) (map[string]bool, error) {
	rows, err := conn.Query(ctx, `
		SELECT DISTINCT datname FROM pg_stat_activity
		 WHERE datname IS NOT NULL AND coalesce(backend_type, 'client backend') NOT LIKE 'autovacuum%'`)
	if err != nil {
		return nil, fmt.Errorf("ask who is connected: %w", err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("ask who is connected: %w", err)
	}
	used := map[string]bool{}
	for _, n := range names {
		used[n] = true
	}
	return used, nil
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

// dropUnused drops what has a lock of its own unless somebody holds that.
func dropUnused(ctx context.Context, conn *pgx.Conn, n name) (gone bool, err error) {
	key := n.lock()
	held, err := heldKeys(ctx, conn) // also by those who meet in another database
	if err != nil || held[key] {
		return false, err
	}
	var locked bool
	if err := conn.QueryRow(ctx, "SELECT pg_try_advisory_lock($1)", key).Scan(&locked); err != nil || !locked {
		return false, err
	}
	errDrop := dropOne(ctx, conn, n)
	_, errUnlock := conn.Exec(ctx, "SELECT pg_advisory_unlock($1)", key)
	return errDrop == nil, errors.Join(errDrop, errUnlock)
}
