package task

// errorClass is what can be done about an error.
type errorClass string

// The classes of errors.
const (
	classTemporary errorClass = "temporary" // nothing was done, and it may pass: try again
	classPermanent errorClass = "permanent" // it will not pass: do not try again
	classUnknown   errorClass = "unknown"   // it may have been done: try again with the same idempotency key only
)

// errorClasses lists the classes of errors.
func errorClasses() []errorClass { return []errorClass{classTemporary, classPermanent, classUnknown} }

// errorArea is where an error comes from; each has a table of its own.
type errorArea string

// The areas, in the order in which an error is looked up.
const (
	areaKey       errorArea = "refused API key"
	areaName      errorArea = "name in the e-mail API's answer"
	areaStatus    errorArea = "HTTP status"
	areaTransport errorArea = "call to the e-mail API"
	areaSQLState  errorArea = "SQLSTATE"
	areaDatabase  errorArea = "way to the database"
	areaTask      errorArea = "task"
)

// classRule is one row of the classification.
type classRule struct {
	Area  errorArea
	Cause string // an error name, statuses such as "520–524", a SQLSTATE or its class such as "08…", or words
	Class errorClass
	Why   string
	// KeyRefused says that the API key is to blame: with [Config.ParkRefusedKey]
	// the queue is stopped instead.
	KeyRefused bool
}

// allRules lists the whole classification, in the order in which it is looked up.
func allRules() []classRule {
	var all []classRule
	for _, r := range keyRules() {
		all = append(all, r.classRule)
	}
	for _, r := range nameRules() {
		all = append(all, r.classRule)
	}
	for _, r := range statusRules() {
		all = append(all, r.classRule)
	}
	for _, r := range transportRules() {
		all = append(all, r.classRule)
	}
	for _, r := range sqlStateRules() {
		all = append(all, r.classRule)
	}
	for _, r := range databaseRules() {
		all = append(all, r.classRule)
	}
	return append(all, taskRules()...)
}
