package scaffold

import (
	"regexp"
	"slices"
	"strings"
)

var procfileLine = regexp.MustCompile(`^([A-Za-z0-9_-]+):\s*(\S.*)$`)

// procfile reads a Procfile: a name and a command in each line. web is what answers HTTP,
// release what is done before.
func procfile(f folder) []Finding {
	file, text, ok := f.first("Procfile", "Procfile.dev")
	if !ok {
		return nil
	}
	var all []Finding
	n := 0
	for line := range strings.Lines(text) {
		n++
		m := procfileLine.FindStringSubmatch(strings.TrimSpace(line))
		if m == nil || len(all) == mostProcesses {
			continue
		}
		found := Finding{File: f.name(file), Line: n, Shown: m[1] + ": " + m[2]}
		run := commandOf(m[2])
		if m[1] == "release" {
			found.Step = &Step{Run: run.words, Dir: run.dir, Said: run.said}
			all = append(all, found)
			continue
		}
		entry := m[1] == "web"
		p := run.process(m[1], entry)
		all = append(all, found.with(p))
	}
	return all
}

// mostProcesses bounds what is taken of one file.
const mostProcesses = 30

func (f Finding) with(p Process) Finding {
	f.Process = &p
	return f
}

// started is a command as it stands in somebody's file, made one for a run.
type started struct {
	words []string
	env   []Variable
	dir   string
	shell bool
	said  []string
}

var portVariable = regexp.MustCompile(`\$\{?PORT(?::-[0-9]+)?\}?`)

// commandOf reads a line that a shell would be given. What a shell does for it and can
// be said otherwise is: variables before the command, exec, cd, $PORT. For all else there
// is a shell.
func commandOf(line string) started {
	var s started
	line = portVariable.ReplaceAllString(line, "{port}")
	if rest, ok := strings.CutPrefix(line, "cd "); ok {
		if dir, after, ok := strings.Cut(rest, "&&"); ok && plainPath(strings.TrimSpace(dir)) {
			s.dir, line = strings.TrimSpace(dir), strings.TrimSpace(after)
		}
	}
	words, ok := plainWords(line)
	if last := len(words) - 1; !ok || words[0] == "" || strings.ContainsAny(words[0], " \t\n") || assignment.MatchString(words[last]) && !slices.ContainsFunc(words, func(w string) bool { return !assignment.MatchString(w) }) {
		s.shell = true
		s.words = []string{"sh", "-c", atAddress(line)}
		s.said = append(s.said, "the line needs a shell, so it gets one; without it, signals reach the program itself")
		return s
	}
	for len(words) > 1 && (words[0] == "exec" || words[0] == "env" || assignment.MatchString(words[0])) {
		if name, value, ok := strings.Cut(words[0], "="); ok {
			s.env = append(s.env, Variable{Name: name, Value: value})
		}
		words = words[1:]
	}
	for _, word := range words {
		s.words = append(s.words, atAddress(word))
	}
	return s
}

var assignment = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*=`)

// everywhere are addresses of all of a machine, which a run refuses: others would reach
// what listens there.
var everywhere = strings.NewReplacer("0.0.0.0:{port}", "{address}", "[::]:{port}", "{address}", "0.0.0.0", "{host}", "[::]", "{host}")

// ofBind are options whose value is an address or a port.
var ofBind = []string{"-b", "--bind", "-p", "--port", "--listen", "-l", "--http", "-H", "--host", "--hostname", "-bind", "-port", "-addr", "--addr", "--address", "-listen"}

var loosePort = regexp.MustCompile(`^(?:(0\.0\.0\.0|127\.0\.0\.1|localhost|\[::\]|)(:))?[1-9][0-9]{1,4}$`)

// atAddress puts the address of a run in the place of that of all the machine.
func atAddress(text string) string {
	if rest, ok := strings.CutPrefix(text, ":{port}"); ok && rest == "" {
		return "{address}"
	}
	return everywhere.Replace(text)
}

// toPort puts the run's port in the place of one that is a number behind an option.
func toPort(words []string) (out []string, put bool) {
	out = slices.Clone(words)
	for i, word := range out {
		name, value, glued := strings.Cut(word, "=")
		if !glued && i+1 < len(out) {
			value = out[i+1]
		}
		if !slices.Contains(ofBind, name) || !loosePort.MatchString(value) {
			continue
		}
		put = true
		text := "{port}"
		if strings.Contains(value, ":") {
			text = "{address}"
		}
		if glued {
			out[i] = name + "=" + text
		} else {
			out[i+1] = text
		}
	}
	return out, put
}

// process is the program that a command starts.
func (s started) process(name string, entry bool) Process {
	p := Process{Name: name, Entry: entry, Command: s.words, Shell: s.shell, Dir: s.dir, Env: s.env, Said: s.said}
	if entry && !s.shell {
		var put bool
		if p.Command, put = toPort(p.Command); put {
			p.Said = append(p.Said, "its port was a number; a run gives it a free one")
		}
	}
	p.Work = workOf(p.Command)
	p.Ready = readyOf(p)
	return p
}

// workers are programs that take work from a queue, by a word of their command, with
// the line of their log that says that they have begun.
var workers = []struct{ word, ready string }{
	{"celery", "ready."}, {"sidekiq", "Sidekiq"}, {"rqworker", "Listening"}, {"dramatiq", ""}, {"horizon", "started successfully"}, {"queue:work", ""},
	{"resque", ""}, {"good_job", ""}, {"solid_queue", ""}, {"delayed_job", ""}, {"messenger:consume", ""},
}

// workOf is the word by which a worker is known.
func workOf(command []string) string {
	all := strings.Join(command, " ")
	for _, w := range workers {
		if strings.Contains(all, w.word) {
			return w.word
		}
	}
	return ""
}
