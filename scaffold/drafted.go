package scaffold

import (
	"fmt"
	"slices"
	"strings"
)

// mostListed bounds each list at the top of a file.
const mostListed = 20

// drafted is the file with its comments.
func (d *draft) drafted() Drafted {
	out := Drafted{File: d.file, Comments: map[string]string{}, FillIn: d.fillIn, Unread: d.root.log.unread, LeftOut: sorted(d.leftOut)}
	for i, line := range out.Unread {
		out.Unread[i] = shown(line)
	}
	for i, line := range out.LeftOut {
		out.LeftOut[i] = shown(line)
	}
	top := []string{
		"Drafted by holdfast init. It can be run as it is; each guess is marked as one, and what nobody could find out says fill in.",
		"  holdfast validate   says what is wrong with this file, and starts nothing",
		"  holdfast plan       says what a run starts, sends, breaks and reaches",
		"  holdfast run --service . --all",
	}
	top = append(top, d.comments[""]...)
	for _, n := range d.notes {
		top = append(top, shownComment(n.place()+": "+n.Note))
	}
	top = listing(top, "Left out of what was read, for being secret or personal:", out.LeftOut)
	top = listing(top, "Not read:", out.Unread)
	out.Comments[""] = commented(top)
	for path, lines := range d.comments {
		if path != "" && d.written(path) {
			out.Comments[path] = commented(lines)
		}
	}
	return out
}

func listing(top []string, title string, lines []string) []string {
	if len(lines) == 0 {
		return top
	}
	top = append(top, title)
	for _, line := range lines[:min(mostListed, len(lines))] {
		top = append(top, "  "+line)
	}
	if more := len(lines) - mostListed; more > 0 {
		top = append(top, fmt.Sprintf("  and %d more", more))
	}
	return top
}

// written reports whether a comment has something to stand on.
func (d *draft) written(path string) bool {
	parts := strings.Split(path, ".")
	switch {
	case parts[0] == "dependencies" && len(parts) > 2 && parts[2] == "export":
		dependency, _ := d.file.Dependencies.Get(parts[1])
		return len(dependency.Export) > 0
	case parts[0] == "processes" && len(parts) > 1:
		_, ok := d.file.Processes.Get(parts[1])
		return ok
	}
	return true
}

// commented is lines as a comment, each not longer than people read.
func commented(lines []string) string {
	var all []string
	for _, line := range lines {
		all = append(all, folded(line, 110)...)
	}
	for i := range all {
		all[i] = strings.TrimRight("# "+all[i], " ")
	}
	return strings.Join(all, "\n")
}

// folded is a line in lines of so many letters; those that go on are indented.
func folded(line string, most int) []string {
	if len([]rune(line)) <= most {
		return []string{line}
	}
	var all []string
	now, indent := "", line[:len(line)-len(strings.TrimLeft(line, " "))]
	for word := range strings.FieldsSeq(line) {
		if now != "" && len([]rune(now))+1+len([]rune(word)) > most {
			all = append(all, now)
			now = indent + "  " + word
			continue
		}
		if now == "" {
			now = indent + word
		} else {
			now += " " + word
		}
	}
	return append(all, now)
}

// shownComment is a line of a comment without anything that a terminal would obey, or
// that would end the comment.
func shownComment(line string) string {
	return strings.TrimRight(printable(line), " ")
}

// order puts the tables in the order in which people read them: the entry first.
func (d *draft) order() {
	entry := d.entry()
	slices.SortStableFunc(d.file.Processes, func(a, b processRow) int {
		switch {
		case a.Name == entry:
			return -1
		case b.Name == entry:
			return 1
		}
		return 0
	})
}
