package port

import (
	"io"
	"net"
)

// markOf takes the name that stands for a claimed port: a socket without a file, whose
// name is, as ports are, of the network namespace, is had by one at a time, and is gone
// with its holder.
func markOf(port string) (io.Closer, error) {
	return net.Listen("unix", "@holdfast/port/"+port)
}
