// Package port keeps a port of this machine for whoever is to listen there again
// and again.
package port

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"
)

// Reservation is a bound socket that does not listen. While it is open the port
// is ours, yet connections to it are refused by the kernel: what makes a proxy, or
// a server, able to stop listening and to come back at the same address for
// certain.
type Reservation struct {
	fd   int
	addr *net.TCPAddr
}

// Reserve binds a free port of 127.0.0.1.
func Reserve() (*Reservation, error) {
	return ReserveAt(netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), 0))
}

// ReserveAt binds an IPv4 address; its port may be 0, which is a free one.
func ReserveAt(at netip.AddrPort) (*Reservation, error) {
	if !at.Addr().Is4() {
		return nil, fmt.Errorf("reserve a port: %s is no IPv4 address", at)
	}
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		return nil, fmt.Errorf("reserve a port: %w", err)
	}
	r := &Reservation{fd: fd}
	if err := r.bind(at); err != nil {
		r.Release()
		return nil, fmt.Errorf("reserve %s: %w", at, err)
	}
	return r, nil
}

func (r *Reservation) bind(at netip.AddrPort) error {
	syscall.CloseOnExec(r.fd)
	// With this a second socket, that of the listener, may be bound beside it.
	if err := syscall.SetsockoptInt(r.fd, syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1); err != nil {
		return err
	}
	if err := syscall.Bind(r.fd, &syscall.SockaddrInet4{Addr: at.Addr().As4(), Port: int(at.Port())}); err != nil {
		return err
	}
	name, err := syscall.Getsockname(r.fd)
	if err != nil {
		return err
	}
	bound, ok := name.(*syscall.SockaddrInet4)
	if !ok {
		return errors.New("not an IPv4 address")
	}
	r.addr = &net.TCPAddr{IP: bound.Addr[:], Port: bound.Port}
	return nil
}

// Addr is the reserved address.
func (r *Reservation) Addr() *net.TCPAddr { return r.addr }

// Listen listens at the reserved address.
func (r *Reservation) Listen() (*net.TCPListener, error) {
	l, err := net.ListenTCP("tcp4", r.addr)
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	return l, nil
}

// Release gives the port back.
func (r *Reservation) Release() {
	_ = syscall.Close(r.fd)
}
