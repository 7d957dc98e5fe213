package smtpserver_test

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/smtp"
	"net/textproto"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"holdfast.dev/holdfast/fakes/host"
	"holdfast.dev/holdfast/fakes/journal"
	"holdfast.dev/holdfast/fakes/smtpserver"
	"holdfast.dev/holdfast/fault"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func start(t *testing.T, c smtpserver.Config) *smtpserver.Server {
	t.Helper()
	s, err := smtpserver.Start(c)
	require.NoError(t, err)
	t.Cleanup(s.Close)
	return s
}

// lay puts a fault into force at a step, or at the whole where step is empty.
func lay(t *testing.T, s *smtpserver.Server, step, text string) {
	t.Helper()
	f, err := fault.Parse(text)
	require.NoError(t, err)
	support := smtpserver.StepSupport()
	if step == "" {
		step, support = smtpserver.Message, smtpserver.Support()
	}
	require.NoError(t, support.Accepts(f))
	f.ID = "f-" + step
	require.NoError(t, s.Faults().Add(smtpserver.At(step, f)))
}

func text(id, subject, body string) string {
	return "Message-Id: <" + id + ">\r\nSubject: " + subject + "\r\nDate: " + time.Now().Format(time.RFC1123Z) + "\r\n\r\n" + body + "\r\n"
}

// send is Go's own client; it uses STARTTLS if that is offered.
func send(s *smtpserver.Server, to, message string) error {
	return smtp.SendMail(s.Address(), nil, "shop@example.com", []string{to}, []byte(message))
}

// code is what a client was refused with; 0 if it was not by a reply.
func code(err error) int {
	if refused := (*textproto.Error)(nil); errors.As(err, &refused) {
		return refused.Code
	}
	return 0
}

func TestAMessageIsTakenOn(t *testing.T) {
	s := start(t, smtpserver.Config{})
	auth := smtp.PlainAuth("", "shop", "secret", "127.0.0.1")
	message := "Message-Id: <m-1@shop>\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\nX-Order: o-1\r\n\r\nHello\r\n.\r\nWorld\r\n"
	require.NoError(t, smtp.SendMail(s.Address(), auth, "shop@example.com", []string{"ann@example.com", "bob@example.com"}, []byte(message)))
	letters, left := s.Letters()
	require.Zero(t, left)
	require.Len(t, letters, 1)
	l := letters[0]
	require.Equal(t, []string{"shop@example.com", "m-1@shop", "Grüße", "Hello\n.\nWorld", "shop"}, []string{l.From, l.MessageID, l.Subject, l.Text, l.User})
	require.Equal(t, []string{"ann@example.com", "bob@example.com"}, l.To)
	require.False(t, l.TLS)
	for name, want := range map[string]string{"header.X-Order": "o-1", "to": "ann@example.com,bob@example.com", "message_id": "m-1@shop"} {
		got, ok := l.Value(name)
		require.True(t, ok)
		require.Equal(t, want, got)
	}
	_, ok := l.Value("html")
	require.False(t, ok)
	require.Equal(t, map[string]int{"ann@example.com": 1, "bob@example.com": 1}, s.Journal().PerRecipient())
	require.Equal(t, []string{smtpserver.Messages, smtpserver.Transactions}, s.Journal().Groups())
	for e := range s.Journal().Entries(journal.Filter{}) {
		require.Equal(t, journal.Answered, e.Outcome, e.Group)
		require.Equal(t, 250, e.Status)
		require.Equal(t, e.Group == smtpserver.Messages, e.Accepted)
	}
}

