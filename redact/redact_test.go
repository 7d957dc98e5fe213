package redact_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/redact"
)

// A secret in this table is, or holds, the word geheim; made up, in the forms that the
// services document.
var secrets = []struct{ text, want string }{
	// addresses
	{"connect to postgres://app:geheim@db:5432/x?sslmode=off: refused", "connect to postgres://app:***@db:5432/x?sslmode=off: refused"},
	{"amqp://u:ge@heim@host", "amqp://u:***@host"},
	{"postgres://u:geh/eim@h/x", "postgres://u:***@h/x"},
	{"redis://:geheim@cache:6379/0", "redis://:***@cache:6379/0"},
	{`{"url":"mongodb+srv://u:geheim@h/x"}`, `{"url":"mongodb+srv://u:***@h/x"}`},
	{"git clone https://geheimgeheim1234@github.com/a/b", "git clone https://***@github.com/a/b"},
	{"https://hooks.slack.com/services/T0GEHEIM/B0GEHEIM/geheim", "https://hooks.slack.com/services/***"},
	{"https://discord.com/api/webhooks/123456/geheim_geheim", "https://discord.com/api/webhooks/123456/***"},
	{"https://b.example/x?sig=geheimgeheim1234%3D&se=1", "https://b.example/x?sig=***&se=1"},
	{"https://b.example/x?X-Amz-Signature=geheim00&X-Amz-Date=1", "https://b.example/x?X-Amz-Signature=***&X-Amz-Date=1"},
	{"GET /x?access_token=geheim&page=2", "GET /x?access_token=***&page=2"},
	// connection strings
	{"host=db user=app password=geheim dbname=x", "host=db user=app password=*** dbname=x"},
	{"password='ge heim' host=db", "password='***' host=db"},
	{"password='it''s geheim' host=db", "password='***' host=db"},
	{"Server=x;Password=geheim;Database=y", "Server=x;Password=***;Database=y"},
	{"DefaultEndpointsProtocol=https;AccountKey=geheim==;EndpointSuffix=x", "DefaultEndpointsProtocol=https;AccountKey=***;EndpointSuffix=x"},
	// settings
	{"DB_PASS=geheim", "DB_PASS=***"},
	{"EMAIL_API_KEY=geheim; next", "EMAIL_API_KEY=***; next"},
	{"STRIPE_KEY=geheim", "STRIPE_KEY=***"},
	{"SENTRY_DSN=https://geheim@o1.ingest.sentry.io/2", "SENTRY_DSN=***"},
	{"export JWT=geheim", "export JWT=***"},
	{"AWS_SECRET_ACCESS_KEY=geheim/geheim+x", "AWS_SECRET_ACCESS_KEY=***"},
	{"APP_KEY: base64:geheim=", "APP_KEY: ***"},
	{"SECRET_KEY_BASE=geheim", "SECRET_KEY_BASE=***"},
	{"PGPASSWORD=geheim psql", "PGPASSWORD=*** psql"},
	{"MYSQL_PWD=geheim", "MYSQL_PWD=***"},
	{"_authToken=geheim", "_authToken=***"},
	{"secretKey = geheim", "secretKey = ***"},
	{"config.clientSecret=geheim", "config.clientSecret=***"},
	{"the API key: geheim", "the API key: ***"},
	{"password => 'geheim'", "password => '***'"},
	{"token := \"geheim\"", "token := \"***\""},
	{"user[password]=geheim&user[name]=x", "user[password]=***&user[name]=x"},
	{"<password>geheim</password>", "<password>***</password>"},
	{"curl -u bob:geheim http://x", "curl -u bob:*** http://x"},
	{"run --api-key geheim --seed 3", "run --api-key *** --seed 3"},
	{"run --token=geheim", "run --token=***"},
	{"{Name:x Token:geheim N:1}", "{Name:x Token:*** N:1}"},
	// JSON, to any depth of escaping
	{`{"api_key":"geheim","n":1}`, `{"api_key":"***","n":1}`},
	{`{"password" : "ge\"heim", "n":1}`, `{"password" : "***", "n":1}`},
	{`{"password":"geheim\\","n":1}`, `{"password":"***","n":1}`},
	{`level=INFO msg="{\"token\":\"geheim\"}"`, `level=INFO msg="{\"token\":\"***\"}"`},
	{`"{\"token\":\"ge\\\"heim\",\"n\":1}"`, `"{\"token\":\"***\",\"n\":1}"`},
	{`"\"{\\\"refreshToken\\\":\\\"geheim\\\"}\""`, `"\"{\\\"refreshToken\\\":\\\"***\\\"}\""`},
	{`{"password":"geheim`, `{"password":"***`},
	{`{"tokens":{"token":["geheim","geheim"]}}`, `{"tokens":{"token":[***]}}`},
	{`"msg":"token=geheim\nnext"`, `"msg":"token=***\nnext"`},
	// headers
	{"Authorization: Bearer geheim.geheim", "Authorization: Bearer ***"},
	{"Authorization: Token geheim", "Authorization: Token ***"},
	{"authorization: geheim", "authorization: ***"},
	{`curl -H "Authorization: Basic geheim" http://x`, `curl -H "Authorization: Basic ***" http://x`},
	{"Authorization: AWS4-HMAC-SHA256 Credential=geheim/x, Signature=geheim", "Authorization: AWS4-HMAC-SHA256 ***"},
	{"Cookie: a=geheim; b=geheim\nHost: x", "Cookie: ***\nHost: x"},
	{"Set-Cookie: sid=geheim; Path=/", "Set-Cookie: ***"},
	{`"Cookie":["a=geheim; b=geheim"]`, `"Cookie":[***]`},
	{"map[Authorization:[Bearer geheim] Host:[x]]", "map[Authorization:[Bearer ***] Host:[x]]"},
	{"X-Api-Key: geheim", "X-Api-Key: ***"},
	{"sent with bearer geheim1", "sent with bearer ***"},
	// shapes
	{"the key re_geheim12345 was refused", "the key *** was refused"},
	{"sk-geheim-geheim-geheim", "***"},
	{"sk_live_geheim1234567890", "***"}, {"rk_live_geheim1234567890", "***"}, {"whsec_geheimgeheim1234567890", "***"},
	{"ghp_geheim1234567890geheim", "***"}, {"github_pat_11GEHEIM0_geheimgeheimgeheim", "***"}, {"glpat-geheim-geheim1234567", "***"},
	{"npm_geheimgeheimgeheimgeheimgeheimgehe", "***"}, {"SG.geheimgeheimgeheim12.geheimgeheimgeheimgeheim", "***"},
	{"AIzaGeheimGeheimGeheimGeheimGeheim12345", "***"}, {"xoxb-1234567890-geheim", "***"}, {"AKIAGEHEIMGEHEIM1234", "***"},
	{"shpat_geheimgeheimgeheimgeheimgeheim01", "***"}, {"hvs.geheimgeheimgeheim1234", "***"}, {"dckr_pat_geheim-geheim1234567", "***"},
	{"bot 1234567890:AAgeheimgeheimgeheimgeheimgeheimgeh", "bot 1234567890:***"},
	{"eyJgeheimgeheim.eyJgeheimgeheim.geheim", "***"}, {"eyJgeheimgeheim.eyJgeheimgeheim.", "***"},
	{"-----BEGIN RSA PRIVATE KEY-----\ngeheim\n-----END RSA PRIVATE KEY-----", "-----BEGIN RSA PRIVATE KEY-----***-----END RSA PRIVATE KEY-----"},
	{`"-----BEGIN OPENSSH PRIVATE KEY-----\ngeheim\n-----END OPENSSH PRIVATE KEY-----\n"`, `"-----BEGIN OPENSSH PRIVATE KEY-----***-----END OPENSSH PRIVATE KEY-----\n"`},
	{"-----BEGIN PRIVATE KEY-----\ngeheim cut off", "-----BEGIN PRIVATE KEY-----***"},
}

