package step

import (
	"bufio"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRepliesOfRedis(t *testing.T) {
	for reply, want := range map[string]string{
		":42\r\n": "42", "$2\r\n17\r\n": "17", "+OK\r\n": "OK", "*3\r\n": "3", "$-1\r\n": "nothing", "*-1\r\n": "nothing", "_\r\n": "nothing", ",1.5\r\n": "1.5", "$0\r\n\r\n": "",
		"-WRONGTYPE of it\r\n": "WRONGTYPE of it", "HTTP/1.1 400\r\n": "none of Redis's", "\r\n": "none of Redis's", "$99999999999\r\n": "length", "$x\r\n": "length", "$5\r\nab": "EOF", ":4": "EOF",
	} {
		text, there, err := readReply(bufio.NewReader(strings.NewReader(reply)))
		switch {
		case err != nil:
			require.ErrorContains(t, err, want, reply)
		case !there:
			require.Equal(t, want, "nothing", reply)
		default:
			require.Equal(t, want, text, reply)
		}
	}
}

func TestACommandOfRedisIsSentWordByWord(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	got := make(chan string, 1)
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		asked := make([]byte, len("*2\r\n$4\r\nLLEN\r\n$7\r\na queue\r\n"))
		_, _ = io.ReadFull(conn, asked)
		got <- string(asked)
		_, _ = io.WriteString(conn, ":7\r\n")
	}()
	text, there, err := AskRedis(t.Context(), listener.Addr().String(), "LLEN", "a queue")
	require.NoError(t, err)
	require.True(t, there)
	require.Equal(t, "7", text)
	require.Equal(t, "*2\r\n$4\r\nLLEN\r\n$7\r\na queue\r\n", <-got)
	require.NoError(t, listener.Close())
	_, _, err = AskRedis(t.Context(), listener.Addr().String(), "PING")
	require.Error(t, err)
}

func FuzzReadReply(f *testing.F) {
	for _, reply := range []string{":1\r\n", "$2\r\n17\r\n", "-ERR\r\n", "*1\r\n"} {
		f.Add(reply)
	}
	f.Fuzz(func(t *testing.T, reply string) {
		text, _, err := readReply(bufio.NewReader(strings.NewReader(reply)))
		require.True(t, err == nil || text == "")
	})
}