func TestEachStepCanBeRefused(t *testing.T) {
	for _, step := range smtpserver.Steps() {
		for _, status := range []int{421, 451, 550} {
			s := start(t, smtpserver.Config{})
			lay(t, s, step, fmt.Sprintf("status %d", status))
			require.Equal(t, status, code(send(s, "ann@example.com", text("m", "a", "b"))), step)
			require.Zero(t, s.Journal().Accepted(), step)
			r, err := s.Lift(t.Context(), "f-"+step)
			require.NoError(t, err)
			require.EqualValues(t, 1, r.Fired, step)
			require.NoError(t, send(s, "ann@example.com", text("m", "a", "b")), "afterwards it is taken on")
			if step == smtpserver.Greeting {
				continue // no transaction was begun
			}
			require.Eventually(t, func() bool { return s.Journal().Gauge("").InFlight == 0 }, 30*time.Second, time.Millisecond)
			require.Equal(t, map[int]int{status: 1, 250: 1}, s.Journal().Statuses(journal.Filter{Group: smtpserver.Transactions}), step)
			for e := range s.Journal().Entries(journal.Filter{Group: smtpserver.Transactions}) {
				require.Equal(t, e.Status == status, len(e.Faults) == 1)
				break
			}
		}
	}
}

// A conversation goes on after a refusal, also one of DATA, which the library
// behind knows nothing of.
func TestAConversationGoesOnAfterARefusal(t *testing.T) {
	for _, step := range []string{smtpserver.Mail, smtpserver.Rcpt, smtpserver.Data, smtpserver.Message} {
		s := start(t, smtpserver.Config{})
		lay(t, s, step, "1*status 451 -> ok")
		c, err := smtp.Dial(s.Address())
		require.NoError(t, err)
		deliver := func() error {
			if err := c.Mail("shop@example.com"); err != nil {
				return err
			}
			if err := c.Rcpt("ann@example.com"); err != nil {
				return err
			}
			w, err := c.Data()
			if err != nil {
				return err
			}
			_, _ = w.Write([]byte(text("m", "a", "b")))
			return w.Close()
		}
		require.Equal(t, 451, code(deliver()), step)
		require.NoError(t, c.Reset())
		require.NoError(t, deliver(), step)
		require.NoError(t, c.Quit())
		require.Equal(t, 1, s.Journal().Accepted(), step)
		require.EqualValues(t, 0, s.Journal().Gauge("").InFlight, "every transaction has an end")
	}
}

// Stored, and never heard of: a client that tries again sends it twice.
func TestAcceptedIsNotAnswered(t *testing.T) {
	for _, kind := range []string{"lost reset", "lost close", "status 451 carried-out"} {
		s := start(t, smtpserver.Config{})
		lay(t, s, "", "1*"+kind+" -> ok")
		require.Error(t, send(s, "ann@example.com", text("m-1", "Order o-1", "b")), kind)
		require.Equal(t, 1, s.Journal().Accepted(), kind)
		require.NoError(t, send(s, "ann@example.com", text("m-2", "Order o-1", "b")))
		duplicates := s.Journal().Duplicates()
		require.Len(t, duplicates, 1, kind)
		require.Equal(t, "ann@example.com", duplicates[0].Recipient)
		require.Len(t, s.Journal().Attempts(journal.Filter{Group: smtpserver.Messages}), 1, "a new Message-Id does not make it another message")
		require.Empty(t, s.Journal().Untold(journal.Filter{Group: smtpserver.Messages}), "the second was told")
	}
}

func TestWhatIsNotDoneIsNotStored(t *testing.T) {
	for _, kind := range []string{"reset", "close"} {
		s := start(t, smtpserver.Config{})
		lay(t, s, "", kind)
		require.Error(t, send(s, "ann@example.com", text("m-1", "a", "b")), kind)
		require.Zero(t, s.Journal().Accepted(), kind)
		letters, _ := s.Letters()
		require.Len(t, letters, 1, "it came, though")
	}
}

func TestFaultsPickByRecipient(t *testing.T) {
	s := start(t, smtpserver.Config{})
	lay(t, s, smtpserver.Rcpt, "status 550 key=ann@example.com")
	lay(t, s, "", "status 451 key=bob@example.com")
	require.Equal(t, 550, code(send(s, "ann@example.com", text("1", "a", "b"))))
	require.Equal(t, 451, code(send(s, "bob@example.com", text("2", "a", "b"))))
	require.NoError(t, send(s, "eve@example.com", text("3", "a", "b")))
}