func TestSecretsAreHidden(t *testing.T) {
	for _, row := range secrets {
		t.Run(row.text, func(t *testing.T) {
			require.Equal(t, row.want, redact.Text(row.text))
			require.Equal(t, row.want, redact.Text(row.want), "hiding twice changes nothing")
			require.Equal(t, "before "+row.want, redact.Text("before "+row.text))
		})
	}
}

func TestWhatIsNoSecretStays(t *testing.T) {
	for _, text := range []string{
		"search.latency.p99 in inject ≤ 1 000 ms", "task/mail-refuses-key", "the fault refuse-key never fired: no task reached the mail API",
		"http://127.0.0.1:22498/metrics", "postgres://app@db/x", "task.invalid-key", "holdfast run search --seed 42 --without search.sql-limit",
		"tokens 12", "re_try", "re_evaluated the run", "local: PostgreSQL 15.18 from /usr/lib/postgresql/15/bin", "a monkey: brown", "2026-01-02T03:04:05Z",
		"check_wrong", "status_503", "H4sIAAAAAAAA/5JpmSzMwMDAxAABzFCaEUoz2X+ACgAAAP//",
		// ids, hashes, traces: never by their randomness
		"id 3f2504e0-4f89-11d3-9a0c-0305e82c3301", "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
		"traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "run 20260102-030405-9f86d081", "commit f8aa5608a1b2c3d4e5f60718293a4b5c6d7e8f90",
		"ch_3MqLiJLkdIwHu7ix1AGHbGmy", "cus_NffrFeUfNV2Hib", "pi_3MtwBwLkdIwHu7ix28a3tqPa", "msg_01HZXABCDEFGHJKMNPQRSTVWXY", "ULID 01ARZ3NDEKTSV4RRFFQ69G5FAV",
		"pk_live_51H8publishable0000000", "etag: \"33a64df551425fcc55e4d42a148795d9f25f89d4\"", "trace_id=4bf92f3577b34da6a3ce929d0e0e4736", "Idempotency-Key: 8e03978e-40d5-43dd-bc93-6894a57f9324",
		// what is said about a secret
		"TOKEN_TTL=3600", "PASSWORD_MIN_LENGTH=12", "token_type: bearer", "API_KEY_FILE=/run/secrets/x", "max_tokens: 100", `"usage":{"total_tokens":12}`, "SECRET_NAME=app",
		"PUBLIC_KEY=abc", "CACHE_KEY=users", "cache_key=users:1", "sort_key: name", "key: value", `{"key":"cart-1"}`, "primary key: id", "nextPageToken: abc", "COOKIE_DOMAIN=x.test",
		// what names one and holds none
		"password=${DB_PASS}", "Authorization: Bearer {secrets.app}", "token: {token}", "PASSWORD=", `"token":null`, "has_password=true", "password: $DB_PASS", "token=<your token>", "Authorization: present",
		"pass: 12, fail: 3", "1 pass, 2 fail", "Basic authentication is asked for", "bearer tokens are read", "Auth::Token::Invalid", "token://x", "https://registry:443/@scope/pkg", "sk-SK, cs-CZ", "risk_score_of_1234567890123456",
		"mail to a@b.example: refused", "git@github.com:a/b.git", "-----BEGIN PUBLIC KEY-----", "-----BEGIN CERTIFICATE-----", "npm_config_userconfig_registry_of_the_company", "secret_rotation_is_done_every_thirty_days_at_night",
	} {
		require.Equal(t, text, redact.Text(text))
	}
}

