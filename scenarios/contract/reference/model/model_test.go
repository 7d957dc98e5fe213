package model

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"holdfast.dev/holdfast/reference/schema"
)

func of(projects int64) *Model { return New(schema.Params{Projects: projects, Seed: 1}) }

// down counts from a number down to another.
func down(from, to int64) []int64 {
	ids := []int64{}
	for id := from; id >= to; id-- {
		ids = append(ids, id)
	}
	return ids
}

// Each row is a query of 1,000 projects and the ids of its one right answer.
func TestTheOneRightAnswer(t *testing.T) {
	m := of(1000)
	for _, row := range []struct {
		name, query string
		want        []int64
		truncated   bool
	}{
		{"in all: the newest hundred", schema.TermEverywhere, down(1000, 901), true},
		{"in capitals", "PROJET", down(1000, 901), true},
		{"a part of it", "roje", down(1000, 901), true},
		{"in one", schema.TermOne, []int64{334}, false},
		{"in the 59 oldest", schema.TermRareOld, down(59, 1), false},
		{"in 0.5 %", schema.TermHalfPercent, []int64{1000, 800, 600, 400, 200}, false},
		{"in the oldest 30 %: their newest hundred", schema.TermThirtyPercentOld, down(300, 201), true},
		{"with a wildcard", schema.TermPercent, []int64{911, 811, 711, 611, 511, 411, 311, 211, 111, 11}, false},
		{"both words", schema.TermRareOld + "\u00a0" + schema.TermPercent, []int64{11}, false},
		{"a word twice", schema.TermOne + " " + schema.TermOne, []int64{334}, false},
		{"words that never meet", schema.TermHalfPercent + " " + schema.TermHalfPercentOld, []int64{}, false},
		{"nowhere", schema.TermAbsentLong, []int64{}, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			a := m.Answer(row.query)
			require.Empty(t, a.Refused)
			require.Equal(t, row.want, a.IDs())
			require.Equal(t, row.truncated, a.Truncated)
		})
	}
}

// Each of the fields is searched, and nothing else is.
func TestEachFieldIsSearched(t *testing.T) {
	row := schema.Row{
		ID: 11, Title: "Alpha", Description: "Bravo", Category: "Charlie", City: "Delta", Tags: []string{"Echo", "Foxtrot"},
		Owner: "Golf", Status: "hotel", CreatedAt: time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC),
	}
	m := of(10).With(row)
	for _, word := range []string{"alpha", "bravo", "charlie", "delta", "echo", "foxtrot", "alpha echo delta"} {
		require.Equal(t, []int64{11}, m.Answer(word).IDs(), word)
	}
	for _, word := range []string{"golf", "hotel", "alphabravo", "echofoxtrot"} {
		require.Empty(t, m.Answer(word).IDs(), word)
	}
}

func TestTheNewestComeFirst(t *testing.T) {
	moment := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	m := of(10).With(
		schema.Row{ID: 11, Title: "x projet", CreatedAt: moment}, schema.Row{ID: 13, Title: "x projet", CreatedAt: moment}, schema.Row{ID: 12, Title: "x projet", CreatedAt: moment.Add(time.Hour)})
	require.Equal(t, append([]int64{12, 13, 11}, down(10, 1)...), m.Answer("projet").IDs(), "of one moment the higher id first")
}

func TestCaseAndAccentsMakeNoDifference(t *testing.T) {
	for _, row := range [][]string{
		{"eleve", "élève", "ÉLÈVE", "e\u0301le\u0300ve", "E\u0301LEVE"},
		{"oeuvre aether", "Œuvre Æther", "ŒUVRE ǼTHER"},
		{"strasse", "Straße", "STRASSE"},
		{"smorrebrod lodz dakovo", "Smørrebrød Łódź Đakovo", "SMØRREBRØD ŁÓDŹ ĐAKOVO"},
		{"istanbul", "İstanbul", "ISTANBUL"},
		{"елка", "Ёлка", "ЁЛКА", "елка"},
		{"αθηνα", "Αθήνα", "ΑΘΗΝΑ"},
		{"hue", "Huế", "HUẾ"},
	} {
		for _, text := range row {
			require.Equal(t, row[0], fold(text), "%q", text)
		}
	}
	require.Equal(t, `100% a_b c:\d 日本`, fold(`100% a_b C:\D 日本`), "all else counts")
}

func TestBadQueries(t *testing.T) {
	for query, bad := range map[string]bool{
		"": true, " \t\u00a0": true, "\xff": true, "a\x00": true, strings.Repeat("é", 201): true,
		strings.Repeat("é", 200): false, "a": false, "%": false,
	} {
		require.Equal(t, bad, Refused(query) != "", "%q", query)
	}
}

// What is planted tells where to look in a large data set, and finds what looking
// everywhere does.
func TestWhatIsPlantedIsFoundInALargeDataSet(t *testing.T) {
	planted := schema.Terms()
	models := []*Model{of(1), of(60), of(299), of(700)}
	rapid.Check(t, func(t *rapid.T) {
		m := rapid.SampledFrom(models).Draw(t, "model")
		some := rapid.SliceOfNDistinct(rapid.IntRange(0, len(planted)-1), 1, 3, rapid.ID[int]).Draw(t, "terms")
		var words []string
		for _, i := range some {
			words = append(words, fold(planted[i].Query))
		}
		matches := func(all []*document) []int64 {
			ids := []int64{}
			for _, d := range all {
				if holds(d.text, words) {
					ids = append(ids, d.ID)
				}
			}
			return ids
		}
		require.Equal(t, matches(slices.Collect(m.seeded.documents(words))), matches(slices.Collect(m.seeded.made(words))))
	})
}

func TestAnswersAreKnownAgain(t *testing.T) {
	m := of(100)
	require.NoError(t, m.Learn([]string{"projet"}))
	require.Same(t, m.Answer("projet"), m.Answer("projet"))
}
