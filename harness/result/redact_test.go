package result_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/result"
)

func TestSecretsThatWereToldAreHiddenWhereverTheyStand(t *testing.T) {
	s := result.Without(&result.Scenario{
		Error: "setup said kept between us, kept+between+us and kept%20between%20us", Settings: map[string]string{"HOOK": "a=kept between us-too"}, Log: []string{"plain"},
	}, []string{"kept between us", "", "kept between us-too"})
	require.Equal(t, "setup said ***, *** and ***", s.Error)
	require.Equal(t, "a=***", s.Settings["HOOK"])
	require.Equal(t, []string{"plain"}, s.Log)
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
