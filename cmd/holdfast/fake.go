package main

import (
	"fmt"
	"net"
	"strconv"

	"github.com/spf13/cobra"

	"holdfast.dev/holdfast/fakes/host"
	"holdfast.dev/holdfast/fakes/httpfault"
	"holdfast.dev/holdfast/fakes/standalone"
	"holdfast.dev/holdfast/fault"
	"holdfast.dev/holdfast/loopback"
)

// fakeFlags are the flags that all fakes share.
type fakeFlags struct {
	// check refuses a fault that the fake can't carry out. Defaults to what an HTTP
	// fake can.
	check func(text string) error
	// loopbackOnly refuses addresses that others than this machine could reach.
	loopbackOnly bool

	port    uint16
	listen  []string
	control string
	seed    uint64
	faults  []string
}

func newFake(env environ) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "fake",
		Short: "Run a fake outside API on its own, for a developer or a test in another language",
		Long: `Runs an API that stands in for the outside world, misbehaves as it is told, and
remembers what it saw. It says its addresses as NAME=VALUE lines on standard output,
with the token that changes by way of its control API need, and, when it is stopped (Ctrl-C), what came in. docs/faults.md lists the faults.`,
		Args: ofSubcommands,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newFakeOracle(env), newFakeEmail(env), newFakeHTTP(env), newFakeSMTP(env), newFakeProxy(env), newFakeToxiproxy(env))
	return cmd
}

func newFakeOracle(env environ) *cobra.Command {
	var flags fakeFlags
	var oracles uint32
	cmd := &cobra.Command{
		Use:   "oracle",
		Short: "The impact API that oracles are asked through",
		Example: `  holdfast fake oracle --port 8081 --fault 'delay 200ms' --fault 'hang headers key=oracle-3'
  curl 'http://127.0.0.1:8081/oracles/oracle-1/impact?project=7'`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o, err := flags.options(env)
			if err != nil {
				return err
			}
			return fakeError(standalone.RunOracle(cmd.Context(), standalone.OracleOptions{Options: o, Oracles: int(oracles)}))
		},
	}
	flags.register(cmd)
	cmd.Flags().Uint32Var(&oracles, "oracles", 0, "how many exist: oracle-1, oracle-2, … (default any id)")
	return cmd
}

func newFakeEmail(env environ) *cobra.Command {
	var flags fakeFlags
	var o standalone.EmailOptions
	var rate, daily, monthly uint32
	cmd := &cobra.Command{
		Use:   "email",
		Short: "An e-mail API in the manner of Resend",
		Example: `  holdfast fake email --port 8082 --key re_test --fault '2*status 503 -> ok'
  curl -H 'Authorization: Bearer re_test' http://127.0.0.1:8082/emails \
    -d '{"from":"a@example.com","to":"b@example.com","subject":"Hello","text":"Hello"}'`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var err error
			if o.Options, err = flags.options(env); err != nil {
				return err
			}
			o.RatePerSecond, o.DailyQuota, o.MonthlyQuota = int(rate), int(daily), int(monthly)
			return fakeError(standalone.RunEmail(cmd.Context(), o))
		},
	}
	flags.register(cmd)
	cmd.Flags().StringArrayVar(&o.Keys, "key", nil, "an API key that is valid; may be repeated (default any)")
	cmd.Flags().StringArrayVar(&o.Domains, "domain", nil, "a domain that mail may come from; may be repeated (default any)")
	cmd.Flags().Uint32Var(&rate, "rate", 0, "most requests per second, for all keys together (default no limit)")
	cmd.Flags().Uint32Var(&daily, "daily-quota", 0, "most mails a day (default no limit)")
	cmd.Flags().Uint32Var(&monthly, "monthly-quota", 0, "most mails a month (default no limit)")
	return cmd
}

func (f *fakeFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.Uint16Var(&f.port, "port", 0, "port on 127.0.0.1 (default a free one)")
	flags.StringArrayVar(&f.listen, "listen", nil, "HOST:PORT to listen on instead; may be repeated where it can be several; beyond loopback, where that is allowed, anyone can reach it")
	flags.StringVar(&f.control, "control", "", "HOST:PORT of the control API, or off (default a free port on 127.0.0.1)")
	flags.Uint64Var(&f.seed, "seed", 1, "where every random draw comes from")
	flags.StringArrayVar(&f.faults, "fault", nil, "a fault in its text form, in force from the start; may be repeated")
}

// options checks the flags and makes options of them. Who names an address
// beyond loopback gets it, and a warning.
func (f *fakeFlags) options(env environ) (standalone.Options, error) {
	o := standalone.Options{Addresses: f.listen, Control: f.control, Seed: f.seed, Faults: f.faults, Out: env.stdout, Err: env.stderr}
	if f.port != 0 {
		o.Addresses = []string{onPort(f.port)}
	}
	check := f.check
	if check == nil {
		check = ofHTTP
	}
	for _, text := range f.faults {
		if err := check(text); err != nil {
			return o, usage(fmt.Errorf("--fault: %w", err))
		}
	}
	addresses := o.Addresses
	if f.control != "" && f.control != "off" {
		addresses = append(addresses[:len(addresses):len(addresses)], f.control)
	}
	for _, address := range addresses {
		if _, _, err := net.SplitHostPort(address); err != nil {
			return o, usage(fmt.Errorf("address %q is not HOST:PORT", address))
		}
		if f.loopbackOnly {
			if err := loopback.Check(address); err != nil {
				return o, usage(err)
			}
		}
		if host.CheckAddress(address, false) != nil {
			o.AllowRemote = true
		}
	}
	return o, nil
}

// ofHTTP refuses a fault that a fake of HTTP can't carry out.
func ofHTTP(text string) error {
	f, err := fault.Parse(text)
	if err != nil {
		return err
	}
	return httpfault.Support().Accepts(f)
}

// onPort is the address of a port on this machine.
func onPort(port uint16) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(int(port))) }

// fakeError gives what kept a fake from running its exit code.
func fakeError(err error) error {
	if err == nil {
		return nil
	}
	return environment(err)
}
