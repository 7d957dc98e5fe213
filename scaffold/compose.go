package scaffold

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"holdfast.dev/holdfast/manifest"
)

// composeNames are the files that Compose looks for, in its order.
var composeNames = []string{"compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml"}

// composed is what a Compose file has that says something here. Its parts come in many
// notations, and are read as such.
type composed struct {
	Services map[string]service `yaml:"services"`
	Include  yaml.Node          `yaml:"include"`
}

type service struct {
	Image       string    `yaml:"image"`
	Build       yaml.Node `yaml:"build"`
	Command     yaml.Node `yaml:"command"`
	Entrypoint  yaml.Node `yaml:"entrypoint"`
	Environment yaml.Node `yaml:"environment"`
	Ports       yaml.Node `yaml:"ports"`
	Expose      yaml.Node `yaml:"expose"`
	DependsOn   yaml.Node `yaml:"depends_on"`
	Extends     yaml.Node `yaml:"extends"`
	EnvFile     yaml.Node `yaml:"env_file"`
	Profiles    []string  `yaml:"profiles"`
	WorkingDir  string    `yaml:"working_dir"`
	Healthcheck struct {
		Test yaml.Node `yaml:"test"`
	} `yaml:"healthcheck"`
}

// compose reads a Compose file: what is built there is a process of the service, and
// other images are what it talks to.
func compose(f folder) []Finding {
	file, text, ok := f.first(composeNames...)
	if !ok {
		return nil
	}
	c := composing{folder: f, file: f.name(file), lines: map[string]int{}}
	if err := c.read(text); err != nil {
		f.log.say(c.file, "it is no Compose file that can be read: "+shown(err.Error()))
		return nil
	}
	var all []Finding
	for _, name := range sorted(c.parsed.Services) {
		if len(all) == mostProcesses {
			f.log.say(c.file, fmt.Sprintf("of its services only the first %d were looked at", mostProcesses))
			break
		}
		all = append(all, c.of(name, c.whole(name, 0))...)
	}
	if c.parsed.Include.Kind != 0 {
		f.log.say(c.file, "what it includes was not read")
	}
	return all
}

// composing reads one file.
type composing struct {
	folder folder
	file   string
	parsed composed
	lines  map[string]int // of the services
}

func (c *composing) read(text string) error {
	var root yaml.Node
	if err := yaml.Unmarshal([]byte(text), &root); err != nil {
		return err
	}
	if len(root.Content) == 0 {
		return nil
	}
	services := valueOf(root.Content[0], "services")
	if services != nil && services.Kind == yaml.MappingNode {
		for i := 0; i+1 < len(services.Content); i += 2 {
			c.lines[services.Content[i].Value] = services.Content[i].Line
		}
	}
	return root.Decode(&c.parsed)
}

// whole is a service with what it extends in the same file.
func (c *composing) whole(name string, depth int) service {
	s := c.parsed.Services[name]
	if s.Extends.Kind == 0 || depth > 5 {
		return s
	}
	base := s.Extends.Value
	if of := valueOf(&s.Extends, "service"); of != nil {
		base = of.Value
	}
	if other := valueOf(&s.Extends, "file"); other != nil && path.Clean(other.Value) != path.Base(c.file) {
		c.folder.log.say(c.file, fmt.Sprintf("service %s extends one of another file, which was not read", shown(name)))
		return s
	}
	return s.over(c.whole(base, depth+1))
}

// over is a service over the one that it extends.
func (s service) over(base service) service {
	if s.Image == "" {
		s.Image = base.Image
	}
	if s.WorkingDir == "" {
		s.WorkingDir = base.WorkingDir
	}
	for own, inherited := range map[*yaml.Node]yaml.Node{&s.Build: base.Build, &s.Command: base.Command, &s.Entrypoint: base.Entrypoint, &s.Ports: base.Ports, &s.Expose: base.Expose, &s.DependsOn: base.DependsOn, &s.Healthcheck.Test: base.Healthcheck.Test} {
		if own.Kind == 0 {
			*own = inherited
		}
	}
	if base.Environment.Kind != 0 {
		merged := yaml.Node{Kind: yaml.SequenceNode}
		for _, v := range append(variables(&base.Environment), variables(&s.Environment)...) {
			merged.Content = append(merged.Content, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: v.Name + "=" + strings.ReplaceAll(v.Value, "$", "$$")})
		}
		s.Environment = merged
	}
	return s
}

