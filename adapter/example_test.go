package adapter_test

import (
	"fmt"
	"math/rand/v2"
	"time"

	"holdfast.dev/holdfast/adapter"
	"holdfast.dev/holdfast/fakes/emailapi"
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
)

// A service of somebody's own calls an e-mail API that is down for a while: it
// may try each mail four times, and no more.
func Example() {
	s := harness.Scenario{
		Name:     "signup/mail-down",
		Claim:    "While the e-mail API is down, nobody's sign-up fails, and each mail is tried four times at most.",
		World:    harness.World{Dependencies: []harness.Dependency{adapter.EmailAPI("mail_api", emailapi.Config{}, adapter.KeyInEnvironment)}},
		Timeline: harness.Timeline{Baseline: time.Second, Inject: 3 * time.Second, Heal: 3 * time.Second},
		Load: []load.Stream{{
			Name: "signup", Profile: load.Constant(20, 7*time.Second),
			Next: func(n int64, _ *rand.Rand) load.Request {
				return load.Request{Method: "POST", Path: "/signup", Body: fmt.Appendf(nil, `{"mail":"user-%d@example.com"}`, n)}
			},
		}},
		Faults: []harness.Fault{adapter.Misbehave("down", "mail_api", "status 503")},
		Checks: []verdict.Check{
			verdict.Metric("mail_api.attempts.max").AtMost(verdict.Count(4)),
			verdict.Metric("signup.failed").In(result.Inject).Equals(verdict.Count(0)),
		},
	}
	fmt.Println(s.Validate())
	// Output: <nil>
}
