// Command quotes is a small service to be tested: it quotes prices in a currency
// that it asks an outside API of exchange rates for, and goes on with the last
// rate that it knows where that API does not answer in time.
//
// Environment: LISTEN_ADDR, RATES_URL (the outside API), RATES_TIMEOUT (how long
// it may take; 0 is for ever).
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"os"
	"strconv"
	"sync"
	"time"
)

func main() {
	q, err := newQuotes(os.Getenv)
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(http.ListenAndServe(os.Getenv("LISTEN_ADDR"), q.handler()))
}

// quotes is the service.
type quotes struct {
	url    string
	client *http.Client // with the timeout of one call

	mu   sync.Mutex // guards last
	last float64    // the rate that was heard last; 0 before the first
}

func newQuotes(getenv func(string) string) (*quotes, error) {
	timeout := 200 * time.Millisecond
	if text := getenv("RATES_TIMEOUT"); text != "" {
		var err error
		if timeout, err = time.ParseDuration(text); err != nil {
			return nil, fmt.Errorf("RATES_TIMEOUT: %w", err)
		}
	}
	if getenv("RATES_URL") == "" {
		return nil, fmt.Errorf("RATES_URL is not set")
	}
	return &quotes{url: getenv("RATES_URL"), client: &http.Client{Timeout: timeout}}, nil
}

func (q *quotes) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /readyz", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("GET /quote", q.quote)
	return mux
}

// quote answers with a price in euros: {"eur": 9.2, "stale": false}. Stale says
// that the rate is an older one.
func (q *quotes) quote(w http.ResponseWriter, r *http.Request) {
	dollars, err := strconv.ParseFloat(r.URL.Query().Get("usd"), 64)
	if err != nil {
		http.Error(w, "usd is not a number", http.StatusBadRequest)
		return
	}
	rate, err := q.ask(r.Context())
	stale := err != nil
	q.mu.Lock()
	if stale {
		rate = q.last
	}
	q.last = rate
	q.mu.Unlock()
	if rate == 0 { // none was ever heard
		http.Error(w, "no rate: "+err.Error(), http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"eur": dollars * rate, "stale": stale})
}

// ask asks the outside API for today's rate.
func (q *quotes) ask(ctx context.Context) (float64, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, q.url+"/rates/EUR", nil)
	if err != nil {
		return 0, err
	}
	resp, err := q.client.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("the rates API answered %s", resp.Status)
	}
	var answer struct{ Rate float64 }
	err = json.NewDecoder(resp.Body).Decode(&answer)
	return answer.Rate, err
}
