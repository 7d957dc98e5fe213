// Package backing makes dependencies of a scenario of real programs: Redis, a
// message broker, a mock in any language. Each is a program of this machine, a
// container image, or an address of somebody else's.
//
// Enter at [Config.Dependency]. Where a scenario lays a fault of the network at such
// a dependency, its clients are led through a TCP proxy, and nobody is told of the
// program's own address; where it lays none, nothing stands between them.
//
// Texts of its command and environment know two addresses: {address}, {host}, {port}
// and {url} are where clients find it, whatever stands before it; {own.address},
// {own.host} and {own.port} are where the program itself is to listen. A program that
// tells its clients where to go next must tell them the first.
package backing

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"holdfast.dev/holdfast/fault"
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/chaos"
	"holdfast.dev/holdfast/harness/target"
	"holdfast.dev/holdfast/placeholder"
)

// DefaultReadyTimeout bounds the wait for a program to be ready, and for an address
// to answer.
const DefaultReadyTimeout = 30 * time.Second

// Config is a dependency that is a program, an image or an address: exactly one of
// Command, Image (with or without a Command) and Address.
type Config struct {
	// Name is the place of its faults and begins the names of its metrics. Required.
	Name string
	// Command is a program and its arguments; no shell reads them. Of an Image it
	// takes the place of the image's own.
	Command []string
	// Dir is the program's working directory. Defaults to the harness's own.
	Dir string
	// Env is added to what every process is given ([target.Passed]); of an Image, to
	// the image's own.
	Env map[string]string
	// PassEnv names variables of the harness's own environment that pass, too.
	PassEnv []string
	// Port is where the program listens by itself: inside of an Image, where it is
	// required; on 127.0.0.1 for a Command that cannot be told. Defaults to a free one,
	// which a command is told as {own.port}.
	Port int
	// Image is a container image that the machine has or can pull; Images makes it
	// run, and is required with it.
	Image  string
	Images func(ImageSpec) (target.Launcher, error)
	// Address is host:port of a service that somebody else runs. It is never started,
	// stopped or signalled: faults of the network alone are possible.
	Address string
	// Data is where the program stores its data: of an Image a folder in it; of a
	// Command any name, and the folder that it is given is {data}. It begins empty, or
	// as a copy of what the setup left there. Empty: it keeps nothing.
	Data string
	// Ready is when it can serve. Defaults to its port taking connections.
	Ready target.Ready
	// Grace is the time between SIGTERM and SIGKILL. Defaults to target.DefaultGrace.
	Grace time.Duration
	// Memory in bytes and CPUs bound it. Default to no limit.
	Memory uint64
	CPUs   float64
	// Export are the variables by which the target finds it, over {address}, {host},
	// {port} and {url}.
	Export map[string]string
	// Scheme is that of {url}. Defaults to http.
	Scheme string
}

// ImageSpec is an image to run with one port of it published.
type ImageSpec struct {
	target.ImageSpec
	// Port is where the program in it listens; Publish says which host:port of this
	// machine is to lead there, once that is known.
	Port    int
	Publish func() string
	// Data is the folder in it that is filled from the archive at Archive before it
	// starts, if there is one; with Save the archive is written when it has ended.
	// Empty: none.
	Data, Archive string
	Save          bool
}

// Support is what a dependency of this sort can be made to suffer: by its network,
// and, where it is a program of ours, by its process.
func (c Config) Support() fault.Support {
	network := chaos.TCPSupport()
	if c.Address != "" {
		network.Place = "a service of somebody else's behind a TCP proxy"
		return network
	}
	process := processes()
	both := fault.Support{
		Place: "a program behind a TCP proxy", About: "a dependency that is a program (`backing.Config`)",
		Kinds: slices.Concat(network.Kinds, process.Kinds),
		Limits: func(f fault.Fault) error {
			if isOfProcess(f.Kind) {
				return limitsOf(process, f)
			}
			return limitsOf(network, f)
		},
		Excludes: func(a, b fault.Kind) error {
			switch {
			case isOfProcess(a) && isOfProcess(b):
				return process.Conflict(a, b)
			case !isOfProcess(a) && !isOfProcess(b):
				return network.Conflict(a, b)
			}
			return nil
		},
	}
	return both
}

func limitsOf(s fault.Support, f fault.Fault) error {
	if s.Limits == nil {
		return nil
	}
	return s.Limits(f)
}

// processes are the faults of a process that are possible at a dependency: those
// that the network cannot imitate.
func processes() fault.Support {
	s := chaos.ProcessSupport()
	s.Kinds = slices.DeleteFunc(s.Kinds, func(c fault.Carried) bool {
		return !slices.Contains([]string{fault.Pause{}.Name(), fault.Kill{}.Name(), fault.Terminate{}.Name()}, c.Kind)
	})
	return s
}

func isOfProcess(kind fault.Kind) bool { return processes().Carries(kind.Name()) }

