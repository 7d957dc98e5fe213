package database

import (
	"context"
	"fmt"
)

// Killable says why the server cannot be killed and started again, or nil.
func (s *Server) Killable() error {
	switch {
	case s.found.Given != "":
		return fmt.Errorf("the database server that %s names is somebody else's, and is not killed", s.found.Given)
	case s.found.Kill == nil || s.found.Restart == nil:
		return fmt.Errorf("a database server of the way %q cannot be killed and started again at its address", s.found.way)
	}
	return nil
}

// Another opens a second server in the same way, for whoever needs one alone. It
// has the same templates in the end, each built once there, too. The caller closes
// it.
func (s *Server) Another(ctx context.Context) (*Server, error) {
	o := s.options
	o.Provider = s.found.way
	another, err := Open(ctx, o)
	if err != nil {
		return nil, fmt.Errorf("open another database server: %w", err)
	}
	return another, nil
}

// Kill ends every process of the server at once (SIGKILL) and returns how many
// there were. Every session ends with it, also those of other users of the server:
// to be called only on one that is used by the caller alone.
func (s *Server) Kill(ctx context.Context) (processes int, err error) {
	if err := s.Killable(); err != nil {
		return 0, err
	}
	return s.found.Kill(ctx)
}

// Restart starts a server that was killed again, at the same address, and returns
// once it has recovered and answers.
func (s *Server) Restart(ctx context.Context) error {
	if err := s.Killable(); err != nil {
		return err
	}
	return s.found.Restart(ctx)
}
