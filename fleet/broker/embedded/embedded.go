// Package embedded is a broker of one's own: NATS with JetStream in this process, for
// workers on this machine. Only who chooses it pulls the server.
//
// It listens on loopback, lets in who has its token, and keeps all in memory: no run needs
// anything of an earlier one.
package embedded

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"holdfast.dev/holdfast/fleet/broker"
	"holdfast.dev/holdfast/safefile"
)

// Server is a broker in this process.
type Server struct {
	server *server.Server
	token  string
}

const (
	startTimeout = 10 * time.Second
	maxMemory    = 512 << 20
)

// Start starts a broker at a free port of loopback. The caller must call [Server.Close].
func Start() (*Server, error) {
	s, err := start()
	if err != nil {
		return nil, fmt.Errorf("start a broker: %w", err)
	}
	return s, nil
}

func start() (*Server, error) {
	var secret [16]byte
	_, _ = rand.Read(secret[:]) // never fails, by its contract
	s := &Server{token: hex.EncodeToString(secret[:])}
	// The server wants a folder, and writes nothing there of what is kept in memory. It is
	// taken away while the server runs, so that nothing can be left behind.
	dir, remove, err := safefile.Temporary(safefile.TempBroker)
	if err != nil {
		return nil, err
	}
	defer remove()
	s.server, err = server.NewServer(&server.Options{
		Host: "127.0.0.1", Port: server.RANDOM_PORT, Authorization: s.token, NoSigs: true, NoLog: true,
		JetStream: true, StoreDir: dir, JetStreamMaxMemory: maxMemory,
	})
	if err != nil {
		return nil, err
	}
	s.server.Start()
	if !s.server.ReadyForConnections(startTimeout) {
		s.Close()
		return nil, errors.New("it was not ready in time")
	}
	return s, nil
}

// Broker is how to reach it from this process.
func (s *Server) Broker() broker.Options {
	return broker.Options{URL: s.URL(), Token: s.token, InProcess: s.server}
}

// URL is where it listens, Token what lets in.
func (s *Server) URL() string   { return s.server.ClientURL() }
func (s *Server) Token() string { return s.token }

// Close stops it and waits until it has.
func (s *Server) Close() {
	s.server.Shutdown()
	s.server.WaitForShutdown()
}