// patient talks by hand, so that nothing hides how long a reply takes.
type patient struct {
	*textproto.Conn
	raw net.Conn
}

func dial(t *testing.T, s *smtpserver.Server) patient {
	t.Helper()
	raw, err := net.Dial("tcp", s.Address())
	require.NoError(t, err)
	t.Cleanup(func() { _ = raw.Close() })
	return patient{textproto.NewConn(raw), raw}
}

func TestTheGreetingCanBeLate(t *testing.T) {
	s := start(t, smtpserver.Config{})
	lay(t, s, smtpserver.Greeting, "delay 1h")
	c := dial(t, s)
	require.NoError(t, c.raw.SetReadDeadline(time.Now().Add(50*time.Millisecond)))
	_, _, err := c.ReadResponse(220)
	require.Error(t, err)
	_, err = s.Lift(t.Context(), "f-greeting")
	require.NoError(t, err)
	c = dial(t, s)
	_, greeting, err := c.ReadResponse(220)
	require.NoError(t, err)
	require.Contains(t, greeting, "mail.holdfast.test")
}

func TestNobodyAnswersTheDoor(t *testing.T) {
	s := start(t, smtpserver.Config{})
	require.NoError(t, s.Faults().AddText("refuse id=shut"))
	require.Eventually(t, func() bool {
		c, err := net.Dial("tcp", s.Address())
		if err == nil {
			_ = c.Close()
		}
		return err != nil
	}, 30*time.Second, 5*time.Millisecond)
	_, err := s.Lift(t.Context(), "shut")
	require.NoError(t, err)
	require.NoError(t, send(s, "ann@example.com", text("1", "a", "b")), "it listens again where it did")

	require.NoError(t, s.Faults().AddText("hang accept id=frozen"))
	c := dial(t, s)
	require.NoError(t, c.raw.SetReadDeadline(time.Now().Add(50*time.Millisecond)))
	_, _, err = c.ReadResponse(220)
	require.Error(t, err)
	_, err = s.Lift(t.Context(), "frozen")
	require.NoError(t, err)
	require.NoError(t, c.raw.SetReadDeadline(time.Now().Add(30*time.Second)))
	c = patient{textproto.NewConn(c.raw), c.raw}
	_, _, err = c.ReadResponse(220)
	require.NoError(t, err, "what was held goes on")
}

func TestAClientThatGivesUpIsSeen(t *testing.T) {
	for _, kind := range []string{"hang headers", "delay 1h", "lost hang"} {
		s := start(t, smtpserver.Config{})
		lay(t, s, "", kind)
		c := dial(t, s)
		_, _, err := c.ReadResponse(220)
		require.NoError(t, err)
		_, err = fmt.Fprint(c.raw, "EHLO me\r\n")
		require.NoError(t, err)
		_, _, err = c.ReadResponse(250)
		require.NoError(t, err)
		_, err = fmt.Fprint(c.raw, "MAIL FROM:<a@b.c>\r\nRCPT TO:<d@e.f>\r\nDATA\r\n") // all at once, as PIPELINING has it
		require.NoError(t, err)
		for _, want := range []int{250, 250, 354} {
			_, _, err = c.ReadResponse(want)
			require.NoError(t, err)
		}
		_, err = fmt.Fprint(c.raw, text("1", "a", "b")+".\r\n")
		require.NoError(t, err)
		require.Eventually(t, func() bool { return s.Journal().Gauge(smtpserver.Messages).InFlight == 1 }, 30*time.Second, time.Millisecond)
		require.NoError(t, c.raw.Close())
		require.Eventually(t, func() bool { return s.Journal().Gauge("").InFlight == 0 }, 30*time.Second, time.Millisecond)
		accepted := 1
		if kind == "hang headers" {
			accepted = 0
		}
		require.Equal(t, accepted, s.Journal().Accepted(), kind)
		outcomes := s.Journal().Outcomes(journal.Filter{Group: smtpserver.Messages})
		if kind != "lost hang" {
			require.Equal(t, map[journal.Ending]int{journal.Abandoned: 1}, outcomes, kind)
		}
	}
}

