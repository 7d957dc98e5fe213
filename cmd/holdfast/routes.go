package main

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"holdfast.dev/holdfast/fakes/standalone"
	"holdfast.dev/holdfast/fakes/stub"
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/loopback"
	"holdfast.dev/holdfast/manifest"
	"holdfast.dev/holdfast/manifest/notation"
)

// routeFlags say where the routes of a fake HTTP API come from, and to whom it passes on
// what they don't answer.
type routeFlags struct {
	file, description, relay, record string
	webhooksTo                       string
	allowHost                        []string
	allowLoad                        bool
}

func (f *routeFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.file, "file", "", "the file with the routes; this, --openapi or --relay must be given")
	flags.StringVar(&f.description, "openapi", "", "the description of the API, an OpenAPI file, in place of --file")
	flags.StringVar(&f.webhooksTo, "webhooks-to", "", "the address of your service: all webhooks of the file go there, for example http://127.0.0.1:3000")
	flags.StringVar(&f.relay, "relay", "", "the address of a real API that answers what no route does")
	flags.StringArrayVar(&f.allowHost, "allow-host", nil, "the host of --relay, of the file's relay, or of --webhooks-to: HOST or HOST:PORT")
	flags.BoolVar(&f.allowLoad, "allow-load", false, "that host may get any request at any rate, and not GET and HEAD at 10/s alone: for who runs it too")
	flags.StringVar(&f.record, "record", "", "the file that the real API's answers are kept in, as routes")
}

// read reads the file of routes, or the description, and says who may be called.
func (f *routeFlags) read(env environ) (manifest.Routes, error) {
	o := manifest.Options{Environment: env.lookupEnv}
	if f.webhooksTo != "" {
		if err := f.checkService(); err != nil {
			return manifest.Routes{}, fmt.Errorf("--webhooks-to: %w", err)
		}
		o.WebhooksTo = standalone.WebhooksTo
	}
	switch {
	case f.relay != "":
		if err := (stub.Relay{To: f.relay}).Validate(); err != nil {
			return manifest.Routes{}, fmt.Errorf("--relay: %w", err)
		}
		o.Relay = &manifest.Relay{To: notation.Literal(f.relay), Record: f.record}
	case f.description != "":
		routes, err := manifest.DescribedRoutes(f.description)
		if err != nil {
			return routes, fmt.Errorf("--openapi: %w", err)
		}
		return routes, nil
	case f.file == "":
		return manifest.Routes{}, errors.New("--file is missing: a file with the routes, as below http in a holdfast.yaml; or --openapi, or --relay")
	}
	name, text := "--relay", []byte("{}")
	if f.file != "" {
		var err error
		if text, err = readFile(f.file); err != nil {
			return manifest.Routes{}, fmt.Errorf("--file: %w", err)
		}
		name = f.file
	}
	routes, err := manifest.ReadRoutes(text, name, o)
	if err == nil && f.webhooksTo != "" && !slices.ContainsFunc(routes.All, func(r stub.Route) bool { return r.Webhook != nil }) {
		return routes, fmt.Errorf("--webhooks-to: no route of %s has a webhook", name)
	}
	if err != nil || routes.Relay == nil {
		return routes, err
	}
	return routes, f.limit(routes.Relay)
}

// checkService says whether webhooks may go to an address: on this machine, or at a host
// that was named.
func (f *routeFlags) checkService() error {
	u, err := url.Parse(f.webhooksTo)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || strings.Trim(u.Path, "/") != "" {
		return errors.New("it is no address such as http://127.0.0.1:3000: the path stands in the file")
	}
	f.webhooksTo = strings.TrimRight(f.webhooksTo, "/")
	if !loopback.Is(u.Hostname()) && !(harness.Launch{AllowHosts: f.allowHost}).Allows(u.Host) {
		return fmt.Errorf("webhooks would be sent to %s, which is not this machine: if it is yours, name it with --allow-host %s", u.Host, u.Host)
	}
	return nil
}

// limit lets a relay do to somebody else's API what was allowed.
func (f *routeFlags) limit(r *stub.Relay) error {
	if host := r.Host(); !(harness.Launch{AllowHosts: f.allowHost}).Allows(host) {
		return fmt.Errorf("requests would be passed on to %s, a service that somebody else runs: to call it, name its host with --allow-host %s", host, host)
	}
	if !f.allowLoad {
		r.ReadOnly, r.PerSecond = true, harness.PoliteRate
	}
	return nil
}
