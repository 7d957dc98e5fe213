package main

import (
	"fmt"
	"strings"
)

// repeat returns what to type to run the same again, or one scenario of it.
func (p *plan) repeat(args []string) func(string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s --seed %d", p.flags.again(), p.flags.seed)
	for _, w := range p.flags.without {
		fmt.Fprintf(&b, " --without %s", w)
	}
	for _, off := range p.flags.standingOff {
		fmt.Fprintf(&b, " --standing-off %s", typed([]string{off}))
	}
	if p.flags.target != "process" {
		fmt.Fprintf(&b, " --target %s", p.flags.target)
	}
	if p.flags.memory != "" {
		fmt.Fprintf(&b, " --memory %s", p.flags.memory)
	}
	b.WriteString(p.flags.databaseAgain())
	b.WriteString(p.flags.fleet.again())
	if p.flags.failFast {
		b.WriteString(" --fail-fast")
	}
	if p.flags.pace > 0 {
		fmt.Fprintf(&b, " --pace %v", p.flags.pace)
		p.config.PaceFlag = "" // it is said
	}
	if p.flags.trace > 0 {
		fmt.Fprintf(&b, " --trace %v", p.flags.trace)
	}
	which := typed(args)
	if p.flags.all {
		which = strings.TrimSpace(which + " --all")
	}
	if p.flags.headline {
		which = strings.TrimSpace(which + " --headline")
	}
	if p.config.Retries != retriesOf(p.flags.headline) {
		which += fmt.Sprintf(" --retries %d", p.config.Retries)
	}
	which += p.flags.sideBySideAgain()
	return func(scenario string) string { // one that is repeated alone is tried once
		if scenario == "" {
			scenario = which
		}
		return "holdfast run " + scenario + b.String()
	}
}

// typed are arguments as a shell takes them: a glob is quoted, or the shell would
// look for files of that name.
func typed(args []string) string {
	words := make([]string, len(args))
	for i, arg := range args {
		words[i] = arg
		if arg == "" || strings.Trim(arg, plainCharacters) != "" {
			words[i] = "'" + strings.ReplaceAll(arg, "'", `'\''`) + "'"
		}
	}
	return strings.Join(words, " ")
}

// plainCharacters mean nothing but themselves to a shell.
const plainCharacters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./"

// databaseAgain is the flag that chooses the same kind of database again, with a
// space before it; empty where none was chosen.
func (f runFlags) databaseAgain() string {
	if f.database == "auto" {
		return ""
	}
	return " --database " + f.database
}
