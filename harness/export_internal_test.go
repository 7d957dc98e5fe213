package harness

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// placed is a fake that tells where it is.
type placed struct {
	Fake
	values map[string]string
}

func (p placed) Values() map[string]string { return p.values }
func (placed) Settings() map[string]string { return map[string]string{"OWN": "as ever"} }

func TestWhatATargetIsToldOfItsDependencies(t *testing.T) {
	const dsn = "postgres://user:p%40ss@127.0.0.1:5433/shop?sslmode=disable"
	world := World{
		DatabaseName: "db",
		DatabaseEnv:  map[string]string{"URL": "{dsn}", "PG": "{user}:{password}@{host} {port} {database}"},
		Dependencies: []Dependency{
			{Name: "redis", Export: map[string]string{"REDIS": "redis://{address}/{secrets.shard}"}},
			{Name: "mail", Export: map[string]string{"MAIL": "{host}", "ALSO": "{redis.address}", "BRACE": "{{address}"}},
		},
	}
	st := &setup{
		scenario: Scenario{World: world},
		fakes: map[string]Fake{
			"redis": placed{values: map[string]string{"address": "127.0.0.1:1"}},
			"mail":  placed{values: map[string]string{"host": "localhost"}},
		},
		values: map[string]string{"secrets.shard": "3", "redis.address": "127.0.0.1:1"},
	}
	env := map[string]string{"PORT": "80"}
	require.NoError(t, st.export(dsn, env))
	require.Equal(t, map[string]string{
		"PORT": "80", "OWN": "as ever", "REDIS": "redis://127.0.0.1:1/3", "MAIL": "localhost", "ALSO": "127.0.0.1:1", "BRACE": "{address}",
		"URL": dsn, "PG": "user:p@ss@127.0.0.1 5433 shop",
	}, env)
	require.Equal(t, "127.0.0.1:5433", st.values["db.address"], "whoever is asked later may name it")

	st.scenario.World.Dependencies[0].Export["REDIS"] = "{adress}"
	require.ErrorContains(t, st.export(dsn, env), `tell the target of redis: REDIS: nothing is known by the name {adress}, did you mean address?`)
}

func TestWithoutMoreWordsTheDatabaseIsDATABASE_URL(t *testing.T) {
	st, env := &setup{values: map[string]string{}}, map[string]string{}
	require.NoError(t, st.export("postgres://u:p@h/d", env))
	require.Equal(t, map[string]string{"DATABASE_URL": "postgres://u:p@h/d"}, env)
	require.Equal(t, "5432", st.values["database.port"])
}
