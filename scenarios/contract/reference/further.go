package reference

import (
	"context"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/reference/schema"
)

// furtherProjects are projects beside the seeded ones, of texts that those lack:
// letters of other languages and scripts in either case, accents written apart from
// their letters, what is escaped in JSON, HTML, SQL and LIKE, words beyond any index,
// no tags and many, several of one moment. Their ids are far apart, as in a table of
// which much was deleted: an index that is cut up by id has them in many pieces. The last
// two stand close together, and each has one of two words that the oldest seeded ones have
// both: a piece has both, and no project with both.
func furtherProjects(seeded int) []schema.Row {
	apart := norm.NFD.String
	const apartBy = 5000
	long := strings.Repeat("anticonstitutionnellement", 30)
	texts := []struct {
		title, description, category, city string
		tags                               []string
	}{
		{"ÉCOLE DES BÉNÉVOLES", "Tout en majuscules: ÉTÉ, FORÊT, GARÇON, NOËL.", "Éducation", "Nîmes", []string{"culture"}},
		{apart("Éléphants à Sète"), apart("Une forêt brûlée, où naît un été"), "Écologie", "Sète", nil},
		{"Œuvres et cœurs", "Une sœur, un bœuf, ŒUF et Ærø.", "Œnologie", "Œting", []string{"manœuvre"}},
		{"Straße und Fußball", "GROSS und groß, Maße und Masse.", "Spiel und Spaß", "Gießen", []string{"Fluß"}},
		{"Smørrebrød på Øresund", "Łódź, Đakovo, Ålesund: øl og brød.", "Autres", "København", []string{"Łabędź", "đak"}},
		{"İstanbul ve İzmir", "Çocuklar için güneş, öğretmen ve şehir.", "Autres", "İzmir", []string{"çiçek"}},
		{"Проект Ёлка", "Зелёная роща у реки, мой край.", "Культура", "Київ", []string{"їжа", "Йога"}},
		{"Αθήνα και Κρήτη", "ένα μεγάλο κέντρο για παιδιά", "Τέχνη", "Αθήνα", []string{"Ελλάδα"}},
		{"Đà Nẵng và Huế", "Một dự án về trường học ở Việt Nam", "Voyages", "Huế", []string{"trường"}},
		{`Le "grand" <b>plan</b> & Cie`, "Tab\there, \\ backslash, 'quotes', {\"a\":1} and \u2028 lines; -- no comment /* none */", "R&D", "L<yon", []string{"a&b", "c<d"}},
		{"50%_de_plus", `100% pur, 5_0 et c:\dossier, %_%`, "Promo%", "A_B", []string{"x%y", "u_v", `w\z`}},
		{long, "Un mot de " + long + "fin", "Autres", "Paris", []string{long[:300]}},
		{"Émoji 🌳 et 👩‍🌾", "🌳🌳 des arbres 日本語 の プロジェクト 한국어", "日本", "東京", []string{"🌳", "日本語"}},
		{"Ofﬁce ﬂoor, CO₂ & 5 µm", "Jean\u2011Luc à Hawai\u02bbi: ‘so\u00adlar’ wi\u200bnd, 300 \u212a", "ＦＵＬＬ", "Ħamrun", []string{"οδός Ερμού", "𐐀x", "ıssız"}},
		{"がくせい 한국어", "می\u200cخواهم น้ำตก \ufa1e ❤\ufe0f", "ÞÓRSHÖFN", "Москва", []string{"ẞ"}},
		{"a", "b", "c", "d", []string{"e"}},
		{"Ǿrsted och Ǽgir", "ǣ ǿ ǽ ŉ, ǆ Ǉ ĳ ſt ẛ", "Ÿ ĿL", "Ｓｔ‑Ｇａｌｌ", []string{"ɫ", "½"}},
		{"Sans étiquette", "", "Autres", "Pau", nil},
		{"Beaucoup d étiquettes", "Rien d autre.", "Autres", "Pau", strings.Fields("rouge orange jaune vert bleu indigo violet noir blanc gris brun rose")},
		{"Même mot même mot", "même même MÊME meme", "Même", "Même", []string{"même"}},
		{"Espaces\u00a0insécables\u2009fines\u3000larges", "un\u00a0deux\ntrois\tquatre  cinq", "Autres", "Le\u00a0Havre", []string{"six sept"}},
		{"Jumeau un", "De la même minute.", "Autres", "Paris", []string{"jumeaux"}},
		{"Jumeau deux", "De la même minute.", "Autres", "Paris", []string{"jumeaux"}},
		{"Jumeau trois", "De la même minute.", "Autres", "Paris", []string{"jumeaux"}},
		{"Jumeau quatre", "De la même minute.", "Autres", "Paris", []string{"jumeaux"}},
		{schema.TermRareOld, "", "Autres", "Paris", nil},
		{schema.TermHalfPercentOld, "", "Autres", "Paris", nil},
	}
	created := time.Date(2031, time.May, 1, 0, 0, 0, 0, time.UTC)
	var rows []schema.Row
	for i, x := range texts {
		if !strings.HasPrefix(x.title, "Jumeau") || x.title == "Jumeau un" {
			created = created.Add(time.Minute)
		}
		id := int64(seeded + 1 + i*apartBy)
		if i == len(texts)-1 {
			id = rows[i-1].ID + 1
		}
		rows = append(rows, schema.Row{
			ID: id, Title: x.title, Description: x.description, Category: x.category, City: x.city, Tags: x.tags,
			Owner: "Owner 1", Status: "active", GoalCents: 10_000, RaisedCents: int64(i), CreatedAt: created,
		})
	}
	return rows
}

// worldWith is so many seeded projects and these.
func worldWith(projects int, further []schema.Row) harness.World {
	w := World(projects)
	w.Facts["further projects"] = strconv.Itoa(len(further))
	w.Prepare = func(ctx context.Context, s harness.State) error { return schema.AddProjects(ctx, s.Data, further) }
	return w
}
