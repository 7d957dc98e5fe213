package manifest

import (
	"fmt"
	"io"

	"holdfast.dev/holdfast/manifest/notation"
)

// Write writes a holdfast.yaml with comments, by the path of what each is about, as
// messages name it: scenarios[0].load[1].rate, and an empty one for the whole file.
func Write(w io.Writer, f File, comments map[string]string) error {
	return write(w, f, comments)
}

// WriteRoutes writes what [ReadRoutes] reads, in the same way.
func WriteRoutes(w io.Writer, h HTTP, comments map[string]string) error {
	return write(w, h, comments)
}

func write(w io.Writer, v any, comments map[string]string) error {
	text, err := notation.WriteCommented(v, comments)
	if err != nil {
		return fmt.Errorf("write the file: %w", err)
	}
	_, err = w.Write(text)
	return err
}
