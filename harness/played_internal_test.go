package harness

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/egress"
	"holdfast.dev/holdfast/harness/replace"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/target"
)

func TestWhichHostsMayBeReplaced(t *testing.T) {
	replaces := func(name string, hosts ...string) Dependency {
		d := Dependency{Name: name}
		for _, text := range hosts {
			h, err := replace.ParseHost(text)
			require.NoError(t, err)
			d.Replaces = append(d.Replaces, h)
		}
		return d
	}
	stripe := replaces("stripe", "https://api.stripe.com")
	for name, row := range map[string]struct {
		launch Launch
		all    []Dependency
		want   string // empty: nothing is wrong
	}{
		"one":                     {all: []Dependency{stripe}},
		"two":                     {all: []Dependency{stripe, replaces("other", "https://api.other.com", "http://api.stripe.com")}},
		"twice":                   {all: []Dependency{stripe, replaces("other", "https://api.stripe.com")}, want: "is replaced by other, and https://api.stripe.com by stripe: a host is played by one"},
		"twice, by a star":        {all: []Dependency{stripe, replaces("other", "https://*.stripe.com")}, want: "a host is played by one"},
		"real as well":            {launch: Launch{AllowHosts: []string{"api.stripe.com"}}, all: []Dependency{stripe}, want: "--allow-host lets the real one in"},
		"real on another port":    {launch: Launch{AllowHosts: []string{"api.stripe.com:8443"}}, all: []Dependency{stripe}},
		"for an image":            {launch: Launch{Processes: []target.Process{{Name: "web", Image: "shop:1"}}}, all: []Dependency{stripe}, want: "the process web is an image"},
		"for somebody else's":     {launch: Launch{URL: "http://127.0.0.1:1", AllowHosts: []string{"127.0.0.1"}}, all: []Dependency{stripe}, want: "a service that somebody else runs"},
		"somebody else's, no use": {launch: Launch{URL: "http://127.0.0.1:1", AllowHosts: []string{"127.0.0.1"}}},
	} {
		t.Run(name, func(t *testing.T) {
			s := twoPhases()
			s.World.Dependencies = row.all
			var p problems
			s.validateDependencies(&p)
			if err := (Config{Target: row.launch}).validateHosts([]Scenario{s, s}); err != nil {
				p = append(p, err.(*InvalidError).Problems...)
			}
			p = slices.DeleteFunc(p, func(err error) bool { return strings.Contains(err.Error(), "nobody plays") })
			if row.want == "" {
				require.Empty(t, p)
				return
			}
			require.Len(t, p, 1, "it is said once")
			require.ErrorContains(t, p[0], row.want)
		})
	}
}

// Where a client did not come to speak with who plays a host, what the target missed is
// our doing: not a failure, and never a pass.
func TestWhatIsNotPlayedIsNotExercised(t *testing.T) {
	for name, row := range map[string]struct {
		seen PlayedSeen
		want string // empty: it was played
	}{
		"nobody called":             {PlayedSeen{}, ""},
		"all were answered":         {PlayedSeen{Served: 3}, ""},
		"one was idle":              {PlayedSeen{Served: 3, Silent: []string{"web"}}, ""},
		"one broke off":             {PlayedSeen{Served: 3, Refused: []string{"web: it wants h2"}}, ""},
		"one trusts it not":         {PlayedSeen{Served: 3, Refused: []string{"mail: TLS alert: unknown certificate authority"}, Distrusted: true}, "mail: TLS alert: unknown certificate authority: it does not trust the certificate of this run for https://api.stripe.com"},
		"all want HTTP/2":           {PlayedSeen{Refused: []string{"web: it wants h2"}}, "web: it wants h2: it could not speak TLS"},
		"all closed without a word": {PlayedSeen{Silent: []string{"web"}}, "web: it closed each connection to https://api.stripe.com before it asked anything"},
	} {
		t.Run(name, func(t *testing.T) {
			row.seen.Name, row.seen.Hosts = "stripe", []string{"https://api.stripe.com"}
			for failed, checks := range map[string][]result.Check{
				"":                      {{Metric: "a", Verdict: result.Pass}, {Metric: "b", Verdict: result.Fail}, {Metric: "c", Verdict: result.Inconclusive}},
				"it ended at its start": {{Metric: "a", Verdict: result.NotExercised}},
			} {
				m := Measurement{Played: []PlayedSeen{row.seen}, Failed: failed}
				m.asUnplayed()
				after := unplayed(checks, m)
				evidence := playedEvidence(m)
				if row.want == "" {
					require.Empty(t, m.Unmet)
					require.Equal(t, checks, after)
					require.Len(t, evidence, min(1, int(row.seen.Served)), "of what nobody called nothing is said")
					for _, e := range evidence {
						require.Equal(t, result.Pass, e.Verdict)
					}
					continue
				}
				require.Contains(t, m.Unmet, row.want)
				require.Contains(t, m.Unmet, failed, "what came of it is said as well")
				require.Empty(t, m.Failed)
				require.Empty(t, evidence)
				for _, c := range after {
					require.Contains(t, []result.Verdict{result.Pass, result.NotExercised}, c.Verdict)
				}
			}
		})
	}
}

