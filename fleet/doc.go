// Package fleet has what a load that several workers send is made of, without a
// network: the messages of coordinator and worker, the estimate of a clock ([Estimate]),
// the books of who held which lane and what became of it ([Books]), and the policy for a
// lost worker.
//
// One schedule is dealt into lanes. A lane is a message on a work queue of NATS
// JetStream: whoever was handed it holds its lease, and renews it; where nobody does,
// the broker hands it to another. The coordinator says from where on the other sends, so
// that nothing can be sent twice: not before the fence of the one before has shut.
// What was sent is told in deltas, which the broker takes once each.
//
// Package coordinator is a harness.Sender over it, package worker what sends, package
// broker how both reach the broker, and broker/embedded a broker of one's own.
package fleet

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Term is for how long a worker may send that nobody has confirmed, where nothing else
// is said: after that its lane is another's. Renew is how often it asks. After Gone
// terms without a word run and worker have given each other up.
const (
	Term    = time.Second
	MaxTerm = time.Minute
	Renew   = 5 // times a term
	Gone    = 5 // terms
)

// Policy is what is done about a lane whose worker was lost.
type Policy string

// The policies. In none of them a run that lost a worker passes.
const (
	TakeOver Policy = "take-over" // another worker goes on with it
	Shrink   Policy = "shrink"    // it stays unsent
	Fail     Policy = "fail"      // the load ends
)

// Policies are all there are.
func Policies() []Policy { return []Policy{TakeOver, Shrink, Fail} }

// ParsePolicy reads a policy.
func ParsePolicy(text string) (Policy, error) {
	if p := Policy(text); slices.Contains(Policies(), p) {
		return p, nil
	}
	var names []string
	for _, p := range Policies() {
		names = append(names, string(p))
	}
	return "", fmt.Errorf("%q is no policy for a lost worker: one of %s", text, strings.Join(names, ", "))
}
