package database

import (
	"os"

	"holdfast.dev/holdfast/harness/database/internal/address"
)

// serviceVariable tells a service its database: the program serves one, too.
const serviceVariable = "DATABASE_URL"

// Detach ends what the environment variables of Postgres's clients (PGHOST, PGSERVICE,
// PGSSLMODE …) do to this program, and is for its beginning. A person sets them for one
// server; every connection of the program would heed them, also those to servers of its
// own. What they add to a DSN that getenv knows, of the server to run on or of the
// database to serve, is kept in the DSN: the function that is returned takes getenv's
// place.
func Detach(getenv func(string) string) (func(string) string, error) {
	kept := map[string]string{}
	for _, name := range []string{URLVariable, serviceVariable} {
		dsn := getenv(name)
		if dsn == "" {
			continue
		}
		if a, err := address.Parse(dsn); err == nil { // whoever uses it will say what is wrong with it
			kept[name] = a.DSN()
		}
	}
	for _, name := range address.Variables() {
		if err := os.Unsetenv(name); err != nil {
			return nil, err
		}
	}
	return func(name string) string {
		if dsn, ok := kept[name]; ok {
			return dsn
		}
		return getenv(name)
	}, nil
}
