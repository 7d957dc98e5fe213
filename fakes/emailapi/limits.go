package emailapi

import (
	"math"
	"net/http"
	"strconv"
	"time"

	"holdfast.dev/holdfast/fakes/httpfault"
)

// limits are the rate and the quotas. Its caller holds the lock.
type limits struct {
	perSecond, perDay, perMonth int

	second         int64 // which one is counted
	inSecond       int
	day, month     string
	inDay, inMonth int
}

// admit counts a request, or says that there are too many in this second.
func (l *limits) admit(now time.Time) refusal {
	if l.perSecond == 0 {
		return nil
	}
	if s := now.Unix(); s != l.second {
		l.second, l.inSecond = s, 0
	}
	if l.inSecond >= l.perSecond {
		bad := refuse(http.StatusTooManyRequests, "rate_limit_exceeded",
			"Too many requests. You can only make "+strconv.Itoa(l.perSecond)+" requests per second.")
		bad.SetHeader("Retry-After", l.reset(now))
		return bad
	}
	l.inSecond++
	return nil
}

// reset is in how many whole seconds the next window begins.
func (l *limits) reset(now time.Time) string {
	left := time.Second - time.Duration(now.Nanosecond())
	return strconv.Itoa(int(math.Ceil(left.Seconds())))
}

// spend counts mails, or says which quota they would exceed.
func (l *limits) spend(mails int, now time.Time) refusal {
	l.turn(now)
	switch {
	case l.perDay > 0 && l.inDay+mails > l.perDay:
		bad := refuse(http.StatusTooManyRequests, "daily_quota_exceeded", "")
		bad.SetHeader("Retry-After", strconv.Itoa(int(untilTomorrow(now).Seconds())))
		return bad
	case l.perMonth > 0 && l.inMonth+mails > l.perMonth:
		return refuse(http.StatusTooManyRequests, "monthly_quota_exceeded", "")
	}
	l.inDay += mails
	l.inMonth += mails
	return nil
}

// turn begins a new day or month.
func (l *limits) turn(now time.Time) {
	day, month := now.UTC().Format(time.DateOnly), now.UTC().Format("2006-01")
	if day != l.day {
		l.day, l.inDay = day, 0
	}
	if month != l.month {
		l.month, l.inMonth = month, 0
	}
}

func untilTomorrow(now time.Time) time.Duration {
	return now.UTC().Truncate(24 * time.Hour).Add(24 * time.Hour).Sub(now)
}

// tell puts the limits into an answer's headers.
func (l *limits) tell(a *httpfault.Answer, now time.Time) {
	if l.perSecond > 0 {
		a.SetHeader("Ratelimit-Limit", strconv.Itoa(l.perSecond))
		a.SetHeader("Ratelimit-Remaining", strconv.Itoa(max(0, l.perSecond-l.inSecond)))
		a.SetHeader("Ratelimit-Reset", l.reset(now))
	}
	if l.perDay > 0 || l.perMonth > 0 {
		l.turn(now)
		a.SetHeader("X-Resend-Daily-Quota", strconv.Itoa(l.inDay))
		a.SetHeader("X-Resend-Monthly-Quota", strconv.Itoa(l.inMonth))
	}
}
