package smtpserver

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAMessageIsRead(t *testing.T) {
	for _, row := range []struct{ name, raw, subject, text, html string }{
		{"plain", "Subject: a\n\nb\n", "a", "b", ""},
		{"no header", "nothing of the kind", "", "nothing of the kind", ""},
		{"encoded", "Subject: =?iso-8859-1?q?caf=E9?=\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nH=C3=A4llo =\r\nEnde\r\n", "café", "Hällo Ende", ""},
		{"base64", "Content-Type: text/html\r\nContent-Transfer-Encoding: BASE64\r\n\r\nPHA+SGFsbG88L3A+\r\n", "", "", "<p>Hallo</p>"},
		{"parts in parts", "Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n\r\nT\r\n--b\r\nContent-Type: text/html\r\n\r\nH\r\n--b--\r\n--a\r\nContent-Disposition: attachment; filename=x\r\nContent-Type: text/plain\r\n\r\nX\r\n--a--\r\n", "", "T", "H"},
		{"a broken part", "Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n\r\nT", "", "T", ""},
		{"no boundary", "Content-Type: multipart/mixed\r\n\r\nT", "", "", ""},
	} {
		l := parse([]byte(row.raw))
		require.Equal(t, []string{row.subject, row.text, row.html}, []string{l.Subject, l.Text, l.HTML}, row.name)
	}
}

// What a client makes anew when it tries again does not make another message; what it
// says does.
func TestAMessageTriedAgainIsTheSame(t *testing.T) {
	of := func(raw string, to ...string) Letter {
		l := parse([]byte(raw))
		l.From, l.To = "a@b.c", to
		l.identify()
		return l
	}
	multi := func(boundary string) string {
		return "Message-Id: <" + boundary + ">\r\nContent-Type: multipart/alternative; boundary=" + boundary + "\r\n\r\n--" + boundary + "\r\n\r\nT\r\n--" + boundary + "--\r\n"
	}
	first := of("Message-Id: <1>\nDate: x\nSubject: a\n\nb", "d@e.f", "g@h.i")
	require.Equal(t, first.Key, of("Message-Id: <2>\nDate: y\nSubject: a\n\nb", "g@h.i", "d@e.f").Key)
	require.Equal(t, of(multi("x"), "d@e.f").Key, of(multi("y"), "d@e.f").Key)
	for _, other := range []Letter{of("Subject: b\n\nb", "d@e.f", "g@h.i"), of("Subject: a\n\nc", "d@e.f", "g@h.i"), of("Subject: a\n\nb", "d@e.f")} {
		require.NotEqual(t, first.Key, other.Key)
	}
	many := of("Subject: a\n\nb", strings.Split(strings.Repeat("somebody@example.com,", 50), ",")...)
	require.LessOrEqual(t, len(many.Key), maxKey)
}

func TestAMessageIDIsBelieved(t *testing.T) {
	s := &Server{keyOfID: map[string]string{}, content: map[string]uint64{}}
	first, second := parse([]byte("Message-Id: <1>\nSubject: a\n\nb")), parse([]byte("Message-Id: <1>\nSubject: a\n\nb, sent at 10:01"))
	s.recognise(&first)
	s.recognise(&second)
	require.Equal(t, first.Key, second.Key)
	require.Equal(t, first.Content, second.Content)
}

func TestAKeyOfOnesOwn(t *testing.T) {
	s := &Server{config: Config{Key: "{header.X-Order}/{to}"}}
	l := parse([]byte("Message-Id: <1>\nX-Order: o-1\n\nb"))
	l.To = []string{"a@b.c"}
	require.True(t, s.recognise(&l))
	require.Equal(t, "o-1/a@b.c", l.Key)
	other := parse([]byte("X-Order: o-1\n\nsomething else"))
	other.To = l.To
	require.True(t, s.recognise(&other))
	require.Equal(t, l.Content, other.Content, "the same order is the same letter")
	none := parse([]byte("Subject: a\n\nb"))
	require.False(t, s.recognise(&none))
	require.NotEqual(t, l.Key, none.Key)
	require.ErrorContains(t, Config{Key: "{subjct}"}.Validate(), "did you mean subject?")
	require.ErrorContains(t, Config{Key: "fixed"}.Validate(), "the same for every letter")
}

func FuzzParse(f *testing.F) {
	for _, raw := range []string{"Subject: a\n\nb", "Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n\r\nT\r\n--a--", "Content-Transfer-Encoding: base64\n\n!!", "\x00"} {
		f.Add([]byte(raw))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		l := parse(raw)
		l.identify()
		require.LessOrEqual(t, len(l.Text), max(len(raw), maxText))
		require.LessOrEqual(t, len(l.Key), maxKey)
	})
}
