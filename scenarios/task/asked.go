package task

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/jackc/pgx/v5"

	"holdfast.dev/holdfast/fakes/emailapi"
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
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
func (t task) wants(owners map[int64]string) []wanted {
	if t.Kind == kindNotify {
		return []wanted{{to: owners[t.ProjectID], project: t.ProjectID}}
	}
	all := make([]wanted, len(t.Messages))
	for i, m := range t.Messages {
		all[i] = wanted{to: m.To, subject: m.Subject, text: m.Body}
	}
	return all
}

// asked reads what each request of a mailing asked for, from the request itself.
func (m mailing) asked(seed uint64) ([]task, error) {
	request, err := load.Requests(seed, m.stream())
	if err != nil {
		return nil, err
	}
	all := make([]task, load.Planned(m.profile))
	for n := range all {
		if err := json.Unmarshal(request(int64(n)).Body, &all[n]); err != nil {
			return nil, fmt.Errorf("request %d of %s: %w", n, m.name, err)
		}
	}
	return all, nil
}

// readOwners reads the addresses of the owners of the projects that tasks are about.
func readOwners(ctx context.Context, o harness.State, tasks [][]task) (map[int64]string, error) {
	var ids []int64
	for _, some := range tasks {
		for _, t := range some {
			if t.Kind == kindNotify {
				ids = append(ids, t.ProjectID)
			}
		}
	}
	owners := map[int64]string{}
	if len(ids) == 0 {
		return owners, nil
	}
	conn, err := pgx.Connect(ctx, o.DSN)
	if err != nil {
		return nil, fmt.Errorf("read the projects' owners: %w", err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	rows, err := conn.Query(ctx, `SELECT p.id, o.email FROM projects p JOIN owners o ON o.id = p.owner_id WHERE p.id = ANY($1)`, ids)
	if err != nil {
		return nil, fmt.Errorf("read the projects' owners: %w", err)
	}
	var id int64
	var address string
	_, err = pgx.ForEachRow(rows, []any{&id, &address}, func() error {
		owners[id] = address
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the projects' owners: %w", err)
	}
	return owners, nil
}
