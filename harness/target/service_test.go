package target_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/target"
)

func TestAProcessSaysAllThatIsWrongWithIt(t *testing.T) {
	good := target.Process{Name: "web", Command: []string{"app"}}
	require.NoError(t, good.Validate())
	for says, change := range map[string]func(*target.Process){
		`its name "web.1"`:                                          func(p *target.Process) { p.Name = "web.1" },
		"its name means something else":                             func(p *target.Process) { p.Name = "secrets" },
		"neither a command nor an image":                            func(p *target.Process) { p.Command = nil },
		"begins with an empty word":                                 func(p *target.Process) { p.Command = []string{""} },
		"it has 17 replicas":                                        func(p *target.Process) { p.Replicas = 17 },
		`restart policy "unless-stopped"`:                           func(p *target.Process) { p.Restart = "unless-stopped" },
		"memory limit of 512 bytes is too low":                      func(p *target.Process) { p.Memory = 512 },
		"limit of -1 CPUs":                                          func(p *target.Process) { p.CPUs = -1 },
		"grace is negative":                                         func(p *target.Process) { p.Grace = -time.Second },
		"two of its ports are called http":                          func(p *target.Process) { p.Ports = []string{"http", "http"} },
		`name of its port "80"`:                                     func(p *target.Process) { p.Ports = []string{"80"} },
		"does not begin with a slash":                               func(p *target.Process) { p.Ready.HTTP = "health" },
		"more than one of HTTP, TCP":                                func(p *target.Process) { p.Ready = target.Ready{TCP: true, Started: true} },
		"the port htpp, which it does not have, did you mean http?": func(p *target.Process) { p.Ready = target.Ready{TCP: true, Port: "htpp"} },
		"timeout of its readiness is negative":                      func(p *target.Process) { p.Ready.Timeout = -1 },
		"more than one line":                                        func(p *target.Process) { p.Ready.Log = "a\nb" },
		`impossible variable "A=B"`:                                 func(p *target.Process) { p.Env = map[string]string{"A=B": ""} },
		"sets HOLDFAST_RUN, which is the harness's own":             func(p *target.Process) { p.Env = map[string]string{"HOLDFAST_RUN": ""} },
		"its command holds {secrets.app}: everybody":                func(p *target.Process) { p.Command = []string{"app", "--key={secrets.app}"} },
		"its command holds {db.dsn}: everybody":                     func(p *target.Process) { p.Command = []string{"app", "{db.dsn}"} },
		"holds a zero byte":                                         func(p *target.Process) { p.Build = []string{"make", "\x00"} },
	} {
		bad := good
		change(&bad)
		require.ErrorContains(t, bad.Validate(), says)
	}
}

func TestTheOrderOfProcessesIsOneOfDependency(t *testing.T) {
	process := func(name string, needs ...string) target.Process {
		return target.Process{Name: name, Command: []string{"app"}, DependsOn: needs}
	}
	for name, row := range map[string]struct {
		all  []target.Process
		says string
	}{
		"in any position":   {[]target.Process{process("c", "b"), process("a"), process("b", "a")}, ""},
		"itself":            {[]target.Process{process("a", "a")}, "wait for each other: a depends on a"},
		"a circle":          {[]target.Process{process("x", "a"), process("a", "b"), process("b", "c"), process("c", "a")}, "wait for each other: a depends on b depends on c depends on a"},
		"one that is not":   {[]target.Process{process("web"), process("worker", "wbe")}, "process worker depends on wbe, which is no process, did you mean web?"},
		"two of one name":   {[]target.Process{process("web"), process("web")}, "two processes are called web"},
		"what is in itself": {[]target.Process{{Name: "web"}}, "neither a command"},
	} {
		err := target.ValidateProcesses(row.all)
		if row.says == "" {
			require.NoError(t, err, name)
		} else {
			require.ErrorContains(t, err, row.says, name)
		}
	}
}
