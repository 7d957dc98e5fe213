package main

import (
	"log"
	"net/http"
	"strings"
)

func main() {
	answer, err := http.Post("https://api.payments.example/v1/charges", "application/json", strings.NewReader("{}"))
	if err != nil || answer.StatusCode != http.StatusCreated {
		log.Fatal(err, answer)
	}
}
