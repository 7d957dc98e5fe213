package target

import (
	"net"
	"strings"

	"holdfast.dev/holdfast/harness/internal/port"
)

// Addresses are where the instances of a service listen: host:port by the name of the
// instance and that of the port.
type Addresses map[string]map[string]string

// PickAddresses picks a free address of loopback for each port of each replica. Who
// has to know where a service will be before it is set up gives them to
// [SystemConfig.Addresses]. No other harness of this machine picks one of them until
// release is called, which is to be when the service has been stopped.
func PickAddresses(processes []Process) (all Addresses, release func(), err error) {
	var claims []*port.Claim
	release = func() {
		for _, c := range claims {
			c.Release()
		}
	}
	all = Addresses{}
	for _, p := range processes {
		p = p.withDefaults()
		for n := range p.Replicas {
			name := ReplicaName(p.Name, n+1)
			all[name] = map[string]string{}
			for _, of := range p.Ports {
				c, err := port.ClaimFree()
				if err != nil {
					release()
					return nil, nil, err
				}
				claims = append(claims, c)
				all[name][of] = c.Address()
			}
		}
	}
	return all, release, nil
}

// Values are those of the placeholders of all instances, by name: web.url, web.port,
// web.ports.grpc, worker.2.address and so on.
func (a Addresses) Values(processes []Process) map[string]string {
	all := map[string]string{}
	for _, p := range processes {
		p = p.withDefaults()
		names := []string{"url", "host", "port", "address"}
		for _, port := range p.Ports {
			names = append(names, "ports."+port)
		}
		for n := range p.Replicas {
			instance := ReplicaName(p.Name, n+1)
			for _, name := range names {
				if value, known := addressValue(a[instance], p.Ports[0], name); known {
					all[instance+"."+name] = value
				}
			}
		}
	}
	return all
}

// addressValue is one of them, of the instance at hand.
func addressValue(at map[string]string, first, name string) (string, bool) {
	address, known := at[first]
	if !known {
		return "", false
	}
	host, port, _ := net.SplitHostPort(address)
	switch name {
	case "host":
		return host, true
	case "port":
		return port, true
	case "address":
		return address, true
	case "url":
		return "http://" + address, true
	}
	other, ok := strings.CutPrefix(name, "ports.")
	if address, known := at[other]; ok && known {
		_, port, _ := net.SplitHostPort(address)
		return port, true
	}
	return "", false
}
