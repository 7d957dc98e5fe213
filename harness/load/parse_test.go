package load_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"holdfast.dev/holdfast/harness/load"
)

func TestParseProfile(t *testing.T) {
	for text, want := range map[string]load.Profile{
		"200/s for 10s":                               load.Constant(200, 10*time.Second),
		"90/min for 1m30s":                            load.Constant(1.5, 90*time.Second),
		"3600/h for 1h":                               load.Constant(1, time.Hour),
		"0.25/s for 2m":                               load.Constant(0.25, 2*time.Minute),
		"0/s for 1s":                                  load.Constant(0, time.Second),
		"50/s to 200/s over 10s":                      load.Ramp(50, 200, 10*time.Second),
		"50/s  to 200/s  over\t10s":                   load.Ramp(50, 200, 10*time.Second),
		"bursts of 50 every 500ms for 6s":             load.Bursts(50, 500*ms, 6*time.Second),
		"steps of 10/s, 20/s, 5s each":                load.Steps(5*time.Second, 10, 20),
		"waves of 50/s to 150/s every 20s for 1m":     load.Waves(50, 150, 20*time.Second, time.Minute),
		"10/s for 5s, then 20/s for 1m":               load.Sequence(load.Constant(10, 5*time.Second), load.Constant(20, time.Minute)),
		"steps of 1/s, 2/s, 1s each, then 5/s for 1s": load.Sequence(load.Steps(time.Second, 1, 2), load.Constant(5, time.Second)),
	} {
		got, err := load.ParseProfile(text)
		require.NoError(t, err, text)
		require.Equal(t, want, got, text)
	}
}

func TestWhatIsNoProfileIsSaid(t *testing.T) {
	for text, says := range map[string]string{
		"":                                        "nothing is planned",
		"10/s for 5s, then":                       "nothing is planned",
		"200/s":                                   `"for" is missing at the end; write it as "200/s for 10s"`,
		"200 for 10s":                             `"200" is no rate such as 200/s`,
		"200/s for 10":                            `"10" is no time such as 10s`,
		"200/s over 10s":                          `"over" stands where "for" should`,
		"200/s for 0s":                            "0s is no time that lasts",
		"200/s for -1s":                           "no time that lasts",
		"200/s for 10s please":                    `"please" is too much`,
		"2000000000/s for 10s":                    "is more than 1000000000/s",
		"1e3/s for 10s":                           `"1e3/s" is no rate`,
		"50/s to 200/s for 10s":                   `"for" stands where "over" should; write it as "50/s to 200/s over 10s"`,
		"burst of 50 every 500ms for 6s":          `"burst" begins no profile, did you mean bursts?`,
		"bursts of many every 500ms for 6s":       `"many" is no number of requests`,
		"bursts of 0 every 500ms for 6s":          `"0" is no number of requests`,
		"bursts of 50 every 500ms":                `write it as "bursts of 50 every 500ms for 6s"`,
		"steps of 10/s 20/s, 5s each":             "a comma follows each rate",
		"steps of 10/s, 20/s, 5s":                 `"each" is missing at the end`,
		"waves of 150/s to 50/s every 20s for 1m": "from the lower rate to the higher one",
		"NaN/s for 1s":                            `"NaN/s" begins no profile`,
	} {
		_, err := load.ParseProfile(text)
		require.ErrorContains(t, err, says, text)
		require.ErrorContains(t, err, "profile \""+text, text)
	}
}

// TestAProfileAndItsTextAreOne: what a profile says of itself is read back as the
// same plan.
func TestAProfileAndItsTextAreOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawProfile(t)
		if p.String() == "" || strings.Contains(p.String(), "bursts of 0") {
			return // plans nothing, and cannot be written
		}
		back, err := load.ParseProfile(p.String())
		require.NoError(t, err)
		require.Equal(t, p, back)
	})
}

func FuzzParseProfile(f *testing.F) {
	for _, form := range load.ProfileForms() {
		f.Add(form)
	}
	f.Add(strings.Join(load.ProfileForms(), ", then "))
	f.Fuzz(func(t *testing.T, text string) {
		p, err := load.ParseProfile(text)
		if err != nil {
			return
		}
		back, err := load.ParseProfile(p.String())
		require.NoError(t, err)
		require.Equal(t, p.String(), back.String())
		require.Equal(t, p.Duration(), back.Duration())
	})
}
