package reports

import (
	"fmt"
	"reflect"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// shown returns a copy of v in which every string is fit to be shown: see
// [Visible]. Numbers are shared with v, which stays as it is.
func shown[T any](v *T) *T {
	out := new(T)
	copyVisible(reflect.ValueOf(out).Elem(), reflect.ValueOf(v).Elem())
	return out
}

// copyVisible copies src to dst, strings and keys of maps made visible. Fields
// that are not exported stay empty.
func copyVisible(dst, src reflect.Value) {
	switch src.Kind() {
	case reflect.String:
		dst.SetString(Visible(src.String()))
	case reflect.Pointer:
		if !src.IsNil() {
			dst.Set(reflect.New(src.Type().Elem()))
			copyVisible(dst.Elem(), src.Elem())
		}
	case reflect.Struct:
		if src.Type() == reflect.TypeFor[time.Time]() {
			dst.Set(src)
			return
		}
		for i := range src.NumField() {
			if !src.Type().Field(i).IsExported() {
				continue
			}
			copyVisible(dst.Field(i), src.Field(i))
		}
	case reflect.Slice:
		if src.IsNil() || src.Type().Elem().Kind() == reflect.Float64 {
			dst.Set(src)
			return
		}
		dst.Set(reflect.MakeSlice(src.Type(), src.Len(), src.Len()))
		for i := range src.Len() {
			copyVisible(dst.Index(i), src.Index(i))
		}
	case reflect.Map:
		if src.IsNil() {
			return
		}
		dst.Set(reflect.MakeMapWithSize(src.Type(), src.Len()))
		for it := src.MapRange(); it.Next(); {
			key, value := reflect.New(src.Type().Key()).Elem(), reflect.New(src.Type().Elem()).Elem()
			copyVisible(key, it.Key())
			copyVisible(value, it.Value())
			dst.SetMapIndex(key, value)
		}
	default:
		dst.Set(src)
	}
}

// Visible writes what has no shape of its own, or changes the shape of what
// stands around it, as an escape: control characters but newline and tab,
// direction marks, zero-width characters, bytes that are not UTF-8. A string
// that needs it gets its backslashes doubled, too, so that nobody can write an
// escape that was not there.
func Visible(s string) string {
	if !needsEscape(s) {
		return s
	}
	var b strings.Builder
	for i, r := range s {
		switch {
		case r == utf8.RuneError && invalidAt(s[i:]):
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case r == '\\':
			b.WriteString(`\\`)
		case plain(r):
			b.WriteRune(r)
		case r < 0x80:
			fmt.Fprintf(&b, `\x%02x`, r)
		case r < 0x10000:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			fmt.Fprintf(&b, `\U%08x`, r)
		}
	}
	return b.String()
}

func needsEscape(s string) bool {
	for i, r := range s {
		if !plain(r) || r == utf8.RuneError && invalidAt(s[i:]) {
			return true
		}
	}
	return false
}

// invalidAt reports whether s begins with a byte that is not UTF-8, as against
// with a replacement character that someone wrote.
func invalidAt(s string) bool {
	_, size := utf8.DecodeRuneInString(s)
	return size == 1
}

func plain(r rune) bool { return r == '\n' || r == '\t' || unicode.IsGraphic(r) }
