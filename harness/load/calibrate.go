package load

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"net"
	"sync"
	"time"
)

// TrustedShare is the share of its own ceiling up to which the generator can be
// trusted to be no limit itself.
const TrustedShare = 0.7

// Calibration says how [Calibrate] measures. The zero value is a good choice.
type Calibration struct {
	// For is how long it takes in all. Defaults to 1 s.
	For time.Duration
	// MaxInFlight is how many requests are in flight at most. Defaults to 64.
	MaxInFlight int
}

// Ceiling is what the generator can do on this machine at this moment.
type Ceiling struct {
	// PerSecond is the highest rate of requests that it sends to a target
	// which does nothing. The target runs in this process and shares its
	// processors, so the figure is on the low side.
	PerSecond float64
	// SendLagP99 is the 99th percentile of the send lag at half that rate.
	SendLagP99 time.Duration
	// Delivered is sent / planned at half that rate, 0..1.
	Delivered float64
}

// Share returns how much of the ceiling a rate takes, 1 being all of it.
func (c Ceiling) Share(rate float64) float64 {
	if c.PerSecond <= 0 {
		return math.Inf(1)
	}
	return rate / c.PerSecond
}

// Trusted reports whether a rate is within [TrustedShare]. Where it is not, the
// generator may be the limit, and what a target withstood is "at least" that.
func (c Ceiling) Trusted(rate float64) bool { return c.Share(rate) <= TrustedShare }

// Calibrate measures the generator's own ceiling against a target on the
// loopback interface that it starts and stops.
func Calibrate(ctx context.Context, c Calibration) (Ceiling, error) {
	if c.For == 0 {
		c.For = time.Second
	}
	if c.MaxInFlight == 0 {
		c.MaxInFlight = 64
	}
	null, err := startNull()
	if err != nil {
		return Ceiling{}, fmt.Errorf("calibrate the load generator: %w", err)
	}
	defer null.close()

	half := c.For / 2
	most, err := c.measure(ctx, null.url(), 50_000, half)
	if err != nil {
		return Ceiling{}, err
	}
	ceiling := Ceiling{PerSecond: float64(most.OK) / half.Seconds()}
	steady, err := c.measure(ctx, null.url(), max(ceiling.PerSecond/2, 2/half.Seconds()), half)
	if err != nil {
		return Ceiling{}, err
	}
	ceiling.SendLagP99 = steady.Health.SendLagP99
	ceiling.Delivered = steady.Health.Delivered
	return ceiling, nil
}

func nextNull(int64, *rand.Rand) Request { return Request{Path: "/"} }

func (c Calibration) measure(ctx context.Context, url string, rate float64, d time.Duration) (Tally, error) {
	attack, err := Start(ctx, Config{BaseURL: url}, Stream{
		Name: "null", Profile: Constant(rate, d), Next: nextNull, MaxInFlight: c.MaxInFlight, Timeout: time.Second,
	})
	if err != nil {
		return Tally{}, fmt.Errorf("calibrate the load generator: %w", err)
	}
	o := attack.Wait()[0]
	if err := ctx.Err(); err != nil {
		return o, fmt.Errorf("calibrate the load generator: %w", err)
	}
	if o.OK == 0 {
		return o, fmt.Errorf("calibrate the load generator: of %d requests none was answered: %v", o.Planned, o.Errors)
	}
	return o, nil
}

// null is a target that does nothing: it answers each request without a body
// with the same bytes, and looks at none of it but for where it ends.
type null struct {
	listener  net.Listener
	accepting sync.WaitGroup
	work      sync.WaitGroup

	mu    sync.Mutex // guards conns
	conns map[net.Conn]struct{}
}

func startNull() (*null, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	n := &null{listener: l, conns: make(map[net.Conn]struct{})}
	n.accepting.Go(n.accept)
	return n, nil
}

func (n *null) url() string { return "http://" + n.listener.Addr().String() }

func (n *null) accept() {
	for {
		c, err := n.listener.Accept()
		if err != nil {
			return
		}
		n.mu.Lock()
		n.conns[c] = struct{}{}
		n.mu.Unlock()
		n.work.Go(func() { n.answer(c) })
	}
}

func (n *null) answer(c net.Conn) {
	defer func() {
		_ = c.Close()
		n.mu.Lock()
		delete(n.conns, c)
		n.mu.Unlock()
	}()
	answer := []byte("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
	buf := make([]byte, 1024)
	ends := 0 // bytes seen of the empty line
	for {
		got, err := c.Read(buf)
		if err != nil {
			return
		}
		for _, b := range buf[:got] {
			if b == "\r\n\r\n"[ends] {
				ends++
			} else if ends = 0; b == '\r' {
				ends = 1
			}
			if ends == 4 {
				ends = 0
				if _, err := c.Write(answer); err != nil {
					return
				}
			}
		}
	}
}

func (n *null) close() {
	_ = n.listener.Close()
	n.accepting.Wait()
	n.mu.Lock()
	for c := range n.conns {
		_ = c.Close()
	}
	n.mu.Unlock()
	n.work.Wait()
}