// When the fault is over the reply comes, in the protocol's own words.
func TestALostReplyComesWhenTheFaultIsOver(t *testing.T) {
	s := start(t, smtpserver.Config{})
	lay(t, s, "", "lost hang")
	done := make(chan error, 1)
	go func() { done <- send(s, "ann@example.com", text("1", "a", "b")) }()
	require.Eventually(t, func() bool { return s.Journal().Accepted() == 1 }, 30*time.Second, time.Millisecond)
	_, err := s.Lift(t.Context(), "f-message")
	require.NoError(t, err)
	err = <-done
	require.False(t, err != nil && strings.Contains(err.Error(), "HTTP"), "%v", err)
}

func TestStartTLS(t *testing.T) {
	s := start(t, smtpserver.Config{StartTLS: true})
	require.Error(t, send(s, "ann@example.com", text("1", "a", "b")), "nobody vouches for the certificate")
	certificate, err := x509.ParseCertificate(s.Certificate())
	require.NoError(t, err)
	roots := x509.NewCertPool()
	roots.AddCert(certificate)
	secure := func() (*smtp.Client, error) {
		c, err := smtp.Dial(s.Address())
		require.NoError(t, err)
		return c, c.StartTLS(&tls.Config{ServerName: "localhost", RootCAs: roots})
	}
	c, err := secure()
	require.NoError(t, err)
	offered, _ := c.Extension("STARTTLS")
	require.False(t, offered, "not again")
	deliver := func(c *smtp.Client) error {
		require.NoError(t, c.Mail("shop@example.com"))
		require.NoError(t, c.Rcpt("ann@example.com"))
		w, err := c.Data()
		if err != nil {
			return err
		}
		_, _ = w.Write([]byte(text("2", "a", "b")))
		return w.Close()
	}
	require.NoError(t, deliver(c))
	require.NoError(t, c.Quit())
	letters, _ := s.Letters()
	require.True(t, letters[len(letters)-1].TLS)
	lay(t, s, smtpserver.Data, "status 451")
	lay(t, s, "", "lost reset")
	c, err = secure()
	require.NoError(t, err)
	err = deliver(c)
	require.Equal(t, 451, code(err), "%v", err)
	_, err = s.Lift(t.Context(), "f-data")
	require.NoError(t, err)
	require.NoError(t, c.Reset())
	err = deliver(c)
	require.Error(t, err)
	require.Zero(t, code(err), "no reply")
	require.Equal(t, 2, s.Journal().Accepted())
	_ = c.Close()
}

