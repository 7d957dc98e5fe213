package view

import (
	"strconv"
	"strings"

	"holdfast.dev/holdfast/harness/result"
)

// ledger lists the account of work and how many attempts tasks took.
func ledger(l *result.Ledger) (account, attempts []Pair) {
	if l == nil {
		return nil, nil
	}
	if l.Arrived != nil {
		return declared(l), nil
	}
	account = []Pair{
		{"accepted", count(l.Accepted)}, {"delivered", count(l.Delivered)}, {"failed, permanent", count(l.FailedPermanent)},
		{"failed, attempts exhausted", count(l.FailedExhausted)}, {"lost", count(l.Lost)}, {"duplicated", count(l.Duplicated)},
	}
	if l.Unfinished > 0 {
		account = append(account, Pair{"still to be done when time was over", count(l.Unfinished)})
	}
	tasks, tries := int64(0), int64(0)
	for _, n := range byNumber(l.Attempts) {
		attempts = append(attempts, Pair{n, count(l.Attempts[n])})
		if each, err := strconv.ParseInt(n, 10, 64); err == nil && each >= 0 && each < 1e6 {
			tasks, tries = tasks+l.Attempts[n], tries+each*l.Attempts[n]
		}
	}
	if tasks > 0 {
		account = append(account, Pair{"attempts per task (amplification)", result.Format(float64(tries)/float64(tasks), result.UnitFraction)})
	}
	return account, attempts
}

// declared lists the account of a ledger that a scenario declares, each class with a
// few of its keys.
func declared(l *result.Ledger) []Pair {
	with := func(n int64, class string) string {
		keys := l.Examples[class]
		if n == 0 || len(keys) == 0 {
			return count(n)
		}
		more := ""
		if n > int64(len(keys)) {
			more = ", …"
		}
		return count(n) + ": " + strings.Join(keys, ", ") + more
	}
	account := []Pair{
		{"accepted", count(l.Accepted)}, {"arrived", count(*l.Arrived)}, {"lost", with(l.Lost, "lost")}, {"doubled", with(l.Duplicated, "doubled")},
		{"refused, yet done", with(l.Phantom, "phantom")}, {"without an answer", with(l.Unknown, "unknown")}, {"done, asked for by nobody", with(l.Strangers, "strangers")},
	}
	if l.DelayP99MS != nil {
		account = append(account, Pair{"done after its answer, p99", result.Format(*l.DelayP99MS, result.UnitMS)})
	}
	return account
}
