package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"holdfast.dev/holdfast/nearest"
)

// ofSubcommands are the arguments of a command that only has others below it: none, and
// a name that is none of them is answered with the one that was meant.
func ofSubcommands(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var names []string
	for _, c := range cmd.Commands() {
		if !c.Hidden {
			names = append(names, c.Name())
		}
	}
	return usage(fmt.Errorf("unknown command %s%s; %s --help shows them all", args[0], nearest.Hint(args[0], names), cmd.CommandPath()))
}

// flagError says of a flag that was typed wrong what is wanted, and not what a parser
// stumbled over.
func flagError(cmd *cobra.Command, err error) error {
	var (
		unknown *pflag.NotExistError
		missing *pflag.ValueRequiredError
		invalid *pflag.InvalidValueError
	)
	switch {
	case errors.As(err, &unknown) && len(unknown.GetSpecifiedName()) > 1:
		typed := "--" + unknown.GetSpecifiedName()
		var names []string
		cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, "--"+f.Name) })
		err = fmt.Errorf("unknown flag %s%s; %s --help shows them all", typed, nearest.Hint(typed, names), cmd.CommandPath())
	case errors.As(err, &missing):
		err = fmt.Errorf("--%s needs a value: %s", missing.GetFlag().Name, wanted(missing.GetFlag()))
	case errors.As(err, &invalid):
		err = fmt.Errorf("--%s %s: it is to be %s", invalid.GetFlag().Name, invalid.GetValue(), wanted(invalid.GetFlag()))
	}
	return usage(err)
}

// wanted is what the value of a flag is to be.
func wanted(f *pflag.Flag) string {
	kind := f.Value.Type()
	switch kind {
	case "uint8":
		return "a whole number from 0 to 255"
	case "uint16":
		return "a whole number from 0 to 65535"
	case "uint32":
		return "a whole number from 0 to 4294967295"
	case "uint64", "uint":
		return "a whole number, 0 or more"
	case "int", "int64":
		return "a whole number"
	case "float64":
		return "a number, for example 0.5"
	case "duration":
		return "a time with its unit, for example 250ms, 10s or 5m"
	case "bool":
		return "true or false"
	default:
		return "a " + kind
	}
}

// newHelp is the help of a command by its name, which refuses what is none.
func newHelp() *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND…]",
		Short: "Help about a command",
		RunE: func(cmd *cobra.Command, args []string) error {
			about, rest, err := cmd.Root().Find(args)
			if err != nil {
				return usage(err)
			}
			if err := ofSubcommands(about, rest); err != nil {
				return err
			}
			return about.Help()
		},
	}
}
