package oracle

import (
	"net/http"
	"strconv"
	"time"

	"holdfast.dev/holdfast/harness/contract"
)

// documentedAge reads how old an answer says that it may be: Cache-Control has its
// max-age, and Age, which only what comes from a cache has, is within it.
func documentedAge(h http.Header) (maxAge time.Duration, aged bool) {
	age, err := strconv.Atoi(h.Get("Age"))
	if err != nil || age < 0 {
		return 0, false
	}
	if maxAge, ok := contract.MaxAge(h); ok && time.Duration(age)*time.Second <= maxAge {
		return maxAge, true
	}
	return 0, false
}
