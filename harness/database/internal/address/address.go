// Package address reads a Postgres connection string of either form, URL or
// keywords, and writes it again as a URL for another database of the same
// server, or for the same database behind a proxy.
//
// Enter at [Parse]. Nothing here but [Address.DSN] ever shows a password, and no
// error repeats any part of the text that could not be read: where reading
// failed, nobody can say which part of it is the password.
package address

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// Address is where a database is and how to get in. It is a value: methods
// that change something return a changed copy.
type Address struct {
	host     string // a name, an IP, or the directory of a Unix socket
	port     uint16
	user     string
	password string
	database string
	settings url.Values // what is left of the text: sslmode, application_name …
}

// New is the address of a server on this machine that speaks no TLS.
func New(host string, port uint16, user, password, database string) Address {
	return Address{
		host: host, port: port, user: user, password: password, database: database,
		settings: url.Values{"sslmode": {"disable"}},
	}
}

// Parse reads a connection string: postgres://user:password@host:port/database
// or host=… port=… user=… password=… dbname=…. What it leaves out comes from the
// PG… environment variables and the password file, as everywhere else.
func Parse(text string) (Address, error) {
	settings, err := extraSettings(text)
	if err != nil {
		return Address{}, err
	}
	config, err := pgconn.ParseConfig(text)
	if err != nil {
		return Address{}, errors.New(whyUnreadable(settings))
	}
	if strings.Contains(config.Host, ",") || severalHosts(config) {
		return Address{}, errors.New("it names several hosts; name the one that accepts writes")
	}
	a := Address{
		host: config.Host, port: config.Port, user: config.User,
		password: config.Password, database: config.Database, settings: settings,
	}
	if a.database == "" {
		a.database = a.user
	}
	if _, err := url.Parse(a.DSN()); err != nil {
		return Address{}, errors.New("its host is neither a name nor an IP nor the directory of a socket")
	}
	return a, nil
}

// severalHosts tells several hosts from the several attempts that
// sslmode=prefer makes at one.
func severalHosts(config *pgconn.Config) bool {
	return slices.ContainsFunc(config.Fallbacks, func(f *pgconn.FallbackConfig) bool {
		return f.Host != config.Host || f.Port != config.Port
	})
}

// extraSettings returns the settings of the text that Address has no field for.
func extraSettings(text string) (url.Values, error) {
	settings := url.Values{}
	if strings.HasPrefix(text, "postgres://") || strings.HasPrefix(text, "postgresql://") {
		u, err := url.Parse(text)
		if err != nil {
			return nil, errors.New("its URL form cannot be read; characters of user and password other than letters, digits and -._~ must be percent-encoded (@ is %40, / is %2F, % is %25)")
		}
		u.RawQuery = strings.ReplaceAll(u.RawQuery, "+", "%2B") // a + is a + to libpq
		settings = u.Query()
	} else {
		pairs, err := keywords(text)
		if err != nil {
			return nil, err
		}
		for key, value := range pairs {
			settings.Set(key, value)
		}
	}
	for variable, name := range libpq {
		if value := os.Getenv(variable); value != "" && name != "" && !settings.Has(name) {
			settings.Set(name, value)
		}
	}
	return settings, nil
}

// libpq are the environment variables by which a client of Postgres is told what its
// connection string leaves out, each with its setting; those without have a field of
// Address.
var libpq = map[string]string{
	"PGHOST": "", "PGHOSTADDR": "", "PGPORT": "", "PGDATABASE": "", "PGUSER": "", "PGPASSWORD": "", "PGPASSFILE": "", "PGSERVICE": "", "PGSERVICEFILE": "", "PGSYSCONFDIR": "",
	"PGAPPNAME": "application_name", "PGCONNECT_TIMEOUT": "connect_timeout", "PGOPTIONS": "options", "PGTZ": "timezone",
	"PGSSLMODE": "sslmode", "PGSSLKEY": "sslkey", "PGSSLCERT": "sslcert", "PGSSLCERTMODE": "sslcertmode", "PGSSLSNI": "sslsni", "PGSSLROOTCERT": "sslrootcert",
	"PGSSLPASSWORD": "sslpassword", "PGSSLNEGOTIATION": "sslnegotiation", "PGTARGETSESSIONATTRS": "target_session_attrs", "PGCHANNELBINDING": "channel_binding",
	"PGREQUIREAUTH": "require_auth", "PGMINPROTOCOLVERSION": "min_protocol_version", "PGMAXPROTOCOLVERSION": "max_protocol_version",
}

