package port

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"strconv"
)

// lowest is where the range of ports that we pick from begins.
const lowest = 10_000

// Claim is the sole right, among all harnesses of this machine, to have a program
// listen at an address of loopback. The port itself is not bound: not every program
// can listen beside a [Reservation]. So it keeps no stranger away, but no two
// experiments, of one run or of two, ever have the same port, also while a target is
// down. The kernel takes the claim back when its holder dies.
type Claim struct {
	address string
	mark    io.Closer
}

// ClaimFree claims an address that nobody listens on. It keeps out of the range from
// which the kernel takes ports for outgoing connections: a load generator opens
// thousands of those, and while a target is down one of them could be given the
// target's own port, connect to itself and keep it.
func ClaimFree() (*Claim, error) {
	if low := firstEphemeral(); low > lowest+1_000 {
		for range 50 {
			if c, err := claimFree(lowest + rand.IntN(low-lowest)); err == nil {
				return c, nil
			}
		}
	}
	for range 50 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, fmt.Errorf("find a free loopback port: %w", err)
		}
		_ = l.Close()
		if c, err := claimFree(l.Addr().(*net.TCPAddr).Port); err == nil {
			return c, nil
		}
	}
	return nil, errors.New("find a free loopback port: all that were tried are taken")
}

func claimFree(port int) (*Claim, error) {
	c, err := ClaimAt(net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return nil, err
	}
	if !Free(c.address) {
		c.Release()
		return nil, fmt.Errorf("somebody listens at %s", c.address)
	}
	return c, nil
}

// ClaimAt claims that address; it fails where another claim has its port.
func ClaimAt(address string) (*Claim, error) {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("claim a port: %w", err)
	}
	mark, err := markOf(port)
	if err != nil {
		return nil, fmt.Errorf("claim %s: %w", address, err)
	}
	return &Claim{address: address, mark: mark}, nil
}

// Address is host:port.
func (c *Claim) Address() string { return c.address }

// Release lets others claim the port.
func (c *Claim) Release() { _ = c.mark.Close() }

// Free is whether one could listen at an address now.
func Free(address string) bool {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return false
	}
	_ = l.Close()
	return true
}

// firstEphemeral is where the kernel's range begins; 0 if unknown.
func firstEphemeral() int {
	data, err := os.ReadFile("/proc/sys/net/ipv4/ip_local_port_range")
	if err != nil {
		return 0
	}
	var low, high int
	if _, err := fmt.Sscan(string(data), &low, &high); err != nil {
		return 0
	}
	return low
}
