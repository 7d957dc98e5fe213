package target

import (
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"strconv"
)

// lowestPort is where the range of ports that we pick from begins.
const lowestPort = 10_000

// freeAddress picks a loopback address that nobody listens on. It keeps out of
// the range from which the kernel takes ports for outgoing connections: a load
// generator opens thousands of those, and while the target is down one of them
// could be given the target's own port, connect to itself and keep it.
func freeAddress() (string, error) {
	if low := firstEphemeralPort(); low > lowestPort+1_000 {
		for range 50 {
			address := net.JoinHostPort("127.0.0.1", strconv.Itoa(lowestPort+rand.IntN(low-lowestPort)))
			if addressFree(address) {
				return address, nil
			}
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("find a free loopback port: %w", err)
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// addressFree is whether one could listen there now.
func addressFree(address string) bool {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return false
	}
	_ = l.Close()
	return true
}

// firstEphemeralPort is where the kernel's range begins; 0 if unknown.
func firstEphemeralPort() int {
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
