package main

import (
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"
)

// pair is two flags of one command, and what is to be done about them.
type pair struct{ one, other, say string }

// contradictions are pairs of flags that cannot both be meant, for one of them says what
// makes the other mean nothing, in every command that has both.
func contradictions() []pair {
	all := []pair{
		{"all", "headline", "give one of the two, for every scenario or for the main job"},
		{"json", "quiet", "give one of the two: the one prints each event, the other none"},
		{"port", "listen", "give one of the two: a port on 127.0.0.1, or a whole address"},
		{"host", "listen", "give one of the two: a host, with --port if it is another, or a whole address"},
		{"slo", "export", "give one of the two: judge the run anew, or write what it measured"},
		{"shape", "rate", "give one of the two: a shape has its rates"},
		{"shape", "duration", "give one of the two: a shape has its times"},
		{"file", "openapi", "give one of the two: where the routes are"},
		{"relay", "openapi", "give one of the two: a described API is answered here, and nothing is passed on"},
		{"webhooks-to", "openapi", "a description has no webhooks: they stand in a --file"},
		{"mutant", "drawn", "give one of the two: mutants by name, or so many that are drawn"},
		{"mutant", "invented", "give one of the two: mutants by name, or the invented ones"},
		{"mutant", "service", "give one of the two: mutants by name, or those of a package"},
		{"without-disturbance", "disturb", "give one of the two: with these disturbances, or with none"},
		{"without-disturbance", "dense", "give one of the two: with disturbances in every scenario, or with none"},
		{"standing", "json", "give one of the two: as JSON there is the whole list, with the standing checks"},
		{"standing", "profile", "standing checks are the same in every profile"},
		{"standing", "service", "standing checks are the same for every service"},
	}
	for _, ofTrial := range []string{"resume", "into", "out", "json", "quiet", "side-by-side", "stop-at-first", "database"} {
		all = append(all, pair{"list", ofTrial, "a list tries no mutant, and writes nothing"})
	}
	return all
}

// companions are pairs of which the first flag means nothing without the other, in every
// command that has both.
func companions() []pair {
	return []pair{
		{"allow-load", "allow-host", "name the host that may get any load"},
		{"allow-host", "service", "the reference runs here, and calls nobody else"},
		{"record", "relay", "say whose answers are kept"},
	}
}

// checkFlags reports pairs of flags that were given and do not go together.
func checkFlags(cmd *cobra.Command, _ []string) error {
	var errs []error
	for _, p := range contradictions() {
		if given(cmd, p.one) && given(cmd, p.other) {
			errs = append(errs, fmt.Errorf("--%s and --%s: %s", p.one, p.other, p.say))
		}
	}
	for _, p := range companions() {
		if given(cmd, p.one) && cmd.Flags().Lookup(p.other) != nil && !given(cmd, p.other) {
			errs = append(errs, fmt.Errorf("--%s without --%s: %s", p.one, p.other, p.say))
		}
	}
	if len(errs) == 0 {
		return nil
	}
	return usage(errors.Join(errs...))
}

// given reports whether a command has a flag, and it was typed: one that is switched off
// says no more than one that was not.
func given(cmd *cobra.Command, name string) bool {
	f := cmd.Flags().Lookup(name)
	return f != nil && f.Changed && !slices.Contains([]string{"false", ""}, f.Value.String())
}
