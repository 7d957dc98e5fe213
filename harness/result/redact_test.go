package result_test

import (
	"bytes"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"holdfast.dev/holdfast/harness/result"
)

func redacted(text string) string { return result.Redacted(&result.Annotation{What: text}).What }

func TestSecretsThatWereToldAreHiddenWhereverTheyStand(t *testing.T) {
	s := result.Without(&result.Scenario{
		Error: "setup said kept between us, kept+between+us and kept%20between%20us", Settings: map[string]string{"HOOK": "a=kept between us-too"}, Log: []string{"plain"},
	}, []string{"kept between us", "", "kept between us-too"})
	require.Equal(t, "setup said ***, *** and ***", s.Error)
	require.Equal(t, "a=***", s.Settings["HOOK"])
	require.Equal(t, []string{"plain"}, s.Log)
}

func TestCredentialsAreHidden(t *testing.T) {
	for _, row := range []struct{ text, want string }{
		{"connect to postgres://app:geheim@db:5432/x?sslmode=off: refused", "connect to postgres://app:***@db:5432/x?sslmode=off: refused"},
		{"amqp://u:ge@heim@host", "amqp://u:***@host"},
		{"host=db user=app password=geheim dbname=x", "host=db user=app password=*** dbname=x"},
		{"password='ge heim' host=db", "password=*** host=db"},
		{`{"api_key":"geheim","n":1}`, `{"api_key":***,"n":1}`},
		{`level=INFO msg="{\"token\":\"geheim\"}"`, `level=INFO msg="{\"token\":***}"`},
		{"EMAIL_API_KEY=geheim; next", "EMAIL_API_KEY=***; next"},
		{"GET /x?access_token=geheim&page=2", "GET /x?access_token=***&page=2"},
		{"Authorization: Bearer geheim.geheim", "Authorization: Bearer ***"},
		{"the key re_geheim12345 was refused", "the key *** was refused"},
		{"sk-geheim-geheim-geheim", "***"},
		{"ghp_geheim1234567890geheim", "***"},
		{"AKIAGEHEIMGEHEIM1234", "***"},
		{"eyJgeheimgeheim.eyJgeheimgeheim.geheim", "***"},
		{"-----BEGIN RSA PRIVATE KEY-----\ngeheim\n-----END RSA PRIVATE KEY-----", "-----BEGIN RSA PRIVATE KEY-----***-----END RSA PRIVATE KEY-----"},
	} {
		t.Run(row.text, func(t *testing.T) {
			require.Equal(t, row.want, redacted(row.text))
			require.Equal(t, row.want, redacted(row.want), "hiding twice changes nothing")
		})
	}
}

func TestWhatIsNoSecretStays(t *testing.T) {
	for _, text := range []string{
		"search.latency.p99 in inject ≤ 1 000 ms", "task/mail-refuses-key", "the fault refuse-key never fired: no task reached the mail API",
		"http://127.0.0.1:22498/metrics", "postgres://app@db/x", "task.invalid-key", "holdfast run search --seed 42 --without search.sql-limit",
		"tokens 12", "re_try", "local: PostgreSQL 15.18 from /usr/lib/postgresql/15/bin", "a monkey: brown", "2026-01-02T03:04:05Z",
		"check_wrong", "status_503", "H4sIAAAAAAAA/5JpmSzMwMDAxAABzFCaEUoz2X+ACgAAAP//",
	} {
		require.Equal(t, text, redacted(text))
	}
}

func TestSettingsWithTellingNamesAreHidden(t *testing.T) {
	s := result.Redacted(&result.Scenario{Settings: map[string]string{
		"DB_PASSWORD": "geheim", "EMAIL_API_KEY": "geheim", "SESSION_SECRET_2": "geheim", "DATABASE_URL": "postgres://a:geheim@h/x",
		"EMPTY_TOKEN": "", "MAX_SEARCH_RESULTS": "100", "MONKEYS": "3",
	}})
	require.Equal(t, map[string]string{
		"DB_PASSWORD": "***", "EMAIL_API_KEY": "***", "SESSION_SECRET_2": "***", "DATABASE_URL": "postgres://a:***@h/x",
		"EMPTY_TOKEN": "", "MAX_SEARCH_RESULTS": "100", "MONKEYS": "3",
	}, s.Settings)
}

// A secret in any field of a result does not reach the file.
func TestNoFieldLetsASecretThrough(t *testing.T) {
	run := fullRun(t)
	run.Scenarios[0].Log, run.Scenarios[0].Settings = []string{""}, map[string]string{"x": ""}
	run.Scenarios[0].Events, run.Gains = []result.Annotation{{}}, []result.Gain{{}}
	run.Reevaluated = &result.Reevaluation{Changes: []result.Change{{}}}
	n := plant(reflect.ValueOf(run).Elem(), "at postgres://u:geheim@h/x with token=geheim2 and re_geheim345678")
	require.Greater(t, n, 40, "strings were planted")
	before := fmt.Sprint(run)
	text := string(encode(t, run))
	require.NotContains(t, text, "geheim")
	require.Equal(t, n, strings.Count(text, "postgres://u:***@h/x"))
	require.Equal(t, before, fmt.Sprint(run), "the run in memory stays as it is")
}

func TestRedactingChangesNothingElse(t *testing.T) {
	run := fullRun(t)
	require.Equal(t, run, result.Redacted(run))
	rapid.Check(t, func(rt *rapid.T) {
		run := anyRun().Draw(rt, "run")
		once := result.Redacted(&run)
		require.Equal(rt, once, result.Redacted(once))
		require.True(rt, bytes.Equal(encode(rt, once), encode(rt, &run)))
	})
}

// plant puts text into every string that may hold any text.
func plant(v reflect.Value, text string) int {
	n := 0
	switch v.Kind() {
	case reflect.String:
		if v.Type() != reflect.TypeFor[result.Verdict]() {
			v.SetString(text)
			return 1
		}
	case reflect.Pointer:
		if !v.IsNil() {
			return plant(v.Elem(), text)
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			return 0
		}
		for i := range v.NumField() {
			n += plant(v.Field(i), text)
		}
	case reflect.Slice:
		for i := range v.Len() {
			n += plant(v.Index(i), text)
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			if v.Type().Elem().Kind() == reflect.String {
				v.SetMapIndex(key, reflect.ValueOf(text))
				n++
			}
		}
	}
	return n
}
