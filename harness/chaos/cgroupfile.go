package chaos

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// read is what a counter of a group stands at; 0 where there is none.
func (c kernelCount) read(dir string) int64 {
	if c.file == "" {
		return 0
	}
	text, err := os.ReadFile(filepath.Join(dir, c.file))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		if c.line == "" {
			value = name
		} else if name != c.line {
			continue
		}
		n, _ := strconv.ParseInt(value, 10, 64) // the kernel's own number
		return n
	}
	return 0
}

// readSetting reads what stands in a file of a group.
func readSetting(dir, file string) (string, error) {
	text, err := os.ReadFile(filepath.Join(dir, file))
	if err != nil {
		return "", fmt.Errorf("read the cgroup: %w", err)
	}
	return strings.TrimSpace(string(text)), nil
}

// write writes a setting and reads back that it stands there.
func (s setting) write(dir string) error {
	if err := os.WriteFile(filepath.Join(dir, s.file), []byte(s.value), 0o644); err != nil {
		return fmt.Errorf("limit the cgroup: %w", err)
	}
	now, err := readSetting(dir, s.file)
	if err != nil {
		return err
	}
	if math.Abs(least(now)-least(s.value)) > float64(os.Getpagesize()) { // memory comes in pages
		return fmt.Errorf("limit the cgroup: %s is %s, not %s", s.file, now, s.value)
	}
	return nil
}

// least is the number that a limit begins with; none is above all.
func least(text string) float64 {
	first, _, _ := strings.Cut(text, " ")
	n, err := strconv.ParseFloat(first, 64)
	if err != nil || n < 0 {
		return math.MaxInt64
	}
	return n
}

// vanished reports whether a group is gone.
func vanished(dir string) bool {
	_, err := os.Stat(dir)
	return errors.Is(err, fs.ErrNotExist)
}
