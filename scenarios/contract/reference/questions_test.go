package reference

import (
	"math/rand/v2"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/unicode/norm"

	"holdfast.dev/holdfast/reference/schema"
	"holdfast.dev/holdfast/scenarios/contract/reference/model"
)

// Questions are drawn from the seed alone, of every shape, and most of them find
// something: of every frequency, and the newest and the oldest.
func TestQuestionsAreOfEveryShape(t *testing.T) {
	const projects = 2000
	further := furtherProjects(projects)
	s := questionsOf(modelOf(projects), further)
	one, two := rand.New(rand.NewPCG(7, 7)), rand.New(rand.NewPCG(7, 7))
	shapes := map[string]int{}
	for range 1200 {
		query := s.any(one)
		require.Equal(t, query, s.any(two))
		a := s.model.Answer(query)
		if a.Refused != "" {
			shapes["bad"]++
			continue
		}
		words := strings.Fields(query)
		shapes[[]string{"", "one word", "two words", "three words", "four words"}[min(len(words), 4)]]++
		for shape, is := range map[string]bool{
			"nothing found": len(a.Results) == 0, "one found": len(a.Results) == 1, "some found": len(a.Results) > 1 && !a.Truncated, "a full page": a.Truncated,
			"capitals": query != strings.ToLower(query), "accents apart": !norm.NFC.IsNormalString(query), "accents together": !norm.NFD.IsNormalString(query),
			"plain": isASCII(query), "wildcards": strings.ContainsAny(query, "%_\\"), "other white space": strings.ContainsAny(query, "\t\n\u00a0\u2009\u3000"),
			"full width": strings.ContainsFunc(query, func(c rune) bool { return c > 0xff00 && c < 0xff5f }), "soft hyphens": strings.Contains(query, "\u00ad"),
			"one letter": len(words) == 1 && utf8.RuneCountInString(query) == 1,
		} {
			if is {
				shapes[shape]++
			}
		}
		for _, row := range a.Results {
			switch {
			case row.ID > projects:
				shapes["a further project"]++
			case row.ID < 60:
				shapes["the oldest"]++
			case row.ID > projects-60:
				shapes["the newest"]++
			}
		}
	}
	for _, shape := range []string{
		"bad", "one word", "two words", "three words", "four words", "nothing found", "one found", "some found", "a full page", "capitals", "accents apart",
		"accents together", "full width", "soft hyphens", "plain", "wildcards", "other white space", "one letter", "a further project", "the oldest", "the newest",
	} {
		require.Greater(t, shapes[shape], 4, "%s: %v", shape, shapes)
	}
}

// Each character of the further projects that is none of ASCII is asked for as it is
// written, in a query that finds the project.
func TestWhatIsWrittenIsAskedFor(t *testing.T) {
	further := furtherProjects(500)
	s := questionsOf(modelOf(500), further)
	asked := strings.Join(s.edges()[len(edges):], " ")
	for _, row := range further {
		for _, c := range row.Title + row.Description + row.Category + row.City + strings.Join(row.Tags, "") {
			if c > unicode.MaxASCII && !unicode.IsSpace(c) {
				require.Contains(t, asked, string(c), "%U", c)
			}
		}
	}
	for _, query := range s.edges()[len(edges):] {
		require.NotEmpty(t, s.model.Answer(query).IDs(), query)
	}
}

// What may be written otherwise finds the same.
func TestHowAWordIsWrittenMakesNoDifference(t *testing.T) {
	further := furtherProjects(500)
	s := questionsOf(modelOf(500), further)
	r := rand.New(rand.NewPCG(1, 2))
	for range 400 {
		word := someWord(r, s.someRow(r))
		other := written(r, word)
		if why := model.Refused(other); why != "" { // in more characters
			require.Equal(t, "it is too long", why)
			continue
		}
		require.Equal(t, s.model.Answer(word).IDs(), s.model.Answer(other).IDs(), "%q", word)
	}
}

// Questions around a term are of many texts, and all are answered with what holds it.
func TestQuestionsAroundATermAreManyTexts(t *testing.T) {
	s := questionsOf(modelOf(500), nil)
	r := rand.New(rand.NewPCG(1, 2))
	texts := map[string]bool{}
	for range 400 {
		query := around(schema.TermRareOld)(r)
		texts[query] = true
		require.Equal(t, s.model.Answer(schema.TermRareOld).IDs(), s.model.Answer(query).IDs(), query)
	}
	require.Greater(t, len(texts), 390)
}

// Each further project is found by its own words, whichever field they stand in.
func TestFurtherProjectsAreNewerThanTheSeeded(t *testing.T) {
	further := furtherProjects(300)
	s := questionsOf(modelOf(300), further)
	moments := map[int64]int{}
	for i, row := range further {
		require.Greater(t, row.ID, int64(300))
		require.False(t, i > 0 && row.ID <= further[i-1].ID)
		require.True(t, row.CreatedAt.After(s.model.Row(300).CreatedAt))
		require.False(t, i > 0 && row.CreatedAt.Before(further[i-1].CreatedAt), "ids and moments go together")
		moments[row.CreatedAt.Unix()]++
		require.Contains(t, s.model.Answer(strings.Fields(row.Title)[0][:min(len(strings.Fields(row.Title)[0]), model.MaxQueryLength)]).IDs(), row.ID, row.Title)
	}
	most := 0
	for _, n := range moments {
		most = max(most, n)
	}
	require.Greater(t, most, 2, "some are of one moment")
}
