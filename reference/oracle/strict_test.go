package oracle

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// noon is the time at which the answers here are read.
var noon = time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)

// sample is the answer that the documentation shows.
const sample = `{"project_id":7,"oracle":"oracle-3","data":{"as_of":"2026-01-31T00:00:00Z","beneficiaries":1234,"co2_kg":56.7,"score":0.89}}`

func reader() strict {
	return strict{maxAge: defaultConfig().MaxAge, now: func() time.Time { return noon }}
}

var sampleQuestion = question{project: 7, oracle: "oracle-3"}

func TestTheDocumentedAnswerIsTaken(t *testing.T) {
	for name, text := range map[string]string{
		"as it is":       sample,
		"with space":     " \n" + sample + "\r\n\t ",
		"another order":  `{"data":{"score":0.89,"co2_kg":5.67e1,"beneficiaries":1234,"as_of":"2026-01-31T00:00:00Z"},"oracle":"oracle-3","project_id":7}`,
		"a field more":   strings.Replace(sample, `"oracle"`, `"version":[2],"oracle"`, 1),
		"escaped":        strings.Replace(sample, "oracle-3", `or\u0061cle-3`, 1),
		"a field's name": strings.Replace(sample, `"score"`, `"sc\u006fre"`, 1),
	} {
		data, err := reader().data(sampleQuestion, []byte(text))
		require.NoError(t, err, name)
		require.JSONEq(t, `{"as_of":"2026-01-31T00:00:00Z","beneficiaries":1234,"co2_kg":56.7,"score":0.89}`, string(data), name)
	}
}

// badAnswers are answers that are not taken, by what is wrong with them.
func badAnswers() map[string]struct{ text, want string } {
	replaced := func(old, new string) string { return strings.Replace(sample, old, new, 1) }
	return map[string]struct{ text, want string }{
		"nothing":                    {"", "no object"},
		"white space":                {" \n", "no object"},
		"null":                       {"null", "another value"},
		"a list":                     {"[" + sample + "]", "another value"},
		"a text":                     {`"` + `ok"`, "another value"},
		"a closing brace":            {"}", "not JSON"},
		"malformed":                  {strings.TrimRight(sample, "}") + ",,", "not JSON"},
		"cut":                        {sample[:len(sample)/2], "not JSON"},
		"without its last brace":     {sample[:len(sample)-1], "not JSON"},
		"two values":                 {sample + sample, "more than one value"},
		"something after it":         {sample + "x", "more than one value"},
		"not UTF-8":                  {replaced("oracle-3", "oracle-\xff"), "not UTF-8"},
		"a zero byte":                {replaced("7", "7\x00"), "not JSON"},
		"NaN":                        {replaced("56.7", "NaN"), "not JSON"},
		"deep":                       {`{"data":` + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000) + "}", "not JSON"},
		"a field twice":              {replaced(`"oracle"`, `"project_id":7,"oracle"`), "twice"},
		"everything twice":           {strings.TrimSuffix(sample, "}") + `,"project_id":null,"oracle":null,"data":null}`, "twice"},
		"a field of the data twice":  {replaced(`"score"`, `"co2_kg":1,"score"`), "twice"},
		"a field twice, escaped":     {replaced(`"score"`, `"co2\u005fkg":1,"score"`), "twice"},
		"another case":               {replaced("score", "Score"), "score is missing"},
		"no project":                 {replaced(`"project_id":7,`, ""), "project_id is missing"},
		"no oracle":                  {replaced(`"oracle":"oracle-3",`, ""), "oracle is missing"},
		"no data":                    {`{"project_id":7,"oracle":"oracle-3"}`, "data: there is no object"},
		"null data":                  {`{"project_id":7,"oracle":"oracle-3","data":null}`, "data: there is another value"},
		"a null":                     {replaced("1234", "null"), "beneficiaries has another type"},
		"a number as text":           {replaced("0.89", `"0.89"`), "score has another type"},
		"text as a number":           {replaced(`"oracle-3"`, "3"), "oracle has another type"},
		"half a person":              {replaced("1234", "1234.5"), "beneficiaries has another type"},
		"fewer than nobody":          {replaced("1234", "-1"), "no possible number of people"},
		"more than there are":        {replaced("1234", "10000000001"), "no possible number of people"},
		"a number beyond any type":   {replaced("1234", "1"+strings.Repeat("0", 400)), "beneficiaries has another type"},
		"a fraction beyond any type": {replaced("56.7", "1"+strings.Repeat("0", 400)), "co2_kg has another type"},
		"an impossible mass":         {replaced("56.7", "-1e16"), "no possible mass"},
		"an impossible score":        {replaced("0.89", "1.01"), "score is not between 0 and 1"},
		"no time":                    {replaced("2026-01-31T00:00:00Z", "yesterday"), "no time as in RFC 3339"},
		"a year old":                 {replaced("2026-01", "2025-01"), "the data are 365 days old"},
		"31 days old":                {replaced("2026-01-31", "2025-12-31"), "the data are 31 days old"},
		"from the future":            {replaced("2026-01-31", "2026-02-02"), "in the future"},
		"about another project":      {replaced("7", "8"), "about another project"},
		"another oracle's":           {replaced("oracle-3", "oracle-33"), "another oracle's"},
	}
}

