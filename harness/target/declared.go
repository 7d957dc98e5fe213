package target

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
)

// Declared is where a file says how a process is started, each as FILE:LINE, for the
// one who has to mend it. Empty is what no file says.
type Declared struct {
	Build, Command, Ready string
}

// pointed is an error of a start with what to look at in the file.
func (p Process) pointed(err error) error {
	if failed := (*StartError)(nil); errors.As(err, &failed) && p.Declared.Command != "" {
		failed.Look = p.look(failed)
	}
	return err
}

func (p Process) look(failed *StartError) string {
	at, what := p.Declared, "command"
	if p.Image != "" {
		what = "image"
	}
	switch r := p.Ready.withDefaults(p); {
	case !failed.Ended || failed.Err == nil:
		return fmt.Sprintf("%s is its %s", at.Command, what)
	case errors.Is(failed.Err, errEndedFirst) && p.Image != "":
		return fmt.Sprintf("%s is its image: it has the variables under env, and no others of yours", at.Command)
	case errors.Is(failed.Err, errEndedFirst):
		return fmt.Sprintf("%s is its command: of your shell's variables it has PATH, HOME and their like; others stand under env, or are named under pass_env", at.Command)
	case errors.Is(failed.Err, errElsewhere):
		return fmt.Sprintf("%s is its %s", at.Command, what)
	case at.Ready == "":
		return fmt.Sprintf("%s is its %s, and nothing there says when it is ready, so this was waited for: %s. Write ready: { http: /PATH }, ready: { log: TEXT } or ready: started", at.Command, what, r)
	case r.HTTP != "":
		return fmt.Sprintf("%s says when it is ready: name a path that it answers with 2xx, or give it more time by timeout", at.Ready)
	case r.Log != "":
		return fmt.Sprintf("%s says when it is ready: name a text that it writes, or give it more time by timeout", at.Ready)
	default:
		return fmt.Sprintf("%s says when it is ready: tell it its port by {port} in %s, or give it more time by timeout", at.Ready, at.Command)
	}
}

var digits = regexp.MustCompile(`[0-9]+`)

// telling are the last lines of a log, n at most. Lines that differ in numbers alone
// stand once: who is asked again and again whether he is ready may write so each time.
func telling(log []string, n int) []string {
	var kept []string
	seen := map[string]bool{}
	for _, line := range slices.Backward(log) {
		kind := digits.ReplaceAllString(line, "0")
		if len(kept) == n {
			break
		}
		if !seen[kind] {
			kept, seen[kind] = append(kept, line), true
		}
	}
	slices.Reverse(kept)
	return kept
}
