package main

import (
	"bytes"
	"fmt"
	"strings"
)

// blockMarks are the lines between which a generated table stands in a document.
func blockMarks(name string) (begins, ends string) {
	return "<!-- " + name + " -->\n", "<!-- /" + name + " -->"
}

// replaceBlock replaces the generated table of that name in a document.
func replaceBlock(path, name string, table []byte) error {
	document, err := readFile(path)
	if err != nil {
		return fmt.Errorf("--into: %w", err)
	}
	begins, ends := blockMarks(name)
	before, rest, found := bytes.Cut(document, []byte(begins))
	_, after, ended := bytes.Cut(rest, []byte(ends))
	if !found || !ended {
		return fmt.Errorf("--into %s: it has no lines %q and %q", path, strings.TrimSpace(begins), ends)
	}
	return writeFile(path, bytes.Join([][]byte{before, []byte(begins), table, []byte(ends), after}, nil))
}
