//go:build !slim

package main

import (
	"github.com/spf13/cobra"

	"holdfast.dev/holdfast/backing"
	"holdfast.dev/holdfast/backing/images"
	"holdfast.dev/holdfast/fleet/broker/embedded"
	"holdfast.dev/holdfast/harness/target"
	"holdfast.dev/holdfast/harness/target/docker"
	"holdfast.dev/holdfast/importer"
	"holdfast.dev/holdfast/importer/k6"
	"holdfast.dev/holdfast/telemetry"
	"holdfast.dev/holdfast/telemetry/otlp"
)

// What the whole program has and the small one of the image has not: slim.go says so
// there.

// k6Reader plays scripts of k6: its interpreter of JavaScript is an eighth of the program.
func k6Reader() importer.Reader { return k6.Read }

// hasBroker says what there is to say against a broker in this process.
func hasBroker() error { return nil }

// ownBroker starts one.
func ownBroker() (brokerOfOurs, error) {
	s, err := embedded.Start()
	if err != nil {
		return nil, err // and not a broker that is nil
	}
	return s, nil
}

// deskCommands are those that nobody needs in an image. To make mutants takes the type
// checker and the importers of a Go compiler.
func deskCommands(env environ) []*cobra.Command {
	return []*cobra.Command{newMan(env), newMutate(env), newSoak(env)}
}

// runtimes are the ways to run a program.
func runtimes() []target.Runtime { return []target.Runtime{target.AsProcess(), docker.Runtime("")} }

// imageRunner runs dependencies that are images.
func imageRunner() func(backing.ImageSpec) (target.Launcher, error) { return images.Docker("") }

// checkSender says what is wrong with what the environment says of an OTLP endpoint.
func checkSender(getenv func(string) string) error {
	_, _, err := otlp.Endpoint(getenv)
	return err
}

// newSender sends figures to the OTLP endpoint that the environment names; nil: none.
func newSender(run telemetry.Run, getenv func(string) string, say func(string)) (sender, error) {
	to, unspoken, err := otlp.Endpoint(getenv)
	if unspoken != "" {
		say(unspoken)
	}
	if err != nil || to == "" {
		return nil, err
	}
	return otlp.New(to, run, getenv, say)
}

// runsHere says, before anything starts, what of a subject this build cannot run.
func (subject) runsHere() error { return nil }