// What the public client of another language makes of it.
func TestPythonsClientCanTalkToIt(t *testing.T) {
	if _, err := exec.LookPath("python3"); err != nil {
		t.Skip("there is no python3 here")
	}
	s := start(t, smtpserver.Config{StartTLS: true})
	lay(t, s, smtpserver.Rcpt, "status 550 key=nobody@example.com")
	name, port, err := net.SplitHostPort(s.Address())
	require.NoError(t, err)
	out, err := exec.CommandContext(t.Context(), "python3", "-c", `
import smtplib, ssl, sys
from email.message import EmailMessage
m = EmailMessage()
m["From"], m["To"], m["Subject"], m["Message-ID"] = "shop@example.com", "ann@example.com", "Grüße", "<m-1@shop>"
m.set_content("Hällo\n.\nEnde")
m.add_alternative("<p>Hällo</p>", subtype="html")
with smtplib.SMTP(sys.argv[1], int(sys.argv[2]), timeout=10) as c:
    c.starttls(context=ssl._create_unverified_context())
    c.login("shop", "secret")
    print(c.send_message(m))
    print(c.sendmail("shop@example.com", ["ann@example.com", "nobody@example.com"], "Subject: two\r\n\r\nx"))
    c.user, c.password = "other", "secret"
`, name, port).CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Contains(t, string(out), "{}\n")
	require.Contains(t, string(out), "nobody@example.com': (550, b'5.0.0 refused by a fault')")
	letters, _ := s.Letters()
	require.Len(t, letters, 2)
	l := letters[0]
	require.Equal(t, []string{"Grüße", "Hällo\n.\nEnde", "<p>Hällo</p>", "m-1@shop", "shop"}, []string{l.Subject, l.Text, l.HTML, l.MessageID, l.User})
	require.True(t, l.TLS)
	require.Equal(t, []string{"ann@example.com"}, letters[1].To, "who was refused gets none")
}

// LOGIN is what some clients have in place of PLAIN.
func TestClientsMayLogInStepByStep(t *testing.T) {
	s := start(t, smtpserver.Config{})
	c := dial(t, s)
	_, _, err := c.ReadResponse(220)
	require.NoError(t, err)
	for _, row := range []struct {
		say  string
		want int
	}{{"EHLO me", 250}, {"AUTH LOGIN", 334}, {"c2hvcA==", 334}, {"c2VjcmV0", 235}, {"BDAT 3 LAST", 502}, {"STARTTLS", 502}, {"QUIT", 221}} {
		require.NoError(t, c.PrintfLine("%s", row.say))
		_, got, err := c.ReadResponse(row.want)
		require.NoError(t, err, "%s: %s", row.say, got)
		require.NotContains(t, got, "CHUNKING")
	}
}

func TestClosingEndsConversations(t *testing.T) {
	s, err := smtpserver.Start(smtpserver.Config{})
	require.NoError(t, err)
	lay(t, s, "", "hang headers")
	idle := dial(t, s)
	_, _, err = idle.ReadResponse(220)
	require.NoError(t, err)
	done := make(chan error, 1)
	go func() { done <- send(s, "ann@example.com", text("1", "a", "b")) }()
	require.Eventually(t, func() bool { return s.Journal().Gauge(smtpserver.Messages).InFlight == 1 }, 30*time.Second, time.Millisecond)
	s.Close()
	s.Close()
	require.Error(t, <-done)
	_, err = bufio.NewReader(idle.raw).ReadByte()
	require.Error(t, err)
	require.EqualValues(t, 0, s.Journal().Gauge("").InFlight)
}

func TestWhatAMailServerCannotDoIsRefused(t *testing.T) {
	for text, why := range map[string]string{
		"status 200": "from 400 to 599", "status 503 retry-after=3": "of HTTP", "status 550 html": "of HTTP", "hang body": "has no body", "reset body": "no headers and no body",
		"json malformed": `cannot carry out "json"`, "redirect loop": "cannot carry out",
	} {
		f, err := fault.Parse(text)
		require.NoError(t, err, text)
		require.ErrorContains(t, smtpserver.Support().Accepts(f), why, text)
	}
	for _, text := range []string{"refuse", "hang accept"} {
		f, err := fault.Parse(text)
		require.NoError(t, err)
		require.NoError(t, smtpserver.Support().Accepts(f))
		require.ErrorContains(t, smtpserver.StepSupport().Accepts(f), "lay it at the server as a whole")
		require.Equal(t, f, smtpserver.At(smtpserver.Message, f))
	}
	err := smtpserver.Config{Config: host.Config{Addresses: []string{"0.0.0.0:25", "127.0.0.1:0"}}, KeepBytes: -1}.Validate()
	for _, part := range []string{"reached from outside", "one address", "KeepBytes"} {
		require.ErrorContains(t, err, part)
	}
}
