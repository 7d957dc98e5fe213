package egress

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Start has start start a process, which is behind the gate with all that it will
// start. The caller's goroutine must be locked to its thread and must never unlock
// it: the thread itself is behind the gate afterwards, and ends with the goroutine.
//
// Where the kernel cannot close the way out the process is started all the same,
// and [Gate.Closed] says so from then on.
func (g *Gate) Start(process string, start func() error) error {
	listener, err := install()
	if err != nil {
		g.mu.Lock()
		g.why = err
		g.mu.Unlock()
		return start()
	}
	l := &looker{gate: g, process: process, listener: listener}
	if err := l.begin(); err != nil {
		return errors.Join(err, unix.Close(listener))
	}
	if err := start(); err != nil {
		l.end()
		return err
	}
	g.mu.Lock()
	g.lookers = append(g.lookers, l.end)
	g.mu.Unlock()
	return nil
}

// looker looks at the calls of one process and of all that it starts.
type looker struct {
	gate     *Gate
	process  string
	listener int
	stop     *os.File // closed: the end
	wake     int
}

func (l *looker) begin() error {
	var pipe [2]int
	if err := unix.Pipe2(pipe[:], unix.O_CLOEXEC); err != nil {
		return fmt.Errorf("watch the way out: %w", err)
	}
	l.wake, l.stop = pipe[0], os.NewFile(uintptr(pipe[1]), "wake")
	l.gate.waiting.Go(l.look)
	return nil
}

// end may be called more than once.
func (l *looker) end() { _ = l.stop.Close() }

// look answers each call until the end, or until nobody is left behind the filter.
func (l *looker) look() {
	defer unix.Close(l.wake)
	defer unix.Close(l.listener)
	for {
		fds := []unix.PollFd{{Fd: int32(l.listener), Events: unix.POLLIN}, {Fd: int32(l.wake), Events: unix.POLLIN}}
		if _, err := unix.Poll(fds, -1); err != nil && !errors.Is(err, unix.EINTR) {
			return
		}
		if fds[1].Revents != 0 || fds[0].Revents&unix.POLLIN == 0 && fds[0].Revents != 0 {
			return
		}
		if fds[0].Revents == 0 {
			continue
		}
		n := notification{}
		if ioctl(l.listener, unix.SECCOMP_IOCTL_NOTIF_RECV, unsafe.Pointer(&n)) != nil {
			continue // who called is gone, or was interrupted
		}
		r := l.answer(&n)
		r.id = n.id
		_ = ioctl(l.listener, unix.SECCOMP_IOCTL_NOTIF_SEND, unsafe.Pointer(&r)) // who called may be gone
	}
}

// Answers to a call.
var (
	letThrough = response{flags: unix.SECCOMP_USER_NOTIF_FLAG_CONTINUE}
	done       = response{}
)

func refuse(e unix.Errno) response { return response{err: -int32(e)} }

// answer decides about one call.
func (l *looker) answer(n *notification) response {
	at, size := n.data.args[1], n.data.args[2] // of connect
	if n.data.nr == unix.SYS_SENDTO {
		at, size = n.data.args[4], n.data.args[5]
	}
	raw, err := memory(int(n.pid), uintptr(at), int(min(size, maxAddress)))
	if errors.Is(err, unix.EFAULT) {
		return letThrough // the kernel will say the same
	}
	if err != nil {
		return l.refuse(n, Contact{Network: "tcp", Address: "an address that could not be read (" + err.Error() + ")"})
	}
	if len(raw) < 2 {
		return letThrough
	}
	switch binary.NativeEndian.Uint16(raw) {
	case unix.AF_INET, unix.AF_INET6:
		return l.internet(n, raw)
	case unix.AF_UNIX:
		return l.unix(n, string(bytes.TrimRight(raw[2:], "\x00")))
	}
	return letThrough // netlink, an end of the association (AF_UNSPEC), virtual machines
}

// internet decides about a call of an address of the Internet.
func (l *looker) internet(n *notification, raw []byte) response {
	to, ok := parseAddress(raw)
	if !ok {
		return letThrough // the kernel will refuse it
	}
	if l.gate.Allows(to) {
		return letThrough // first, for a service waits for it
	}
	network := l.network(n)
	switch at, host, led := l.gate.leads(to); {
	case led && network == "tcp":
		return l.lead(n, at)
	case host != "" && network == "udp":
		return refuse(unix.ENETUNREACH) // HTTP/3 is not played: whoever tries it goes on with TCP
	case host != "":
		return l.refuse(n, Contact{Network: network, Host: host, Address: net.JoinHostPort(host, strconv.Itoa(int(to.Port())))})
	case to.Port() == domainPort && network == "udp":
		return l.askUs(n)
	case to.Addr().IsLoopback() || to.Addr().IsUnspecified():
		if to.Port() == 0 || l.gate.ours(to) {
			return letThrough
		}
	}
	return l.refuse(n, Contact{Network: network, Address: to.String()})
}

