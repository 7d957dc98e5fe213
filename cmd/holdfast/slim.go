//go:build slim

package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"holdfast.dev/holdfast/backing"
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/target"
	"holdfast.dev/holdfast/importer"
	"holdfast.dev/holdfast/telemetry"
)

// notHere says what this build was made without, and what to use.
func notHere(does string) error {
	return fmt.Errorf("this is the small build of the image, which %s: use the whole program, as make build makes it", does)
}

// k6Reader says that this build has no interpreter of JavaScript.
func k6Reader() importer.Reader {
	return func([]importer.File, importer.Options) (importer.Result, error) {
		return importer.Result{}, notHere("plays no scripts of k6")
	}
}

// hasBroker says that this build has no broker.
func hasBroker() error {
	return fmt.Errorf("%w; or name a broker that runs with --fleet", notHere("has no broker of its own"))
}

func ownBroker() (brokerOfOurs, error) { return nil, hasBroker() }

// deskCommands say that they are not here.
func deskCommands(environ) (all []*cobra.Command) {
	for name, does := range map[string]string{
		"man": "has no man pages", "mutate": "makes no mutants", "soak-verdicts": "does not try itself",
	} {
		all = append(all, &cobra.Command{
			Use: name, Hidden: true, DisableFlagParsing: true,
			RunE: func(*cobra.Command, []string) error { return usage(notHere(does)) },
		})
	}
	return all
}

// errContainers is the answer to whatever needs an engine, which the image has not.
func errContainers() error { return notHere("starts no containers") }

func runtimes() []target.Runtime {
	return []target.Runtime{target.AsProcess(), {
		Name:  string(harness.AsContainer),
		New:   func(target.Spec) (target.Target, error) { return nil, errContainers() },
		Image: func(target.ImageSpec) (target.Launcher, error) { return nil, errContainers() },
	}}
}

func imageRunner() func(backing.ImageSpec) (target.Launcher, error) {
	return func(backing.ImageSpec) (target.Launcher, error) { return nil, errContainers() }
}

func checkSender(func(string) string) error { return nil }

// newSender says that this build sends nothing.
func newSender(_ telemetry.Run, getenv func(string) string, say func(string)) (sender, error) {
	for _, name := range []string{"OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT"} {
		if getenv(name) != "" {
			say(name + ": " + notHere("sends no OTLP").Error())
			break
		}
	}
	return nil, nil
}

// runsHere says, before anything starts, what of a subject this build cannot run.
func (s subject) runsHere() error {
	if s.launch.Kind == harness.AsContainer {
		return fmt.Errorf("--target %s: %w", s.launch.Kind, errContainers())
	}
	if s.service == nil {
		return nil
	}
	var images []string
	for _, row := range s.service.File.Processes {
		images = append(images, row.Value.Image)
	}
	for _, row := range s.service.File.Dependencies {
		images = append(images, row.Value.Image)
		if row.Value.Postgres != nil {
			images = append(images, row.Value.Postgres.Image)
		}
	}
	if images = slices.DeleteFunc(images, func(image string) bool { return image == "" }); len(images) > 0 {
		return fmt.Errorf("%s runs %s: %w", s.service.Path, strings.Join(images, ", "), errContainers())
	}
	return nil
}