func TestNamesOfSecrets(t *testing.T) {
	for _, name := range []string{
		"DB_PASSWORD", "dbPassword", "db.password", "DB_PASS", "smtpPass", "EMAIL_API_KEY", "x-api-key", "apiKey", "APIKEY", "SESSION_SECRET_2", "clientSecret", "client_secret", "STRIPE_KEY", "stripeKey",
		"STRIPE_SECRET_KEY", "JWT", "SENTRY_DSN", "Authorization", "Proxy-Authorization", "Cookie", "Set-Cookie", "SECRET_KEY_BASE", "APP_KEY", "secrets.app", "csrf_token", "X-Auth-Token", "refreshToken",
		"PRIVATE_KEY", "SSH_PRIVATE_KEY_BASE64", "MYSQL_PWD", "passphrase", "OAuth2Token", "GITHUB_PAT", "PGPASSWORD", "Ocp-Apim-Subscription-Key", "WEBHOOK_SIGNING_KEY", "MAILGUN_KEY", "FOOCORP_KEY", "accountKey", "PASSWORD1", "X-Goog-Api-Key", "cvc",
	} {
		require.True(t, redact.Named(name), name)
	}
	for _, name := range []string{
		"", "-", "MAX_SEARCH_RESULTS", "MONKEYS", "monkey", "key", "KEY", "cache_key", "CACHE_KEY", "PUBLIC_KEY", "STRIPE_PUBLISHABLE_KEY", "partitionKey", "Idempotency-Key", "TOKEN_URL", "TOKEN_TTL", "max_tokens", "pass",
		"passed", "compass", "bypass", "author", "authority", "COOKIE_NAME", "API_KEY_FILE", "AWS_ACCESS_KEY_ID", "client_id", "user_key", "next_page_token", "secretary", "tokenizer", "PASSWORD_MIN_LENGTH", "id", "traceparent", "RATES_URL", "DATABASE_URL",
	} {
		require.False(t, redact.Named(name), name)
	}
}

