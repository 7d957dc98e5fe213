package database

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"holdfast.dev/holdfast/harness/database/internal/address"
)

// A session costs a server milliseconds, on some machines tens of them, so those that
// are over for one are kept for the next who needs one.
const (
	mostKept     = 32 // more at a time than a run asks for: who waits for another may wait for ever
	keptFor      = 30 * time.Second
	lookedAfter  = 10 * time.Second
	mostInAClone = 4
)

// Pool keeps sessions of the harness itself in the database, past every proxy, under the
// name of an application. None is opened before it is asked for, and one that was cut is
// never given out. It is to be closed before the database is dropped.
func (d *Database) Pool(application string) (*pgxpool.Pool, error) {
	return clonePool(d.address, application)
}

// TargetPool keeps sessions as the role of targets, which owns what is made by them.
func (d *Database) TargetPool(application string) (*pgxpool.Pool, error) {
	return clonePool(d.target, application)
}

func clonePool(a address.Address, application string) (*pgxpool.Pool, error) {
	config, err := poolConfig(a, mostInAClone)
	if err != nil {
		return nil, err
	}
	config.ConnConfig.ConnectTimeout = connectPatience
	config.ConnConfig.RuntimeParams["application_name"] = application
	config.ConnConfig.DefaultQueryExecMode = pgx.QueryExecModeExec // tables change between two of the same statements
	return pgxpool.NewWithConfig(context.Background(), config)     // which opens nothing
}

// adminPool keeps sessions to administer from.
func adminPool(a address.Address) (*pgxpool.Pool, error) {
	config, err := poolConfig(a, mostKept)
	if err != nil {
		return nil, err
	}
	configure(config.ConnConfig)
	config.AfterConnect = withoutLimits
	return pgxpool.NewWithConfig(context.Background(), config)
}

func poolConfig(a address.Address, most int32) (*pgxpool.Config, error) {
	config, err := pgxpool.ParseConfig(a.DSN())
	if err != nil {
		return nil, errUnread
	}
	config.MaxConns, config.MinConns, config.MinIdleConns = most, 0, 0
	config.MaxConnIdleTime, config.HealthCheckPeriod = keptFor, lookedAfter
	config.ShouldPing = func(context.Context, pgxpool.ShouldPingParams) bool { return true } // a fault may have cut it
	return config, nil
}
