// Package broker is how the processes of a fleet reach NATS: by an address, and off this
// machine only over TLS and with credentials.
//
// Enter at [Options.Check], before anything starts, and at [Options.Connect].
package broker

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	"holdfast.dev/holdfast/loopback"
)

// Options say where the broker is, and who asks.
type Options struct {
	// URL is nats://HOST:PORT or tls://HOST:PORT; several of one cluster have commas
	// between them.
	URL string
	// Creds is a file with a JWT and the seed of its user, NKey one with a seed alone. One
	// of them is needed off loopback.
	Creds, NKey string
	// CA is a file with the authorities that may vouch for the broker. Defaults to the
	// system's. Cert and Key are files by which this side is known.
	CA, Cert, Key string
	// Token lets in to an embedded broker.
	Token string
	// Name is what the broker knows the connection by.
	Name string
	// InProcess is an embedded broker in this process. Optional.
	InProcess nats.InProcessConnProvider
}

// The times of a connection: how long one may take, how often a dead one is tried again,
// and how often a silent one is asked whether it is alive.
const (
	connectTimeout = 3 * time.Second
	reconnectWait  = 100 * time.Millisecond
	pingEvery      = time.Second
)

// Check reports all that is wrong with the options, joined: where TLS or credentials are
// missing, which files are not there.
func (o Options) Check() error {
	var errs []error
	if o.URL == "" {
		return errors.New("where is the broker? give nats://HOST:PORT or tls://HOST:PORT")
	}
	for _, one := range strings.Split(o.URL, ",") {
		errs = append(errs, o.checkURL(strings.TrimSpace(one)))
	}
	if o.Creds != "" && o.NKey != "" {
		errs = append(errs, errors.New("credentials and an nkey: give one of the two"))
	}
	if (o.Cert == "") != (o.Key == "") {
		errs = append(errs, errors.New("a certificate needs its key, and a key its certificate"))
	}
	for _, file := range []string{o.Creds, o.NKey, o.CA, o.Cert, o.Key} {
		if file == "" {
			continue
		}
		if _, err := os.Stat(file); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// checkURL does not repeat an address that may hold a password.
func (o Options) checkURL(text string) error {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Hostname() == "" || u.Scheme != "nats" && u.Scheme != "tls":
		return errors.New("the broker's address is none of the form nats://HOST:PORT or tls://HOST:PORT")
	case u.User != nil:
		return errors.New("the broker's address holds credentials, which others can read: give them as a file, --nats-creds or --nats-nkey")
	case loopback.Is(u.Hostname()):
		return nil
	}
	var missing []string
	if u.Scheme != "tls" && o.CA == "" && o.Cert == "" {
		missing = append(missing, "TLS (tls://"+u.Host+", --nats-ca FILE)")
	}
	if o.Creds == "" && o.NKey == "" {
		missing = append(missing, "credentials (--nats-creds FILE or --nats-nkey FILE)")
	}
	if len(missing) > 0 {
		return fmt.Errorf("%s is no loopback address, and whoever reaches that broker could send load by this fleet: it needs %s", u.Host, strings.Join(missing, " and "))
	}
	return nil
}

// Loopback reports whether the broker is on this machine alone.
func (o Options) Loopback() bool {
	for _, one := range strings.Split(o.URL, ",") {
		if u, err := url.Parse(strings.TrimSpace(one)); err != nil || !loopback.Is(u.Hostname()) {
			return false
		}
	}
	return true
}

// Connect connects. It is tried again and again when the connection is lost, of which
// lost is told, and back when it is there once more; both may be nil.
func (o Options) Connect(ctx context.Context, lost func(error), back func()) (*nats.Conn, error) {
	if err := o.Check(); err != nil {
		return nil, fmt.Errorf("connect to the broker: %w", err)
	}
	options, err := o.options(lost, back)
	if err != nil {
		return nil, fmt.Errorf("connect to the broker: %w", err)
	}
	nc, err := nats.Connect(o.URL, options...)
	if err == nil && ctx.Err() != nil {
		nc.Close()
		err = context.Cause(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("connect to the broker %s: %w", o.URL, err)
	}
	return nc, nil
}

func (o Options) options(lost func(error), back func()) ([]nats.Option, error) {
	all := []nats.Option{
		nats.Name(o.Name), nats.Timeout(connectTimeout), nats.MaxReconnects(-1), nats.ReconnectWait(reconnectWait), nats.ReconnectJitter(0, reconnectWait),
		nats.PingInterval(pingEvery), nats.MaxPingsOutstanding(2), nats.ReconnectBufSize(-1),
		nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}), // what fails is asked for, and says so there
	}
	if o.Loopback() { // what it advertises may be elsewhere, where TLS and credentials are needed
		all = append(all, nats.IgnoreDiscoveredServers())
	}
	if lost != nil {
		all = append(all, nats.DisconnectErrHandler(func(_ *nats.Conn, err error) { lost(err) }))
	}
	if back != nil {
		all = append(all, nats.ReconnectHandler(func(*nats.Conn) { back() }))
	}
	if o.InProcess != nil {
		all = append(all, nats.InProcessServer(o.InProcess))
	}
	if o.Token != "" {
		all = append(all, nats.Token(o.Token))
	}
	if o.CA != "" || o.Cert != "" {
		all = append(all, nats.Secure(&tls.Config{MinVersion: tls.VersionTLS12}))
	}
	if o.CA != "" {
		all = append(all, nats.RootCAs(o.CA))
	}
	if o.Cert != "" {
		all = append(all, nats.ClientCert(o.Cert, o.Key))
	}
	if o.Creds != "" {
		all = append(all, nats.UserCredentials(o.Creds))
	}
	if o.NKey != "" {
		key, err := nats.NkeyOptionFromSeed(o.NKey)
		if err != nil {
			return nil, err
		}
		all = append(all, key)
	}
	return all, nil
}
