package port

import (
	"fmt"
	"net/url"
	"strconv"
)

// CheckURL says what is wrong with the port of a URL: net/url takes any number.
func CheckURL(u *url.URL) error {
	if u.Port() == "" {
		return nil
	}
	if n, err := strconv.ParseUint(u.Port(), 10, 16); err != nil || n == 0 {
		return fmt.Errorf("port %s is none from 1 to 65535", u.Port())
	}
	return nil
}
