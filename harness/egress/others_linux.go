package egress

import (
	"bytes"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// sockaddrFor is an address for a socket of either family.
func sockaddrFor(socket int, at netip.AddrPort) unix.Sockaddr {
	if family, err := unix.GetsockoptInt(socket, unix.SOL_SOCKET, unix.SO_DOMAIN); err == nil && family == unix.AF_INET6 {
		return &unix.SockaddrInet6{Port: int(at.Port()), Addr: at.Addr().As16()}
	}
	return &unix.SockaddrInet4{Port: int(at.Port()), Addr: at.Addr().As4()}
}

// ours reports whether a process of the run itself listens at a port of this machine:
// what they say to each other is nobody's business.
func (g *Gate) ours(to netip.AddrPort) bool {
	inodes := map[string]bool{}
	for _, file := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		text, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		port := fmt.Sprintf(":%04X", to.Port())
		for line := range strings.Lines(string(text)) {
			f := strings.Fields(line)
			if len(f) > 9 && strings.HasSuffix(f[1], port) && f[3] == listenState {
				inodes["socket:["+f[9]+"]"] = true
			}
		}
	}
	return len(inodes) > 0 && g.holds(inodes)
}

// listenState is that of a socket that takes connections, as the kernel's table has it.
const listenState = "0A"

// holds reports whether a process that carries the run's mark holds one of these sockets.
func (g *Gate) holds(inodes map[string]bool) bool {
	if g.mark == "" {
		return false
	}
	dirs, _ := os.ReadDir("/proc")
	for _, d := range dirs {
		pid, err := strconv.Atoi(d.Name())
		if err != nil {
			continue
		}
		environ, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
		if err != nil || !bytes.Contains(append([]byte{0}, environ...), []byte("\x00"+g.mark+"\x00")) {
			continue
		}
		fds, _ := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
		for _, fd := range fds {
			if to, err := os.Readlink(fd); err == nil && inodes[to] {
				return true
			}
		}
	}
	return false
}

// listening reports whether somebody takes connections at a Unix socket; a file that
// a dead program left behind leads nowhere.
func listening(path string) bool {
	text, err := os.ReadFile("/proc/net/unix")
	if err != nil {
		return true
	}
	for line := range strings.Lines(string(text)) {
		f := strings.Fields(line)
		if len(f) > 7 && filepath.Base(f[7]) == filepath.Base(path) {
			return true
		}
	}
	return false
}

// isSystems reports whether a Unix socket leads to who answers questions for names.
func isSystems(path string) bool {
	return strings.HasPrefix(path, "/run/systemd/resolve/") || path == "/var/run/nscd/socket" || path == "/run/nscd/socket"
}

// isHarmless reports whether a Unix socket is one to which every program writes: the
// system's log.
func isHarmless(path string) bool {
	return path == "/dev/log" || strings.HasPrefix(path, "/run/systemd/journal/")
}
