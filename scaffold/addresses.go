package scaffold

import (
	"net"
	"regexp"
	"slices"
	"strings"
)

// led is the kind of what a variable leads to, by the scheme of its value or by its own
// name.
func (d *draft) led(v Variable) (kind, bool) {
	if scheme, _, ok := strings.Cut(v.Value, "://"); ok && plainScheme.MatchString(scheme) {
		return ofScheme(scheme)
	}
	if k, part := byName(v.Name); part == "HOST" || part == "URL" || part == "ADDRESS" {
		if k.name == "smtp" && part == "URL" {
			return kind{}, false // an API that sends mail has such a name, too
		}
		if slices.Contains(stores, k.name) && isDatabaseName(v.Name) {
			return d.meant(v)
		}
		return k, k.name != ""
	}
	return kind{}, false
}

var plainScheme = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.:-]*$`)

// isDatabaseName reports whether a variable is of a database, and does not say which.
func isDatabaseName(name string) bool {
	return strings.HasPrefix(name, "DB_") || strings.HasPrefix(name, "DATABASE_") || strings.HasPrefix(name, "SQL_DATABASE")
}

// meant is the database that DB_HOST and the like lead to: what another variable names
// (DB_CONNECTION), what was found already, or else Postgres.
func (d *draft) meant(v Variable) (kind, bool) {
	if strings.HasPrefix(v.Value, "sqlite") || strings.HasPrefix(v.Value, "file:") {
		return kind{}, false
	}
	for _, f := range d.settings {
		switch f.Variable.Name {
		case "DB_CONNECTION", "DB_ENGINE", "DB_ADAPTER", "DATABASE_ENGINE", "DB_DRIVER", "DB_TYPE", "DATABASE_DRIVER":
			switch value := strings.ToLower(f.Variable.Value); {
			case strings.Contains(value, "mysql"), strings.Contains(value, "maria"):
				return kindNamed("mysql")
			case strings.Contains(value, "sqlite"):
				return kind{}, false
			}
		}
	}
	for _, t := range d.things {
		if slices.Contains(stores, t.Kind) {
			return kindNamed(t.Kind)
		}
	}
	return kindNamed("postgres")
}

// endings are last words of variables, by the part of an address that they hold.
var endings = []struct{ end, part string }{
	{"BOOTSTRAP_SERVERS", "ADDRESS"}, {"BROKER_URL", "URL"}, {"RESULT_BACKEND", "URL"}, {"HOSTNAME", "HOST"}, {"HOST", "HOST"}, {"SERVER", "HOST"}, {"SERVERS", "ADDRESS"}, {"BROKERS", "ADDRESS"},
	{"BROKER", "ADDRESS"}, {"ADDRESS", "ADDRESS"}, {"ADDRESSES", "ADDRESS"}, {"ADDR", "ADDRESS"}, {"PORT", "PORT"}, {"USERNAME", "USER"}, {"USER", "USER"}, {"PASSWORD", "PASSWORD"}, {"PASS", "PASSWORD"},
	{"DATABASE", "NAME"}, {"DBNAME", "NAME"}, {"NAME", "NAME"}, {"DB", "NAME"}, {"URL", "URL"}, {"URI", "URL"}, {"DSN", "URL"}, {"HOSTS", "ADDRESS"}, {"CONNECTION_STRING", "URL"}, {"VHOST", "VHOST"},
}

// byName is the kind and the part of an address that a variable's name says: REDIS_HOST,
// PGPASSWORD, SPRING_DATA_MONGODB_URI. The part is empty where there is none.
func byName(name string) (kind, string) {
	upper := strings.ToUpper(name)
	upper = strings.TrimPrefix(strings.TrimPrefix(upper, "SPRING_"), "DATA_")
	upper = strings.Replace(upper, "DATASOURCE", "DATABASE", 1)
	if rest, ok := strings.CutPrefix(upper, "PG"); ok && slices.Contains([]string{"HOST", "PORT", "USER", "PASSWORD", "DATABASE"}, rest) {
		upper = "PG_" + rest
	}
	for _, k := range kinds() {
		for _, prefix := range k.prefixes {
			rest, ok := strings.CutPrefix(upper, prefix+"_")
			if !ok {
				continue
			}
			for _, e := range endings {
				if rest == e.end || strings.HasSuffix(rest, "_"+e.end) {
					return k, e.part
				}
			}
		}
	}
	return kind{}, ""
}

func hostIn(rest string) string {
	authority, _, _ := strings.Cut(rest, "/")
	authority = authority[strings.LastIndexByte(authority, '@')+1:]
	host, _, err := net.SplitHostPort(authority)
	if err != nil {
		return authority
	}
	return host
}

var plainTail = regexp.MustCompile(`^/[A-Za-z0-9/_.-]{1,64}$`)

// pathIn is the path of an address, where it is plain enough to be copied.
func pathIn(rest string) string {
	at := strings.IndexByte(rest, '/')
	if at < 0 || !plainTail.MatchString(rest[at:]) {
		return ""
	}
	return rest[at:]
}

// address is that of a run in place of one with a scheme.
func (d *draft) address(kind, scheme, rest string) string {
	path := pathIn(rest)
	jdbc := strings.HasPrefix(scheme, "jdbc:")
	switch kind {
	case "postgres":
		switch {
		case jdbc:
			return scheme + "://{address}/{database}"
		case strings.Contains(scheme, "+") || scheme == "postgis":
			return scheme + "://{user}:{password}@{address}/{database}"
		}
		return "{dsn}"
	case "mysql":
		if jdbc {
			return scheme + "://{address}/app"
		}
		return scheme + "://app:{secrets.mysql}@{address}/app"
	case "rabbitmq":
		return "amqp://guest:guest@{address}/"
	case "redis":
		return "redis://{address}" + path
	case "mongo":
		if path == "" {
			path = "/app"
		}
		return "mongodb://{address}" + path
	}
	return scheme + "://{address}" + path
}

// partOf is a part of the address of a dependency.
func partOf(kind, part string) (string, bool) {
	text := map[string]string{"HOST": "{host}", "PORT": "{port}", "ADDRESS": "{address}"}[part]
	switch {
	case text != "":
		return text, true
	case kind == "postgres":
		text = map[string]string{"URL": "{dsn}", "NAME": "{database}", "USER": "{user}", "PASSWORD": "{password}"}[part]
	case kind == "mysql":
		text = map[string]string{"URL": "mysql://app:{secrets.mysql}@{address}/app", "NAME": "app", "USER": "app", "PASSWORD": "{secrets.mysql}"}[part]
	case kind == "rabbitmq":
		text = map[string]string{"URL": "amqp://guest:guest@{address}/", "USER": "guest", "PASSWORD": "guest", "VHOST": "/"}[part]
	case kind == "mongo":
		text = map[string]string{"URL": "mongodb://{address}/app", "NAME": "app"}[part]
	case kind == "redis":
		text = map[string]string{"URL": "redis://{address}/0"}[part]
	case part == "URL" && kind != "smtp":
		k, _ := kindNamed(kind)
		for _, v := range k.variables {
			text = v.Value
		}
	}
	return text, text != ""
}
