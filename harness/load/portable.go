package load

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"time"

	"holdfast.dev/holdfast/harness/result"
)

// CheckPortable says which of these streams another process cannot be given, and why:
// what is code cannot be sent, only data can. Nil: it can be given all.
func CheckPortable(streams []Stream) error {
	var errs []error
	for _, s := range streams {
		if _, err := streamData(s); err != nil {
			errs = append(errs, fmt.Errorf("stream %q cannot be sent by other processes, which are given data alone: %w", s.Name, err))
		}
	}
	return errors.Join(errs...)
}

// Pack writes a load as data: what another process needs to send the same requests at the
// same times. What is this process's own, the clock, the share, who is told, is left
// out. It holds the secrets that the load sends.
func Pack(config Config, streams ...Stream) ([]byte, error) {
	if err := validate(config, streams); err != nil {
		return nil, fmt.Errorf("pack the load: %w", err)
	}
	if err := CheckPortable(streams); err != nil {
		return nil, err
	}
	config = config.withDefaults(streams)
	p := portable{
		BaseURL: config.BaseURL, Entry: config.Balancer.urls(), Targets: make(map[string][]string), Seed: config.Seed, Phases: config.Phases,
		FirstFault: config.FirstFault, Interval: config.Interval, Header: config.Header, Values: config.Values, Logins: config.Logins.data(),
		Tracing: config.Tracing,
		Digest:  Digest(config.Seed, streams...),
	}
	for name, b := range config.Targets {
		p.Targets[name] = b.urls()
	}
	for _, s := range streams {
		d, err := streamData(s)
		if err != nil {
			return nil, err
		}
		p.Streams = append(p.Streams, d)
	}
	return json.Marshal(p)
}

// Unpack reads what [Pack] wrote. That what was read plans the same requests as what was
// written is checked by its digest.
func Unpack(data []byte) (Config, []Stream, error) {
	config, streams, err := unpack(data)
	if err != nil {
		return Config{}, nil, fmt.Errorf("unpack the load: %w", err)
	}
	return config, streams, nil
}

func unpack(data []byte) (Config, []Stream, error) {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	var p portable
	if err := dec.Decode(&p); err != nil {
		return Config{}, nil, err
	}
	config := Config{
		BaseURL: p.BaseURL, Seed: p.Seed, Phases: p.Phases, FirstFault: p.FirstFault, Interval: p.Interval, Header: p.Header, Values: p.Values,
		Tracing: p.Tracing,
		Targets: make(map[string]*Balancer),
	}
	var err error
	if len(p.Entry) > 0 {
		if config.Balancer, err = NewBalancer(p.Entry...); err != nil {
			return Config{}, nil, err
		}
	}
	for name, urls := range p.Targets {
		if config.Targets[name], err = NewBalancer(urls...); err != nil {
			return Config{}, nil, err
		}
	}
	if config.Logins, err = p.Logins.open(); err != nil {
		return Config{}, nil, err
	}
	var streams []Stream
	for _, d := range p.Streams {
		s, err := d.stream()
		if err != nil {
			return Config{}, nil, fmt.Errorf("stream %q: %w", d.Name, err)
		}
		streams = append(streams, s)
	}
	if err := validate(config, streams); err != nil {
		return Config{}, nil, err
	}
	if got := Digest(config.Seed, streams...); got != p.Digest {
		return Config{}, nil, fmt.Errorf("what was read plans other requests (%s) than what was written (%s): both must be of one version", got, p.Digest)
	}
	return config, streams, nil
}

// Hosts are whom a load goes to, each HOST:PORT or unix:///PATH once, sorted.
func (c Config) Hosts() []string {
	all := make(map[string]bool)
	add := func(b *Balancer) {
		if b == nil {
			return
		}
		for _, a := range b.addresses {
			all[hostPort(a.base)] = true
		}
	}
	add(c.Balancer)
	for _, b := range c.Targets {
		add(b)
	}
	if base, err := parseBase(c.BaseURL); err == nil && c.Balancer == nil {
		all[hostPort(base)] = true
	}
	return slices.Sorted(maps.Keys(all))
}

func hostPort(u *url.URL) string {
	if _, is := socketOf(u.Hostname()); is {
		return addressText(u)
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return net.JoinHostPort(u.Hostname(), port)
}

// Balancers are those of the load by the names of their targets; that of the entry has
// none. Where all goes to one address there is no balancer of the entry.
func (c Config) Balancers() map[string]*Balancer {
	all := maps.Clone(c.Targets)
	if all == nil {
		all = make(map[string]*Balancer)
	}
	if c.Balancer != nil {
		all[""] = c.Balancer
	}
	return all
}

// portable is a load as it is written.
type portable struct {
	BaseURL    string              `json:"base_url"`
	Entry      []string            `json:"entry,omitempty"`
	Targets    map[string][]string `json:"targets,omitempty"`
	Seed       uint64              `json:"seed"`
	Phases     []result.Phase      `json:"phases,omitempty"`
	FirstFault time.Duration       `json:"first_fault,omitempty"`
	Interval   time.Duration       `json:"interval"`
	Header     http.Header         `json:"header,omitempty"`
	Values     map[string]string   `json:"values,omitempty"`
	Logins     *loginsData         `json:"logins,omitempty"`
	Tracing    Tracing             `json:"tracing"`
	Streams    []streamForm        `json:"streams"`
	Digest     string              `json:"digest"`
}

// loginsData are sessions that were opened, by stream.
type loginsData struct {
	Sessions map[string][]sessionData `json:"sessions"`
}

type sessionData struct {
	Values  map[string]string `json:"values,omitempty"`
	Cookies []cookiesData     `json:"cookies,omitempty"`
}

type cookiesData struct {
	From    string         `json:"from"`
	Cookies []*http.Cookie `json:"cookies"`
}

func (l *Logins) data() *loginsData {
	d := &loginsData{Sessions: make(map[string][]sessionData)}
	if l == nil {
		return d
	}
	for stream, sessions := range l.sessions {
		for _, s := range sessions {
			one := sessionData{Values: s.values}
			for _, set := range s.jar.taken {
				one.Cookies = append(one.Cookies, cookiesData{set.from.String(), set.cookies})
			}
			d.Sessions[stream] = append(d.Sessions[stream], one)
		}
	}
	return d
}

func (d *loginsData) open() (*Logins, error) {
	l := &Logins{sessions: make(map[string][]*session), pins: newPins(nil)}
	if d == nil {
		return l, nil
	}
	for stream, sessions := range d.Sessions {
		for _, s := range sessions {
			one := &session{values: s.Values, jar: new(jar)}
			for _, set := range s.Cookies {
				from, err := url.Parse(set.From)
				if err != nil {
					return nil, fmt.Errorf("cookies of the stream %q: %w", stream, err)
				}
				one.jar.put(setCookies{from, set.Cookies})
			}
			l.sessions[stream] = append(l.sessions[stream], one)
		}
	}
	return l, nil
}
