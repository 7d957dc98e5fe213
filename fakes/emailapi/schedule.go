package emailapi

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"holdfast.dev/holdfast/fakes/httpfault"
)

// furthest is how far ahead a mail can be scheduled.
const furthest = 30 * 24 * time.Hour

// scheduled reads when a mail is to be sent: a time, or words as the API's own
// documentation has them. More words may be known there.
func scheduled(text string, now time.Time) (time.Time, refusal) {
	at, ok := stamped(text)
	if !ok {
		at, ok = inWords(strings.Fields(strings.ToLower(text)), now)
	}
	if !ok || at.Sub(now) > furthest {
		return time.Time{}, refuse(422, "validation_error", "Invalid `scheduled_at` field. "+
			"Use ISO 8601, or words such as `in 1 hour` or `tomorrow at 9am`, at most 30 days ahead.")
	}
	return at, nil
}

// stamped reads a time as ISO 8601 and the API's own answers write it.
func stamped(text string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04Z07:00", "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05Z07"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// inWords reads "in 1 min", "tomorrow at 9am" and "friday at 3pm et".
func inWords(words []string, now time.Time) (time.Time, bool) {
	if len(words) == 3 && words[0] == "in" {
		return later(words[1], words[2], now)
	}
	zone := time.UTC
	if n := len(words); n > 0 {
		if z, ok := zoneOf(words[n-1]); ok {
			zone, words = z, words[:n-1]
		}
	}
	if len(words) == 0 {
		return time.Time{}, false
	}
	now = now.In(zone)
	day, ok := dayOf(words[0], now)
	if !ok {
		return time.Time{}, false
	}
	hour, minute := now.Hour(), now.Minute()
	if words = words[1:]; len(words) > 0 && words[0] == "at" {
		words = words[1:]
	}
	if len(words) > 0 {
		if hour, minute, ok = clockOf(strings.Join(words, "")); !ok {
			return time.Time{}, false
		}
	}
	return time.Date(day.Year(), day.Month(), day.Day(), hour, minute, 0, 0, zone), true
}

func later(count, unit string, now time.Time) (time.Time, bool) {
	n, err := strconv.Atoi(count)
	if count == "a" || count == "an" {
		n, err = 1, nil
	}
	each, known := map[string]time.Duration{
		"second": time.Second, "sec": time.Second, "minute": time.Minute, "min": time.Minute, "hour": time.Hour, "hr": time.Hour,
		"day": 24 * time.Hour, "week": 7 * 24 * time.Hour,
	}[strings.TrimSuffix(unit, "s")]
	if err != nil || !known || n < 0 || n > 1_000_000 {
		return time.Time{}, false
	}
	return now.Add(time.Duration(n) * each), true
}

// dayOf is the day of a word, the next one of its name.
func dayOf(word string, now time.Time) (time.Time, bool) {
	switch word {
	case "today":
		return now, true
	case "tomorrow":
		return now.AddDate(0, 0, 1), true
	}
	for ahead := 1; ahead <= 7; ahead++ {
		if day := now.AddDate(0, 0, ahead); strings.ToLower(day.Weekday().String()) == word {
			return day, true
		}
	}
	return time.Time{}, false
}

var clockText = regexp.MustCompile(`^(\d{1,2})(?::(\d{2}))?(am|pm)?$`)

// clockOf reads 9am, 3:30pm and 15:30.
func clockOf(text string) (hour, minute int, ok bool) {
	parts := clockText.FindStringSubmatch(text)
	if parts == nil {
		return 0, 0, false
	}
	hour, _ = strconv.Atoi(parts[1]) // digits
	minute, _ = strconv.Atoi(parts[2])
	switch half := parts[3]; {
	case half != "" && (hour < 1 || hour > 12):
		return 0, 0, false
	case half == "am":
		hour %= 12
	case half == "pm":
		hour = hour%12 + 12
	}
	return hour, minute, hour < 24 && minute < 60
}

// zoneOf is a zone by its abbreviation, in winter's time all year.
func zoneOf(word string) (*time.Location, bool) {
	hours, known := map[string]int{
		"utc": 0, "gmt": 0, "et": -5, "est": -5, "edt": -4, "ct": -6, "cst": -6, "cdt": -5, "mt": -7, "mst": -7, "mdt": -6,
		"pt": -8, "pst": -8, "pdt": -7, "cet": 1, "cest": 2,
	}[word]
	return time.FixedZone(strings.ToUpper(word), hours*3600), known
}

// readUpdate reads to when a mail is put off.
func (o *order) readUpdate(body []byte) {
	var asked struct {
		ScheduledAt string `json:"scheduled_at"`
	}
	switch err := json.Unmarshal(body, &asked); {
	case err != nil:
		o.problem = refuse(http.StatusBadRequest, "validation_error", "The body is not the JSON of an update: "+err.Error())
	case asked.ScheduledAt == "":
		o.problem = refuse(422, "missing_required_field", "Missing `scheduled_at` field.")
	}
	o.at = asked.ScheduledAt
}

// about answers a request about a mail that was taken on.
func (a *api) about(o *order, now time.Time) httpfault.Answer {
	k, ok := a.mails.byID[o.id]
	if !ok {
		return *refuse(http.StatusNotFound, "not_found", "Email not found.")
	}
	if o.route == routeGet {
		return httpfault.Answer{Status: http.StatusOK, ContentType: "application/json", Body: k.body(now)}
	}
	if !k.waits(now) {
		return *refuse(422, "validation_error", "Only an email that is still scheduled can be changed.")
	}
	if o.route == routeCancel {
		k.canceled = true
	} else {
		at, bad := scheduled(o.at, now)
		if bad != nil {
			return *bad
		}
		k.due = at
	}
	body, _ := json.Marshal(map[string]string{"object": "email", "id": k.id}) // strings always can
	return httpfault.Answer{Status: http.StatusOK, ContentType: "application/json", Body: body}
}
