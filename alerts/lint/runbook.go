package lint

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// RunbookIn looks for runbooks as files below a folder: of an address the path, as far as
// it is there. A runbook says the alert's name in its first line.
func RunbookIn(folder string) func(alert, address string) error {
	return func(alert, address string) error {
		if strings.Contains(address, "{{") {
			return nil // it depends on the alert's labels
		}
		if !filepath.IsLocal(address) {
			return fmt.Errorf("it is no path below %s", folder)
		}
		text, err := os.ReadFile(filepath.Join(folder, address))
		if err != nil {
			return errors.New("there is no such file")
		}
		first, _, _ := strings.Cut(string(text), "\n")
		if !strings.Contains(first, alert) {
			return fmt.Errorf("its first line does not name %s", alert)
		}
		return nil
	}
}
