package chaos

import (
	"fmt"
	"io"
	"strings"
)

// WriteCatalogue writes the table of [Kinds] as Markdown, one section per place:
// the chaos half of the project's list of faults.
func WriteCatalogue(w io.Writer) error {
	var b strings.Builder
	for _, place := range []struct{ name, title string }{
		{OnProxy, "The network before a database (`chaos.Proxy`)"},
		{OnProcess, "The target's process (`chaos.Signals`)"},
		{OnSessions, "SQL sessions on the database (`chaos.Sessions`)"},
	} {
		fmt.Fprintf(&b, "### %s\n\n| written | models | acts on | `fired` counts | a correct client | undoing is read back |\n|---|---|---|---|---|---|\n", place.title)
		for _, s := range Kinds() {
			if s.Place != place.name {
				continue
			}
			undoing := s.Undoing
			if undoing == "" {
				undoing = "happens once"
			}
			cells := []string{"`" + s.Form + "`", s.Models, s.Acts, s.Counts, s.Correct, undoing}
			for i := range cells {
				cells[i] = strings.ReplaceAll(cells[i], "|", `\|`)
			}
			fmt.Fprintf(&b, "| %s |\n", strings.Join(cells, " | "))
		}
		b.WriteString("\n")
	}
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("write the catalogue of faults: %w", err)
	}
	return nil
}
