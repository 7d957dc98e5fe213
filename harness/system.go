package harness

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/url"
	"os"
	"slices"
	"strings"

	"holdfast.dev/holdfast/harness/chaos"
	"holdfast.dev/holdfast/harness/standing"
	"holdfast.dev/holdfast/harness/target"
	"holdfast.dev/holdfast/nearest"
	"holdfast.dev/holdfast/placeholder"
	"holdfast.dev/holdfast/redact"
)

// For is the scenario as one for this target: it knows the processes of which that
// consists, the one that load goes to first.
func (l Launch) For(s Scenario) Scenario {
	if len(l.Processes) == 0 {
		return s
	}
	s.Parts = nil
	for _, p := range l.Processes {
		part := Part{Name: p.Name, Replicas: p.Replicas}
		if p.Name == l.entry() {
			s.Parts = slices.Insert(s.Parts, 0, part)
		} else {
			s.Parts = append(s.Parts, part)
		}
	}
	return s
}

// entry is the process that load goes to.
func (l Launch) entry() string {
	if l.Entry == "" && len(l.Processes) > 0 {
		return l.Processes[0].Name
	}
	return l.Entry
}

// process is the one of that name.
func (l Launch) process(name string) (target.Process, bool) {
	i := slices.IndexFunc(l.Processes, func(p target.Process) bool { return p.Name == name })
	if i < 0 {
		return target.Process{}, false
	}
	return l.Processes[i], true
}

// validate reports what is wrong with how the target is started.
func (l Launch) validate() error {
	var p problems
	if len(l.Processes) > 0 {
		p.note(target.ValidateProcesses(l.Processes))
		if _, known := l.process(l.entry()); !known {
			p.say("load is to go to %q, which is no process%s", l.Entry, nearest.Hint(l.Entry, l.names()))
		}
		if l.Program != "" || l.URL != "" {
			p.say("it is several processes, and a program or an address beside them")
		}
	}
	if l.URL != "" {
		p.note(target.URLConfig{URL: l.URL, ReadyPath: l.ReadyPath}.Validate())
		if l.Program != "" {
			p.say("it is both a program to start and a service that somebody else runs")
		}
	}
	if len(p) == 0 {
		return nil
	}
	return &InvalidError{Subject: "the target", Problems: p}
}

func (l Launch) names() []string {
	names := make([]string, len(l.Processes))
	for i, p := range l.Processes {
		names[i] = p.Name
	}
	return names
}

// validateOff reports processes that a protection speaks of and that there are not.
func (l Launch) validateOff(p Protection) error {
	var errs []error
	for _, name := range slices.Concat(slices.Sorted(maps.Keys(p.OffIn)), slices.Sorted(maps.Keys(p.OffCommand))) {
		if _, known := l.process(name); !known {
			errs = append(errs, fmt.Errorf("it is taken away in %q, which is no process of the target%s", name, nearest.Hint(name, l.names())))
		}
	}
	if len(errs) == 0 {
		return nil
	}
	return &InvalidError{Subject: "protection " + p.Name, Problems: errs}
}

// withValues is the launch with what texts have by name in a scenario.
func (l Launch) withValues(s Scenario) Launch {
	if len(s.Values) > 0 {
		all := maps.Clone(l.Values)
		if all == nil {
			all = map[string]string{}
		}
		maps.Copy(all, s.Values)
		l.Values = all
	}
	return l
}

// withSettings is the launch with what a scenario sets in single processes.
func (l Launch) withSettings(s Scenario) Launch {
	if len(s.SettingsIn) == 0 {
		return l
	}
	l.Processes = slices.Clone(l.Processes)
	for i, p := range l.Processes {
		env := map[string]string{}
		maps.Copy(env, p.Env)
		maps.Copy(env, s.SettingsIn[p.Name])
		l.Processes[i].Env = env
	}
	return l
}

// told is the environment of the target by where it comes from: the settings of the
// scenario and of the variant, and where its dependencies are.
type told struct{ settings, exports map[string]string }

// all is the environment of a target of one program.
func (t told) all() map[string]string {
	env := maps.Clone(t.settings)
	maps.Copy(env, t.exports)
	return env
}

// processes are those of the variant with all that each is told: where its
// dependencies are, over that its own environment, over that what the scenario sets
// and what takes protections away.
func (v Variant) processes(l Launch, env told) []target.Process {
	all := slices.Clone(l.Processes)
	for i, p := range all {
		own := map[string]string{}
		for name, value := range env.exports {
			own[name] = strings.ReplaceAll(value, "{", "{{") // it is filled in already
		}
		maps.Copy(own, p.Env)
		maps.Copy(own, env.settings)
		for _, off := range v.Without {
			maps.Copy(own, off.OffIn[p.Name])
			if command := off.OffCommand[p.Name]; len(command) > 0 {
				all[i].Command = command
			}
		}
		all[i].Env = own
		all[i].Memory = cmp.Or(v.MemoryLimit, p.Memory)
		if p.Memory == 0 && p.Name != l.entry() {
			all[i].Memory = 0 // a variant's limit is that of who answers
		}
	}
	return all
}

// settleAddresses picks where the processes will listen, before anybody who has to
// know that is started, and notes what else is known by name.
func (st *setup) settleAddresses(l Launch, undo *cleanups) error {
	maps.Copy(st.values, l.Values)
	if len(l.Processes) == 0 {
		return nil
	}
	addresses, release, err := target.PickAddresses(l.Processes)
	if err != nil {
		return err
	}
	st.addresses = addresses
	undo.add("give the target's ports back", func(context.Context) error { release(); return nil })
	maps.Copy(st.values, st.addresses.Values(l.Processes))
	return nil
}

