package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"holdfast.dev/holdfast/manifest"
	"holdfast.dev/holdfast/manifest/notation"
)

// loadService reads the file of a service, or the one in a folder. What is wrong with
// it is the command line's fault: nothing was started.
func loadService(env environ, path string) (*manifest.Service, error) {
	service, err := manifest.Load(path, options(env))
	if err != nil {
		return nil, usage(err)
	}
	return service, nil
}

// lookup finds a variable of the environment that the program was given.
func (e environ) lookup(name string) (string, bool) {
	if value := e.getenv(name); value != "" {
		return value, true
	}
	if e.lookupEnv == nil {
		return "", false
	}
	return e.lookupEnv(name)
}

// options are what reading a file may use: the environment, and images by Docker.
func options(env environ) manifest.Options {
	return manifest.Options{Environment: env.lookup, Images: imageRunner()}
}

func newValidate(env environ) *cobra.Command {
	return &cobra.Command{
		Use:   "validate [FILE]",
		Short: "Say all that is wrong with a holdfast.yaml, and start nothing",
		Long: `Reads the file of a service and says all that can be known to be wrong with it: a
line each, FILE:LINE:COLUMN, with the name that was meant. Nothing is started.

FILE is a file or a folder with a ` + manifest.FileName + `; default is this folder.
Exit code 0 means that it can be run, 2 that it is wrong.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			service, err := loadService(env, fileOf(args))
			if err != nil {
				return err
			}
			fmt.Fprintf(env.stdout, "%s: %s, %s, %s, %s\n", service.Path, counted(len(service.File.Scenarios), "scenario"), counted(len(service.File.Protections), "protection"),
				counted(len(service.File.Processes), "process"), counted(len(service.File.Dependencies), "dependency"))
			return nil
		},
	}
}

// fileOf is the file that is named, or this folder.
func fileOf(args []string) string {
	if len(args) == 0 {
		return "."
	}
	return args[0]
}

func newSchema(env environ) *cobra.Command {
	return &cobra.Command{
		Use:   "schema service|events",
		Short: "Print the JSON Schema of holdfast.yaml, or of the lines that --json prints",
		Long: `Prints the JSON Schema of holdfast.yaml (service), or of the lines that run --json prints
(events). An editor that knows YAML completes and explains a holdfast.yaml with the first
when its first line is

  # yaml-language-server: $schema=./holdfast.schema.json`,
		Example: `  holdfast schema service > holdfast.schema.json
  holdfast schema events`,
		Args:      cobra.MatchAll(cobra.ExactArgs(1), cobra.OnlyValidArgs),
		ValidArgs: []string{"service", "events"},
		RunE: func(_ *cobra.Command, args []string) error {
			text, err := eventSchema, error(nil)
			if args[0] == "service" {
				text, err = manifest.Schema()
			}
			if err != nil {
				return err
			}
			_, err = env.stdout.Write(text)
			return err
		},
	}
}

// ofFile reports whether an error is about a file, whose lines say so themselves.
func ofFile(err error) bool {
	var problems *notation.Problems
	return errors.As(err, &problems)
}

func newPlanned(env environ) *cobra.Command {
	f := runFlags{target: "process"}
	cmd := &cobra.Command{
		Use:   "plan [FILE] [SCENARIO…]",
		Short: "Say what a run of a holdfast.yaml would start, send, break and reach, and do nothing",
		Long: `Says what a run of a service's scenarios would do: what is started, what is played,
what is sent and broken, where it may connect, and how long it takes. Nothing is done.

FILE is a file or a folder with a ` + manifest.FileName + `; default is this folder. Without a SCENARIO
it is all of them.`,
		RunE: func(_ *cobra.Command, args []string) error {
			f.service, f.onlyLook = fileOf(args), true
			subject, err := f.subject(env)
			if err != nil {
				return usage(err)
			}
			f.all = len(args) < 2
			chosen, err := choose(subject, f, args[min(1, len(args)):])
			if err != nil {
				return usage(err)
			}
			covered, err := subject.service.Covered()
			if err != nil {
				return usage(err)
			}
			_, err = subject.service.Plan(chosen...).With(covered).WriteTo(env.stdout)
			return err
		},
	}
	return cmd
}

func newShow(env environ) *cobra.Command {
	f := runFlags{target: "process"}
	cmd := &cobra.Command{
		Use:   "show SCENARIO…",
		Short: "Print scenarios as they stand in a holdfast.yaml, to copy from",
		Long: `Prints scenarios in the notation of holdfast.yaml, so that people copy from what works.
What is a function in Go, and so has no notation, is a comment that says so.`,
		Example: "  holdfast show search/overload",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			subject, err := f.subject(env)
			if err != nil {
				return usage(err)
			}
			chosen, err := choose(subject, f, args)
			if err != nil {
				return usage(err)
			}
			for _, s := range chosen {
				if err := manifest.Show(env.stdout, s); err != nil {
					return err
				}
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&f.profile, "profile", "bench", "whose scenarios")
	f.registerService(cmd.Flags())
	f.complete(cmd, env, subject.scenarioWords)
	return cmd
}
