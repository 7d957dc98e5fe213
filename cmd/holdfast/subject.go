package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/manifest"
	"holdfast.dev/holdfast/nearest"
	"holdfast.dev/holdfast/reference/settings"
	"holdfast.dev/holdfast/scenarios"
)

// subject is what is tried: the reference with the catalogue's scenarios, or a team's
// own service with those of its file.
type subject struct {
	profile     string // as the result records it
	scenarios   []harness.Scenario
	protections []harness.Protection
	launch      harness.Launch
	proven      result.ProvenChecks
	service     *manifest.Service // nil: the reference
	// catalogue are those of the scenarios that are the catalogue's, of a service that
	// maps a contract.
	catalogue []harness.Scenario
}

// subject reads what the flags say is tried.
func (f runFlags) subject(env environ) (subject, error) {
	if f.service != "" {
		return f.ownService(env)
	}
	profile, err := scenarios.ProfileByName(f.profile)
	if err != nil {
		return subject{}, err
	}
	s := subject{profile: profile.Name, scenarios: scenarios.Catalogue(profile), protections: scenarios.Protections()}
	s.proven, err = scenarios.ProvenChecks()
	var errLaunch error
	s.launch, errLaunch = f.reference()
	return s, errors.Join(err, errLaunch)
}

// ofReference are the flags that mean something for the reference alone.
var ofReference = []string{"target", "memory"}

// ownService reads the file of a service. Flags of the reference are refused: what
// they say stands in the file.
func (f runFlags) ownService(env environ) (subject, error) {
	var errs []error
	for _, name := range ofReference {
		if f.given != nil && f.given(name) {
			errs = append(errs, fmt.Errorf("--%s is for the reference: of a service of its own the file says it", name))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return subject{}, err
	}
	o := options(env)
	o.OnlyLook, o.Sizes = f.onlyLook, scenarios.ProfileNames()
	profile := "own"
	if f.given != nil && f.given("profile") {
		o.Profile, profile = f.profile, f.profile
	}
	service, err := manifest.Load(f.service, o)
	if err != nil {
		return subject{}, err
	}
	profile, catalogue := f.catalogueOver(service.Contracts(), profile)
	launch := service.Launch
	env.hider.learn(launch, service.Scenarios)
	launch.AllowHosts, launch.AllowLoad = f.allowHost, f.allowLoad
	launch.Kind, launch.Runtimes = harness.AsProcess, runtimes()
	return subject{
		profile: profile, scenarios: slices.Concat(service.Scenarios, catalogue), protections: service.Protections, launch: launch, service: service, catalogue: catalogue,
	}, nil
}

// catalogueOver are the scenarios of the catalogue that are tried on a service, by its
// contracts, and the profile that they and the result have.
func (f runFlags) catalogueOver(over scenarios.Contracts, profile string) (string, []harness.Scenario) {
	size, err := scenarios.ProfileByName(f.profile)
	if err != nil { // it is the file's own
		size, _ = scenarios.ProfileByName("bench")
	}
	catalogue := scenarios.Over(size, over)
	if len(catalogue) > 0 && profile == "own" {
		profile = size.Name
	}
	return profile, catalogue
}

// leastMemory is the lowest limit: below it a kernel kills a program before it has
// begun, and nothing can be said of the program.
const leastMemory = 16 << 20

// reference is how the reference is started.
func (f runFlags) reference() (harness.Launch, error) {
	self, err := os.Executable()
	if err != nil {
		return harness.Launch{}, fmt.Errorf("find this program's own file: %w", err)
	}
	l := harness.Launch{
		Program: self, Args: []string{"serve"}, CheckSettings: settings.Check, Runtimes: runtimes(),
		PassEnv: []string{"GOCOVERDIR"}, // where there is one, which of its lines are reached is counted (make reach)
	}
	switch f.target {
	case "process":
		l.Kind = harness.AsProcess
	case "container":
		l.Kind = harness.AsContainer
	default:
		return l, fmt.Errorf("unknown --target %s: process or container", f.target)
	}
	if f.memory != "" {
		l.MemoryLimit, err = parseBytes(f.memory)
		if err != nil {
			return l, fmt.Errorf("--memory %s: %w", f.memory, err)
		}
		if l.MemoryLimit < leastMemory {
			return l, fmt.Errorf("--memory %s: too little to start a program in: 16m or more", f.memory)
		}
	}
	return l, nil
}

// coverage tells what the scenarios of a service's file touch; nil for the reference.
func (s subject) coverage() (func([]result.Scenario) *result.Coverage, error) {
	if s.service == nil {
		return nil, nil
	}
	covered, err := s.service.Covered()
	if err != nil {
		return nil, err
	}
	return covered.By, nil
}

// shown is the command that shows all names.
func (s subject) shown() string {
	if s.service != nil {
		return "holdfast list --service " + typed([]string{s.service.Path})
	}
	return "holdfast list"
}

// without finds protections by their names.
func (s subject) without(wanted []string) ([]harness.Protection, error) {
	known := make([]string, len(s.protections))
	for i, p := range s.protections {
		known[i] = p.Name
	}
	var chosen []harness.Protection
	var errs []error
	for _, name := range wanted {
		i := slices.Index(known, name)
		if i < 0 {
			errs = append(errs, fmt.Errorf("unknown protection %s%s; %s shows them all", name, nearest.Hint(name, known), s.shown()))
			continue
		}
		chosen = append(chosen, s.protections[i])
	}
	return chosen, errors.Join(errs...)
}

// chooseProtections finds protections by name or by what stands before their dot; no
// name is all.
func (s subject) chooseProtections(args []string) ([]harness.Protection, error) {
	if len(args) == 0 {
		return s.protections, nil
	}
	wanted := map[string]bool{}
	var exact []string
	for _, arg := range args {
		found := false
		for _, p := range s.protections {
			if area, _, _ := strings.Cut(p.Name, "."); area == arg {
				wanted[p.Name], found = true, true
			}
		}
		if !found {
			exact = append(exact, arg)
			wanted[arg] = true
		}
	}
	if _, err := s.without(exact); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(slices.Clone(s.protections), func(p harness.Protection) bool { return !wanted[p.Name] }), nil
}

// again is how the subject is typed, with a space before it.
func (f runFlags) again() string {
	if f.service != "" {
		again := " --service " + typed([]string{f.service})
		if f.given != nil && f.given("profile") {
			again += " --profile " + typed([]string{f.profile})
		}
		for _, host := range f.allowHost {
			again += " --allow-host " + typed([]string{host})
		}
		if f.allowLoad {
			again += " --allow-load"
		}
		return again
	}
	return " --profile " + f.profile
}

// unguarded are warnings on what is taken away although nothing that runs would notice.
func (p *plan) unguarded() []string {
	var warnings []string
	for _, name := range p.flags.without {
		guards := func(s harness.Scenario) bool { return slices.Contains(s.Protections, name) }
		if slices.ContainsFunc(p.scenarios, guards) {
			continue
		}
		rest := "no scenario does"
		if guarding := names(slices.DeleteFunc(slices.Clone(p.subject.scenarios), func(s harness.Scenario) bool { return !guards(s) })); len(guarding) > 0 {
			rest = "these do: " + strings.Join(guarding, ", ")
		}
		warnings = append(warnings, "warning: --without "+name+": no scenario of this run guards it; "+rest)
	}
	return warnings
}
