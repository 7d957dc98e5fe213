package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"holdfast.dev/holdfast/desk"
	"holdfast.dev/holdfast/desk/toxiproxyapi"
	"holdfast.dev/holdfast/fakes/standalone"
	"holdfast.dev/holdfast/fault"
	"holdfast.dev/holdfast/harness/chaos"
	"holdfast.dev/holdfast/loopback"
)

func newFakeHTTP(env environ) *cobra.Command {
	flags := fakeFlags{check: ofRoutes}
	var routing routeFlags
	cmd := &cobra.Command{
		Use:   "http",
		Short: "Any plain HTTP API, by the routes of a file or by its description",
		Long: `Plays an HTTP API with the routes of a file: what stands below http in the
dependency of a holdfast.yaml, with the same keys, texts and errors. With --openapi
its routes are the operations of an OpenAPI file, by their ids; the page of the
control API shows what of each request is not as described. A fault picks requests
by the route's name, by its key, or by ROUTE/KEY.

With --webhooks-to, the webhooks of the routes are sent to your service; a fault of one
begins with its place, as in 'charge.webhook: twice'. GET /callbacks of the control API
and its page tell what became of each.

With --relay, what no route answers is passed on to a real API, whose host must be
named, with the faults laid over it. It gets GET and HEAD at 10 a second, unless
--allow-load lifts that. --record keeps its answers as a file of routes, without
secrets and personal data; what was taken out is said at the end.`,
		Example: `  holdfast fake http --openapi payments.yaml --fault 'status 503 key=CreateCharge'
  holdfast fake http --file routes.yaml --port 8083 --fault 'delay 3s key=charge'
  curl -X POST http://127.0.0.1:8083/v1/charges -d 'metadata[cart]=7'
  holdfast fake http --file routes.yaml --webhooks-to http://127.0.0.1:3000 --fault 'charge.webhook: twice'
  holdfast fake http --relay https://api.example.com --allow-host api.example.com --record recorded.yaml`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o, err := flags.options(env)
			if err != nil {
				return err
			}
			routes, err := routing.read(env)
			if err != nil {
				return usage(err)
			}
			for _, line := range routes.NotYet {
				fmt.Fprintln(env.stderr, "warning: "+line)
			}
			return fakeError(standalone.RunStub(cmd.Context(), standalone.StubOptions{Options: o, Routes: routes.All, Judge: routes.Judge, Relay: routes.Relay, WebhooksTo: routing.webhooksTo}))
		},
	}
	flags.register(cmd)
	flags.loopbackOnly = true
	routing.register(cmd)
	return cmd
}

// ofRoutes refuses a fault that neither a route nor its webhook can have.
func ofRoutes(text string) error {
	if _, ofHook, err := standalone.ParseHookFault(text); ofHook {
		return err
	}
	return ofHTTP(text)
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
	var host, config string
	var port uint16
	cmd := &cobra.Command{
		Use:   "toxiproxy",
		Short: "The TCP proxy under Toxiproxy's own API, for its client libraries",
		Long: `Answers Toxiproxy's HTTP API, so that its client libraries make proxies and
toxics here. docs/desk.md says where it differs.

--host, --port, --config and --seed are the flags of Toxiproxy's own server, which
may be written with one dash, as there. A host beyond loopback lets others in, to
proxies as well: whoever reaches the API reaches through it whatever this machine
does. It is for a container, whose ports are published; Toxiproxy's modules for
Testcontainers start one.`,
		Example: `  holdfast fake toxiproxy
  holdfast fake toxiproxy -host=0.0.0.0 -config=toxiproxy.json
  curl http://127.0.0.1:8474/proxies -d '{"name":"redis","listen":"127.0.0.1:26379","upstream":"127.0.0.1:6379"}'`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !cmd.Flags().Changed("listen") {
				c.Address = net.JoinHostPort(host, strconv.Itoa(int(port)))
			}
			if _, _, err := net.SplitHostPort(c.Address); err != nil {
				return usage(fmt.Errorf("--listen: %q is not HOST:PORT", c.Address))
			}
			if loopback.Check(c.Address) != nil {
				fmt.Fprintf(env.stderr, "warning: %s can be reached from outside: whoever does reaches through it whatever this machine does\n", c.Address)
				c.AllowRemote = true
			}
			if config != "" {
				var err error
				if c.Proxies, err = os.ReadFile(config); err != nil {
					return usage(fmt.Errorf("--config: %w", err))
				}
			}
			return fakeError(toxiproxyapi.Run(cmd.Context(), c, env.stdout))
		},
	}
	cmd.Flags().StringVar(&host, "host", "127.0.0.1", "address to listen on; beyond loopback anyone can reach it")
	cmd.Flags().Uint16Var(&port, "port", 8474, "port there; 0 is a free one")
	cmd.Flags().StringVar(&c.Address, "listen", "", "HOST:PORT to listen on instead")
	cmd.Flags().StringVar(&config, "config", "", "JSON file of the proxies that are there from the start")
	cmd.Flags().Uint64Var(&c.Seed, "seed", 1, "where every random draw comes from")
	return cmd
}

// oneDash gives the flags of Toxiproxy's own server, which begin with one dash, as ours
// begin: images and scripts that start it start ours.
func oneDash(args []string) []string {
	if len(args) < 2 || args[0] != "fake" || args[1] != "toxiproxy" {
		return args
	}
	args = slices.Clone(args)
	for i, arg := range args {
		name, _, _ := strings.Cut(arg, "=")
		if slices.Contains([]string{"-host", "-port", "-config", "-seed"}, name) {
			args[i] = "-" + arg
		}
	}
	return args
}