// of are the findings of one service.
func (c *composing) of(name string, s service) []Finding {
	found := Finding{File: c.file, Line: c.lines[name], Shown: name}
	if s.Build.Kind == 0 {
		if s.Image == "" {
			return nil
		}
		if why := beside(s.Image); why != "" {
			found.Note = "left out: " + name + ", " + why
			return []Finding{found}
		}
		return []Finding{c.outside(found, name, s)}
	}
	var all []Finding
	p := Process{Name: name, Dir: c.context(s), Env: variables(&s.Environment), Entry: s.listens(), After: listed(&s.DependsOn)}
	found.Shown = name + ": build: " + path.Join(".", p.Dir)
	if text := lineOfCommand(&s.Command); text != "" && s.Entrypoint.Kind == 0 {
		run := commandOf(resolved(text))
		made := run.process(name, p.Entry)
		p.Command, p.Shell, p.Work, p.Said, p.Ready = made.Command, made.Shell, made.Work, made.Said, made.Ready
		found.Shown = name + ": command: " + text
	}
	if health := healthPath(listed(&s.Healthcheck.Test)); health != "" && p.Entry {
		p.Ready = manifest.Ready{HTTP: health}
	}
	if len(s.Profiles) > 0 {
		p.Said = append(p.Said, "it has profiles in Compose, so not every start has it: "+shown(strings.Join(s.Profiles, ", ")))
	}
	for _, v := range p.Env {
		v.Of = name
		all = append(all, Finding{File: c.file, Line: found.Line, Shown: v.Name, Variable: &v})
	}
	p.Env = nil
	return append([]Finding{found.with(p)}, all...)
}

// tools are images that the service does not call, by what they are.
var tools = []struct{ images, what string }{
	{"adminer pgadmin4 phpmyadmin redis-commander redisinsight mongo-express kafka-ui akhq kafdrop portainer dozzle flower pgweb cloudbeaver", "a tool for people"},
	{"nginx traefik caddy haproxy envoy httpd nginx-proxy kong", "which stands before the service: load goes to the service itself"},
	{"prometheus grafana jaeger all-in-one loki promtail tempo node-exporter cadvisor zipkin alertmanager", "which watches the service"},
	{"zookeeper cp-zookeeper watchtower certbot", "which others need and the service does not"},
}

// beside says what an image is that the service does not call; empty: it may.
func beside(image string) string {
	name := resolved(image)
	name = name[strings.LastIndexByte(name, '/')+1:]
	name, _, _ = strings.Cut(name, ":")
	for _, t := range tools {
		if slices.Contains(words(t.images), name) {
			return t.what
		}
	}
	return ""
}

// outside is what the service talks to.
func (c *composing) outside(found Finding, name string, s service) Finding {
	image := resolved(s.Image)
	found.Shown = name + ": image: " + image
	d := Dependency{Name: name, Image: image, Env: variables(&s.Environment), Port: s.port()}
	if k, ok := ofImage(image); ok {
		d.Kind = k.name
	} else {
		d.Kind = "image"
	}
	found.Dependency = &d
	return found
}

// context is the folder that a service is built of, in this one.
func (c *composing) context(s service) string {
	context := s.Build.Value
	if of := valueOf(&s.Build, "context"); of != nil {
		context = of.Value
	}
	context = path.Clean(resolved(context))
	if context == "." || !plainPath(context) {
		return ""
	}
	return context
}

// listens reports whether anybody may call a service.
func (s service) listens() bool { return len(listed(&s.Ports)) > 0 || len(listed(&s.Expose)) > 0 }

// port is the one that an image listens on, 0: it does not say.
func (s service) port() int {
	for _, text := range append(listed(&s.Ports), listed(&s.Expose)...) {
		text, _, _ = strings.Cut(resolved(text), "/")
		if n, err := strconv.Atoi(text[strings.LastIndexByte(text, ':')+1:]); err == nil && n > 0 && n < 65536 {
			return n
		}
	}
	return 0
}
