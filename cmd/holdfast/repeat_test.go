package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"holdfast.dev/holdfast/harness/database/providers"
	"holdfast.dev/holdfast/scenarios"
)

func emptyEnvironment() environ {
	return environ{getenv: func(string) string { return "" }}
}

// words splits a line as a shell does, and fails on what a shell would take for
// something else: a glob, a variable, a second command.
func words(t require.TestingT, line string) (all []string) {
	var word strings.Builder
	quoted, begun := false, false
	for i := 0; i < len(line); i++ {
		c := line[i]
		switch {
		case quoted && c == '\'', !quoted && c == '\'':
			quoted, begun = !quoted, true
		case quoted:
			word.WriteByte(c)
		case c == '\\':
			i++
			word.WriteByte(line[i])
			begun = true
		case c == ' ':
			if begun {
				all = append(all, word.String())
			}
			word.Reset()
			begun = false
		default:
			require.NotContains(t, "*?[]{}$&;|<>()`\"#~!\n\t", string(c), line)
			word.WriteByte(c)
			begun = true
		}
	}
	require.False(t, quoted, line)
	if begun {
		all = append(all, word.String())
	}
	return all
}

// retyped is the plan of a printed line, by way of the command's own flags.
func retyped(t require.TestingT, line string) *plan {
	all := words(t, line)
	require.Equal(t, []string{"holdfast", "run"}, all[:2], line)
	cmd := newRun(emptyEnvironment())
	require.NoError(t, cmd.ParseFlags(all[2:]), line)
	f := runFlags{failOn: failOnAll()}
	flags := cmd.Flags()
	f.profile, _ = flags.GetString("profile")
	f.database, _ = flags.GetString("database")
	f.target, _ = flags.GetString("target")
	f.memory, _ = flags.GetString("memory")
	f.seed, _ = flags.GetUint64("seed")
	f.without, _ = flags.GetStringSlice("without")
	f.all, _ = flags.GetBool("all")
	f.headline, _ = flags.GetBool("headline")
	f.retries, _ = flags.GetInt("retries")
	f.pace, _ = flags.GetFloat64("pace")
	f.trace, _ = flags.GetFloat64("trace")
	f.sideBySide, _ = flags.GetInt("side-by-side")
	p, err := newPlan(emptyEnvironment(), f, flags.Args())
	require.NoError(t, err, line)
	return p
}

// meaning is what makes two plans the same run: all but its name and its directory.
func meaning(p *plan) string {
	c := p.config
	var without []string
	for _, w := range c.Without {
		without = append(without, w.Name)
	}
	return fmt.Sprintln(names(p.scenarios), c.Profile, c.Seed, without, c.Target.Kind, c.Target.MemoryLimit, c.Database.Provider, c.Pace, c.Trace)
}

// few checks a property with a few draws, the same each time: reading a command
// line draws up the whole catalogue.
func few(t *testing.T, property func(*rapid.T)) {
	t.Helper()
	seen := rapid.Custom(func(rt *rapid.T) bool { property(rt); return true })
	for i := range 30 {
		seen.Example(i)
	}
}

