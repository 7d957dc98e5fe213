package toxiproxyapi

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
)

// sent is a proxy as a client sends it. What is not sent is nil.
type sent struct {
	Name     string  `json:"name"`
	Listen   *string `json:"listen"`
	Upstream *string `json:"upstream"`
	Enabled  *bool   `json:"enabled"`
}

// check refuses a proxy that can't be made; where says which of several it is.
func (n sent) check(where string) error {
	if n.Name == "" {
		return missing("name" + where)
	}
	if n.Upstream == nil || *n.Upstream == "" {
		return missing("upstream" + where)
	}
	return nil
}

func (n sent) enabled() bool { return n.Enabled == nil || *n.Enabled }

// proxy makes a proxy of what was sent; it does not listen yet.
func (s *Server) proxy(n sent) (*proxy, error) {
	p := &proxy{name: n.Name, upstream: *n.Upstream, remote: s.remote, seed: s.luck.Uint64()}
	var listen string
	if n.Listen != nil {
		listen = *n.Listen
	}
	var err error
	p.listen, err = place(listen, s.remote)
	return p, err
}

// put adds a proxy and has it listen, if that is asked for.
func (s *Server) put(p *proxy, enabled bool) error {
	if s.closed {
		return errClosed
	}
	if enabled {
		if err := p.start(); err != nil {
			return err
		}
	}
	s.proxies[p.name] = p
	return nil
}

// named is the proxy that a request is about.
func (s *Server) named(r *http.Request) (*proxy, error) {
	p, known := s.proxies[r.PathValue("proxy")]
	if !known {
		return nil, errProxyNotFound
	}
	return p, nil
}

func (s *Server) list(*http.Request) (any, error) {
	all := map[string]state{}
	for name, p := range s.proxies {
		all[name] = p.state()
	}
	return all, nil
}

func (s *Server) create(r *http.Request) (any, error) {
	var n sent
	if err := json.NewDecoder(r.Body).Decode(&n); err != nil {
		return nil, badBody(err)
	}
	if err := n.check(""); err != nil {
		return nil, err
	}
	if _, taken := s.proxies[n.Name]; taken {
		return nil, errProxyExists
	}
	p, err := s.proxy(n)
	if err != nil {
		return nil, err
	}
	if err := s.put(p, n.enabled()); err != nil {
		return nil, err
	}
	return p.state(), nil
}

func (s *Server) show(r *http.Request) (any, error) {
	p, err := s.named(r)
	if err != nil {
		return nil, err
	}
	return p.state(), nil
}

func (s *Server) update(r *http.Request) (any, error) {
	p, err := s.named(r)
	if err != nil {
		return nil, err
	}
	var n sent
	if err := json.NewDecoder(r.Body).Decode(&n); err != nil {
		return nil, badBody(err)
	}
	listen, upstream, enabled := p.listen, p.upstream, p.running != nil
	if n.Listen != nil {
		if listen, err = place(*n.Listen, s.remote); err != nil {
			return nil, err
		}
	}
	if n.Upstream != nil {
		upstream = *n.Upstream
	}
	if n.Enabled != nil {
		enabled = *n.Enabled
	}
	if !enabled || listen != p.listen || upstream != p.upstream {
		p.stop()
	}
	p.listen, p.upstream = listen, upstream
	if enabled {
		if err := p.start(); err != nil {
			return nil, err
		}
	}
	return p.state(), nil
}

func (s *Server) delete(r *http.Request) (any, error) {
	p, err := s.named(r)
	if err != nil {
		return nil, err
	}
	p.stop()
	delete(s.proxies, p.name)
	return nil, nil
}

// reset enables every proxy, and takes all toxics away.
func (s *Server) reset(*http.Request) (any, error) {
	for _, p := range s.proxies {
		if err := p.start(); err != nil {
			return nil, err
		}
		p.remove(func(*toxic) bool { return true })
	}
	return nil, nil
}

// made makes many proxies. One that is there and the same stays as it is. Those before one
// that fails are made, and told beside the error. Its caller has the lock.
func (s *Server) made(body io.Reader) ([]state, error) {
	var all []sent
	if err := json.NewDecoder(body).Decode(&all); err != nil {
		return []state{}, badBody(err)
	}
	for i, n := range all {
		if err := n.check(fmt.Sprintf(" at proxy %d", i+1)); err != nil {
			return []state{}, err
		}
	}
	made := []state{}
	for _, n := range all {
		p, err := s.replace(n)
		if err != nil {
			return made, err
		}
		made = append(made, p.state())
	}
	return made, nil
}

// populate makes many proxies.
func (s *Server) populate(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	proxies, err := s.made(r.Body)
	answer := struct {
		*apiError
		Proxies []state `json:"proxies"`
	}{Proxies: proxies}
	status := http.StatusCreated
	if err != nil {
		answer.apiError = asAPI(err)
		status = answer.Status
	}
	body, err := json.Marshal(answer)
	if err != nil {
		refuse(w, err)
		return
	}
	reply(w, status, body)
}

// replace makes a proxy in the place of one of that name, unless it is the same.
func (s *Server) replace(n sent) (*proxy, error) {
	p, err := s.proxy(n)
	if err != nil {
		return nil, err
	}
	if there, taken := s.proxies[n.Name]; taken {
		if there.listen == p.listen && there.upstream == p.upstream {
			return there, nil
		}
		there.stop()
		delete(s.proxies, n.Name)
	}
	return p, s.put(p, n.enabled())
}

func (s *Server) toxics(r *http.Request) (any, error) {
	p, err := s.named(r)
	if err != nil {
		return nil, err
	}
	return p.inOrder(), nil
}

func (s *Server) addToxic(r *http.Request) (any, error) {
	p, err := s.named(r)
	if err != nil {
		return nil, err
	}
	t, err := newToxic(r.Body, s.luck.Uint64())
	if err != nil {
		return nil, err
	}
	return t, p.add(t)
}

// toxic is the one that a request is about, and its place at its proxy.
func (s *Server) toxic(r *http.Request) (*proxy, int, error) {
	p, err := s.named(r)
	if err != nil {
		return nil, 0, err
	}
	i, err := p.find(r.PathValue("toxic"))
	return p, i, err
}

func (s *Server) showToxic(r *http.Request) (any, error) {
	p, i, err := s.toxic(r)
	if err != nil {
		return nil, err
	}
	return p.toxics[i], nil
}

func (s *Server) updateToxic(r *http.Request) (any, error) {
	p, i, err := s.toxic(r)
	if err != nil {
		return nil, err
	}
	t, err := p.toxics[i].changed(r.Body, s.luck.Uint64())
	if err != nil {
		return nil, err
	}
	p.replace(i, t)
	return t, nil
}

func (s *Server) removeToxic(r *http.Request) (any, error) {
	p, i, err := s.toxic(r)
	if err != nil {
		return nil, err
	}
	gone := p.toxics[i]
	p.remove(func(t *toxic) bool { return t == gone })
	return nil, nil
}
