package load

import "sync"

// workers send requests, each as soon as it is given to them. There are as many
// as were ever busy at once and never more than most; a worker that is free is
// used again before another is started.
type workers struct {
	most int
	send func(n int64)

	begun int        // workers so far
	free  chan int64 // has no room: only a worker that waits takes from it
	group sync.WaitGroup
}

func newWorkers(most int, send func(n int64)) *workers {
	return &workers{most: most, send: send, free: make(chan int64)}
}

// give has request n sent. It is called from one goroutine at a time, and while
// fewer than most requests are under way: so where all workers have begun, one
// of them is just about to be free.
func (w *workers) give(n int64) {
	select {
	case w.free <- n:
		return
	default:
	}
	if w.begun == w.most {
		w.free <- n
		return
	}
	w.begun++
	w.group.Go(func() {
		w.send(n)
		for n := range w.free {
			w.send(n)
		}
	})
}

// wait returns when all that was given has been sent and answered, and no worker
// is left. Nothing may be given afterwards.
func (w *workers) wait() {
	close(w.free)
	w.group.Wait()
}
