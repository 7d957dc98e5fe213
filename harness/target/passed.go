package target

import (
	"slices"
	"strings"
)

// Passed picks from an environment, as lines NAME=VALUE, what every process of this
// machine may know of it: PATH HOME USER LANG LC_* TZ TMPDIR, and the names in pass.
// The rest of a shell, with its keys and addresses, stays out.
func Passed(environ, pass []string) map[string]string {
	env := map[string]string{}
	for _, line := range environ {
		name, value, ok := strings.Cut(line, "=")
		if ok && name != "" && (passes(name) || slices.Contains(pass, name)) {
			env[name] = value
		}
	}
	return env
}

func passes(name string) bool {
	switch name {
	case "PATH", "HOME", "USER", "LANG", "TZ", "TMPDIR":
		return true
	}
	return strings.HasPrefix(name, "LC_")
}
