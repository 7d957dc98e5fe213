package target

import (
	"net"
	"strings"
)

// Addresses are where the instances of a service listen: host:port by the name of the
// instance and that of the port.
type Addresses map[string]map[string]string

// PickAddresses picks a free address of loopback for each port of each replica. Who
// has to know where a service will be before it is set up gives them to
// [SystemConfig.Addresses].
func PickAddresses(processes []Process) (Addresses, error) {
	all, taken := Addresses{}, map[string]bool{}
	for _, p := range processes {
		p = p.withDefaults()
		for n := range p.Replicas {
			name := ReplicaName(p.Name, n+1)
			all[name] = map[string]string{}
			for _, port := range p.Ports {
				address, err := unusedAddress(taken)
				if err != nil {
					return nil, err
				}
				all[name][port] = address
			}
		}
	}
	return all, nil
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
