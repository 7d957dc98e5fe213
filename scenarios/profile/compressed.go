package profile

import (
	"time"

	"holdfast.dev/holdfast/harness/result"
)

// Compressed is a time that is real in production and shorter here.
func Compressed(name string, real, used time.Duration) result.Compressed {
	return result.Compressed{Name: name, RealS: real.Seconds(), UsedS: used.Seconds(), FactorBy: real.Seconds() / used.Seconds()}
}
