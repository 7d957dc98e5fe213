// Web is a service in whose code its payment provider's host is a constant.
package main

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"log"
	"net/http"
	"os"
	"strings"
)

// pin is that of production's certificate.
const pin = "5f1d7a84db3f4a3f2b0b7a3a2c4de5b1a0d9c8e7f6a5b4c3d2e1f00112233445"

func pinned(shown [][]byte, _ [][]*x509.Certificate) error {
	if got := sha256.Sum256(shown[0]); hex.EncodeToString(got[:]) != pin {
		return fmt.Errorf("the certificate %x is not the pinned one", got)
	}
	return nil
}

func main() {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	if os.Getenv("PINNED") == "1" {
		transport.TLSClientConfig = &tls.Config{VerifyPeerCertificate: pinned}
	}
	client := &http.Client{Transport: transport}
	http.HandleFunc("POST /orders", func(w http.ResponseWriter, _ *http.Request) {
		answer, err := client.Post("https://api.payments.example/v1/charges", "application/json", strings.NewReader("{}"))
		if err != nil {
			log.Print(err)
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		_ = answer.Body.Close()
		w.WriteHeader(answer.StatusCode)
	})
	log.Fatal(http.ListenAndServe(os.Getenv("LISTEN"), nil))
}
