package target

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"holdfast.dev/holdfast/nearest"
	"holdfast.dev/holdfast/placeholder"
)

// Ready is when a process can serve. One of HTTP, TCP, Log and Started is chosen.
// Defaults to TCP where the process is told of a port in its Command or Env, and to
// Started where it is not.
type Ready struct {
	// HTTP is a path that answers 2xx at Port, for example /health.
	HTTP string
	// TCP means that Port takes connections.
	TCP bool
	// Log is a text in a line of its log, of the life that was begun. Colours of a
	// terminal do not count.
	Log string
	// Started means that it runs.
	Started bool
	// Port is one of the process's. Defaults to the first.
	Port string
	// Timeout bounds the wait. Defaults to [DefaultReadyTimeout].
	Timeout time.Duration
}

// String says it in words, for example "GET /health at its port http answers 2xx".
func (r Ready) String() string {
	switch {
	case r.HTTP != "":
		return fmt.Sprintf("GET %s at its port %s answers 2xx", r.HTTP, r.Port)
	case r.TCP:
		return fmt.Sprintf("its port %s takes connections", r.Port)
	case r.Log != "":
		return fmt.Sprintf("a line of its log holds %q", r.Log)
	default:
		return "it runs"
	}
}

func (r Ready) validate(ports []string) error {
	var errs []error
	chosen := 0
	for _, is := range []bool{r.HTTP != "", r.TCP, r.Log != "", r.Started} {
		if is {
			chosen++
		}
	}
	if chosen > 1 {
		errs = append(errs, errors.New("its readiness is more than one of HTTP, TCP, a line of its log, started"))
	}
	if r.HTTP != "" && !strings.HasPrefix(r.HTTP, "/") {
		errs = append(errs, fmt.Errorf("the path of its readiness %q does not begin with a slash", r.HTTP))
	}
	if strings.ContainsAny(r.Log, "\r\n") {
		errs = append(errs, errors.New("the text of its readiness is more than one line"))
	}
	if r.Port != "" && !slices.Contains(ports, r.Port) {
		errs = append(errs, fmt.Errorf("its readiness is asked at the port %s, which it does not have%s", r.Port, nearest.Hint(r.Port, ports)))
	}
	if r.Timeout < 0 {
		errs = append(errs, errors.New("the timeout of its readiness is negative"))
	}
	return errors.Join(errs...)
}

func (r Ready) withDefaults(p Process) Ready {
	r.Port = cmp.Or(r.Port, p.ports()[0])
	r.Timeout = cmp.Or(r.Timeout, DefaultReadyTimeout)
	if r.HTTP == "" && r.Log == "" && !r.TCP && !r.Started {
		r.TCP = p.isToldOfAPort()
		r.Started = !r.TCP
	}
	return r
}

// isToldOfAPort is whether it can know where to listen.
func (p Process) isToldOfAPort() bool {
	tells := func(text string) bool {
		return slices.ContainsFunc(placeholder.Text(text).Names(), func(name string) bool {
			return name == "port" || name == "address" || strings.HasPrefix(name, "ports.")
		})
	}
	if slices.ContainsFunc(p.Command, tells) {
		return true
	}
	for _, value := range p.Env {
		if tells(value) {
			return true
		}
	}
	return false
}
