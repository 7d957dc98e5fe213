package address

import (
	"errors"
	"strings"
)

// keywords reads host=… password='a b' … into pairs. A backslash takes the next
// character literally, inside quotes and outside; a key given twice counts once,
// the last.
func keywords(text string) (map[string]string, error) {
	pairs := map[string]string{}
	rest := strings.TrimSpace(text)
	for rest != "" {
		key, after, found := strings.Cut(rest, "=")
		key = strings.TrimSpace(key)
		if !found || key == "" || strings.ContainsAny(key, " \t\n'\\:/@") {
			return nil, errors.New("it is neither postgres://user:password@host:port/database nor host=… port=… user=… password=… dbname=…")
		}
		value, left, err := value(strings.TrimLeft(after, " \t\n"))
		if err != nil {
			return nil, err
		}
		pairs[key] = value
		rest = strings.TrimSpace(left)
	}
	return pairs, nil
}

func value(text string) (value, rest string, err error) {
	quoted := strings.HasPrefix(text, "'")
	if quoted {
		text = text[1:]
	}
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\' && i+1 < len(text):
			i++
			b.WriteByte(text[i])
		case quoted && c == '\'':
			return b.String(), text[i+1:], nil
		case !quoted && (c == ' ' || c == '\t' || c == '\n'):
			return b.String(), text[i:], nil
		default:
			b.WriteByte(c)
		}
	}
	if quoted {
		return "", "", errors.New("a quoted value in it has no closing quote")
	}
	return b.String(), "", nil
}