// What a run says to type is the same run again, and each scenario's line is that
// scenario alone in the same run.
func TestWhatIsPrintedToTypeIsTheSameRun(t *testing.T) {
	profile, err := scenarios.ProfileByName("smoke")
	require.NoError(t, err)
	catalogue := names(scenarios.Catalogue(profile))
	var guards []string
	for _, p := range scenarios.Protections() {
		guards = append(guards, p.Name)
	}
	which := append(slices.Clone(catalogue), "search", "oracle", "task", "search/*", "*/*", "task/[a-m]*", "oracle/on?-hangs")
	few(t, func(rt *rapid.T) {
		f := runFlags{
			failOn:     failOnAll(),
			all:        rapid.Bool().Draw(rt, "all"),
			headline:   rapid.Bool().Draw(rt, "headline"),
			profile:    "smoke", // the others take long to be read
			without:    rapid.SliceOfNDistinct(rapid.SampledFrom(guards), 0, 3, rapid.ID).Draw(rt, "without"),
			target:     rapid.SampledFrom([]string{"process", "container"}).Draw(rt, "target"),
			memory:     rapid.SampledFrom([]string{"", "100m", "1G", "4096", "64kb"}).Draw(rt, "memory"),
			database:   rapid.SampledFrom(providers.Names()).Draw(rt, "database"),
			seed:       rapid.Uint64().Draw(rt, "seed"),
			retries:    rapid.IntRange(unsaid, 3).Draw(rt, "retries"),
			sideBySide: rapid.IntRange(0, 3).Draw(rt, "side by side"),
			pace:       rapid.SampledFrom([]float64{0, 0.5, 1}).Draw(rt, "pace"),
			trace:      rapid.SampledFrom([]float64{0, 0.00001, 0.25, 1}).Draw(rt, "trace"),
		}
		args := rapid.SliceOfN(rapid.SampledFrom(which), 0, 3).Draw(rt, "args")
		first, err := newPlan(emptyEnvironment(), f, args)
		if err != nil {
			return // not a run: nothing was chosen
		}
		again := retyped(t, first.config.Repeat(""))
		require.Equal(t, meaning(first), meaning(again))
		require.Equal(t, first.config.Retries, again.config.Retries)
		require.Equal(t, first.config.SideBySide, again.config.SideBySide)

		one := rapid.SampledFrom(names(first.scenarios)).Draw(rt, "one")
		alone := retyped(t, first.config.Repeat(one))
		require.Equal(t, []string{one}, names(alone.scenarios))
		alone.scenarios = first.scenarios
		require.Equal(t, meaning(first), meaning(alone), "the one differs in nothing else")
	})
}

// What a proof says to type is the same part of the same matrix.
func TestWhatAProofPrintsIsTheSameProof(t *testing.T) {
	whole := func(p *proofPlan) string {
		var all []string
		for _, protection := range p.proof.Protections {
			all = append(all, protection.Name)
		}
		return fmt.Sprintln(meaning(p.plan), all, names(p.proof.Scenarios), p.proof.Full, p.config.SideBySide)
	}
	few(t, func(rt *rapid.T) {
		f := proveFlags{
			runFlags: everything(), full: rapid.Bool().Draw(rt, "full"),
			part: rapid.SampledFrom([]string{wholeProof, "1/2", "2/2", "3/4"}).Draw(rt, "part"),
		}
		f.sideBySide = rapid.IntRange(0, 5).Draw(rt, "side by side")
		f.profile, f.database, f.seed = "smoke", rapid.SampledFrom(providers.Names()).Draw(rt, "database"), rapid.Uint64().Draw(rt, "seed")
		args := rapid.SliceOfN(rapid.SampledFrom([]string{"search", "oracle", "search.sql-limit", "oracle.timeout"}), 0, 2).Draw(rt, "args")
		first, err := newProofPlan(emptyEnvironment(), f, args)
		if err != nil {
			return // no such proof
		}
		line := words(t, first.config.Repeat(""))
		require.Equal(t, f.sideBySide > 0, slices.Contains(line, "--side-by-side"), "what was typed, and not what this machine has")
		cmd := newProve(emptyEnvironment())
		require.NoError(t, cmd.ParseFlags(line[2:]))
		again := proveFlags{runFlags: everything()}
		flags := cmd.Flags()
		again.profile, _ = flags.GetString("profile")
		again.database, _ = flags.GetString("database")
		again.seed, _ = flags.GetUint64("seed")
		again.full, _ = flags.GetBool("full")
		again.part, _ = flags.GetString("part")
		again.sideBySide, _ = flags.GetInt("side-by-side")
		second, err := newProofPlan(emptyEnvironment(), again, flags.Args())
		require.NoError(t, err)
		require.Equal(t, whole(first), whole(second), strings.Join(line, " "))
	})
}