func TestSettingsWithTellingNamesAreHiddenWhole(t *testing.T) {
	require.Equal(t, "***", redact.Value("SENTRY_DSN", "https://a@b/1"))
	require.Equal(t, "postgres://a:***@h/x", redact.Value("DATABASE_URL", "postgres://a:geheim@h/x"))
	require.Equal(t, "", redact.Value("EMPTY_TOKEN", ""))
	require.Equal(t, "{secrets.app}", redact.Value("APP_KEY", "{secrets.app}"))
	require.Equal(t, "3", redact.Value("MONKEYS", "3"))
}

func TestWhatIsKnownIsHiddenInEveryForm(t *testing.T) {
	k := redact.Know("kept between us", "kept between us-too", "short", "")
	require.Equal(t, "***, ***, *** and *** but short", k.Text("kept between us-too, kept+between+us, kept%20between%20us and a2VwdCBiZXR3ZWVuIHVz but short"))
	require.Equal(t, `"***"`, redact.Know(`a"quoted\one`).Text(`"a\"quoted\\one"`))
	require.Equal(t, "x", (*redact.Known)(nil).Text("x"))
	require.Equal(t, "x", redact.Know().Text("x"))
}

// Four times as much of what could send it back and forth takes about four times as long,
// not sixteen.
func TestTimeIsLinear(t *testing.T) {
	for _, unit := range []string{"://", "token:", `token="`, "sk-", "Cookie: ", `\`, "://a:", "<password>", "curl -u ", "--token ", "FLWSECK-", "secret_", "=", "eyJaaaaaa.", "-----BEGIN PRIVATE KEY-----", "@", "Bearer a", `":"`, "xoxb-", "a.", "+1 5", "key: "} {
		text := strings.Repeat(unit, 256<<10/len(unit))
		took := func(n int) time.Duration {
			begun := time.Now()
			redact.Text(text[:n])
			return time.Since(begun)
		}
		require.Eventually(t, func() bool { // what else runs may slow one of them
			return took(len(text)) <= 8*took(len(text)/4)+10*time.Millisecond
		}, 30*time.Second, time.Millisecond, "%q", unit)
		require.LessOrEqual(t, len(redact.Text(text[:1<<10])), 4<<10, "%q", unit)
	}
}

func FuzzText(f *testing.F) {
	for _, row := range secrets {
		f.Add(row.text)
	}
	f.Fuzz(func(t *testing.T, s string) {
		once := redact.Text(s)
		require.Equal(t, once, redact.Text(once), "%q", s)
		require.LessOrEqual(t, len(once), 4*len(s)+8)
		redact.Named(s)
		redact.Personal(s, s)
	})
}
