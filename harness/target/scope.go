package target

// Scope is which processes of an instance a signal goes to.
type Scope string

// The scopes of a signal.
const (
	// ToMain is the main process, as a service manager would send it.
	ToMain Scope = "main"
	// ToTree is all of its processes: what it has forked and they have, also what
	// has left its process group.
	ToTree Scope = "tree"
	// ToOldestChild and ToNewestChild are one of [Instance.Children].
	ToOldestChild Scope = "oldest-child"
	ToNewestChild Scope = "newest-child"
)
