package scaffold

import (
	"encoding/json"
	"strings"

	"holdfast.dev/holdfast/manifest"
)

// dockerfile reads the last stage of a Dockerfile: what it starts.
func dockerfile(f folder) []Finding {
	text, ok := f.read("Dockerfile")
	if !ok {
		return nil
	}
	var start, entry, health string
	startLine := 0
	for n, line := range instructions(text) {
		word, rest, _ := strings.Cut(line, " ")
		rest = strings.TrimSpace(rest)
		switch strings.ToUpper(word) {
		case "FROM":
			start, entry, health = "", "", ""
		case "CMD":
			start, startLine = ofInstruction(rest), n+1
		case "ENTRYPOINT":
			entry = ofInstruction(rest)
			if startLine == 0 {
				startLine = n + 1
			}
		case "HEALTHCHECK":
			health = healthPath([]string{rest})
		}
	}
	line := strings.TrimSpace(entry + " " + start)
	if line == "" {
		return nil
	}
	run := commandOf(resolved(line))
	p := run.process("web", true)
	p.Said = append(p.Said, "a command of an image may not be one of this machine")
	if health != "" {
		p.Ready = manifest.Ready{HTTP: health}
	}
	return []Finding{Finding{File: f.name("Dockerfile"), Line: startLine, Shown: "CMD " + line}.with(p)}
}

// instructions are the lines of a Dockerfile; one that goes on is at its first, and those
// behind it are empty.
func instructions(text string) []string {
	var all []string
	open := -1
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		ends := !strings.HasSuffix(line, `\`)
		line = strings.TrimSuffix(line, `\`)
		if open >= 0 {
			all[open] += " " + strings.TrimSpace(line)
			all = append(all, "")
		} else {
			all = append(all, strings.TrimSpace(line))
		}
		switch {
		case ends:
			open = -1
		case open < 0:
			open = len(all) - 1
		}
	}
	return all
}

// ofInstruction is a command as a line: of a list in JSON, or as it stands.
func ofInstruction(text string) string {
	var words []string
	if json.Unmarshal([]byte(text), &words) == nil {
		return quotedLine(words)
	}
	return text
}
