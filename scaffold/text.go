package scaffold

import (
	"regexp"
	"slices"
	"strings"
	"unicode"

	"holdfast.dev/holdfast/redact"
	"holdfast.dev/holdfast/shellwords"
)

// plainWords are the words of a line, false where more than words is asked of a shell.
func plainWords(line string) ([]string, bool) {
	commands, err := shellwords.Split(line)
	if err != nil || len(commands) != 1 || commands[0].Shell {
		return nil, false
	}
	return commands[0].Words, true
}

var pathOfFolder = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_./-]*$`)

// plainPath reports whether a text is the path of something in the folder.
func plainPath(text string) bool {
	return pathOfFolder.MatchString(text) && !slices.Contains(strings.Split(text, "/"), "..")
}

// shown is a text of somebody's file as a comment may show it: one line, not long.
func shown(text string) string {
	text = redact.Text(printable(text))
	const most = 160
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return text
}

// printable is a text without anything that a terminal would obey.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, text)
}

var noName = regexp.MustCompile(`[^a-z0-9]+`)

// nameOf is a text as a name of the file: small letters, digits and dashes.
func nameOf(text string) string {
	name := strings.Trim(noName.ReplaceAllString(strings.ToLower(text), "-"), "-")
	if len(name) > 40 {
		name = strings.Trim(name[:40], "-")
	}
	if name == "" || name[0] >= '0' && name[0] <= '9' {
		name = strings.Trim("x-"+name, "-")
	}
	return name
}

func sorted[V any](m map[string]V) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
