package schema

import "strings"

// french and english are common words of project pages, most frequent first.
// None holds a planted term.
var (
	french = strings.Fields(`de la les des pour et un une dans avec nous sur notre votre plus vers
		solidaire local énergie quartier jardin école culture atelier jeunesse habitants santé création
		développement coopérative financement équipe rénovation bénévoles région forêt rivière musique théâtre
		écologie agriculture ferme maraîchage abeilles ruche compost recyclage réemploi mobilité vélo
		électrique panneaux solaires éolienne chaleur isolation bâtiment patrimoine château église musée
		bibliothèque lecture écriture poésie cinéma documentaire photographie exposition résidence artiste
		peinture sculpture danse spectacle festival concert orchestre chorale instrument studio
		enregistrement album édition revue bande dessinée jeu société numérique logiciel libre formation
		insertion emploi handicap accessibilité aînés enfants famille crèche cantine repas épicerie
		boulangerie fromage vigne cidre brasserie moutons laine textile couture mode bijoux céramique
		poterie menuiserie charpente habitat partagé logement refuge animaux vétérinaire sauvegarde
		espèces biodiversité océan plage littoral montagne sentier randonnée escalade course natation
		équitation rugby handball rencontre échange mémoire histoire archives témoignages citoyenneté
		démocratie débat presse radio fanzine café librairie tiers-lieu friche fête marché été hiver
		printemps automne première année soutien contribution objectif budget étape calendrier
		contreparties remerciements visite invitation livraison fabrication matériel camion serre
		hangar terrain toiture chauffage eau potable puits assainissement solidarité réfugiés accueil
		traduction langue où déjà même très être créer bâtir grâce côté près après`)

	english = strings.Fields(`the and for with our your from community open source makers hardware design
		prototype mobile application platform data research science climate ocean forest garden food
		kitchen bakery coffee brewery music album record label studio film documentary theatre dance
		gallery painting sculpture photography book magazine comic game board card puzzle toy children
		school teachers library learning workshop training women health care hospital mental wellbeing
		sport running climbing surf bike travel heritage village rural urban housing repair recycling
		zero waste solar wind battery energy sensor robot drone printing fabric fashion jewelry leather
		wood ceramics glass furniture tools shared space coworking local fair trade organic farm bees
		honey rewards backers goal stretch shipping delivery thank support together`)

	categories = strings.Split(`Agriculture,Alimentation,Art et photo,Artisanat,Autres,Bande dessinée,Cinéma et vidéo,Culture,
		Écologie,Édition et presse,Éducation,Enfance,Entreprise,Jeux,Mode,Musique,Patrimoine,Santé et bien-être,
		Solidarité,Spectacle vivant,Sport,Technologie,Voyages`, ",")

	cities = strings.Split(`Paris,Marseille,Lyon,Toulouse,Nice,Nantes,Montpellier,Strasbourg,Bordeaux,Lille,Rennes,Reims,
		Saint-Étienne,Toulon,Le Havre,Grenoble,Dijon,Angers,Nîmes,Villeurbanne,Clermont-Ferrand,Le Mans,Brest,Tours,
		Amiens,Annecy,Limoges,Metz,Besançon,Perpignan,Orléans,Rouen,Mulhouse,Caen,Nancy,Avignon,Poitiers,Pau,
		La Rochelle,Calais,Béziers,Bourges,Quimper,Valence,Troyes,Lorient,Montauban,Niort,Chambéry,Saint-Malo,Évreux,
		Vannes,Bayonne,Arles,Châteauroux,Épinal,Saint-Brieuc,Alès,Nevers,Sète,Genève,Lausanne,Bruxelles,Liège,Namur,
		Montréal,Québec,Dakar,London,Dublin,Edinburgh,Bristol,Manchester`, ",")

	syllables = strings.Fields(`ba be bi bo bu ca ce ci co da de di do du fa fe fi fo ga go gu la le li lo lu ma me mi
		mo mu na ne ni no nu pa pe pi po ra re ri ro ru sa se si so su ta te ti to tu va ve vi vo ran ten lin mon
		sur tal ver nel por bas cor mar del gan fer lun bré dié fré pré`)
)

// Sizes of what the projects draw their words from.
const (
	inventedWords = 20_000 // made of syllables: the long tail of names and rare words
	tagCount      = 200
)

// trimmed returns the names without the spaces that line breaks put there.
func trimmed(names []string) []string {
	out := make([]string, len(names))
	for i, name := range names {
		out[i] = strings.TrimSpace(name)
	}
	return out
}