// unix decides about a call of a Unix socket: those that are older than the run belong
// to somebody else, for example to the developer's own database.
func (l *looker) unix(n *notification, path string) response {
	switch {
	case path == "", path[0] == 0: // a pair, or an abstract one
		return letThrough
	case l.gate.allowedHost(path):
		return letThrough
	case isSystems(path):
		return refuse(unix.ENOENT) // names are asked for over the network then, where they are seen
	case isHarmless(path):
		return letThrough
	}
	seen := path
	if !strings.HasPrefix(path, "/") {
		seen = fmt.Sprintf("/proc/%d/cwd/%s", n.pid, path)
	}
	var st unix.Stat_t
	if unix.Stat(seen, &st) != nil || time.Unix(st.Ctim.Unix()).After(l.gate.began.Add(-clockGrain)) || !listening(path) {
		return letThrough
	}
	return l.refuse(n, Contact{Network: "unix", Address: path})
}

// refuse refuses a call and tells of it.
func (l *looker) refuse(n *notification, c Contact) response {
	c.At, c.Process, c.PID = time.Now(), l.process, groupOf(int(n.pid))
	c.Command = commandOf(c.PID)
	l.gate.contact(c)
	return refuse(unix.ENETUNREACH)
}

// askUs connects a socket that was to lead to a resolver with the gate's own.
func (l *looker) askUs(n *notification) response {
	pid, port, err := l.connect(n, l.gate.names.address())
	if err != nil {
		return refuse(unix.ENETUNREACH)
	}
	l.gate.asks(port, asker{process: l.process, pid: pid})
	if n.data.nr == unix.SYS_CONNECT {
		return done
	}
	return letThrough // a packet to a connected socket goes where that leads
}

// lead connects a socket with who plays the host that it was to lead to. What the
// kernel says of that is what it would have said to the process itself.
func (l *looker) lead(n *notification, at netip.AddrPort) response {
	if n.data.nr == unix.SYS_SENDTO {
		return refuse(unix.EOPNOTSUPP) // data with the first packet of TCP: who tries it connects then
	}
	pid, port, err := l.connect(n, at)
	if port != 0 {
		l.gate.calls(port, asker{process: l.process, pid: pid})
	}
	if errno := unix.Errno(0); errors.As(err, &errno) {
		return refuse(errno)
	}
	return done
}

// connect connects the socket of a call with an address that it did not ask for, and
// returns whose it is and its own port.
func (l *looker) connect(n *notification, to netip.AddrPort) (pid int, port uint16, err error) {
	pid = groupOf(int(n.pid))
	handle, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return pid, 0, err
	}
	defer unix.Close(handle)
	own, err := unix.PidfdGetfd(handle, int(int32(n.data.args[0])), 0)
	if err != nil {
		return pid, 0, err
	}
	defer unix.Close(own)
	err = unix.Connect(own, sockaddrFor(own, to))
	if local, nameless := unix.Getsockname(own); nameless == nil {
		port = portOf(local)
	}
	return pid, port, err
}

// network is tcp or udp.
func (l *looker) network(n *notification) string {
	handle, err := unix.PidfdOpen(groupOf(int(n.pid)), 0)
	if err != nil {
		return "tcp"
	}
	defer unix.Close(handle)
	own, err := unix.PidfdGetfd(handle, int(int32(n.data.args[0])), 0)
	if err != nil {
		return "tcp"
	}
	defer unix.Close(own)
	if kind, err := unix.GetsockoptInt(own, unix.SOL_SOCKET, unix.SO_TYPE); err == nil && kind == unix.SOCK_DGRAM {
		return "udp"
	}
	return "tcp"
}

// groupOf is the process of a thread.
func groupOf(tid int) int {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", tid))
	if err != nil {
		return tid
	}
	_, rest, _ := strings.Cut(string(status), "\nTgid:\t")
	line, _, _ := strings.Cut(rest, "\n")
	if pid, err := strconv.Atoi(line); err == nil {
		return pid
	}
	return tid
}

// commandOf is what runs in a process, its first words alone: those after may be
// long, and secret.
func commandOf(pid int) string {
	line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	if err != nil {
		return ""
	}
	words := strings.Split(strings.TrimRight(string(line), "\x00"), "\x00")
	return strings.Join(words[:min(len(words), 2)], " ")
}

func parseAddress(raw []byte) (netip.AddrPort, bool) {
	family := binary.NativeEndian.Uint16(raw)
	switch {
	case family == unix.AF_INET && len(raw) >= 8:
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte(raw[4:8])), binary.BigEndian.Uint16(raw[2:])), true
	case family == unix.AF_INET6 && len(raw) >= 24:
		return netip.AddrPortFrom(netip.AddrFrom16([16]byte(raw[8:24])).Unmap(), binary.BigEndian.Uint16(raw[2:])), true
	}
	return netip.AddrPort{}, false
}

func portOf(a unix.Sockaddr) uint16 {
	switch a := a.(type) {
	case *unix.SockaddrInet4:
		return uint16(a.Port)
	case *unix.SockaddrInet6:
		return uint16(a.Port)
	}
	return 0
}

const (
	maxAddress = 128 // bytes; the kernel takes no longer ones
	domainPort = 53  // of resolvers
	clockGrain = 20 * time.Millisecond
)