func TestOtherAnswersAreNotTaken(t *testing.T) {
	for name, row := range badAnswers() {
		data, err := reader().data(sampleQuestion, []byte(row.text))
		require.ErrorContains(t, err, row.want, name)
		require.Nil(t, data, name)
	}
}

func TestAnyAgeIsTakenWithoutABound(t *testing.T) {
	s := reader()
	s.maxAge = 0
	_, err := s.data(sampleQuestion, []byte(strings.Replace(sample, "2026", "1926", 1)))
	require.NoError(t, err)
}

func TestLegacyOraclesAreTrusted(t *testing.T) {
	data, err := legacy{}.data(sampleQuestion, []byte(strings.Replace(sample, "oracle-3", "whoever", 1)))
	require.NoError(t, err)
	require.JSONEq(t, `{"as_of":"2026-01-31T00:00:00Z","beneficiaries":1234,"co2_kg":56.7,"score":0.89}`, string(data))
	_, err = legacy{}.data(sampleQuestion, []byte("{"))
	require.EqualError(t, err, "the body is not JSON")
	for name, text := range map[string]string{
		"null":             "null",
		"no data":          "{}",
		"null data":        `{"data":null}`,
		"a number as text": strings.Replace(sample, "1234", `"1234"`, 1),
		"a null":           strings.Replace(sample, "0.89", "null", 1),
	} {
		require.Panics(t, func() { _, _ = legacy{}.data(sampleQuestion, []byte(text)) }, name)
	}
}

// FuzzParseAnswer: whatever comes, reading it ends without a panic, and what is
// taken is possible and is taken again when it comes as we pass it on.
func FuzzParseAnswer(f *testing.F) {
	f.Add([]byte(sample))
	for _, row := range badAnswers() {
		if len(row.text) < 4096 {
			f.Add([]byte(row.text))
		}
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		data, err := reader().data(sampleQuestion, body)
		if err != nil {
			require.Nil(t, data)
			require.NotEmpty(t, err.Error())
			return
		}
		var got impact
		require.NoError(t, json.Unmarshal(data, &got))
		require.GreaterOrEqual(t, got.Beneficiaries, int64(0))
		require.True(t, got.Score >= 0 && got.Score <= 1)
		again, err := reader().data(sampleQuestion, []byte(`{"project_id":7,"oracle":"oracle-3","data":`+string(data)+`}`))
		require.NoError(t, err)
		require.Equal(t, string(data), string(again))

		passed, err := passing{}.data(sampleQuestion, body)
		require.NoError(t, err)
		require.True(t, json.Valid(passed))
	})
}
