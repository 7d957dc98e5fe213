package manifest

import (
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"

	"holdfast.dev/holdfast/harness/replace"
)

// hosts are those that a dependency plays, but for texts that are none.
func (d Dependency) hosts() []replace.Host {
	var all []replace.Host
	for _, text := range d.Replaces {
		if h, err := replace.ParseHost(text); err == nil {
			all = append(all, h)
		}
	}
	return all
}

// replaced are the hosts that dependencies of the service play.
func (s *Service) replaced() []replace.Host {
	var all []replace.Host
	for _, row := range s.File.Dependencies {
		all = append(all, row.Value.hosts()...)
	}
	return all
}

// plays reports whether a dependency plays a host of this name, on whatever port.
func (s *Service) plays(name string) bool {
	return slices.ContainsFunc(s.replaced(), func(h replace.Host) bool { return h.Covers(name, h.Port) })
}

// replaces reports hosts that cannot be played by a dependency.
func (c *compiler) replaces(path string, d Dependency) {
	if len(d.Replaces) == 0 {
		return
	}
	if d.HTTP == nil {
		what, _ := d.what()
		c.report.Say(path+"#", "replaces is a key of http, whose answers are played here, and this is %s", what)
	}
	var before []replace.Host
	for i, text := range d.Replaces {
		at := fmt.Sprintf("%s[%d]", path, i)
		h, err := replace.ParseHost(text)
		if err != nil {
			c.report.Say(at, "%v", err)
			continue
		}
		if twice := slices.IndexFunc(before, h.Meets); twice >= 0 {
			c.report.Say(at, "%s is replaced already, by %s", h, before[twice])
		}
		before = append(before, h)
		c.playable(at, h)
		c.alone(at, h, path)
	}
}

// playable reports a host that cannot be played for the service's processes, or that is
// to be real as well.
func (c *compiler) playable(at string, h replace.Host) {
	for _, row := range c.File.Processes {
		switch p := row.Value; {
		case p.Image != "":
			c.report.Say(at, "%s is an image: what runs in a container does not see this run's certificate, so %s cannot be played for it; run it as a command, or tell it the address by export", row.Name, h)
		case p.URL != "":
			c.report.Say(at, "%s is somebody else's: %s is played for processes that are started here", row.Name, h)
		}
	}
	for _, row := range c.File.Dependencies {
		if name, port, ok := hostAndPort(string(row.Value.Address)); ok && h.Covers(name, port) {
			c.report.Say(at, "%s is the address of %s, which is the real one: give up one of the two", h, row.Name)
		}
	}
}

// hostAndPort takes host:port apart.
func hostAndPort(address string) (host string, port uint16, ok bool) {
	host, text, err := net.SplitHostPort(address)
	number, notNumber := strconv.ParseUint(text, 10, 16)
	return host, uint16(number), err == nil && notNumber == nil
}

// alone reports a host that a dependency before this one replaces, too.
func (c *compiler) alone(at string, h replace.Host, path string) {
	for _, row := range c.File.Dependencies {
		if "dependencies."+row.Name+".replaces" == path {
			return
		}
		for _, other := range row.Value.hosts() {
			if h.Meets(other) {
				c.report.Say(at, "%s replaces %s already: a host is played by one", row.Name, other)
			}
		}
	}
}

// says is what the plan says of the hosts that a dependency replaces; empty: none.
func (d Dependency) says() string {
	var all []string
	for _, h := range d.hosts() {
		all = append(all, h.String())
	}
	if len(all) == 0 {
		return ""
	}
	return "; plays " + strings.Join(all, ", ") + ", a constant in the code"
}

// toldOtherwise says of processes that set a variable by which they would be told of
// replaced hosts: what the file says wins.
func (p Plan) toldOtherwise() []string {
	hosts := p.service.replaced()
	if len(hosts) == 0 {
		return nil
	}
	var all []string
	names := replace.VariableNames(hosts)
	for _, row := range p.service.File.Processes {
		for _, set := range row.Value.Env.Names() {
			if slices.Contains(names, set) {
				all = append(all, fmt.Sprintf("%s sets %s itself, which is how it would be told of replaced hosts: the file wins", row.Name, set))
			}
		}
	}
	return all
}
