package fault_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/fault"
)

// line is a place that knows no requests, server one that does.

func line() fault.Support {
	return fault.Support{Place: "a line", Kinds: []fault.Carried{{Kind: "delay"}, {Kind: "black-hole"}, {Kind: "slicer"}, {Kind: "reset"}}}
}

func server() fault.Support {
	return fault.Support{
		Place: "a server", About: "answers a|b", Kinds: []fault.Carried{
			{Kind: "delay", Acts: "each request", Counts: "requests", Undoing: "nothing is held"}, {Kind: "status"}, {Kind: "kill"},
		},
		Selectors: []string{"p", "key"}, Sequences: true,
		Limits: func(f fault.Fault) error {
			if f.Kind == (fault.Status{Code: 418}) {
				return errors.New("it is no teapot")
			}
			return nil
		},
	}
}

func TestAPlaceTakesWhatItSaysThatItTakes(t *testing.T) {
	for _, row := range []struct {
		place   fault.Support
		text    string
		because []string // none: it takes the fault
	}{
		{line(), "delay 200ms jitter 50ms", nil},
		{line(), "hang headers", []string{`a line cannot carry out "hang"; the nearest to it here is "black-hole"`}},
		{line(), "drip", []string{`the nearest to it here is "slicer"`}},
		{line(), "status 503", []string{`a line cannot carry out "status"; it can: delay, black-hole, slicer, reset`}},
		{line(), "delay 200ms key=a p=0.5", []string{"a line does not understand p=: it knows no requests", "understand key="}},
		{line(), "2*reset -> ok", []string{"one thing after another"}},
		{line(), "2*status 503 -> ok key=a", []string{"one thing after another", `"status"`, "key="}},
		{server(), "status 503 p=0.1 key=a", nil},
		{server(), "2*status 503 -> delay 1s -> ok", nil},
		{server(), "2*status 503 -> reset -> ok", []string{`a server cannot carry out "reset"`}},
		{server(), "status 503 nth=2", []string{"a server does not understand nth=; it understands: p, key"}},
		{server(), "status 418", []string{"it is no teapot"}},
		{fault.Support{}, "kill", []string{`this place cannot carry out "kill", nor anything else`}},
	} {
		t.Run(row.text, func(t *testing.T) {
			f, err := fault.Parse(row.text)
			require.NoError(t, err)
			err = row.place.Accepts(f)
			if row.because == nil {
				require.NoError(t, err)
			}
			for _, part := range row.because {
				require.ErrorContains(t, err, part)
			}
		})
	}
	require.Error(t, line().Accepts(fault.Fault{}))
	require.Error(t, line().Accepts(fault.Fault{Kind: fault.Slicer{}}), "parameters that make no sense")
}

func TestWhatExcludesIsForThePlaceToSay(t *testing.T) {
	require.NoError(t, line().Conflict(fault.Kill{}, fault.Kill{}))
	p := fault.Support{Excludes: func(a, b fault.Kind) error { return errors.New(a.String() + " and " + b.String()) }}
	require.EqualError(t, p.Conflict(fault.Kill{}, fault.Pause{}), "kill and pause")
}

func TestTheManualHasEveryKindAndEveryPlaceInWholeTables(t *testing.T) {
	var manual bytes.Buffer
	require.NoError(t, fault.WriteManual(&manual, line(), server()))
	columns := 0
	for text := range strings.Lines(manual.String()) {
		if !strings.HasPrefix(text, "|") {
			columns = 0
			continue
		}
		bars := strings.Count(strings.ReplaceAll(text, `\|`, ""), "|") - strings.Count(inCode(text), "|")
		if columns == 0 {
			columns = bars
		}
		require.Equal(t, columns, bars, text)
	}
	for _, row := range fault.Catalogue() {
		require.Contains(t, manual.String(), "\n### "+row.Name+"\n")
	}
	require.Contains(t, manual.String(), "| a server | answers a\\|b | `p`, `key`, `->` | `delay`, `status`, `kill` |")
	require.Contains(t, manual.String(), "| a server | each request | requests | nothing is held |")
}

// inCode is what stands between backquotes.
func inCode(text string) string {
	var code strings.Builder
	for i, part := range strings.Split(text, "`") {
		if i%2 == 1 {
			code.WriteString(part)
		}
	}
	return code.String()
}

func TestWhatTheManualShowsCanBeTyped(t *testing.T) {
	var manual bytes.Buffer
	require.NoError(t, fault.WriteManual(&manual))
	shown := 0
	head, _, _ := strings.Cut(manual.String(), "## Where")
	for line := range strings.Lines(head) {
		if text, ok := strings.CutPrefix(line, "    "); ok {
			_, err := fault.Parse(strings.TrimSpace(text))
			require.NoError(t, err)
			shown++
		}
		if !strings.HasPrefix(line, "| `") {
			continue
		}
		for i, code := range strings.Split(line, "`") {
			if i%2 == 0 || !strings.Contains(code, "=") {
				continue
			}
			if strings.HasPrefix(code, "pick=") {
				code += " key=a,b,c"
			}
			_, err := fault.Parse("close " + code)
			require.NoError(t, err, "the selector %s", code)
			shown++
		}
	}
	require.Greater(t, shown, 15)
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("full") }

func TestAManualThatCannotBeWrittenSaysSo(t *testing.T) {
	require.ErrorContains(t, fault.WriteManual(broken{}), "write the manual of faults: full")
}
