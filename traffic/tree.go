package traffic

import (
	"slices"
	"strings"
)

// What a tree may have at most. A service with more routes than this has none that
// anybody wrote.
const (
	mostSiblings = 128
	mostNodes    = 20_000
	mostSegments = 32
	mostMethods  = 12
)

// manyAlike is how many siblings that are alike are values of one place, and rarely
// the part of a place's requests below which one of them is no route of its own.
const (
	manyAlike = 40
	rarely    = 50 // 1 in 50
)

// tree counts requests by the segments of their paths. Below each node are the
// segments that are parts of the route, and one that stands for all values.
type tree struct {
	root  *node
	nodes int
}

// node is one segment of paths.
type node struct {
	below    map[string]*node
	value    *node // where any value stands; its place says what kind
	place    place
	crowded  bool // there were more siblings below than are kept
	hits     int
	requests map[string]*tally // by method; what ends here
}

// place is what was seen where a value stands.
type place struct {
	kind     Kind
	first    string
	varied   bool
	min, max int64
}

func newTree() *tree { return &tree{root: &node{}, nodes: 1} }

// at is the tally of a method and a path, nil where the path is longer than any.
func (t *tree) at(method, path string) *tally {
	segments := strings.Split(strings.TrimPrefix(path, "/"), "/")
	if len(segments) > mostSegments {
		return nil
	}
	n := t.root
	n.hits++
	for _, segment := range segments {
		n = t.next(n, segment)
		n.hits++
	}
	return n.tally(method)
}

func (n *node) tally(method string) *tally {
	if n.requests == nil {
		n.requests = map[string]*tally{}
	}
	found := n.requests[method]
	if found == nil {
		if len(n.requests) >= mostMethods {
			return nil
		}
		found = &tally{}
		n.requests[method] = found
	}
	return found
}

// next is the node below n where a segment belongs.
func (t *tree) next(n *node, segment string) *node {
	if found := n.below[segment]; found != nil {
		return found
	}
	kind := kindOf(segment)
	if kind == literal && t.nodes >= mostNodes {
		kind, n.crowded = Text, true
	}
	if kind != literal {
		value := t.values(n)
		value.place.see(kind, segment)
		return value
	}
	return t.literal(n, segment)
}

func (t *tree) literal(n *node, segment string) *node {
	if found := n.below[segment]; found != nil {
		return found
	}
	if len(n.below) >= mostSiblings {
		n.crowded = true
		t.fold(n, n.lightest())
	}
	if n.below == nil {
		n.below = map[string]*node{}
	}
	made := &node{}
	n.below[strings.Clone(segment)] = made // not the whole line
	t.nodes++
	return made
}

// values is the node of n's values.
func (t *tree) values(n *node) *node {
	if n.value == nil {
		n.value = &node{}
		t.nodes++
	}
	return n.value
}

func (n *node) lightest() string {
	name, least := "", -1
	for candidate, below := range n.below {
		if least < 0 || below.hits < least || below.hits == least && candidate < name {
			name, least = candidate, below.hits
		}
	}
	return name
}

// fold makes a part of the route a value.
func (t *tree) fold(n *node, name string) {
	folded := n.below[name]
	delete(n.below, name)
	value := t.values(n)
	value.place.see(Text, name)
	t.absorb(value, folded)
	t.nodes--
}

// absorb adds what was counted below one node to another.
func (t *tree) absorb(into, from *node) {
	into.hits += from.hits
	into.crowded = into.crowded || from.crowded
	for method, tally := range from.requests {
		if mine := into.tally(method); mine != nil {
			mine.add(tally)
		}
	}
	for _, name := range sorted(from.below) {
		t.absorb(t.literal(into, name), from.below[name])
		t.nodes--
	}
	if from.value != nil {
		mine := t.values(into)
		mine.place.merge(from.value.place)
		t.absorb(mine, from.value)
		t.nodes--
	}
}

// see notes one value of a place.
func (p *place) see(kind Kind, value string) {
	n, isNumber := int64(0), false
	if kind == Number {
		n, isNumber = number(value)
	}
	if !isNumber && kind == Number {
		kind = Token // longer than any number
	}
	p.merge(place{kind: kind, first: value, min: n, max: n})
}

func (p *place) merge(other place) {
	if p.kind == literal {
		*p = other
		p.first = strings.Clone(other.first)
		return
	}
	p.varied = p.varied || other.varied || p.first != other.first
	p.min, p.max = min(p.min, other.min), max(p.max, other.max)
	if p.kind != other.kind {
		p.kind = Text
	}
}

// settle decides, when all was counted, which siblings are values after all, and which
// values are parts of the route.
func (t *tree) settle(n *node) {
	for _, name := range n.valuesAmong() {
		t.fold(n, name)
	}
	for _, name := range sorted(n.below) {
		t.settle(n.below[name])
	}
	if n.value == nil {
		return
	}
	t.settle(n.value)
	p := n.value.place
	if p.kind == Number && !p.varied && n.value.hits >= 10 { // /api/2/users
		if n.below == nil {
			n.below = map[string]*node{}
		}
		n.below[p.first], n.value = n.value, nil
	}
}

// valuesAmong are the siblings that are rare in a crowd, or of which there are many
// that are all alike.
func (n *node) valuesAmong() []string {
	alike := map[string][]string{}
	var all []string
	for _, name := range sorted(n.below) {
		below := n.below[name]
		switch rare := below.hits*rarely < n.hits; {
		case n.crowded && rare:
			all = append(all, name)
		case rare:
			alike[below.shape()] = append(alike[below.shape()], name)
		}
	}
	for _, shape := range sorted(alike) {
		if len(alike[shape]) >= manyAlike {
			all = append(all, alike[shape]...)
		}
	}
	return all
}

// shape is what can be asked of a node and below it.
func (n *node) shape() string {
	return strings.Join(sorted(n.requests), " ") + "/" + strings.Join(sorted(n.below), " ")
}

func sorted[V any](m map[string]V) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// adopt takes what another tree counted for routes that this one has, and returns how
// many requests are left.
func adopt(into, from *node) (left int) {
	if into == nil {
		return from.total()
	}
	for method, tally := range from.requests {
		if mine := into.requests[method]; mine != nil {
			mine.add(tally)
		} else {
			left += tally.count
		}
	}
	for name, below := range from.below {
		next := into.below[name]
		if next == nil {
			next = into.value
		}
		left += adopt(next, below)
	}
	if from.value != nil {
		left += adopt(into.value, from.value)
	}
	return left
}

func (n *node) total() int {
	all := 0
	for _, tally := range n.requests {
		all += tally.count
	}
	for _, below := range n.below {
		all += below.total()
	}
	if n.value != nil {
		all += n.value.total()
	}
	return all
}
