package artillery

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"holdfast.dev/holdfast/importer"
	"holdfast.dev/holdfast/manifest"
	"holdfast.dev/holdfast/manifest/notation"
	"holdfast.dev/holdfast/placeholder"
)

var notInNames = regexp.MustCompile(`[^A-Za-z0-9_]+`)

// name is a name that a value may have here.
func name(text string) string {
	text = notInNames.ReplaceAllString(text, "_")
	if text == "" || text[0] >= '0' && text[0] <= '9' {
		return "v" + text
	}
	return text
}

var (
	template = regexp.MustCompile(`\{\{\s*([^{}]*?)\s*\}\}`)
	number   = regexp.MustCompile(`^\$randomNumber\(\s*(-?\d{1,9})\s*,\s*(-?\d{1,9})\s*\)$`)
)

// text is a text with our names in place of Artillery's templates. Those that have none
// stay as they are, and are told.
func (f *flow) text(at *importer.Node, text string) string {
	var b strings.Builder
	for {
		m := template.FindStringSubmatchIndex(text)
		if m == nil {
			b.WriteString(importer.Literal(text))
			return b.String()
		}
		b.WriteString(importer.Literal(text[:m[0]]))
		ours, ok := f.value(text[m[2]:m[3]])
		if !ok {
			whole := text[m[0]:m[1]]
			f.load.Report.Leave(importer.Place{File: at.File, Line: at.Line}.Left(at.Path(), fmt.Sprintf("nothing here is called %s", whole), "write a value under vary or capture; the letters stand there as they are"))
			ours = importer.Literal(whole)
		}
		b.WriteString(ours)
		text = text[m[1]:]
	}
}

// value is what a template is here, in braces.
func (f *flow) value(inner string) (string, bool) {
	for _, known := range append(f.captured, f.reader.vary.Names()...) {
		if inner == known {
			return "{" + inner + "}", true
		}
	}
	switch {
	case inner == "$uuid" || strings.HasPrefix(inner, "$randomString("):
		return f.drawn("random_text", manifest.Vary{Unique: "uuid"}), true
	case number.MatchString(inner):
		m := number.FindStringSubmatch(inner)
		least, _ := strconv.Atoi(m[1])
		most, _ := strconv.Atoi(m[2])
		if least > most {
			return "", false
		}
		return f.drawn(strings.ReplaceAll("number_"+m[1]+"_"+m[2], "-", "m"), manifest.Vary{Integers: &manifest.Integers{Min: least, Max: most}}), true
	}
	return "", false
}

// drawn is a value that is drawn, of a name in this flow.
func (f *flow) drawn(name string, v manifest.Vary) string {
	if _, there := f.vary.Get(name); !there {
		f.vary = append(f.vary, notation.Row[manifest.Vary]{Name: name, Value: v})
	}
	return "{" + name + "}"
}

// unused tells of values that no stream names.
func (r *reader) unused() {
	for i, row := range r.vary {
		if !slices.ContainsFunc(r.load.Streams, func(s manifest.Stream) bool { return slices.Contains(s.Vary.Names(), row.Name) }) {
			r.origins[i].Leave("no request names it", "leave it out")
		}
	}
}

// used are the values of the script that a stream names.
func (r *reader) used(s manifest.Stream) notation.Table[manifest.Vary] {
	text, err := notation.Write(s)
	if err != nil {
		return nil
	}
	names := placeholder.Text(string(text)).Names()
	var all notation.Table[manifest.Vary]
	for _, row := range r.vary {
		for _, name := range names {
			if name == row.Name {
				all = append(all, row)
			}
		}
	}
	return all
}
