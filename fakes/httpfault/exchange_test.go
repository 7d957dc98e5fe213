package httpfault

import (
	"context"
	"io"
	"net"
	"testing"

	"github.com/stretchr/testify/require"
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
