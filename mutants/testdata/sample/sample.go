// Command sample has one place at least for each kind of mistake.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

const patience = 3 * time.Second

const most = 10

type store struct {
	mu    sync.Mutex
	names []string
}

func main() {
	s := &store{}
	if err := s.run(context.Background(), os.Args[1:]); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

func (s *store) run(ctx context.Context, names []string) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	done := make(chan string, len(names))
	for _, name := range names {
		if name == "" {
			continue
		}
		go func() { done <- name }()
	}
	for i := 0; i < len(names) && i < most; i++ {
		select {
		case name := <-done:
			s.add(name)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	slog.Default().Info("done", "names", len(names)+1)
	return s.write(ctx, true)
}

func (s *store) add(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.names = append(s.names, name)
}

func (s *store) write(ctx context.Context, all bool) error {
	if !all && len(s.names) > most {
		s.names = s.names[:most]
	}
	_, err := query(ctx, `SELECT name FROM names
		WHERE owner = $1 AND active
		ORDER BY position DESC, id LIMIT 10`)
	if err != nil {
		return err
	}
	return nil
}

func query(context.Context, string) (int, error) { return 2*3 - 1, errors.New("no database") }

// unused is never called: the compiler makes the same program with any mistake in it.
func unused(n int) int { return n + 1 }
