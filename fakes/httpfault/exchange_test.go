package httpfault

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/fault"
)

// That a fault is lifted wakes two: the one that gives up a stuck write, and the
// one that writes the rest. Whichever comes first, the rest arrives.
func TestTheRestArrivesThoughGivingUpComesLate(t *testing.T) {
	for name, late := range map[string]bool{"late": true, "early": false} {
		t.Run(name, func(t *testing.T) {
			here, there := net.Pipe()
			defer there.Close()
			lifted, lift := context.WithCancel(t.Context())
			x := &Exchange{conn: here, ctx: t.Context(), held: hold{lifted: lifted, left: Forever}}
			lift()
			got := make(chan string)
			go func() {
				b, _ := io.ReadAll(there) // what came before the end is what counts
				got <- string(b)
			}()
			if !late {
				x.giveUp()
				_, err := x.Write([]byte("stuck"))
				require.ErrorIs(t, err, errLifted)
			}
			x.mu.Lock()
			x.resting = late
			x.mu.Unlock()
			if late {
				x.giveUp()
			}
			require.NoError(t, x.Rest([]byte("rest")))
			require.NoError(t, here.Close())
			require.Equal(t, "rest", <-got)
		})
	}
}

// The end of a fault comes while a piece is written, before, in or after a pause: the
// answer arrives whole, whichever way it was to be slowed down.
func TestAnAnswerIsWholeThoughItsFaultEndsWithinAWrite(t *testing.T) {
	for name, slow := range map[string]interface {
		Send(*Exchange) (bool, error)
	}{
		"drip": dripping{fault.Drip{Bytes: 3, Gap: time.Nanosecond}}, "bandwidth": narrowing{fault.Bandwidth{Rate: 1 << 30}}, "hang": hangingBody{},
	} {
		t.Run(name, func(t *testing.T) {
			for read := range 100 { // so many bytes of the head are read, and then it is lifted
				here, there := net.Pipe()
				lifted, lift := context.WithCancel(t.Context())
				x := &Exchange{
					conn: here, ctx: t.Context(), held: hold{lifted: lifted, left: Forever}, Draw: &Draw{},
					Answer: &Answer{Status: 200, Body: []byte(`{"a":"0123456789"}`)},
				}
				x.stops[1] = context.AfterFunc(lifted, x.giveUp)
				sent := make(chan error, 1)
				go func() {
					_, err := slow.Send(x)
					sent <- errors.Join(err, here.Close())
				}()
				first := make([]byte, read)
				_, err := io.ReadFull(there, first)
				require.NoError(t, err)
				lift()
				rest, err := io.ReadAll(there)
				require.NoError(t, err)
				require.NoError(t, <-sent)
				require.True(t, strings.HasSuffix(string(first)+string(rest), `{"a":"0123456789"}`), "after %d bytes: %q then %q", read, first, rest)
			}
		})
	}
}
