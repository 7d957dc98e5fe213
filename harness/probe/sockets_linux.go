package probe

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"math"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// SocketsAreSeen says whether [Sockets] can look on this system.
const SocketsAreSeen = true

func (s *Sockets) measured() float64 {
	if s.at.IsZero() || s.count < 0 {
		return math.NaN()
	}
	return float64(s.count)
}

// look lists the descriptors and asks of each socket that is new where it leads.
func (s *Sockets) look(pids []int32) error {
	s.at = time.Now()
	s.hands.keep(pids)
	s.count, s.last = len(pids)-1, nil // -1: nobody is there
	if len(pids) == 0 {
		clear(s.known)
		clear(s.holders)
		return nil
	}
	s.count = 0
	maps.DeleteFunc(s.holders, func(pid int32, _ bool) bool { return !slices.Contains(pids, pid) })
	there, owners := map[uint64]Socket{}, map[uint64]int32{}
	unknown, opening := map[uint64]bool{}, map[uint64]Socket{}
	var fresh []uint64
	for _, pid := range pids {
		for fd, inode := range socketsOf(pid) {
			s.count++
			_, twice := there[inode]
			if _, waits := opening[inode]; twice || waits {
				continue
			}
			owners[inode] = pid
			if k, known := s.known[inode]; known {
				there[inode] = k
				continue
			}
			socket, settled, err := s.hands.ask(pid, fd)
			switch {
			case errors.Is(err, errNotOfInterest):
				there[inode] = Socket{}
			case err == nil && settled:
				there[inode] = socket
				fresh = append(fresh, inode)
			case err == nil && !socket.Opening: // bound, or cut off: asked again the next time
				s.last = append(s.last, socket)
			case err == nil || errors.Is(err, unix.EPERM) || errors.Is(err, unix.ENOSYS):
				before, again := s.opening[inode]
				opening[inode] = before
				unknown[inode] = !before.Remote.IsValid() && (again || err != nil) // most get their answer at once
			} // else it was closed meanwhile
		}
	}
	s.took = time.Since(s.at)
	for inode, socket := range s.table.find(pids[0], unknown) {
		if socket.Opening { // it may get through
			opening[inode] = socket
		} else {
			there[inode] = socket
			delete(opening, inode)
		}
		fresh = append(fresh, inode)
	}
	s.settle(there, opening, fresh)
	for inode, socket := range there {
		if socket.Network == "tcp" && !socket.Listening {
			s.holders[owners[inode]] = true
		}
	}
	return nil
}

// settle keeps what was found, and notes what is new.
func (s *Sockets) settle(there, opening map[uint64]Socket, fresh []uint64) {
	s.known, s.opening = there, opening
	for _, listening := range []bool{true, false} { // so that what was taken there is known as such
		for _, inode := range fresh {
			if socket := cmp.Or(there[inode], opening[inode]); socket.Listening == listening {
				s.note(socket)
			}
		}
	}
	for _, sockets := range []map[uint64]Socket{there, opening} {
		for _, socket := range sockets {
			if socket.Network != "" {
				s.last = append(s.last, socket)
			}
		}
	}
}

// socketsOf yields the descriptors of a process that are sockets, with their inodes.
func socketsOf(pid int32) func(func(int, uint64) bool) {
	return func(yield func(int, uint64) bool) {
		path := fmt.Sprintf("/proc/%d/fd/", pid)
		dir, err := os.Open(path)
		if err != nil {
			return // it is gone, or not ours to look at
		}
		defer dir.Close()
		names, _ := dir.Readdirnames(-1)
		var buf [64]byte
		for _, name := range names {
			n, err := unix.Readlink(path+name, buf[:])
			if err != nil {
				continue
			}
			text, ok := bytes.CutPrefix(buf[:n], []byte("socket:["))
			if !ok {
				continue
			}
			inode, err := strconv.ParseUint(string(bytes.TrimSuffix(text, []byte("]"))), 10, 64)
			fd, err2 := strconv.Atoi(name)
			if err == nil && err2 == nil && !yield(fd, inode) {
				return
			}
		}
	}
}

// handles are processes by a descriptor that a reused id cannot fool.
type handles map[int32]int

func (h handles) keep(pids []int32) {
	there := make(map[int32]bool, len(pids))
	for _, pid := range pids {
		there[pid] = true
	}
	for pid, fd := range h {
		if !there[pid] {
			_ = unix.Close(fd)
			delete(h, pid)
		}
	}
}

var errNotOfInterest = errors.New("not a socket of the network")

