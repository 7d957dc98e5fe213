package harness

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"holdfast.dev/holdfast/fault"
	"holdfast.dev/holdfast/harness/chaos"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/standing"
)

// bypassable is a fake with a proxy before it and addresses of its own behind that.
// One connection of the target to one of them, and a fault of the proxy was none.
type bypassable interface{ Bypass() []string }

// mortal is a fake that is a program, and tells how it ended where nothing had asked
// for that.
type mortal interface{ Unexpected() []string }

// troubled is a fake that rests on something of somebody else's, and tells what that kept
// from being answered, a line each.
type troubled interface{ Trouble() []string }

// BackingSeen is what was seen of a dependency that is no fake, or not a fake alone.
type BackingSeen struct {
	Name string
	// Faulty says that faults of the network were laid there.
	Faulty bool
	// Past names the programs of the target that went past them, and where to.
	Past []string
	// Ended are the ends that nothing had asked for.
	Ended []string
	// Log are its last lines, where it ended so.
	Log []string
	// Trouble is what somebody else, on whom it rests, did not answer.
	Trouble []string
}

// backings looks at the dependencies that are programs or addresses, and at the
// database behind its proxy.
func (st *setup) backings(ctx context.Context) []BackingSeen {
	var all []BackingSeen
	if _, ok := st.places[OnDatabase].(*chaos.Proxy); ok && st.data != nil {
		all = append(all, BackingSeen{Name: st.scenario.World.databaseName(), Faulty: true, Past: st.past(ctx, st.data.Addr())})
	}
	for _, d := range st.scenario.World.Dependencies {
		seen := BackingSeen{Name: d.Name}
		if f, ok := st.fakes[d.Name].(bypassable); ok {
			for _, address := range f.Bypass() {
				seen.Faulty = slices.ContainsFunc(st.scenario.faultsAt(d), func(k fault.Kind) bool { return chaos.TCPSupport().Carries(k.Name()) })
				seen.Past = append(seen.Past, st.past(ctx, address)...)
			}
		}
		if f, ok := st.fakes[d.Name].(mortal); ok {
			seen.Ended = f.Unexpected()
		}
		if f, ok := st.fakes[d.Name].(interface{ Log() []string }); ok && len(seen.Ended) > 0 {
			log := f.Log()
			seen.Log = log[max(0, len(log)-lastLines):]
		}
		if f, ok := st.fakes[d.Name].(troubled); ok {
			seen.Trouble = f.Trouble()
		}
		if seen.Faulty || len(seen.Ended) > 0 || len(seen.Trouble) > 0 {
			all = append(all, seen)
		}
	}
	return all
}

// lastLines are those that are shown of a dependency's log.
const lastLines = 5

// past names the programs of the target of which a socket leads to an address.
func (st *setup) past(ctx context.Context, address string) []string {
	own, err := standing.Resolved(ctx, address)
	if err != nil {
		return nil // a path, say: it is not reached over the network
	}
	var all []string
	for _, i := range st.instances {
		for _, s := range i.sockets.Seen() {
			if slices.Contains(own, s.Remote) {
				all = append(all, fmt.Sprintf("%s had a connection to %s, past the proxy", i.nameOf(), address))
				break
			}
		}
	}
	return all
}

// backingEvidence asks of each dependency that is no fake whether its part in the
// experiment was what it should be.
func backingEvidence(all []BackingSeen) []result.Check {
	var checks []result.Check
	for _, b := range all {
		if b.Faulty {
			checks = append(checks, evidence("no way past the faults of "+b.Name, len(b.Past) == 0, result.NotExercised,
				b.pastText()))
		}
		if len(b.Ended) > 0 {
			text := fmt.Sprintf("%s ended by itself: %s", b.Name, strings.Join(b.Ended, ", then "))
			if len(b.Log) > 0 {
				text += "; its last lines: " + strings.Join(b.Log, " | ")
			}
			checks = append(checks, evidence("stayed up: "+b.Name, false, result.Inconclusive, text))
		}
		if len(b.Trouble) > 0 {
			checks = append(checks, evidence("passed on: "+b.Name, false, result.Inconclusive, b.troubleText()))
		}
	}
	return checks
}

func (b BackingSeen) troubleText() string {
	return fmt.Sprintf("not all that %s passes on was answered by whom it is passed on to: %s", b.Name, strings.Join(b.Trouble, "; "))
}

// untold is what somebody else did not answer, of all of them; empty if nothing.
func untold(all []BackingSeen) string {
	for _, b := range all {
		if len(b.Trouble) > 0 {
			return b.troubleText()
		}
	}
	return ""
}

func (b BackingSeen) pastText() string {
	if len(b.Past) == 0 {
		return "every connection to " + b.Name + " that was seen led through the proxy"
	}
	return fmt.Sprintf("the faults of %s did not reach all of the target: %s; %s may tell its clients another address than {address}", b.Name, strings.Join(b.Past, "; "), b.Name)
}
