package scaffold

import (
	"slices"
	"strings"

	"holdfast.dev/holdfast/manifest"
	"holdfast.dev/holdfast/manifest/notation"
)

// thing is a dependency with where it was found.
type thing struct {
	Dependency
	found Finding
	named string // in the file
	told  bool   // some variable says where it is
}

// stores are the kinds of which a service has one mostly: a library of another alone does
// not make a second.
var stores = []string{"postgres", "mysql"}

// collect makes dependencies of what was found: what Compose starts, then what packages
// and addresses tell beside.
func (d *draft) collect(found [][]Finding) {
	for _, all := range found {
		for _, f := range all {
			if f.Dependency != nil {
				d.add(f)
			}
		}
	}
	for _, f := range d.settings {
		if k, ok := d.led(*f.Variable); ok {
			f.Dependency = &Dependency{Kind: k.name}
			d.add(f)
		}
	}
}

// add enters a dependency, unless there is one of its kind that is as good.
func (d *draft) add(f Finding) {
	new := *f.Dependency
	for _, old := range d.things {
		switch {
		case new.Kind == "http" || new.Kind == "image":
			if old.Name == new.Name {
				return
			}
		case new.Image != "" && old.Image != "": // two services of Compose are two
		case old.Kind == new.Kind:
			return
		case new.Image == "" && slices.Contains(stores, old.Kind) && slices.Contains(stores, new.Kind):
			d.notes = append(d.notes, Finding{File: f.File, Line: f.Line, Shown: f.Shown, Note: "it speaks of " + new.Kind + ", and " + old.Kind + " is here already: only that was taken"})
			return
		}
	}
	d.things = append(d.things, thing{Dependency: new, found: f})
}

// dependencies writes what the service talks to.
func (d *draft) dependencies() {
	postgres := ""
	for i := range d.things {
		t := &d.things[i]
		base := nameOf(t.Name)
		if t.Name == "" || base == "postgres" || base == "database" { // names of a run's own
			base = map[string]string{"postgres": "db", "mysql": "db", "smtp": "mail"}[t.Kind]
		}
		if base == "" {
			base = t.Kind
		}
		t.named = d.free(base)
		at := "dependencies." + t.named
		if t.Kind == "postgres" && postgres != "" {
			t.Kind = "image"
			d.say(at, "one Postgres is the run's own ("+postgres+"); a second one is an image")
		} else if t.Kind == "postgres" {
			postgres = t.named
		}
		d.say(at, t.found.because())
		d.say(at, t.Said...)
		set(&d.file.Dependencies, t.named, d.dependency(at, *t))
		if slices.Contains(stores, t.Kind) && d.databases == "" {
			d.databases = t.Kind
		}
	}
}

// dependency is one as it is played here.
func (d *draft) dependency(at string, t thing) manifest.Dependency {
	switch t.Kind {
	case "postgres":
		return d.postgres(at, t)
	case "smtp":
		return manifest.Dependency{SMTP: &manifest.SMTP{}}
	case "resend":
		return manifest.Dependency{Resend: &manifest.Resend{}}
	case "http":
		return d.api(at, t)
	}
	made, ok := programs[t.Kind]
	if !ok {
		return d.image(at, t)
	}
	if command := made.command; command != nil {
		if _, err := d.options.LookPath(command[0]); err == nil {
			return manifest.Dependency{Command: command}
		}
		d.say(at, command[0]+" was not found on this machine, so an image plays it, which takes Docker; where the program is there, holdfast init has it play this")
	}
	out := made.dependency
	if t.Image != "" && t.Kind != "kafka" && !strings.Contains(t.Image, "bitnami/") { // whose settings have other names
		out.Image = t.Image
	}
	if made.secret != "" {
		d.secret(made.secret, 24)
	}
	return out
}

