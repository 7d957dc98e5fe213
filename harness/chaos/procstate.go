package chaos

// threads is what the kernel says of the threads of a process. One that has
// ended, whether waited for or not, or that never was, has none alive.
type threads struct {
	alive  int
	halted int // of those alive, stopped by a signal
}

func (t threads) gone() bool    { return t.alive == 0 }
func (t threads) stopped() bool { return t.alive > 0 && t.halted == t.alive }
func (t threads) runs() bool    { return t.halted == 0 }
