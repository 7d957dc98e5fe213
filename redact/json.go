package redact

import (
	"bytes"
	"encoding/json"
	"io"
	"regexp"
	"strconv"
	"strings"
)

var standsIn = regexp.MustCompile(`^(?:stripped-secret-\d+|person-\d+@example\.com|\+1555\d{7,}|192\.0\.2\.\d{1,3}|4242424242424242|GB33BUKB20201555555555|1970-01-01|000-00-\d{4,}|Street \d+|Person \d+)$`)

// deepest is how deep JSON may be; what is deeper is taken for a text.
const deepest = 256

// JSON is a body without what is secret or personal in it. The order of its fields and
// its numbers stay as they are; what stands for a number is one. A body that is no JSON is
// taken for a text.
func (s *Stripper) JSON(where string, body []byte) []byte {
	if len(bytes.TrimSpace(body)) == 0 {
		return body
	}
	w := &walk{stripper: s, where: where, dec: json.NewDecoder(bytes.NewReader(body))}
	w.dec.UseNumber()
	if err := w.value("", "", 0); err == nil {
		if _, err := w.dec.Token(); err == io.EOF {
			return w.out.Bytes()
		}
	}
	return []byte(s.String(where, "", string(body)))
}

// walk is one way through a body, token by token.
type walk struct {
	stripper *Stripper
	where    string
	dec      *json.Decoder
	out      bytes.Buffer
}

// value copies one value: path is its gjson path, name that of its field.
func (w *walk) value(path, name string, depth int) error {
	token, err := w.dec.Token()
	if err != nil {
		return err
	}
	switch t := token.(type) {
	case json.Delim:
		if depth == deepest {
			return strconv.ErrRange
		}
		return w.composite(t, path, name, depth)
	case string:
		return w.write(w.stripper.String(w.at(path), name, t))
	case json.Number:
		return w.number(path, name, t)
	}
	return w.write(token)
}

// composite copies an object or a list. What stands below a secret's name is secret.
func (w *walk) composite(open json.Delim, path, name string, depth int) error {
	w.out.WriteByte(byte(open))
	for first := true; w.dec.More(); first = false {
		if !first {
			w.out.WriteByte(',')
		}
		at, of := path+".#", name
		if open == '{' {
			key, err := w.dec.Token()
			if err != nil {
				return err
			}
			field, _ := key.(string)
			if !Named(name) {
				of = field
			}
			field = w.stripper.within(w.at(path), field)
			at = path + "." + field
			if err := w.write(field); err != nil {
				return err
			}
			w.out.WriteByte(':')
		}
		if err := w.value(at, of, depth+1); err != nil {
			return err
		}
	}
	if _, err := w.dec.Token(); err != nil {
		return err
	}
	w.out.WriteByte(byte(open) + 2) // } is two behind {, ] two behind [
	return nil
}

// numbersIn are stand-ins that are numbers without their signs.
var numbersIn = regexp.MustCompile(`^(?:0|1555\d{7,}|4242424242424242)$`)

// number copies a number. What stands for it is one: the digits of a stand-in that has
// nothing else, or 0.
func (w *walk) number(path, name string, n json.Number) error {
	text := n.String()
	if !numbersIn.MatchString(text) {
		if stripped := w.stripper.String(w.at(path), name, text); stripped != text {
			text = strings.TrimPrefix(stripped, "+")
			if !numbersIn.MatchString(text) {
				text = "0"
			}
		}
	}
	w.out.WriteString(text)
	return nil
}

func (w *walk) at(path string) string { return w.where + " json" + path }

func (w *walk) write(v any) error {
	enc := json.NewEncoder(&w.out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return err
	}
	w.out.Truncate(w.out.Len() - 1) // the newline
	return nil
}