// programs are what plays the kinds that are real: a program of Debian where there is
// one, and else an image.
var programs = map[string]struct {
	command    []string
	dependency manifest.Dependency
	secret     string
}{
	"redis": {
		command:    []string{"redis-server", "--bind", "{own.host}", "--port", "{own.port}", "--save", "", "--appendonly", "no"},
		dependency: manifest.Dependency{Image: "redis:7", Port: 6379},
	},
	"memcached": {
		command:    []string{"memcached", "-l", "{own.host}", "-p", "{own.port}", "-u", "nobody"},
		dependency: manifest.Dependency{Image: "memcached:1.6", Port: 11211},
	},
	"rabbitmq": {dependency: manifest.Dependency{Image: "rabbitmq:3", Port: 5672, Data: "/var/lib/rabbitmq", Ready: manifest.Ready{Log: "Server startup complete", Timeout: minute}}},
	"kafka": {dependency: manifest.Dependency{Image: "apache/kafka:3.9.0", Port: 9092, Ready: manifest.Ready{Log: "Kafka Server started", Timeout: minute}, Env: notation.Table[string]{
		{Name: "KAFKA_NODE_ID", Value: "1"}, {Name: "KAFKA_PROCESS_ROLES", Value: "broker,controller"}, {Name: "KAFKA_LISTENERS", Value: "PLAINTEXT://:9092,CONTROLLER://:9093"},
		{Name: "KAFKA_ADVERTISED_LISTENERS", Value: "PLAINTEXT://{address}"}, {Name: "KAFKA_CONTROLLER_LISTENER_NAMES", Value: "CONTROLLER"}, {Name: "KAFKA_CONTROLLER_QUORUM_VOTERS", Value: "1@localhost:9093"},
		{Name: "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP", Value: "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT"}, {Name: "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR", Value: "1"},
	}}},
	"mysql": {secret: "mysql", dependency: manifest.Dependency{Image: "mysql:8", Port: 3306, Data: "/var/lib/mysql", Ready: manifest.Ready{Log: "port: 3306", Timeout: minute}, Env: notation.Table[string]{
		{Name: "MYSQL_DATABASE", Value: "app"}, {Name: "MYSQL_USER", Value: "app"}, {Name: "MYSQL_PASSWORD", Value: "{secrets.mysql}"}, {Name: "MYSQL_ROOT_PASSWORD", Value: "{secrets.mysql}"},
	}}},
	"mongo":         {dependency: manifest.Dependency{Image: "mongo:7", Port: 27017, Data: "/data/db", Ready: manifest.Ready{Timeout: minute, TCP: "true"}}},
	"elasticsearch": {dependency: manifest.Dependency{Image: "elasticsearch:8.15.0", Port: 9200, Ready: manifest.Ready{TCP: "true", Timeout: 2 * minute}, Env: notation.Table[string]{{Name: "discovery.type", Value: "single-node"}, {Name: "xpack.security.enabled", Value: "false"}}}},
	"nats":          {command: []string{"nats-server", "--addr", "{own.host}", "--port", "{own.port}"}, dependency: manifest.Dependency{Image: "nats:2", Port: 4222}},
	"clickhouse":    {dependency: manifest.Dependency{Image: "clickhouse/clickhouse-server:24", Port: 8123, Data: "/var/lib/clickhouse", Ready: manifest.Ready{TCP: "true", Timeout: minute}}},
}

const minute = manifest.Duration(60e9)

// postgres is the run's own database, in an image where it has extensions that the
// machine's may lack.
func (d *draft) postgres(at string, t thing) manifest.Dependency {
	out := manifest.Dependency{Postgres: &manifest.Postgres{}}
	name := t.Image[strings.LastIndexByte(t.Image, '/')+1:]
	switch base, _, _ := strings.Cut(name, ":"); base {
	case "pgvector":
		out.Postgres.Image, out.Postgres.Extensions = t.Image, notation.Words{"vector"}
	case "postgis", "timescaledb", "timescaledb-ha":
		out.Postgres.Image, out.Postgres.Extensions = t.Image, notation.Words{strings.TrimSuffix(base, "-ha")}
	case "postgres", "":
		if t.Image != "" {
			d.say(at, "this machine's own Postgres plays it; "+t.Image+" does with postgres: { image: "+t.Image+" }")
		}
	default:
		out.Postgres.Image = t.Image
	}
	return out
}

// image is something that is known by its image alone.
func (d *draft) image(at string, t thing) manifest.Dependency {
	out := manifest.Dependency{Image: t.Image, Port: t.Port, Ready: manifest.Ready{Timeout: minute, TCP: "true"}}
	if out.Port == 0 {
		out.Port = 80
		d.ask(at, "port, the one that the image listens on: nothing says so")
	}
	for _, v := range t.Env {
		if value, ok := d.copied(at, v); ok {
			set(&out.Env, v.Name, value)
		}
	}
	return out
}

// api is an outside API that is played here, with one route for all that it is asked.
func (d *draft) api(at string, t thing) manifest.Dependency {
	d.ask(at+".http.routes", "what "+t.named+" is asked and what it answers; until then it answers 200 and {} to everything")
	out := manifest.Dependency{HTTP: &manifest.HTTP{Routes: notation.Table[manifest.Route]{{Name: "any", Value: manifest.Route{
		Request: manifest.RouteRequest{Path: "/{rest...}"}, Response: manifest.Response{Status: 200, JSON: "{}"},
	}}}}}
	out.Replaces = t.Hosts
	return out
}

// secret declares one that is drawn anew for each run.
func (d *draft) secret(name string, length int) {
	if _, ok := d.file.Secrets.Get(name); !ok {
		set(&d.file.Secrets, name, manifest.Secret{Generate: length})
	}
}