// ask gets a second descriptor of a process's socket for the moment that it takes to
// read its addresses: the kernel's tables of all sockets, the other way, cost a
// thousand times as much. settled is false where it leads nowhere yet.
func (h handles) ask(pid int32, fd int) (socket Socket, settled bool, err error) {
	handle, open := h[pid]
	if !open {
		if handle, err = unix.PidfdOpen(int(pid), 0); err != nil {
			return Socket{}, false, err
		}
		h[pid] = handle
	}
	own, err := unix.PidfdGetfd(handle, fd, 0)
	if err != nil {
		return Socket{}, false, err
	}
	defer unix.Close(own)
	local, err := unix.Getsockname(own)
	if err != nil {
		return Socket{}, false, errNotOfInterest
	}
	if socket.Local = addrPort(local); !socket.Local.IsValid() {
		return Socket{}, false, errNotOfInterest
	}
	kind, err := unix.GetsockoptInt(own, unix.SOL_SOCKET, unix.SO_TYPE)
	if err != nil {
		return Socket{}, false, errNotOfInterest
	}
	socket.Network = "udp"
	if kind == unix.SOCK_STREAM {
		socket.Network = "tcp"
	}
	if listens, err := unix.GetsockoptInt(own, unix.SOL_SOCKET, unix.SO_ACCEPTCONN); err == nil && listens == 1 {
		socket.Listening = true
		return socket, true, nil
	}
	if remote, err := unix.Getpeername(own); err == nil {
		socket.Remote = addrPort(remote)
		return socket, true, nil
	}
	if socket.Network == "udp" {
		return socket, socket.Local.Port() != 0, nil
	}
	info, err := unix.GetsockoptTCPInfo(own, unix.IPPROTO_TCP, unix.TCP_INFO)
	socket.Opening = err == nil && info.State == synSent
	return socket, false, nil
}

func addrPort(a unix.Sockaddr) netip.AddrPort {
	switch a := a.(type) {
	case *unix.SockaddrInet4:
		return netip.AddrPortFrom(netip.AddrFrom4(a.Addr), uint16(a.Port))
	case *unix.SockaddrInet6:
		return netip.AddrPortFrom(netip.AddrFrom16(a.Addr).Unmap(), uint16(a.Port))
	}
	return netip.AddrPort{}
}

// States of TCP, as the kernel numbers them.
const (
	synSent = 2
	listens = 10
)

// table is the kernel's tables of all sockets. It is slow to read, so that it is
// read seldom: for those that wait for their first answer, whose address the kernel
// tells nowhere else, and where [handles] may not ask.
type table struct {
	at   time.Time
	took time.Duration
}

// find looks up these inodes in the network namespace of a process.
func (t *table) find(pid int32, inodes map[uint64]bool) map[uint64]Socket {
	found := map[uint64]Socket{}
	maps.DeleteFunc(inodes, func(_ uint64, asked bool) bool { return !asked })
	if len(inodes) == 0 || time.Since(t.at) < costShare*t.took {
		return found
	}
	t.at = time.Now()
	for _, file := range []string{"tcp", "tcp6", "udp", "udp6"} {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/net/%s", pid, file))
		if err != nil {
			continue
		}
		for line := range bytes.Lines(text) {
			if inode, socket, ok := parseRow(file[:3], line); ok && inodes[inode] {
				found[inode] = socket
			}
		}
	}
	t.took = time.Since(t.at)
	return found
}

// parseRow reads a line such as
//
//	0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 12345 …
func parseRow(network string, line []byte) (inode uint64, s Socket, ok bool) {
	fields := bytes.Fields(line)
	if len(fields) < 10 {
		return 0, Socket{}, false
	}
	state, err := strconv.ParseUint(string(fields[3]), 16, 8)
	if err != nil {
		return 0, Socket{}, false
	}
	if inode, err = strconv.ParseUint(string(fields[9]), 10, 64); err != nil || inode == 0 {
		return 0, Socket{}, false
	}
	local, ok1 := parseEnd(fields[1])
	remote, ok2 := parseEnd(fields[2])
	s = Socket{Network: network, Local: local, Listening: network == "tcp" && state == listens, Opening: network == "tcp" && state == synSent}
	if remote.Port() != 0 {
		s.Remote = remote
	}
	return inode, s, ok1 && ok2
}

// parseEnd reads an address in the kernel's hexadecimal: words of the machine's own
// byte order, and a port.
func parseEnd(text []byte) (netip.AddrPort, bool) {
	address, port, ok := bytes.Cut(text, []byte(":"))
	if !ok {
		return netip.AddrPort{}, false
	}
	raw, err := hex.DecodeString(string(address))
	n, err2 := strconv.ParseUint(string(port), 16, 16)
	if err != nil || err2 != nil || len(raw)%4 != 0 {
		return netip.AddrPort{}, false
	}
	for i := 0; i < len(raw); i += 4 {
		binary.NativeEndian.PutUint32(raw[i:], binary.BigEndian.Uint32(raw[i:]))
	}
	addr, ok := netip.AddrFromSlice(raw)
	return netip.AddrPortFrom(addr.Unmap(), uint16(n)), ok
}