// Validate reports all that is wrong with it, as data.
func (c Config) Validate() error {
	var errs []error
	wrong := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("dependency %s: %w", cmp.Or(c.Name, "without a name"), fmt.Errorf(format, args...)))
	}
	if c.Name == "" {
		wrong("it needs a name")
	}
	c.validateSort(wrong)
	if c.Address != "" {
		if host, port, err := net.SplitHostPort(c.Address); err != nil || host == "" || port == "" {
			wrong("its address %q is not host:port", c.Address)
		}
		if c.Data != "" || len(c.Env) > 0 || c.Dir != "" || c.Memory > 0 || c.CPUs > 0 {
			wrong("an address is somebody else's: it takes no data, env, working directory or limits")
		}
		if c.Ready.Log != "" || c.Ready.Started {
			wrong("of somebody else's service no log can be read: it is ready by tcp or http")
		}
	}
	if c.Image != "" && c.Data != "" && !filepath.IsAbs(c.Data) {
		wrong("its data %q is not the whole path of a folder in the image", c.Data)
	}
	if c.Port < 0 || c.Port > 65535 {
		wrong("its port is %d", c.Port)
	}
	if len(c.Command) > 0 && c.Image == "" {
		if c.Data != "" && !c.tells("data") {
			wrong("it keeps data, but neither its command nor its environment says {data}, the folder to keep it in")
		}
		if c.Port == 0 && !c.tells("own.port", "own.address") {
			wrong("neither its command nor its environment says where to listen: {own.port} or {own.address}, or give it its port")
		}
	}
	if c.Ready.Timeout < 0 || c.Grace < 0 {
		wrong("one of its times is negative")
	}
	return errors.Join(errs...)
}

// validateSort reports what it is not exactly one of.
func (c Config) validateSort(wrong func(string, ...any)) {
	switch {
	case c.Image == "" && c.Address == "" && len(c.Command) == 0:
		wrong("it needs a command, an image or an address")
	case c.Address != "" && (c.Image != "" || len(c.Command) > 0):
		wrong("it is somebody else's address, or a command, or an image: one of them")
	case c.Image != "" && c.Port == 0:
		wrong("it needs the port at which the program in the image listens")
	case c.Image != "" && c.Images == nil:
		wrong("it is an image, and no runtime of containers was chosen for this program")
	case c.Image == "" && len(c.Command) > 0 && c.Command[0] == "":
		wrong("its command begins with an empty word")
	}
}

// tells reports whether its command or environment has a place for one of the names.
func (c Config) tells(names ...string) bool {
	texts := append(slices.Collect(maps.Values(c.Env)), c.Command...)
	return slices.ContainsFunc(texts, func(text string) bool {
		return slices.ContainsFunc(placeholder.Text(text).Names(), func(name string) bool { return slices.Contains(names, name) })
	})
}

// Names are those that texts over the dependency may use: of its clients' address,
// of its own with own, and {data} where it keeps any.
func (c Config) Names() (clients, own []string) {
	clients = []string{"address", "host", "port", "url"}
	if c.Address == "" {
		own = []string{"own.address", "own.host", "own.port"}
	}
	if c.Data != "" {
		own = append(own, "data")
	}
	return clients, own
}

// Dependency is it as a scenario has it.
func (c Config) Dependency() harness.Dependency {
	return harness.Dependency{
		Name: c.Name, Faults: c.Support(), Env: c.Env, Export: c.Export, Elsewhere: c.Address, KeepsData: c.Data != "", Open: c.open,
		Series: c.series(), Probes: c.probes,
	}
}

// clientPrefix begins how a text of the process refers to where clients find it,
// while the process has an address of its own.
const clientPrefix = "client."

// inner turns a text of the dependency into one of its process, for which {address}
// is its own.
func (c Config) inner(text string) string {
	doubled := strings.ReplaceAll(text, "{{", "{{{{") // it is read twice
	return placeholder.Text(doubled).Fill(func(name string) (string, bool) {
		if rest, ok := strings.CutPrefix(name, "own."); ok {
			return c.ownText(rest), true
		}
		name = strings.TrimPrefix(name, c.Name+".")
		if slices.Contains([]string{"address", "host", "port", "url"}, name) {
			return "{" + clientPrefix + name + "}", true
		}
		return "", false
	})
}

// ownText is what stands for where the program listens: in an image, at all of its
// own addresses, for it is published from outside.
func (c Config) ownText(name string) string {
	const everywhere = "0.0.0.0"
	port := strconv.Itoa(c.Port)
	switch {
	case c.Port == 0:
		return "{" + name + "}"
	case name == "port":
		return port
	case name == "host" && c.Image != "":
		return everywhere
	case name == "address" && c.Image != "":
		return net.JoinHostPort(everywhere, port)
	case name == "host":
		return loopback
	case name == "address":
		return net.JoinHostPort(loopback, port)
	}
	return "{own." + name + "}"
}

const loopback = "127.0.0.1"
