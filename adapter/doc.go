// Package adapter plays the APIs outside of a target: it makes the fakes of
// holdfast.dev/holdfast/fakes dependencies of a scenario, with their settings,
// their metrics and their faults.
//
// Enter at [Stub], which plays any plain HTTP API, at [SMTP], a mail server, at [OracleAPI] and [EmailAPI], which are ready to stand in
// harness.World.Dependencies, or at [Dependency] and [New] for a fake of your own that is built on
// fakes/host. [Misbehave] and [Always] are faults of any of them, by the name of
// its place and in the text form of docs/faults.md. [Measure] reads a number of a
// scenario's own from what a fake saw.
//
// Each fake measures, by the name of its place: NAME.in_flight over time, and
// NAME.calls, NAME.most_in_flight and NAME.silent_retries.
//
// This package is the one that knows both the harness and the fakes; neither of
// them knows the other.
package adapter
