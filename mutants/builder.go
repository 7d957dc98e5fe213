package mutants

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Builder builds programs from a source with a mutant in it, and leaves the tree
// as it is: the go command is shown the changed files in place of those on the disk
// (go build -overlay).
type Builder struct {
	Source *Source
	// Package is that of the program, for example ./cmd/holdfast.
	Package string
	// Dir is where programs are put.
	Dir string

	intact [sha256.Size]byte // of the intact program; zero until it was built
}

// Intact builds the program as it is, and returns its path.
func (b *Builder) Intact(ctx context.Context) (string, error) {
	program := filepath.Join(b.Dir, "intact")
	if err := b.build(ctx, program, nil); err != nil {
		return "", err
	}
	var err error
	b.intact, err = sum(program)
	return program, err
}

// Program is where [Builder.Build] puts a mutant's program, over that of the one
// before.
func (b *Builder) Program() string { return filepath.Join(b.Dir, "mutant") }

// Build builds the program with a mutant in it and returns its path. The error is [ErrUnfit] where it does not compile, or does to the
// very program that [Builder.Intact] has built.
func (b *Builder) Build(ctx context.Context, m Mutant) (string, error) {
	if err := b.Source.Check(m); err != nil {
		return "", err
	}
	changed := map[string][]byte{}
	for _, name := range m.Files() {
		f, ok := b.Source.file(name)
		if !ok {
			return "", fmt.Errorf("mutant %s: %s is in none of the packages", m.Name, name)
		}
		var err error
		if changed[name], err = m.Apply(name, f.source); err != nil {
			return "", err
		}
	}
	program := b.Program()
	if err := b.build(ctx, program, changed); err != nil {
		return "", err
	}
	is, err := sum(program)
	if err == nil && is == b.intact {
		return "", fmt.Errorf("%w: %s: the compiler makes the same program of it", ErrUnfit, m.Name)
	}
	return program, err
}

// build runs the go command. Nothing of the program may tell where or from which
// files it was built, or no two would be the same.
func (b *Builder) build(ctx context.Context, program string, changed map[string][]byte) error {
	scratch, err := os.MkdirTemp(b.Dir, "overlay-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	overlay, err := b.overlay(scratch, changed)
	if err != nil {
		return err
	}
	command := exec.CommandContext(ctx, "go", "build", "-overlay", overlay, "-trimpath", "-buildvcs=false",
		"-ldflags=-s -w -buildid=", "-o", program, b.Package)
	command.Dir = b.Source.root
	command.Env = append(os.Environ(), "CGO_ENABLED=0")
	var problems bytes.Buffer
	command.Stderr = &problems
	if err := command.Run(); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return fmt.Errorf("%w: build it: %w: %s", ErrUnfit, err, strings.TrimSpace(problems.String()))
	}
	return nil
}

// overlay writes changed files into dir, and the file that tells the go command of
// them, whose path it returns.
func (b *Builder) overlay(dir string, changed map[string][]byte) (string, error) {
	var replaced struct{ Replace map[string]string }
	replaced.Replace = map[string]string{}
	for name, source := range changed {
		path := filepath.Join(dir, strings.ReplaceAll(name, "/", "+"))
		if err := os.WriteFile(path, source, 0o600); err != nil {
			return "", err
		}
		replaced.Replace[filepath.Join(b.Source.root, filepath.FromSlash(name))] = path
	}
	text, err := json.Marshal(replaced)
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "overlay.json")
	return path, os.WriteFile(path, text, 0o600)
}

func sum(path string) (s [sha256.Size]byte, err error) {
	f, err := os.Open(path)
	if err != nil {
		return s, err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return s, err
	}
	h.Sum(s[:0])
	return s, nil
}
