package redact_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/redact"
)

func TestPersonalData(t *testing.T) {
	for _, row := range []struct{ name, value, kind string }{
		{"email", "ada@lovelace.example", redact.KindEmail}, {"billing_email", "a@b.example", redact.KindEmail}, {"x", "ada.lovelace+test@mail.example.org", redact.KindEmail},
		{"phone", "030 1234567", redact.KindPhone}, {"x", "+49 30 1234567", redact.KindPhone}, {"x", "+14155550123", redact.KindPhone},
		{"ip", "10.1.2.3", redact.KindIP}, {"x", "2a00:1450:4001::1", redact.KindIP}, {"x", "203.0.113.7", redact.KindIP},
		{"x", "5555 5555 5555 4444", redact.KindCard}, {"number", "378282246310005", redact.KindCard}, {"card_number", "1234567890123456", redact.KindCard},
		{"x", "DE89 3704 0044 0532 0130 00", redact.KindAccount}, {"first_name", "Ada", redact.KindName}, {"lastName", "Lovelace", redact.KindName}, {"user.given_name", "Ada", redact.KindName},
		{"date_of_birth", "1815-12-10", redact.KindBirth}, {"ssn", "078-05-1120", redact.KindIdentity}, {"address_line1", "12 St James's Square", redact.KindAddress}, {"zip", "SW1Y 4JH", redact.KindAddress},
		// what is nobody's
		{"email", "sent", ""}, {"email", "", ""}, {"ip", "127.0.0.1", ""}, {"version", "1.2.3.4", ""}, {"x", "::1", ""}, {"id", "4242424242424242", ""}, {"name", "Blue shirt", ""},
		{"created", "1700000000000", ""}, {"x", "3f2504e0-4f89-11d3-9a0c-0305e82c3301", ""}, {"x", "2026-01-02T03:04:05+01:00", ""}, {"order", "5555555555554445", ""}, {"mobile", "ios", ""},
		{"x", "GB00AAAA20201555555555", ""}, {"file_name", "a.txt", ""}, {"x", "@handle", ""}, {"sku", "AB12CDEFGHIJKLMN", ""},
	} {
		kind, yes := redact.Personal(row.name, row.value)
		require.Equal(t, row.kind, kind, "%s: %s", row.name, row.value)
		require.Equal(t, row.kind != "", yes)
	}
}

func TestABodyIsStripped(t *testing.T) {
	var s redact.Stripper
	body := `{"id":"cus_1","email":"ada@lovelace.example","big":12345678901234567890,"list":[{"first_name":"Ada","note":"call +49 30 1234567 or ada@lovelace.example"}],` +
		`"token":"geheim","secrets":{"a":"geheim2","b":[7]},"ip":"203.0.113.7","phone":49301234567,"html":"<b>&","n":null,"by":{"ada@lovelace.example":1}}`
	got := string(s.JSON("GET /customers", []byte(body)))
	require.Equal(t, `{"id":"cus_1","email":"person-1@example.com","big":12345678901234567890,"list":[{"first_name":"Person 1","note":"call +15550000001 or person-1@example.com"}],`+
		`"token":"stripped-secret-1","secrets":{"a":"stripped-secret-2","b":[0]},"ip":"192.0.2.1","phone":15550000002,"html":"<b>&","n":null,"by":{"person-1@example.com":1}}`, got)
	require.Equal(t, []redact.Found{
		{"GET /customers json.email", redact.KindEmail}, {"GET /customers json.list.#.first_name", redact.KindName}, {"GET /customers json.list.#.note", redact.KindEmail},
		{"GET /customers json.list.#.note", redact.KindPhone}, {"GET /customers json.token", redact.KindSecret}, {"GET /customers json.secrets.a", redact.KindSecret},
		{"GET /customers json.secrets.b.#", redact.KindSecret}, {"GET /customers json.ip", redact.KindIP}, {"GET /customers json.phone", redact.KindPhone}, {"GET /customers json.by", redact.KindEmail},
	}, s.Found())
	require.Equal(t, got, string(s.JSON("again", []byte(got))), "what is stripped stays as it is")
	require.Equal(t, "person-1@example.com", s.String("elsewhere", "x", "ada@lovelace.example"), "the same stand-in everywhere")
}

func TestWhatIsNoJSONIsStrippedAsAText(t *testing.T) {
	var s redact.Stripper
	require.Equal(t, "hello person-1@example.com, token=***", string(s.JSON("x", []byte("hello ada@lovelace.example, token=geheim"))))
	require.Equal(t, `{"a":`, string(s.JSON("x", []byte(`{"a":`))))
	deep := strings.Repeat("[", 100_000)
	require.Equal(t, deep, string(s.JSON("x", []byte(deep))))
	require.Empty(t, s.JSON("x", nil))
}

func TestAnAddressIsStripped(t *testing.T) {
	for _, row := range [][2]string{
		{"https://u:geheim@api.example.com/users/ada@lovelace.example?token=geheim&page=2&q=a+b", "https://api.example.com/users/person-1@example.com?token=stripped-secret-1&page=2&q=a+b"},
		{"/a/ghp_geheim1234567890geheim/b?sig=abc", "/a/%2A%2A%2A/b?sig=stripped-secret-1"},
		{"/plain%20path/3f2504e0-4f89-11d3-9a0c-0305e82c3301?x", "/plain%20path/3f2504e0-4f89-11d3-9a0c-0305e82c3301?x"},
		{"/cb#access_token=geheim&state=1", "/cb#access_token=stripped-secret-1&state=1"},
		{"/a?x=%zz&email=ada%40lovelace.example", "/a?x=%zz&email=person-1%40example.com"},
	} {
		var s redact.Stripper
		require.Equal(t, row[1], s.URL("x", row[0]))
	}
}

func FuzzStripper(f *testing.F) {
	f.Add(`{"email":"ada@lovelace.example","secrets":{"a":[1,"x"]}}`)
	f.Add(`/a?token=x&b=%zz`)
	f.Fuzz(func(t *testing.T, body string) {
		var s redact.Stripper
		got := s.JSON("x", []byte(body))
		if json.Valid([]byte(body)) {
			require.True(t, json.Valid(got), "%q", got)
		}
		s.URL("x", body)
		s.Form("x", body)
	})
}
