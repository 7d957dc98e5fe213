package stub

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"holdfast.dev/holdfast/placeholder"
)

// Webhook is a request that the API sends back once it has done what a route was
// asked: a callback. It goes to a process of the service and nowhere else. What is not
// answered with 2xx within 10 s is sent again, after 250 ms, 500 ms, 1 s and so on; a
// redirect is not followed.
type Webhook struct {
	// To is the process: its address is the value of TO.url in [Config.Values]. Where
	// there are TO.2.url and so on, each attempt goes to the next of them.
	To string
	// Path is where it goes there, a text over the request like an answer.
	Path string
	// Method defaults to POST.
	Method string
	// Delay is how long after the answer it is due. Defaults to none.
	Delay   time.Duration
	Headers map[string]string // texts
	JSON    string            // a JSON text, as an answer's
	// Sign says how it is signed. Defaults to not at all.
	Sign Sign
	// Attempts is how often it is sent at most. Defaults to 5.
	Attempts int
}

// mostAttempts keeps a callback from outliving any scenario: the last wait would be
// 64 s.
const mostAttempts = 10

const defaultAttempts = 5

func (w Webhook) withDefaults() Webhook {
	w.Method = cmp.Or(w.Method, http.MethodPost)
	w.Attempts = cmp.Or(w.Attempts, defaultAttempts)
	return w
}

// validate reports all that is wrong with it, each behind the name of its part.
func (w Webhook) validate(place scope) error {
	var errs []error
	say := func(bad bool, part, format string, args ...any) {
		if bad {
			errs = append(errs, within(part, fmt.Errorf(format, args...)))
		}
	}
	say(w.To == "", "to", "it does not say which process it goes to")
	address := w.To + ".url"
	say(w.To != "" && !slices.Contains(place.values, address), "to", "no process is called %q", w.To)
	say(!strings.HasPrefix(w.Path, "/") || strings.HasPrefix(w.Path, "//"), "path", "%q does not begin with a single /: a webhook goes to a process of the service and nowhere else", w.Path)
	say(w.Delay < 0, "delay", "it is below 0")
	say(w.Attempts < 0 || w.Attempts > mostAttempts, "attempts", "%d is not between 1 and %d", w.Attempts, mostAttempts)
	say(w.Method != "" && w.Method != strings.ToUpper(w.Method), "method", "%q is not in capitals", w.Method)
	say(w.JSON != "" && !json.Valid([]byte(w.JSON)), "json", "it is no JSON: %s", w.JSON)
	for _, name := range slices.Sorted(maps.Keys(w.Headers)) {
		errs = append(errs, within("headers."+name, place.header(w.Headers[name]).err))
	}
	errs = append(errs, within("path", place.target(w.Path).err), within("json", place.json(w.JSON).err), w.Sign.validate(place))
	return errors.Join(errs...)
}

// webhook is one that is ready to be sent.
type webhook struct {
	Webhook
	path    text
	headers map[string]text
	json    text
	signer  *signer // nil: it is not signed
}

func (w Webhook) compile(place scope) *webhook {
	c := &webhook{Webhook: w, path: place.target(w.Path), headers: map[string]text{}, json: place.json(w.JSON), signer: w.Sign.compile(place)}
	for name, value := range w.Headers {
		c.headers[name] = place.header(value)
	}
	return c
}

// target compiles a path, in whose parts values are escaped.
func (s scope) target(t string) text { return s.compile(placeholder.Path(t)) }
