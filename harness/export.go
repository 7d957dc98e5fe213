package harness

import (
	"fmt"
	"maps"
	"net/url"
	"slices"

	"holdfast.dev/holdfast/nearest"
	"holdfast.dev/holdfast/placeholder"
)

// databaseVariable tells the target where its database is, unless
// [World.DatabaseEnv] says otherwise.
const databaseVariable = "DATABASE_URL"

// located is a fake that tells where its clients find it.
type located interface{ Values() map[string]string }

// valuesOf are what a fake says of itself, by name.
func valuesOf(f Fake) map[string]string {
	if l, ok := f.(located); ok {
		return l.Values()
	}
	return nil
}

// export adds to the target's environment where it finds its dependencies and its
// database.
func (st *setup) export(dsn string, env map[string]string) error {
	maps.Copy(env, st.played.variables())
	for _, d := range st.scenario.World.Dependencies {
		fake := st.fakes[d.Name]
		maps.Copy(env, fake.Settings())
		if err := fillAll(d.Export, valuesOf(fake), st.values, env); err != nil {
			return fmt.Errorf("tell the target of %s: %w", d.Name, err)
		}
	}
	if dsn == "" {
		return nil
	}
	own, err := databaseValues(dsn)
	if err != nil {
		return err
	}
	for name, value := range own {
		st.values[st.scenario.World.databaseName()+"."+name] = value
	}
	if err := fillAll(st.scenario.World.databaseEnv(), own, st.values, env); err != nil {
		return fmt.Errorf("tell the target of its database: %w", err)
	}
	return nil
}

// fillAll fills the texts of variables with values, own ones before those of the
// run, into env. A name that neither knows is an error.
func fillAll(texts, own, run, env map[string]string) error {
	for _, variable := range slices.Sorted(maps.Keys(texts)) {
		text, err := fillText(texts[variable], own, run)
		if err != nil {
			return fmt.Errorf("%s: %w", variable, err)
		}
		env[variable] = text
	}
	return nil
}

// fillText fills one text; the first map that knows a name is believed.
func fillText(text string, values ...map[string]string) (string, error) {
	var unknown string
	filled := placeholder.Text(text).Fill(func(name string) (string, bool) {
		for _, known := range values {
			if value, ok := known[name]; ok {
				return value, true
			}
		}
		if unknown == "" {
			unknown = name
		}
		return "", false
	})
	if unknown == "" {
		return filled, nil
	}
	var names []string
	for _, known := range values {
		names = append(names, slices.Collect(maps.Keys(known))...)
	}
	slices.Sort(names)
	return "", fmt.Errorf("nothing is known by the name {%s}%s", unknown, nearest.Hint(unknown, names))
}

// databaseName is how texts call the database.
func (w World) databaseName() string {
	if w.DatabaseName == "" {
		return OnDatabase
	}
	return w.DatabaseName
}

// databaseEnv are the variables that tell the target where its database is.
func (w World) databaseEnv() map[string]string {
	if w.DatabaseEnv == nil {
		return map[string]string{databaseVariable: "{dsn}"}
	}
	return w.DatabaseEnv
}

// databaseValues are the parts of a DSN by the names that texts have for them.
func databaseValues(dsn string) (map[string]string, error) {
	u, err := url.Parse(dsn)
	if err != nil {
		return nil, fmt.Errorf("the database's address cannot be read") // its text may hold the password
	}
	password, _ := u.User.Password()
	values := map[string]string{
		"dsn": dsn, "url": dsn, "host": u.Hostname(), "port": u.Port(), "address": u.Host,
		"database": u.Path[min(1, len(u.Path)):], "user": u.User.Username(), "password": password,
	}
	if values["port"] == "" {
		values["port"] = "5432"
	}
	return values, nil
}
