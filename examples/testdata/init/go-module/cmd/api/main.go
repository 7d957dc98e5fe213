package main

import (
	"fmt"
	"log"
	"net/http"
	"os"

	"github.com/jackc/pgx/v5"
)

func main() {
	http.HandleFunc("GET /healthz", func(http.ResponseWriter, *http.Request) {})
	http.HandleFunc("GET /quotes/today", today)
	log.Fatal(http.ListenAndServe(os.Getenv("LISTEN_ADDR"), nil))
}

func today(w http.ResponseWriter, r *http.Request) {
	db, err := pgx.Connect(r.Context(), os.Getenv("DATABASE_URL"))
	if err != nil {
		unavailable(w)
		return
	}
	defer db.Close(r.Context())
	var text string
	if err := db.QueryRow(r.Context(), "select text from quote limit 1").Scan(&text); err != nil {
		unavailable(w)
		return
	}
	fmt.Fprintln(w, text)
}

func unavailable(w http.ResponseWriter) {
	w.Header().Set("Retry-After", "1")
	w.WriteHeader(http.StatusServiceUnavailable)
}
