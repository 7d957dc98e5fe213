package main

import (
	"github.com/spf13/cobra"

	"holdfast.dev/holdfast/harness/database/providers"
	"holdfast.dev/holdfast/harness/standing"
	"holdfast.dev/holdfast/scenarios"
)

// addCompletion adds the library's own command, and has it refuse a shell that it does
// not know. It prints to where the root prints now.
func addCompletion(root *cobra.Command) {
	root.InitDefaultCompletionCmd()
	for _, cmd := range root.Commands() {
		if cmd.Name() == "completion" {
			cmd.Args, cmd.RunE = ofSubcommands, func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
		}
	}
}

// complete tells shells what can stand in a command line: the names of what is tried, be
// it the reference or the service that was typed.
func (f *runFlags) complete(cmd *cobra.Command, env environ, args func(subject) []string) {
	of := func(words func(subject) []string) cobra.CompletionFunc {
		return func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			look := *f
			look.onlyLook = true
			tried, err := look.subject(env)
			if err != nil {
				return nil, cobra.ShellCompDirectiveError
			}
			return words(tried), cobra.ShellCompDirectiveNoFileComp
		}
	}
	cmd.ValidArgsFunction = of(args)
	for name, words := range map[string]func(subject) []string{
		"without": subject.protectionWords, "profile": fixed(scenarios.ProfileNames()), "database": fixed(providers.Names()),
		"fail-on": fixed(failOnAll()), "target": fixed([]string{"process", "container"}), "standing-off": fixed(standing.Names()),
	} {
		if cmd.Flags().Lookup(name) != nil {
			_ = cmd.RegisterFlagCompletionFunc(name, of(words)) // fails for a flag that is none, or had one already
		}
	}
}

func fixed(words []string) func(subject) []string { return func(subject) []string { return words } }

// scenarioWords are the names of the scenarios with their claims, as shells show them.
func (s subject) scenarioWords() []string {
	var all []string
	for _, sc := range s.scenarios {
		all = append(all, cobra.CompletionWithDesc(sc.Name, sc.Claim))
	}
	return all
}

// protectionWords are the names of the protections with what each does.
func (s subject) protectionWords() []string {
	var all []string
	for _, p := range s.protections {
		all = append(all, cobra.CompletionWithDesc(p.Name, p.About))
	}
	return all
}
