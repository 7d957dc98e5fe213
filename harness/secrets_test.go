package harness

import (
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/target"
)

func TestWhatOfASettingIsASecret(t *testing.T) {
	for name, row := range map[string]struct {
		value   string
		secrets []string
	}{
		"STRIPE_KEY":    {"sk_9f3a7c21", []string{"sk_9f3a7c21"}},
		"DATABASE_URL":  {"postgres://ann:hunter22@db:5432/shop", []string{"hunter22"}},
		"SENTRY_DSN":    {"https://0123456789abcdef@sentry.example/1", []string{"0123456789abcdef"}},
		"OLD_DSN":       {"https://0123456789abcdef:fedcba9876543210@sentry.example/1", []string{"fedcba9876543210"}},
		"CACHE_DSN":     {"redis://cache.internal:6379", nil}, // an address is none
		"QUEUE_DSN":     {"amqp://anonymous@queue.internal", nil},
		"JWT_SECRET":    {"changeme", nil}, // a plain word stands in many a line
		"GREETING":      {"told-to-all-9f3a", nil},
		"REPLICA_TOKEN": {"", nil},
	} {
		require.ElementsMatch(t, append(row.secrets, ""), texts(unloggable(secretsOf(map[string]string{name: row.value}, nil, ""))), "%s=%s", name, row.value)
	}
}

func TestTheSecretsOfALaunch(t *testing.T) {
	t.Setenv("PASSED_TOKEN", "passed-on-9f3a")
	t.Setenv("OTHER_TOKEN", "stays-here-9f3a")
	l := Launch{
		Values:  map[string]string{"secrets.app": "given-by-name", "secrets.tiny": "page", "parameters.size": "a-large-one"},
		PassEnv: []string{"PASSED_TOKEN"},
		Processes: []target.Process{{Name: "web", Env: map[string]string{"API_KEY": "told-to-web-9f3a", "URL": "{web.url}", "TOKEN": "{secrets.app}",
			"CACHE_URL": "redis://app:hunter22-cache@{cache.address}/0", "SIGNING_SECRET": "{web.port}:signed-with-9f3a", "PAIR_TOKEN": "{web.port}-{web.host}"}}},
	}
	found := l.Secrets(Scenario{
		Settings: map[string]string{"WEBHOOK_SECRET": "of-a-scenario-9f3a"},
		World:    World{Dependencies: []Dependency{{Name: "queue", Env: map[string]string{"QUEUE_PASSWORD": "of-the-queue-9f3a", "QUEUE_HOST": "queue.internal.example"}}}},
	})
	for _, secret := range []string{"given-by-name", "passed-on-9f3a", "told-to-web-9f3a", "of-a-scenario-9f3a", "hunter22-cache", ":signed-with-9f3a", "of-the-queue-9f3a"} {
		require.Contains(t, found, secret)
	}
	for _, other := range []string{"page", "a-large-one", "stays-here-9f3a", "{web.url}", "{secrets.app}", "x", "-", "queue.internal.example"} {
		require.NotContains(t, found, other)
	}
}
