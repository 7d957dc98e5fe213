package settings

import (
	"math"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestValuesAreRead(t *testing.T) {
	for _, row := range []struct {
		kind    kind
		written string
		want    any
	}{
		{text, "x y", "x y"},
		{number, "0", int64(0)},
		{number, "007", int64(7)},
		{number, "104857600", int64(100 << 20)},
		{number, "9223372036854775807", int64(math.MaxInt64)},
		{share, "0", 0.0},
		{share, "0.2", 0.2},
		{share, "1", 1.0},
		{share, "2e-1", 0.2},
		{boolean, "true", true},
		{boolean, "0", false},
		{boolean, "F", false},
		{duration, "0", time.Duration(0)},
		{duration, "10", 10 * time.Second},
		{duration, "1.5", 1500 * time.Millisecond},
		{duration, "1h2m", 62 * time.Minute},
		{duration, "1ms", time.Millisecond},
		{duration, "1us", time.Microsecond},
		{duration, "-0s", time.Duration(0)},
	} {
		got, err := Setting{Name: "X", kind: row.kind}.read(row.written)
		require.NoError(t, err, "%s %q", row.kind, row.written)
		require.Equal(t, row.want, got, "%s %q", row.kind, row.written)
	}
}

func TestWhatIsNoValueIsSaidWithItsName(t *testing.T) {
	for _, row := range []struct {
		setting Setting
		written string
		want    string
	}{
		{Setting{kind: number}, "-1", `"-1" is not a whole number of 0 or more`},
		{Setting{kind: number}, "1e9", `"1e9" is not a whole number of 0 or more`},
		{Setting{kind: number}, "1.0", `"1.0" is not a whole number of 0 or more`},
		{Setting{kind: number}, "9223372036854775808", `"9223372036854775808" is not a whole number of 0 or more`},
		{Setting{kind: number, max: "9"}, "10", "10: want 0 to 9"},
		{Setting{kind: number, min: "2", max: "9"}, "1", "1: want 2 to 9"},
		{Setting{kind: number, min: "2"}, "1", "1: want 2 or more"},
		{Setting{kind: share}, "NaN", `"NaN" is not a number from 0 to 1`},
		{Setting{kind: share}, "1.1", `"1.1" is not a number from 0 to 1`},
		{Setting{kind: share}, "-0.1", `"-0.1" is not a number from 0 to 1`},
		{Setting{kind: boolean}, "perhaps", `"perhaps" is neither true nor false`},
		{Setting{kind: boolean}, "2", `"2" is neither true nor false`},
		{Setting{kind: duration}, "soon", `"soon" is not a duration such as 2s or 200ms`},
		{Setting{kind: duration}, "-2s", `"-2s" is not a duration such as 2s or 200ms`},
		{Setting{kind: duration}, "1 s", `"1 s" is not a duration such as 2s or 200ms`},
		{Setting{kind: duration, min: "2s"}, "1s", "1s: want 2s or more"},
		{Setting{kind: duration, max: "1h"}, "61m", "1h1m0s: want 0, or 1ms to 1h"},
		{Setting{kind: duration, max: "1h"}, "1ns", "1ns: want 0, or 1ms to 1h"},
		{Setting{kind: duration, min: "1ms", max: "1m"}, "0", "0s: want 1ms to 1m"},
		{Setting{kind: duration, min: "2s", max: "1m"}, "1s", "1s: want 2s to 1m"},
		{Setting{kind: text, form: mailAddress}, "me", `"me" is not an e-mail address`},
		{Setting{kind: text, form: logLevel}, "loud", `"loud" is none of debug, info, warn, error`},
		{Setting{kind: text, form: address}, "ftp://host", "is not an address such as https://api.example.com"},
		{Setting{kind: text, form: headerValue}, "sec ret", "has characters that no header can carry"},
	} {
		row.setting.Name = "X"
		_, err := row.setting.read(row.written)
		require.EqualError(t, err, "X: "+row.want)
	}
}

// Neither an address nor a key is quoted: either may be secret.
func TestSecretsAreNotQuoted(t *testing.T) {
	for _, env := range []map[string]string{
		{"EMAIL_API_URL": "https://user:hush@host"}, {"EMAIL_API_URL": "https://host?key=hush"}, {"EMAIL_API_URL": "://hush"},
		{"EMAIL_API_KEY": "hush hush"}, {"EMAIL_API_KEY": "hush\x7f"},
	} {
		err := Check(env)
		require.Error(t, err)
		require.NotContains(t, err.Error(), "hush")
	}
	require.NoError(t, Check(map[string]string{"EMAIL_API_URL": "http://127.0.0.1:1/api", "EMAIL_API_KEY": "re_123"}))
}

func TestBoundsThatCannotBeReadAreAMistakeInTheTable(t *testing.T) {
	require.PanicsWithValue(t, `settings: the bounds of X: "many" is not a whole number of 0 or more`, func() {
		_ = Setting{Name: "X", kind: number, max: "many"}.accept(int64(1))
	})
}

// What is within the bounds is read back as what it is, and what is not is
// refused.
func TestANumberIsTakenWithinItsBoundsAlone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ends := rapid.SliceOfN(rapid.Int64Range(0, 1000), 2, 2).Draw(t, "bounds")
		least, most := min(ends[0], ends[1]), max(ends[0], ends[1])
		n := rapid.Int64Range(0, 1100).Draw(t, "n")
		s := Setting{Name: "X", kind: number, min: strconv.FormatInt(least, 10), max: strconv.FormatInt(most, 10)}
		got, err := s.read(strconv.FormatInt(n, 10))
		require.Equal(t, n >= least && n <= most, err == nil, "%v", err)
		if err == nil {
			require.Equal(t, n, got)
		}
	})
}

func TestADurationIsReadBackToTheNanosecond(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := time.Duration(rapid.Int64Range(0, int64(2*time.Hour)).Draw(t, "d"))
		got, err := Setting{Name: "X", kind: duration, max: "1h"}.read(d.String())
		require.Equal(t, d == 0 || d >= leastDuration && d <= time.Hour, err == nil, "%v", err)
		require.Equal(t, d, got)
	})
}

func FuzzAValueIsReadOrRefused(f *testing.F) {
	for _, seed := range []string{"", "0", "-1", "1e3", "NaN", "Inf", "true", "1.5s", "1h1ns", "9999999h", "\x00", "https://a:b@c"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, written string) {
		for _, s := range All() {
			value, err := s.read(written)
			if err != nil {
				require.ErrorContains(t, err, s.Name+": ")
				continue
			}
			require.Equal(t, goType[s.kind].String(), typeName(value))
			require.NoError(t, s.accept(value))
			require.NoError(t, Check(map[string]string{s.Name: written}))
		}
	})
}
