package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// attackTried is what became of one kind of attack.
type attackTried struct {
	name, holds string
	tried       int
	broken      []string // what did not hold
	// over is that it was tried to its end: one that was skipped, or that a check has
	// ended, has shown nothing of what it did not try.
	over bool
	more string // a sentence about it, which stands below the table
}

// attackTable is what attacks came to, as it is published, or why it is not: a table that
// leaves out what failed, or was not tried, would flatter.
func attackTable(all []attackTried) (string, error) {
	var table, more strings.Builder
	table.WriteString("| attack | must hold | tried | survived |\n|---|---|---|---|\n")
	for _, a := range all {
		switch {
		case !a.over:
			return "", fmt.Errorf("%s: it was not tried to its end", a.name)
		case len(a.broken) > 0:
			return "", fmt.Errorf("%s: %s", a.name, strings.Join(a.broken, "; "))
		}
		fmt.Fprintf(&table, "| %s | %s | %d | %d |\n", a.name, a.holds, a.tried, a.tried)
		if a.more != "" {
			more.WriteString("\n" + a.more + "\n")
		}
	}
	return table.String() + more.String(), nil
}

// publishAttacks replaces the table of a document.
func publishAttacks(into string, all []attackTried) error {
	table, err := attackTable(all)
	if err != nil {
		return fmt.Errorf("%s keeps its table: %w", into, err)
	}
	return replaceBlock(into, "attack", []byte(table))
}

// killsTold says what was killed, how often each, and what there was none of here.
func killsTold(took time.Duration, processors int, of []attackKilled, absent []string) string {
	kills, parts := 0, make([]string, 0, len(of))
	for _, k := range of {
		kills += k.times
		parts = append(parts, fmt.Sprintf("%d of %s", k.times, k.what))
	}
	told := fmt.Sprintf("The %d kills took %v, two at a time, on a machine with %d processors: %s.", kills, took.Round(time.Second), processors, strings.Join(parts, "; "))
	for _, what := range absent {
		told += " Not tried here: " + what + "."
	}
	return told
}

// attackKilled is how often runs of one kind were killed.
type attackKilled struct {
	what  string
	times int
}

func TestATableOfAttacksLeavesNothingOut(t *testing.T) {
	held := attackTried{name: "a full disk", holds: "exit 4", tried: 4, over: true}
	kills := attackTried{name: "SIGKILL", holds: "nothing is left", tried: 3, over: true,
		more: killsTold(61*time.Second, 2, []attackKilled{{"a process", 2}, {"a service", 1}}, []string{"containers, without a Docker engine"})}
	for name, row := range map[string]struct {
		other attackTried
		says  string // why it is not published
	}{
		"all that was tried held": {other: kills},
		"one did not hold":        {attackTried{name: "two runs", tried: 3, broken: []string{"exit 0"}, over: true}, "two runs: exit 0"},
		"one was skipped":         {attackTried{name: "two runs"}, "two runs: it was not tried to its end"},
		"a check has ended one":   {attackTried{name: "two runs", tried: 1}, "two runs: it was not tried to its end"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "reliability.md")
			begins, ends := blockMarks("attack")
			before := begins + "200 of 200\n" + ends + "\n"
			require.NoError(t, os.WriteFile(path, []byte(before), 0o644))
			err := publishAttacks(path, []attackTried{held, row.other})
			text, readErr := os.ReadFile(path)
			require.NoError(t, readErr)
			if row.says != "" {
				require.ErrorContains(t, err, row.says)
				require.Equal(t, before, string(text))
				return
			}
			require.NoError(t, err)
			require.Equal(t, begins+`| attack | must hold | tried | survived |
|---|---|---|---|
| a full disk | exit 4 | 4 | 4 |
| SIGKILL | nothing is left | 3 | 3 |

The 3 kills took 1m1s, two at a time, on a machine with 2 processors: 2 of a process; 1 of a service. Not tried here: containers, without a Docker engine.
`+ends+"\n", string(text))
		})
	}
}
