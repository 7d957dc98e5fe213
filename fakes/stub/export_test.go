package stub

import "time"

// SignedAsGitHub is the signature of any body, also of one that is no JSON.
func SignedAsGitHub(secret, body string) string {
	_, value := Sign{GitHub: secret}.compile(scope{}).sign(secret, time.Time{}, []byte(body))
	return value
}
