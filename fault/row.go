package fault

// Row is one kind of fault in the catalogue.
type Row struct {
	Name string // the first word of its text form
	// Form is the whole text form, as in a manual: parameters in capitals,
	// optional parts in brackets.
	Form     string
	Variants []Variant
	parse    func(*words) Kind
}

// Variant is one way in which a kind shows, with what it is for. Each is
// calibrated by a test that meets it as a client does.
type Variant struct {
	Example string // a text form that works
	Does    string // what a client sees
	Models  string // what it stands for in the world
	Client  string // what a correct client does
}

// row is for a kind that has one way to show.
func row(name, form string, parse func(*words) Kind, does, models, client, example string) Row {
	return Row{name, form, []Variant{{example, does, models, client}}, parse}
}

// always reads a kind that has no parameters.
func always(kind Kind) func(*words) Kind { return func(*words) Kind { return kind } }

// What a correct client does, where several kinds ask the same of it.
const (
	retryOrDegrade = "waits no longer than its own timeout, for the whole call; then temporary: retries within its budget, or goes on without this part"
	retrySafe      = "temporary: tries again within its budget if the call is safe to repeat, else with the same idempotency key"
	unknown        = "unknown: does not take it for a failure; tries again only with the same idempotency key"
	permanent      = "permanent: no retry; visible at once"
	degrade        = "validates what it got; permanent for this call: goes on without this part. If the call was to change something, its outcome is unknown"
	readsBounded   = "reads no more than its limit; permanent for this call: goes on without this part"
	wholeCall      = "bounds the whole call, not the time between two bytes; then as a timeout"
	asAnyDelay     = "as any delay: below its timeout nothing, above it as a timeout"
)
