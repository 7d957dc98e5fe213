package task

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/jackc/pgx/v5/pgxpool"

	"holdfast.dev/holdfast/fakes/emailapi"
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/scenarios/contract"
)

// sender is who all mail of the scenarios comes from: not the target's default, so
// that its own setting is seen to count.
const sender = "news@tasks.example"

// wanted is one mail that a task asks for.
type wanted struct {
	to string
	// subject and text are those of a message of a batch, word by word.
	subject, text string
	// project is what a notification is about: its id is a word of the subject, and
	// the rest is left to the service.
	project int64
}

// is reports whether that mail is the one that is wanted.
func (w wanted) is(m emailapi.Mail) bool {
	if m.From != sender || len(m.To) != 1 || m.To[0] != w.to || len(m.Others) > 0 || m.Extraordinary {
		return false
	}
	if w.project == 0 {
		return m.Subject == w.subject && m.Text == w.text && m.HTML == ""
	}
	return slices.Contains(words(m.Subject), strconv.FormatInt(w.project, 10)) && m.Text+m.HTML != ""
}

// words are the words of a text.
func words(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '-' })
}

// deliverable says whether there is such an address.
func (w wanted) deliverable() bool { return strings.Contains(w.to, "@") }

// wants are the mails that a task asks for. Whoever owns a project that does not
// exist has no address.
func wants(t contract.Task, owners map[int64]string) []wanted {
	if t.Kind == contract.Notify {
		return []wanted{{to: owners[t.Subject], project: t.Subject}}
	}
	all := make([]wanted, len(t.Messages))
	for i, m := range t.Messages {
		all[i] = wanted{to: m.To, subject: m.Subject, text: m.Body}
	}
	return all
}

// asked reads what each request of a mailing asked for, from the request itself where that
// can be read.
func (s *service) asked(m mailing, seed uint64) ([]contract.Task, error) {
	if s.InTurn != nil {
		return m.tasks(), nil
	}
	request, err := load.Requests(seed, s.stream(m))
	if err != nil {
		return nil, err
	}
	all := make([]contract.Task, load.Planned(m.profile))
	for n := range all {
		if all[n], err = s.Asked(request(int64(n))); err != nil {
			return nil, fmt.Errorf("request %d of %s: %w", n, m.name, err)
		}
	}
	return all, nil
}

// owners are the addresses of those whom the subjects of tasks belong to.
func (s *service) owners(ctx context.Context, db *pgxpool.Pool, tasks [][]contract.Task) (map[int64]string, error) {
	if s.Subjects.Count == 0 {
		return nil, nil
	}
	var subjects []int64
	for _, some := range tasks {
		for _, t := range some {
			if t.Kind == contract.Notify {
				subjects = append(subjects, t.Subject)
			}
		}
	}
	return s.Subjects.Owners(ctx, db, subjects)
}

// own does something to the subjects of each mailing that has some of its own.
func (s *service) own(mailings []mailing, do func(context.Context, *pgxpool.Pool, contract.Owned) error) func(context.Context, harness.State) error {
	return func(ctx context.Context, o harness.State) error {
		for _, m := range mailings {
			if !m.notify || m.first >= s.Subjects.None {
				continue
			}
			if err := do(ctx, o.Data, contract.Owned{Name: m.name, First: m.first, Count: load.Planned(m.profile)}); err != nil {
				return err
			}
		}
		return nil
	}
}
