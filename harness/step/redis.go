package step

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
)

// maxReply bounds a text in a reply of Redis.
const maxReply = 1 << 20

// AskRedis sends one command to a server that speaks Redis's protocol, at host:port,
// on a connection of its own, and returns what it answers as a text: a number, a
// string, of a list how many it has. No answer, nil, is false.
func AskRedis(ctx context.Context, address string, command ...string) (text string, there bool, err error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		return "", false, err
	}
	defer conn.Close()
	if deadline, ok := ctx.Deadline(); ok {
		if err := conn.SetDeadline(deadline); err != nil {
			return "", false, err
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "*%d\r\n", len(command))
	for _, word := range command {
		fmt.Fprintf(&b, "$%d\r\n%s\r\n", len(word), word)
	}
	if _, err := io.WriteString(conn, b.String()); err != nil {
		return "", false, err
	}
	return readReply(bufio.NewReader(conn))
}

// readReply reads one reply of RESP2, and of a list its length alone.
func readReply(r *bufio.Reader) (text string, there bool, err error) {
	line, err := r.ReadSlice('\n')
	if err != nil {
		return "", false, fmt.Errorf("read the reply: %w", err)
	}
	said := strings.TrimRight(string(line), "\r\n")
	if said == "" {
		return "", false, errors.New("the reply is none of Redis's")
	}
	kind, rest := said[0], said[1:]
	switch kind {
	case '+', ':', ',':
		return rest, true, nil
	case '-':
		return "", false, errors.New(rest)
	case '*', '$', '%', '~':
		n, err := strconv.Atoi(rest)
		switch {
		case err != nil || n < -1 || n > maxReply && kind == '$':
			return "", false, fmt.Errorf("the reply has a length of %s", rest)
		case n < 0:
			return "", false, nil
		case kind != '$':
			return rest, true, nil
		}
		body := make([]byte, n)
		if _, err := io.ReadFull(r, body); err != nil {
			return "", false, fmt.Errorf("read the reply: %w", err)
		}
		return string(body), true, nil
	case '_':
		return "", false, nil
	}
	return "", false, errors.New("the reply is none of Redis's")
}
