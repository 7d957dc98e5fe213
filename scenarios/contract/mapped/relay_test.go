package mapped_test

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/smtp"
	"net/textproto"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/scenarios/contract"
)

// relay sends by SMTP what the reference sends to an e-mail API: whoever has the shaped
// service call itself there has one that sends its mail so.
func (s shaped) relay(w http.ResponseWriter, r *http.Request) {
	var mails []struct {
		From          string
		To            []string
		Subject, Text string
	}
	if err := json.NewDecoder(r.Body).Decode(&mails); err != nil {
		problem(w, http.StatusUnprocessableEntity, err.Error())
		return
	}
	sent := []map[string]string{}
	for i, m := range mails {
		text := fmt.Sprintf("From: %s\r\nTo: %s\r\nSubject: %s\r\n\r\n%s\r\n", m.From, strings.Join(m.To, ", "), m.Subject, m.Text)
		if err := smtp.SendMail(os.Getenv("SMTP_ADDR"), nil, m.From, m.To, []byte(text)); err != nil {
			problem(w, relayed(err), err.Error())
			return
		}
		sent = append(sent, map[string]string{"id": fmt.Sprintf("mail-%d", i)})
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"data": sent})
}

// relayed is what an API would have answered in place of a mail server's reply.
func relayed(err error) int {
	reply, is := errors.AsType[*textproto.Error](err)
	switch {
	case !is:
		return http.StatusBadGateway
	case reply.Code/100 == 4:
		return http.StatusServiceUnavailable
	}
	return http.StatusUnprocessableEntity
}

// bySMTP is the file of the shaped service's tasks, whose mail goes to a mail server.
func bySMTP(text string) string {
	begin, end := strings.Index(text, "  mail:\n"), strings.Index(text, "setup:\n")
	text = text[:begin] + "  mail: { smtp: { key: \"{to}\" }, export: { SMTP_ADDR: \"{address}\" } }\n" + text[end:]
	text = strings.Replace(text, "    mail: mail.send\n", "    mail: mail\n", 1)
	return strings.Replace(text, "MAIL_KEY: anything", `MAIL_KEY: anything, MAIL_URL: "http://127.0.0.1:{port}/relay"`, 1)
}

// The tasks of a service whose mail goes to a mail server are judged by its replies, and by
// whom it took mail for.
func TestMailByAMailServer(t *testing.T) {
	s := loadTasks(t, bySMTP)
	for _, row := range []struct {
		without, scenario, metric string
		is                        result.Verdict
	}{
		{"", "task/contract", "again.met", result.Pass},
		{"", "task/poison", "mail.attempts.max", result.Pass},
		{"task.max-retries", "task/poison", "mail.attempts.max", result.Fail},
		{"", "task/killed", "ledger.lost", result.Pass},
	} {
		t.Run(cmp.Or(row.without, "nothing")+" "+row.scenario, func(t *testing.T) {
			sc, check := checkOf(t, func() harness.Config {
				cfg := config(t, s)
				cfg.Without = slices.DeleteFunc(slices.Clone(s.Protections), func(p harness.Protection) bool { return p.Name != row.without })
				return cfg
			}, tasksOf(t, s, row.scenario), row.metric)
			require.Equal(t, row.is, check.Verdict, check.Reason)
			if row.is == result.Pass {
				require.Contains(t, []result.Verdict{result.Pass, result.Inconclusive}, sc.Verdict, sc.Reason)
			}
		})
	}
}

// What a mail server cannot say is not expected of it, and what it cannot tell is said.
func TestWhatAMailServerCannotTell(t *testing.T) {
	s := loadTasks(t, bySMTP)
	for name, lacks := range map[string]string{
		"task/reply-lost": "a mail server cannot tell a mail that it had before", "task/retry-after": "a mail server has no Retry-After",
		"task/retry-storm": "a mail server has no Retry-After", "task/refused-key": "", "task/api-down": "", "task/killed": "", "task/deadly": "", "task/database-gone": "",
	} {
		all := tasksOf(t, s, name)
		require.Len(t, all, 1)
		require.NoError(t, all[0].Validate(), name)
		require.Contains(t, strings.Join(all[0].Lacks, "; "), lacks, name)
		require.Equal(t, lacks == "", len(all[0].Lacks) == 0, name)
	}
	killed := tasksOf(t, s, "task/killed")[0]
	require.NotContains(t, checked(killed), "ledger.duplicated")
	require.Contains(t, killed.World.Facts[contract.NotLookedAt], "ledger.duplicated")
	require.NotContains(t, killed.Claim, "twice")
	require.Contains(t, checked(tasksOf(t, s, "task/api-down")[0]), "ledger.duplicated", "who is not interrupted sends nothing twice")
}

// A mail server's key is whom mail is to, and that is found before there is load.
func TestAWrongKeyOfAMailServerIsFound(t *testing.T) {
	s := loadTasks(t, func(text string) string { return strings.Replace(bySMTP(text), "{to}", "{subject}", 1) })
	run, err := harness.Run(t.Context(), config(t, s), tasksOf(t, s, "task/contract"))
	require.NoError(t, err)
	require.Equal(t, result.NotExercised, run.Scenarios[0].Verdict, run.Scenarios[0].Reason)
	require.Contains(t, run.Scenarios[0].Error, `dependencies.mail.smtp.key should be whom the mail is to, holdfast-probe@tasks.example, and mail came there under the key "A probe"`)
}
