package standing

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"sync"

	"holdfast.dev/holdfast/redact"
)

// told: no answer, page of metrics or log line holds a secret of this run, and no
// answer anything that is the service's own: a stack trace, an SQLSTATE, a path in
// its source. A log may hold those: who reads it needs them.
func told() Check {
	return Check{
		Name:  "nothing-told",
		About: "no body, header, metric or log line holds a secret of this run, and no answer a stack trace, an SQLSTATE, a path in the source or where the database is",
		Begin: func(_ context.Context, s Scene) (Watch, error) {
			w := &toldWatch{secrets: NewSecrets(s.Secrets), target: s.Target}
			return Watch{Answered: w.answered, Drained: w.drained, Ended: w.ended}, nil
		},
	}
}

type toldWatch struct {
	secrets *Secrets
	target  string

	mu    sync.Mutex // guards found
	found Finding
}

func (w *toldWatch) answered(a Answer) {
	var where, what string
	if what = w.betrays(a.Body); what != "" {
		where = "the body"
	} else if name, is := w.inHeader(a.Header); is != "" {
		where, what = "the header "+name, is
	}
	if what == "" {
		w.look(nil)
		return
	}
	w.look(&Example{At: a.End, What: fmt.Sprintf("%s of an answer to %s %s holds %s", where, methodOf(a.Request.Method), shortened(a.Request.Shown().Path), what), Repeat: a.Curl(w.target)})
}

func (w *toldWatch) inHeader(h http.Header) (name, what string) {
	for name, values := range h {
		for _, v := range values {
			if what := w.betrays([]byte(v)); what != "" {
				return name, what
			}
		}
	}
	return "", ""
}

// betrays says what of the service's own a text holds, empty if nothing.
func (w *toldWatch) betrays(text []byte) string {
	if what := w.secrets.In(text); what != "" {
		return what
	}
	for _, p := range insides {
		if (len(p.needs) == 0 || slices.ContainsFunc(p.needs, func(word string) bool { return bytes.Contains(text, []byte(word)) })) && p.re.Match(text) {
			return p.what
		}
	}
	return ""
}

// look counts one text that was looked at, and what it told; nil: nothing.
func (w *toldWatch) look(told *Example) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.found.Looked++
	if told != nil {
		w.found.Add(*told)
	}
}

// maxPage bounds the page of metrics that is read.
const maxPage = 8 << 20

// drained reads the page of metrics, if there is one.
func (w *toldWatch) drained(ctx context.Context, _ Settled) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, w.target+"/metrics", nil)
	if err != nil {
		return
	}
	res, err := newClient(0).Do(req)
	if err != nil {
		return // that there is no such page is nobody's secret
	}
	defer res.Body.Close()
	page, err := io.ReadAll(io.LimitReader(res.Body, maxPage))
	if err != nil || res.StatusCode != http.StatusOK {
		return
	}
	if what := w.betrays(page); what != "" {
		w.look(&Example{At: -1, What: "the page of metrics holds " + what, Repeat: "curl " + quoted(w.target+"/metrics")})
		return
	}
	w.look(nil)
}

func (w *toldWatch) ended(e Ended) Finding {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.found.Looked = max(w.found.Looked, e.Answers) + e.LogLines
	for _, what := range e.Spilled {
		w.found.Add(Example{At: -1, What: "a line of its log holds " + what})
	}
	return w.found
}

// inside is something of a service's own that it tells nobody.
type inside struct {
	what  string
	needs []string // one of these words is in such a text; it spares the expression
	re    *regexp.Regexp
}

// insides are told by their look.
var insides = []inside{
	{"a stack trace", []string{"goroutine ", "Traceback", "Exception in thread", "\tat ", "\n    at ", `\n    at `, `\tat `, "panic:"}, regexp.MustCompile(
		`goroutine \d+ \[|Traceback \(most recent call last\)|Exception in thread|panic: |(\n|\\n|\\t|\t)\s*at [\w.$<>/ ]+\(?[^)\s]*:\d+`)},
	{"a path in the source", []string{".go:", ".py", ".rb:", ".java:", ".kt:", ".js:", ".ts:", ".php", ".ex:", ".cs:", ".rs:"}, regexp.MustCompile(
		`[\w/.-]+\.(go|rb|java|kt|js|ts|ex|cs|rs):\d+|[\w/.-]+\.(py|php)(:\d+|\\?", line \d+| on line \d+)`)},
	{"an SQLSTATE", []string{"SQLSTATE", "sqlstate"}, regexp.MustCompile(`(?i)sqlstate\W{0,3}[0-9A-Z]{5}`)},
	{"how to connect to the database", []string{"://", "host=", "user="}, regexp.MustCompile(
		`(postgres(ql)?|mysql|mongodb|redis|amqp)(\+\w+)?://[^\s"']|\buser=\S+ (database|dbname)=|\bhost=\S+ (user|port|dbname)=`)},
}

// Secrets are looked for in texts, in the forms that they take there.
type Secrets struct {
	forms []form
}

type form struct {
	text []byte
	what string
}

// shortest is the length below which a text is no secret: it would be found
// everywhere.
const shortest = 6

// NewSecrets prepares to look for them.
func NewSecrets(all []Secret) *Secrets {
	s := &Secrets{}
	for _, secret := range all {
		if len(secret.Text) < shortest {
			continue
		}
		for _, text := range redact.Forms(secret.Text) {
			s.forms = append(s.forms, form{[]byte(text), secret.What})
		}
	}
	return s
}

// In says which secret stands in a text, empty if none does.
func (s *Secrets) In(text []byte) string {
	for _, f := range s.forms {
		if bytes.Contains(text, f.text) {
			return f.what
		}
	}
	return ""
}
