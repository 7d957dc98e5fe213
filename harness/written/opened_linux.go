package written

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
)

// openedBy is what the processes that carry mark have open now.
func openedBy(mark string) (all Instead) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return all
	}
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil || pid == os.Getpid() {
			continue
		}
		environ, err := os.ReadFile("/proc/" + entry.Name() + "/environ")
		if err != nil || !slices.ContainsFunc(bytes.Split(environ, []byte{0}), func(v []byte) bool { return string(v) == mark }) {
			continue
		}
		all.look("/proc/" + entry.Name())
	}
	return all
}

// look adds what one process has open.
func (i *Instead) look(proc string) {
	entries, err := os.ReadDir(proc + "/fd")
	if err != nil {
		return // it is gone
	}
	sockets := map[string]bool{}
	for _, entry := range entries {
		path, err := os.Readlink(proc + "/fd/" + entry.Name())
		if err != nil {
			continue
		}
		if inode, ok := strings.CutPrefix(path, "socket:["); ok {
			sockets[strings.TrimSuffix(inode, "]")] = true
		} else if isData(path) && forWriting(proc+"/fdinfo/"+entry.Name()) {
			i.Files = add(i.Files, path)
		}
	}
	if len(sockets) == 0 {
		return
	}
	for _, table := range []string{"tcp", "tcp6", "unix"} {
		data, err := os.ReadFile(proc + "/net/" + table)
		if err != nil {
			continue
		}
		for line := range bytes.Lines(data) {
			fields := strings.Fields(string(line))
			address := remoteOf(fields)
			if table == "unix" {
				address = socketPath(fields, sockets)
			} else if len(fields) < 10 || !sockets[fields[9]] {
				continue
			}
			if address != "" {
				i.Addresses = add(i.Addresses, address)
			}
		}
	}
}

// forWriting reports whether a descriptor is open to write, by its flags.
func forWriting(fdinfo string) bool {
	data, err := os.ReadFile(fdinfo)
	if err != nil {
		return false
	}
	for line := range strings.Lines(string(data)) {
		if text, ok := strings.CutPrefix(line, "flags:"); ok {
			flags, err := strconv.ParseInt(strings.TrimSpace(text), 8, 64)
			return err == nil && flags&int64(os.O_WRONLY|os.O_RDWR) != 0
		}
	}
	return false
}

// remoteOf is where a connection of /proc/net/tcp leads; empty for one that leads
// nowhere.
func remoteOf(fields []string) string {
	if len(fields) < 4 {
		return ""
	}
	host, port, ok := strings.Cut(fields[2], ":")
	raw, err := hex.DecodeString(host)
	number, errPort := strconv.ParseUint(port, 16, 16)
	if !ok || err != nil || errPort != nil || number == 0 {
		return ""
	}
	for at := 0; at+4 <= len(raw); at += 4 { // words of the machine, which is little-endian
		slices.Reverse(raw[at : at+4])
	}
	address, ok := netip.AddrFromSlice(raw)
	if !ok {
		return ""
	}
	return netip.AddrPortFrom(address.Unmap(), uint16(number)).String()
}

// socketPath is the path of the listening socket in a line of /proc/net/unix whose
// own end is one of sockets; a client's end has no name, so its peer's is not told.
func socketPath(fields []string, sockets map[string]bool) string {
	if len(fields) < 8 || !sockets[fields[6]] {
		return ""
	}
	return fmt.Sprintf("the socket %s", fields[7])
}