// Variables are the names of the environment variables that a client of Postgres heeds.
func Variables() []string { return slices.Sorted(maps.Keys(libpq)) }

// whyUnreadable names the setting at fault as far as that can be done without
// repeating anything but a setting's name.
func whyUnreadable(settings url.Values) string {
	for _, key := range []string{"port", "connect_timeout"} {
		if v := settings.Get(key); v != "" {
			if _, err := strconv.ParseUint(v, 10, 32); err != nil {
				return key + " is not a number"
			}
		}
	}
	switch settings.Get("sslmode") {
	case "", "disable", "allow", "prefer", "require", "verify-ca", "verify-full":
	default:
		return "sslmode is none of disable, allow, prefer, require, verify-ca, verify-full"
	}
	return "one of its settings cannot be read (port, certificate files, service …)"
}

// ours are the settings that have a field of Address, or that were used up by
// reading the text.
func ours() []string {
	return []string{"host", "port", "user", "password", "dbname", "database", "passfile", "service", "servicefile"}
}

// DSN returns the whole connection string, password included, as a URL.
func (a Address) DSN() string {
	u := url.URL{Scheme: "postgres", Path: "/" + a.database}
	query := url.Values{}
	for key, values := range a.settings {
		if !slices.Contains(ours(), key) {
			query[key] = values
		}
	}
	if a.socket() {
		query.Set("host", a.host)
		query.Set("port", strconv.Itoa(int(a.port)))
	} else {
		u.Host = a.HostPort()
	}
	if a.password != "" {
		u.User = url.UserPassword(a.user, a.password)
	} else if a.user != "" {
		u.User = url.User(a.user)
	}
	u.RawQuery = strings.ReplaceAll(query.Encode(), "+", "%20") // a + is a + to libpq
	return u.String()
}

// HostPort returns host:port, or the path of the Unix socket.
func (a Address) HostPort() string {
	if a.socket() {
		return filepath.Join(a.host, fmt.Sprintf(".s.PGSQL.%d", a.port))
	}
	return net.JoinHostPort(a.host, strconv.Itoa(int(a.port)))
}

// Database returns the name of the database.
func (a Address) Database() string { return a.database }

// User returns the name of the role.
func (a Address) User() string { return a.user }

// On returns the address of another database of the same server.
func (a Address) On(database string) Address {
	a.database = database
	return a
}

// As returns the address for another role.
func (a Address) As(user, password string) Address {
	a.user, a.password = user, password
	return a
}

// At returns the address with another host:port, for the same database behind a
// proxy.
func (a Address) At(hostPort string) (Address, error) {
	host, port, err := net.SplitHostPort(hostPort)
	if err != nil {
		return Address{}, fmt.Errorf("address of a database: %w", err)
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return Address{}, fmt.Errorf("address of a database: port %q is not a number from 0 to 65535", port)
	}
	a.host, a.port = host, uint16(n)
	return a, nil
}

// String says where the database is, without the password.
func (a Address) String() string {
	return fmt.Sprintf("%s/%s as %s", a.HostPort(), a.database, a.user)
}

// GoString keeps the password out of %#v.
func (a Address) GoString() string { return a.String() }

// Socket reports whether the database is reached by a Unix socket.
func (a Address) Socket() bool { return a.socket() }

func (a Address) socket() bool {
	return strings.HasPrefix(a.host, "/") || strings.HasPrefix(a.host, "@")
}
