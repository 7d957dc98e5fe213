package main

import (
	"fmt"
	"io"

	"holdfast.dev/holdfast/safefile"
)

// most is the most that is read of a file that a person named.
const most = 1 << 30

// readFile reads a plain file that a person named.
func readFile(path string) ([]byte, error) {
	f, err := safefile.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && len(data) > most {
		err = fmt.Errorf("%s is longer than %d bytes", path, most)
	}
	return data, err
}

// writeFile replaces a file whole, or not at all.
func writeFile(path string, data []byte) error {
	return safefile.Write(path, func(w io.Writer) error { _, err := w.Write(data); return err })
}
