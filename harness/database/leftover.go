package database

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"holdfast.dev/holdfast/harness/database/internal/address"
	"holdfast.dev/holdfast/harness/undo"
)

// errInUse is that somebody has come to use what was to be removed.
var errInUse = errors.New("somebody uses it")

// Leftovers are what the providers keep between runs and nobody uses now; it starts
// nothing. What one of them cannot look at is an error beside the rest.
func (o Options) Leftovers(ctx context.Context) ([]undo.Leftover, error) {
	o = o.withDefaults()
	var all []undo.Leftover
	var errs []error
	for _, p := range o.Providers {
		if p.Leftovers == nil {
			continue
		}
		left, err := p.Leftovers(ctx, o.CacheDir)
		all = append(all, left...)
		errs = append(errs, err)
	}
	return all, errors.Join(errs...)
}

// leftOn are the databases and roles of ours on the server at a DSN that nobody uses:
// templates, what sessions that are dead left, and the owner of all of it. Nobody uses
// what nobody was seen to use at two looks.
func leftOn(ctx context.Context, dsn string) ([]undo.Leftover, error) {
	a, err := address.Parse(dsn)
	if err != nil {
		return nil, err
	}
	admin, conn, err := maintenance(ctx, a)
	if err != nil {
		return nil, err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	left, err := atTwoLooks(ctx, func() ([]name, error) { return unused(ctx, conn) })
	if err != nil || len(left) == 0 {
		return nil, err
	}
	found, err := list(ctx, conn, true)
	if err != nil {
		return nil, err
	}
	var all []undo.Leftover
	for _, n := range left {
		l := listing{name: n}
		if i := slices.IndexFunc(found, func(l listing) bool { return l.name == n }); i >= 0 {
			l = found[i]
		}
		all = append(all, undo.Leftover{What: l.about(admin.HostPort()), Bytes: l.bytes, Remove: func(ctx context.Context) error { return dropLeft(ctx, admin, n) }})
	}
	return all, nil
}

func (l listing) about(server string) string {
	if l.name.isRole() {
		what := map[kind]string{ownerKind: "owner of the data sets", loginKind: "login of a killed run"}[l.name.kind]
		return fmt.Sprintf("%s: role %s on %s", what, l.name, server)
	}
	what := map[kind]string{templateKind: "data set " + cmp.Or(l.label.DataSet, "without a name"), buildKind: "half a data set of a killed run", cloneKind: "copy of a killed run"}[l.name.kind]
	if used := l.label.Used; l.name.kind == templateKind && !used.IsZero() {
		what += ", last used " + used.Format(time.DateOnly)
	}
	return fmt.Sprintf("%s: database %s on %s", what, l.name, server)
}

// dropLeft drops a database or a role of ours unless somebody has come to use it.
func dropLeft(ctx context.Context, admin address.Address, n name) error {
	conn, err := connect(ctx, admin)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	if n.ofSession() {
		return gone(dropDead(ctx, conn, n))
	}
	return gone(dropUnused(ctx, conn, n))
}

// dropDead drops what a session left whose lock nobody holds.
func dropDead(ctx context.Context, conn *pgx.Conn, n name) (bool, error) {
	held, err := heldKeys(ctx, conn)
	if err != nil || held[n.lock()] {
		return false, err
	}
	return true, dropOne(ctx, conn, n)
}

func gone(gone bool, err error) error {
	if err == nil && !gone {
		return errInUse
	}
	return err
}
