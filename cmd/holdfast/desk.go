package main

import (
	"errors"
	"fmt"
	"net"
	"os"

	"github.com/spf13/cobra"

	"holdfast.dev/holdfast/desk"
	"holdfast.dev/holdfast/desk/toxiproxyapi"
	"holdfast.dev/holdfast/fakes/standalone"
	"holdfast.dev/holdfast/fault"
	"holdfast.dev/holdfast/harness/chaos"
	"holdfast.dev/holdfast/loopback"
	"holdfast.dev/holdfast/manifest"
)

func newFakeHTTP(env environ) *cobra.Command {
	var flags fakeFlags
	var file string
	cmd := &cobra.Command{
		Use:   "http",
		Short: "Any plain HTTP API, by the routes of a file",
		Long: `Plays an HTTP API with the routes of a file: what stands below http in the
dependency of a holdfast.yaml, with the same keys, texts and errors. A fault picks
requests by the route's name, by its key, or by ROUTE/KEY.`,
		Example: `  holdfast fake http --file routes.yaml --port 8083 --fault 'delay 3s key=charge'
  curl -X POST http://127.0.0.1:8083/v1/charges -d 'metadata[cart]=7'`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o, err := flags.options(env)
			if err != nil {
				return err
			}
			routes, err := readRoutes(env, file)
			if err != nil {
				return usage(err)
			}
			for _, line := range routes.NotYet {
				fmt.Fprintln(env.stderr, "warning: "+line)
			}
			return fakeError(standalone.RunStub(cmd.Context(), standalone.StubOptions{Options: o, Routes: routes.All}))
		},
	}
	flags.register(cmd)
	flags.loopbackOnly = true
	cmd.Flags().StringVar(&file, "file", "", "the file with the routes; must be given")
	return cmd
}

// readRoutes reads a file of routes.
func readRoutes(env environ, file string) (manifest.Routes, error) {
	if file == "" {
		return manifest.Routes{}, errors.New("--file is missing: a file with the routes, as below http in a holdfast.yaml")
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return manifest.Routes{}, fmt.Errorf("--file: %w", err)
	}
	return manifest.ReadRoutes(text, file, manifest.Options{Environment: env.lookupEnv})
}

func newFakeSMTP(env environ) *cobra.Command {
	flags := fakeFlags{check: func(text string) error { _, err := standalone.ParseMailFaults(text); return err }}
	var o standalone.SMTPOptions
	cmd := &cobra.Command{
		Use:   "smtp",
		Short: "A mail server that keeps what it is sent",
		Long: `Plays a mail server. It delivers nothing: what arrived is shown by its control
API. A fault acts on whole messages, picked by sender or recipient, or with a key
such as rcpt/bob@example.org or greeting/* on that step of a conversation.`,
		Example: `  holdfast fake smtp --port 2525 --fault 'status 451 nth=1'
  curl smtp://127.0.0.1:2525 --mail-from a@example.org --mail-rcpt b@example.org -T letter.txt`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var err error
			if o.Options, err = flags.options(env); err != nil {
				return err
			}
			return fakeError(standalone.RunSMTP(cmd.Context(), o))
		},
	}
	flags.register(cmd)
	flags.loopbackOnly = true
	cmd.Flags().BoolVar(&o.StartTLS, "starttls", false, "offer STARTTLS, with a certificate of its own")
	return cmd
}

func newFakeProxy(env environ) *cobra.Command {
	flags := fakeFlags{check: func(text string) error {
		f, err := fault.Parse(text)
		if err != nil {
			return err
		}
		return chaos.TCPSupport().Accepts(f)
	}}
	var upstream string
	cmd := &cobra.Command{
		Use:   "proxy",
		Short: "A TCP proxy with faults before a server that is there already",
		Long: `Stands before a server, of any protocol, and passes bytes on as faults let it.
Faults act on open connections and on new ones.`,
		Example: `  holdfast fake proxy --upstream 127.0.0.1:6379 --port 26379 --fault 'delay 200ms jitter 50ms'
  redis-cli -p 26379 ping`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o, err := flags.options(env)
			if err != nil {
				return err
			}
			if upstream == "" {
				return usage(errors.New("--upstream is missing: the server's HOST:PORT"))
			}
			if _, _, err := net.SplitHostPort(upstream); err != nil {
				return usage(fmt.Errorf("--upstream: %q is not HOST:PORT", upstream))
			}
			p := desk.ProxyOptions{Upstream: upstream, Control: o.Control, Seed: o.Seed, Faults: o.Faults, Out: env.stdout}
			if len(o.Addresses) > 1 {
				return usage(errors.New("--listen: a proxy has one address"))
			}
			for _, address := range o.Addresses {
				p.Listen = address
			}
			return fakeError(desk.RunProxy(cmd.Context(), p))
		},
	}
	flags.register(cmd)
	flags.loopbackOnly = true
	cmd.Flags().StringVar(&upstream, "upstream", "", "HOST:PORT of the server; must be given")
	return cmd
}

func newFakeToxiproxy(env environ) *cobra.Command {
	var c toxiproxyapi.Config
	var port uint16
	cmd := &cobra.Command{
		Use:   "toxiproxy",
		Short: "The TCP proxy under Toxiproxy's own API, for its client libraries",
		Long: `Answers Toxiproxy's HTTP API, so that its client libraries make proxies and
toxics here. docs/desk.md says where it differs.`,
		Example: `  holdfast fake toxiproxy
  curl http://127.0.0.1:8474/proxies -d '{"name":"redis","listen":"127.0.0.1:26379","upstream":"127.0.0.1:6379"}'`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if cmd.Flags().Changed("port") {
				c.Address = onPort(port)
			}
			if err := loopback.Check(c.Address); err != nil {
				return usage(err)
			}
			return fakeError(toxiproxyapi.Run(cmd.Context(), c, env.stdout))
		},
	}
	cmd.Flags().Uint16Var(&port, "port", 8474, "port on 127.0.0.1; 0 is a free one")
	cmd.Flags().StringVar(&c.Address, "listen", toxiproxyapi.DefaultAddress, "HOST:PORT to listen on instead, on loopback")
	cmd.Flags().Uint64Var(&c.Seed, "seed", 1, "where every random draw comes from")
	cmd.MarkFlagsMutuallyExclusive("port", "listen")
	return cmd
}