// The proxy leads to who plays a host and to who may be reached without it. Anybody
// else is a contact, by the name of who called.
func TestWhereTheProxyLeads(t *testing.T) {
	h, err := replace.ParseHost("https://api.stripe.com")
	require.NoError(t, err)
	gate, err := egress.Open("", func(egress.Contact) {})
	require.NoError(t, err)
	defer func() { require.NoError(t, gate.Close()) }()
	gate.Allow("the target itself", netip.MustParseAddrPort("127.0.0.1:8080"))
	s := &Session{cfg: Config{Target: Launch{AllowHosts: []string{"staging.example", "10.0.0.1:443"}}}}
	for name, row := range map[string]struct {
		host   string
		port   uint16
		open   bool   // the way out is not closed
		leads  string // empty: nowhere
		called string // as the contact has it
	}{
		"a replaced host":                   {host: "API.stripe.com.", port: 443, leads: "127.0.0.1:4000"},
		"another port of it":                {host: "api.stripe.com", port: 80, called: "api.stripe.com"},
		"a host that was named":             {host: "staging.example", port: 8443, leads: "staging.example:8443"},
		"an address that was named":         {host: "10.0.0.1", port: 443, leads: "10.0.0.1:443"},
		"another port of that":              {host: "10.0.0.1", port: 80, called: "10.0.0.1:80"},
		"the target itself":                 {host: "127.0.0.1", port: 8080, leads: "127.0.0.1:8080"},
		"the target itself, by name":        {host: "localhost", port: 8080, leads: "localhost:8080"},
		"somebody else on this machine":     {host: "127.0.0.1", port: 5432, called: "127.0.0.1:5432"},
		"anybody here with an open way out": {host: "::1", port: 5432, open: true, leads: "[::1]:5432"},
		"somebody else":                     {host: "api.other.example", port: 443, called: "api.other.example"},
		"somebody else's address":           {host: "2001:db8::1", port: 443, called: "[2001:db8::1]:443"},
	} {
		t.Run(name, func(t *testing.T) {
			var called []egress.Contact
			st := &setup{gate: gate}
			if row.open {
				st.gate = nil
			}
			to, err := s.route(st, []player{{h, "127.0.0.1:4000"}}, func(c egress.Contact) { called = append(called, c) })(t.Context(), replace.Caller{Host: row.host, Port: row.port})
			require.Equal(t, row.leads, to)
			if row.leads != "" {
				require.NoError(t, err)
				require.Empty(t, called)
				return
			}
			require.ErrorContains(t, err, "is nobody whom this run may reach")
			require.Len(t, called, 1)
			require.Equal(t, row.called, called[0].Who())
			require.Equal(t, "a process of the target", called[0].Process)
		})
	}
}
