package chaos

import (
	"context"
	"encoding/binary"
	"fmt"
	"net"
	"time"
)

// sslRequest is the code by which a client asks a Postgres server for TLS.
const sslRequest = 80877103

// PostgresAnswers opens a connection to addr, asks for TLS and waits for the
// one byte that a Postgres server answers, whatever it is: bytes pass both ways.
func PostgresAnswers(ctx context.Context, addr string) error {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	defer conn.Close()
	release := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Now()) })
	defer release()
	ask := binary.BigEndian.AppendUint32(nil, 8)
	ask = binary.BigEndian.AppendUint32(ask, sslRequest)
	if _, err := conn.Write(ask); err != nil {
		return fmt.Errorf("ask for TLS: %w", err)
	}
	if _, err := conn.Read(make([]byte, 1)); err != nil {
		return fmt.Errorf("wait for the server's answer: %w", err)
	}
	return nil
}
