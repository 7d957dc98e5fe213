package fault

import (
	"fmt"
	"time"
)

// longest is the longest time that a fault may name.
const longest = 24 * time.Hour

// checkTimes refuses times that are negative or longer than that.
func checkTimes(what string, times ...time.Duration) error {
	for _, t := range times {
		if t < 0 || t > longest {
			return fmt.Errorf("%s: %v is not between 0 and 24h", what, t)
		}
	}
	return nil
}
