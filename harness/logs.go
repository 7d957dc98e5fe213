package harness

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
)

// LogMetric is the metric that counts the lines of a program's log that hold a text,
// for example web.log("ERROR").
func LogMetric(place, text string) string { return place + ".log(" + strconv.Quote(text) + ")" }

var logMetric = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9_.-]*)\.log\((".*")\)$`)

// logQuestion is what a check asks of a log.
type logQuestion struct{ metric, place, text string }

// logQuestions are what the scenario's checks ask of logs, each once.
func (s Scenario) logQuestions() []logQuestion {
	var all []logQuestion
	known, seen := s.programs(), map[string]bool{}
	for _, c := range s.Checks {
		m := logMetric.FindStringSubmatch(c.Metric)
		if m == nil || seen[c.Metric] {
			continue
		}
		text, err := strconv.Unquote(m[2])
		if err != nil || text == "" {
			continue // nothing measures that
		}
		for _, place := range known {
			if place == m[1] {
				seen[c.Metric] = true
				all = append(all, logQuestion{c.Metric, place, text})
			}
		}
	}
	return all
}

// covers reports whether the lines of a program are of what is asked.
func (q logQuestion) covers(s Scenario, place string) bool {
	if q.place == place {
		return true
	}
	slots := s.slots()
	for _, i := range s.slotsAt(Fault{On: q.place}) {
		if slots[i].place == place {
			return true
		}
	}
	return false
}

// addLogs enters how many lines of logs hold a text that is asked for.
func (r metrics) addLogs(s Scenario) {
	for _, q := range s.logQuestions() {
		r.addReading(verdict.Descriptor{
			Name: q.metric, Unit: result.UnitCount, Timed: true, About: fmt.Sprintf("lines of the log of %s that hold %q", q.place, q.text),
		})
	}
}

// logs counts, of all lines of all programs, those that are asked for.
type logs struct {
	begun time.Time
	asked []logQuestion
	of    map[string][]int // questions, by the program whose lines are looked at

	mu    sync.Mutex // guards all below
	lines map[string]int64
	at    [][]time.Duration // of each question, when such lines came
}

// newLogs counts for a scenario from a moment on.
func newLogs(s Scenario, begun time.Time) *logs {
	l := &logs{begun: begun, asked: s.logQuestions(), of: map[string][]int{}, lines: map[string]int64{}}
	l.at = make([][]time.Duration, len(l.asked))
	for _, one := range s.slots() {
		for i, q := range l.asked {
			if q.covers(s, one.place) {
				l.of[one.place] = append(l.of[one.place], i)
			}
		}
	}
	return l
}

// maxLogTimes bounds the lines of which it is remembered when they came; of more it is
// the last that are forgotten.
const maxLogTimes = 1 << 20

// line looks at one line of a program's log.
func (l *logs) line(place, text string) {
	asked := l.of[place]
	if len(asked) == 0 {
		return
	}
	now := time.Since(l.begun)
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, i := range asked {
		l.lines[l.asked[i].metric]++
		if strings.Contains(text, l.asked[i].text) && len(l.at[i]) < maxLogTimes {
			l.at[i] = append(l.at[i], now)
		}
	}
}

// read gives each question's answer in each window of the scenario's clock, which
// began some time after the programs did. That there was no line at all is an answer:
// the log was open.
func (l *logs) read(seen *LoadSeen, start time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, q := range l.asked {
		seen.read(q.metric, func(w verdict.Window) verdict.Reading {
			r := verdict.Reading{Samples: l.lines[q.metric] + 1}
			for _, at := range l.at[i] {
				if on := at - start.Sub(l.begun); on >= w.From && on < w.To {
					r.Value++
				}
			}
			return r
		})
	}
}
