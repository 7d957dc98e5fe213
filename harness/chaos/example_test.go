package chaos_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"time"

	"holdfast.dev/holdfast/fault"
	"holdfast.dev/holdfast/harness/chaos"
)

// A server is reached through a proxy whose replies come 50 ms late in the
// first half second. The receipt says that the fault acted and is gone.
func ExampleStart() {
	server, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()
	go echoAll(server)

	proxy, err := chaos.NewProxy(chaos.ProxyConfig{Upstream: server.Addr().String(), Check: ask})
	if err != nil {
		log.Fatal(err)
	}
	defer proxy.Close()

	slow, err := fault.Parse("delay 50ms id=slow-database")
	if err != nil {
		log.Fatal(err)
	}
	injected := make(chan struct{})
	timeline, err := chaos.Start(context.Background(), chaos.Config{
		Start:  time.Now(),
		Places: map[string]chaos.Place{"database": proxy},
		Plan: []chaos.Planned{
			{Fault: slow, On: "database", To: 500 * time.Millisecond},
		},
		Notify: func(e chaos.Change) {
			if e.What == chaos.Injected {
				close(injected)
			}
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	<-injected
	if err := ask(context.Background(), proxy.Addr()); err != nil {
		log.Fatal(err)
	}
	for _, f := range timeline.Wait() {
		fmt.Println(f.ID, "fired", f.Fired, "time, undone:", *f.Undone)
	}
	// Output: slow-database fired 1 time, undone: true
}

// ask sends one byte and waits for it to come back.
func ask(ctx context.Context, addr string) error {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	if _, err := conn.Write([]byte("?")); err != nil {
		return err
	}
	_, err = io.ReadFull(conn, make([]byte, 1))
	return err
}

func echoAll(l net.Listener) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer conn.Close()
			_, _ = io.Copy(conn, conn)
		}()
	}
}