// setUpSystem starts the processes of a target, each when those are ready that it
// depends on.
func (s *Session) setUpSystem(ctx context.Context, v Variant, launch Launch, st *setup, undo *cleanups, env told) error {
	places := map[string]string{}
	config := target.SystemConfig{
		Processes: v.processes(launch, env), Addresses: st.addresses, PassEnv: launch.PassEnv, Image: launch.image(),
		Value:   func(name string) (string, bool) { value, known := st.values[name]; return value, known },
		Secrets: texts(unloggable(st.secrets)), Start: st.begun, Journal: s.journal,
		Line: func(name, line string) {
			st.spills.line(line)
			st.logs.line(places[name], line)
		},
	}
	if st.gate != nil {
		config.Gate = st.gate
		for _, at := range st.addresses {
			for _, address := range at {
				st.letThrough(ctx, "the target itself", address)
			}
		}
	}
	system, err := target.NewSystem(config)
	if err != nil {
		return err
	}
	for _, one := range st.scenario.slots() {
		i, ok := system.Instance(target.ReplicaName(one.part, max(1, one.n)))
		if !ok {
			return fmt.Errorf("there is no process %s", one.place) // the scenario was validated for another target
		}
		places[i.Name()] = one.place
		var listens []string
		for _, port := range i.Process().Ports {
			if address, known := i.Address(port); known {
				listens = append(listens, address)
			}
		}
		st.instances = append(st.instances, newInstance(one, i, i.Process().Memory > 0, listens...))
	}
	undo.add("stop the target", system.Stop)
	if err := system.Start(ctx); err != nil {
		return err
	}
	return st.placePrograms(s)
}

// image makes launchers of images, where a runtime was chosen that can.
func (l Launch) image() func(target.ImageSpec) (target.Launcher, error) {
	for _, r := range l.Runtimes {
		if r.Image != nil {
			return r.Image
		}
	}
	return nil
}

// canSuffer says, before there is load, why a fault cannot be carried out here: then
// the scenario is not exercised.
func (i *instance) canSuffer(f Fault) error {
	if chaos.Controller(f.Kind) == "" {
		return nil
	}
	if grouped, ok := i.Target.(chaos.Grouped); ok {
		if _, ok := grouped.CgroupDir(chaos.Controller(f.Kind)); ok {
			return nil
		}
	}
	return &unmetError{fmt.Errorf("fault %q: %q on %s: %w", f.ID, f.Kind, i.place, chaos.ErrNoGroup)}
}

// declared are the secrets that the run was given by name, where they are long enough
// to be hidden without hiding half of a report.
func declared(values map[string]string) []standing.Secret {
	var all []standing.Secret
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if what, ok := strings.CutPrefix(name, "secrets."); ok && len(values[name]) >= redact.Shortest {
			all = append(all, standing.Secret{What: "the secret " + what, Text: values[name]})
		}
	}
	return all
}

// settings are what the result says of the environment of the processes: their own
// texts, as they were written.
func (l Launch) settings(env map[string]string) {
	for _, p := range l.Processes {
		for name, text := range p.Env {
			env[p.Name+"."+name] = text
		}
	}
}

// Secrets are texts that may stand in no output: those that the launch was given by
// name, and what its processes and the scenarios set under telling names.
func (l Launch) Secrets(scenarios ...Scenario) []string {
	all := slices.Concat(declared(l.Values), l.secretsOfProcesses())
	for _, sc := range scenarios {
		all = append(all, secretsOf(sc.Settings, nil, "")...)
		all = append(all, sc.World.secrets()...)
	}
	return texts(unloggable(all))
}

// secrets are those that the dependencies' own processes are given.
func (w World) secrets() []standing.Secret {
	var all []standing.Secret
	for _, d := range w.Dependencies {
		all = append(all, secretsOfEnvironment(d.Env)...)
	}
	return all
}

// secretsOfProcesses are what their own environments have under telling names, and what
// of the harness's is passed on under such.
func (l Launch) secretsOfProcesses() []standing.Secret {
	var all []standing.Secret
	environments := []map[string]string{target.Passed(os.Environ(), l.PassEnv)}
	for _, p := range l.Processes {
		environments = append(environments, p.Env)
	}
	for _, env := range environments {
		all = append(all, secretsOfEnvironment(env)...)
	}
	return all
}

// secretsOfEnvironment are those of an environment as it is written. What stands there by
// name is known by its name; what stands around a name is a secret by itself.
func secretsOfEnvironment(env map[string]string) []standing.Secret {
	const gap = "x" // a plain word, which is no secret
	plain, around := map[string]string{}, map[string][]string{}
	for name, text := range env {
		var named bool
		whole := placeholder.Text(text).Fill(func(string) (string, bool) { named = true; return gap, true })
		if named {
			around[name] = strings.Split(placeholder.Text(text).Fill(func(string) (string, bool) { return "\x00", true }), "\x00")
		}
		if len(whole) >= redact.Shortest {
			plain[name] = whole
		}
	}
	hidden := redacted(plain)
	var all []standing.Secret
	for _, name := range slices.Sorted(maps.Keys(plain)) {
		u, err := url.Parse(plain[name])
		switch {
		case hidden[name] == plain[name]:
		case around[name] == nil, err == nil && u.Host != "":
			all = append(all, secretsIn(name, plain[name])...)
		default:
			for _, part := range around[name] {
				if len(part) >= redact.Shortest {
					all = append(all, secret("the value of "+name, part)...)
				}
			}
		}
	}
	return all
}

// hostOf is the host:port of an address.
func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	if u.Port() == "" && u.Scheme == "https" {
		return u.Host + ":443"
	}
	if u.Port() == "" {
		return u.Host + ":80"
	}
	return u.Host
}
