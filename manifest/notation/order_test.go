package notation

import (
	"encoding/binary"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/stretchr/testify/require"
)

// What editors of other systems write is read as what it says, or named.
func TestAFileOfAnotherEditorIsReadOrNamed(t *testing.T) {
	const text = "one: 1\ntwo: 2\n"
	dos := strings.ReplaceAll(text, "\n", "\r\n")
	for name, file := range map[string]string{
		"BOM": "\ufeff" + text, "CRLF": dos, "both": "\ufeff" + dos, "a directive behind the BOM": "\ufeff%YAML 1.2\n---\n" + text,
	} {
		root, err := Parse([]byte(file), "f.yaml")
		require.NoError(t, err, name)
		require.Len(t, root.Content, 4, name)
		require.Equal(t, "2", root.Content[3].Value, name)
	}
	units := utf16.Encode([]rune("\ufeff" + text))
	for _, order := range []binary.AppendByteOrder{binary.BigEndian, binary.LittleEndian} {
		var file []byte
		for _, u := range units {
			file = order.AppendUint16(file, u)
		}
		_, err := Parse(file, "f.yaml")
		require.ErrorContains(t, err, "f.yaml:1:1: the file is UTF-16; save it as UTF-8")
	}
}
