package stub

import (
	"net/http"
	"time"
)

// Signed are the headers that a signature of any body adds, also of one that is no
// JSON.
func Signed(s Sign, now time.Time, id, body string) (http.Header, error) {
	signer, h := s.compile(scope{}), http.Header{}
	key, err := signer.key(&exchange{})
	if err != nil {
		return nil, err
	}
	signer.sign(h, key, now, id, []byte(body))
	return h, nil
}
