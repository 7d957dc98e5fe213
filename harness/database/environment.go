package database

import (
	"os"

	"holdfast.dev/holdfast/harness/database/internal/address"
)

// Detach ends what the environment variables of Postgres's clients (PGHOST, PGSERVICE,
// PGSSLMODE …) do to this program, and is for its beginning. A person sets them for one
// server; every connection of the program would heed them, also those to servers of its
// own. What they add to the DSN that getenv knows is kept in the DSN: the function that
// is returned takes getenv's place.
func Detach(getenv func(string) string) (func(string) string, error) {
	dsn := getenv(URLVariable)
	if dsn != "" {
		if a, err := address.Parse(dsn); err == nil { // whoever uses it will say what is wrong with it
			dsn = a.DSN()
		}
	}
	for _, name := range address.Variables() {
		if err := os.Unsetenv(name); err != nil {
			return nil, err
		}
	}
	return func(name string) string {
		if name == URLVariable {
			return dsn
		}
		return getenv(name)
	}, nil
}
