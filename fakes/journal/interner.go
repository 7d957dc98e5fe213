package journal

import "hash/maphash"

// maxName is the longest name kept whole; a longer one is cut.
const maxName = 255

const arenaChunk = 1 << 18

// name is one interned string of a group: 12 bytes beside its text.
type name struct {
	offset uint32 // of its text in the arena
	hits   uint32 // how often it was asked for
	group  uint16
	length uint8
}

// interner gives every distinct (group, text) a small number. It is a hash
// table of numbers over an arena of text: a Go map of a million strings would
// cost more than all the rest of the journal.
type interner struct {
	seed  maphash.Seed
	table []uint32 // number + 1; 0 is free; its length is a power of two
	names slabs[name]
	arena [][]byte
	used  int // bytes of the arena's last chunk
}

func newInterner() interner {
	return interner{seed: maphash.MakeSeed(), table: make([]uint32, 1<<8)}
}

// intern returns the number of (group, text), adding it if it is new.
func (in *interner) intern(group uint16, text string) uint32 {
	text = text[:min(len(text), maxName)]
	if in.names.n*4 >= len(in.table)*3 {
		in.grow()
	}
	mask := uint64(len(in.table) - 1)
	for slot := in.hash(group, text) & mask; ; slot = (slot + 1) & mask {
		number := in.table[slot]
		if number == 0 {
			in.table[slot] = in.add(group, text) + 1
			return in.table[slot] - 1
		}
		if n := in.names.at(int(number - 1)); n.group == group && string(in.bytes(n)) == text {
			return number - 1
		}
	}
}

// text returns the text of a number.
func (in *interner) text(number uint32) string {
	return string(in.bytes(in.names.at(int(number))))
}

func (in *interner) bytes(n *name) []byte {
	start := n.offset % arenaChunk
	return in.arena[n.offset/arenaChunk][start : start+uint32(n.length)]
}

func (in *interner) hash(group uint16, text string) uint64 {
	return maphash.String(in.seed, text) + uint64(group)*0x9e3779b97f4a7c15
}

func (in *interner) add(group uint16, text string) uint32 {
	if len(in.arena) == 0 || in.used+len(text) > arenaChunk {
		in.arena = append(in.arena, make([]byte, arenaChunk))
		in.used = 0
	}
	last := len(in.arena) - 1
	copy(in.arena[last][in.used:], text)
	offset := uint32(last*arenaChunk + in.used)
	in.used += len(text)
	return uint32(in.names.push(name{offset: offset, group: group, length: uint8(len(text))}))
}

func (in *interner) grow() {
	table := make([]uint32, len(in.table)*2)
	mask := uint64(len(table) - 1)
	for i := range in.names.n {
		n := in.names.at(i)
		slot := in.hash(n.group, string(in.bytes(n))) & mask
		for table[slot] != 0 {
			slot = (slot + 1) & mask
		}
		table[slot] = uint32(i) + 1
	}
	in.table = table
}
