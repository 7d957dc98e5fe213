package result

import "fmt"

func (e End) describe() string {
	switch {
	case e.OOMKilled && e.LimitBytes != nil:
		return fmt.Sprintf("killed by the kernel for memory (limit %s)", Bytes(float64(*e.LimitBytes)))
	case e.OOMKilled:
		return "killed by the kernel for memory"
	case e.Signal != "" && e.Expected:
		return "stopped by the harness (" + e.Signal + ")"
	case e.Signal != "":
		return "died of signal " + e.Signal
	case e.ExitCode != nil && *e.ExitCode == 0 && e.Expected:
		return "stopped cleanly"
	case e.ExitCode != nil:
		return fmt.Sprintf("exited with code %d", *e.ExitCode)
	case e.EndS == nil:
		return "still running"
	default:
		return "ended, unknown how"
	}
}
