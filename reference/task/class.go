package task

// Class is what can be done about an error.
type Class string

// The classes of errors.
const (
	Temporary Class = "temporary" // nothing was done, and it may pass: try again
	Permanent Class = "permanent" // it will not pass: do not try again
	Unknown   Class = "unknown"   // it may have been done: try again with the same idempotency key only
)

// Classes lists the classes of errors.
func Classes() []Class { return []Class{Temporary, Permanent, Unknown} }

// Area is where an error comes from; each has a table of its own.
type Area string

// The areas, in the order in which an error is looked up.
const (
	AreaName      Area = "name in the e-mail API's answer"
	AreaStatus    Area = "HTTP status"
	AreaTransport Area = "call to the e-mail API"
	AreaSQLState  Area = "SQLSTATE"
	AreaDatabase  Area = "way to the database"
	AreaTask      Area = "task"
)

// Rule is one row of the classification.
type Rule struct {
	Area  Area
	Cause string // an error name, statuses such as "520–524", a SQLSTATE or its class such as "08…", or words
	Class Class
	Why   string
	// KeyRefused says that the API key is to blame: with [Config.ParkRefusedKey]
	// the queue is stopped instead.
	KeyRefused bool
}

// Rules lists the whole classification, in the order in which it is looked up.
func Rules() []Rule {
	var all []Rule
	for _, r := range nameRules() {
		all = append(all, r.Rule)
	}
	for _, r := range statusRules() {
		all = append(all, r.Rule)
	}
	for _, r := range transportRules() {
		all = append(all, r.Rule)
	}
	for _, r := range sqlStateRules() {
		all = append(all, r.Rule)
	}
	for _, r := range databaseRules() {
		all = append(all, r.Rule)
	}
	return append(all, taskRules()...)
}
