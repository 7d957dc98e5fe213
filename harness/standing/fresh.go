package standing

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"holdfast.dev/holdfast/harness/contract"
	"holdfast.dev/holdfast/harness/load"
)

// News is something that is written while the service runs, and that its next
// answer must know. It is asked for before it is written, too, so that an answer
// which was kept is found out.
type News struct {
	// Name says for people what is written, for example "a project".
	Name string
	Ask  load.Request
	// Write writes it past the service, for example into its database.
	Write func(ctx context.Context, db *pgxpool.Pool) error
	// Shows says whether an answer knows it.
	Shows func(load.Answer) bool
}

// fresh: what was written is known by the next answer, or within the age that the
// answer itself documents.
func fresh() Check {
	return Check{
		Name:  "fresh",
		About: "what is written is known by the next answer, or once the age that answers document (Cache-Control: max-age) is over",
		Begin: func(_ context.Context, s Scene) (Watch, error) {
			if s.Data == nil || len(s.News) == 0 {
				return Watch{}, errUnseen("the scenario has no news to write")
			}
			w := &freshWatch{scene: s}
			return Watch{Drained: w.drained, Ended: func(Ended) Finding { return w.found }}, nil
		},
	}
}

type freshWatch struct {
	scene Scene
	found Finding
}

// longestAge is how long a documented age is waited for.
const longestAge = 4 * time.Second

func (w *freshWatch) drained(ctx context.Context, _ Settled) {
	client := newClient(0)
	for _, news := range w.scene.News {
		if err := w.look(ctx, client, news); err != nil {
			w.found.Unseen = err.Error()
		}
	}
}

// look asks, writes and asks again. An error says why nothing was shown.
func (w *freshWatch) look(ctx context.Context, client *http.Client, news News) error {
	before, err := w.ask(ctx, client, news.Ask)
	if err != nil {
		return err
	}
	if news.Shows(before) {
		return fmt.Errorf("%s was there before it was written", news.Name)
	}
	if err := news.Write(ctx, w.scene.Data); err != nil {
		return fmt.Errorf("write %s: %w", news.Name, err)
	}
	written := time.Now()
	known, _ := contract.MaxAge(before.Header) // what was answered before may be answered again for so long
	for {
		after, err := w.ask(ctx, client, news.Ask)
		if err != nil {
			return err
		}
		if news.Shows(after) {
			w.found.Looked++
			return nil
		}
		if left := known - time.Since(written); left <= 0 || known > longestAge {
			break
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(min(100*time.Millisecond, max(known-time.Since(written), time.Millisecond))):
		}
	}
	if known > longestAge {
		return fmt.Errorf("answers may be %s old, which is longer than is waited here", known)
	}
	w.found.Looked++
	w.found.Add(Example{
		At: -1, What: fmt.Sprintf("%s was written, and %.1f s later an answer to %s did not know it (its documented age: %s)",
			news.Name, time.Since(written).Seconds(), shortened(news.Ask.Path), known),
		Repeat: Curl(w.scene.Target, news.Ask),
	})
	return nil
}

// ask sends a request, and again as long as it is refused for now: faults are
// undone, but what they left may take a moment to pass.
func (w *freshWatch) ask(ctx context.Context, client *http.Client, r load.Request) (load.Answer, error) {
	for {
		a, err := send(ctx, client, w.scene.Target, r)
		if err == nil && a.Status != http.StatusServiceUnavailable {
			return a, nil
		}
		select {
		case <-ctx.Done():
			return load.Answer{}, errors.Join(errors.New("the target did not answer when all was over"), err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// send sends one request and reads its answer.
func send(ctx context.Context, client *http.Client, base string, r load.Request) (load.Answer, error) {
	req, err := http.NewRequestWithContext(ctx, methodOf(r.Method), base+r.Path, strings.NewReader(string(r.Body)))
	if err != nil {
		return load.Answer{}, err
	}
	for name, values := range r.Header {
		req.Header[name] = values
	}
	res, err := client.Do(req)
	if err != nil {
		return load.Answer{}, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxPage))
	return load.Answer{Status: res.StatusCode, Header: res.Header, Body: body}, err
}
