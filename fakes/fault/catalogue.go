package fault

// Row is one kind of fault in the catalogue.
type Row struct {
	Name string // the first word of its text form
	// Options is the rest of its text form, as in a manual.
	Options  string
	Variants []Variant
	parse    func(*args) (Kind, error)
}

// Variant is one way in which a kind shows, with what it is for. Each is
// calibrated by a test of its own.
type Variant struct {
	Example string // a text form that works
	Does    string // what a client sees
	Models  string // what it stands for in the world
	Client  string // what a correct client does
}

// Catalogue returns all kinds of faults, in the order of the manual.
func Catalogue() []Row {
	return append(append(append(append(timing(), connections()...), transfers()...), answers()...), contents()...)
}

const (
	retryOrDegrade = "waits no longer than its own timeout, for the whole call; then temporary: retries within its budget, or goes on without this part"
	retrySafe      = "temporary: tries again within its budget if the call is safe to repeat, else with the same idempotency key"
	unknown        = "unknown: does not take it for a failure; tries again only with the same idempotency key"
	permanent      = "permanent: no retry; visible at once"
	degrade        = "validates what it got; permanent for this call: goes on without this part. If the call was to change something, its outcome is unknown"
	bounded        = "reads no more than its limit; permanent for this call: goes on without this part"
)

func timing() []Row {
	shape := "as any delay: below its timeout nothing, above it as a timeout"
	return []Row{
		{"delay", "TIME | uniform min= max= | normal mean= sd= | lognormal median= sigma= [max=] | exponential mean= [max=] | pareto min= alpha= [max=] | bimodal fast= slow= slow-p= | quantiles Q:TIME,…", []Variant{
			{"delay 200ms", "the answer's first byte comes that much later", "a slow dependency; a pause for garbage collection", retryOrDegrade},
			{"delay uniform min=50ms max=150ms", "anything between the two", "jitter of a network", shape},
			{"delay normal mean=80ms sd=10ms", "a bell curve, cut off at 0", "work of about the same size each time", shape},
			{"delay lognormal median=40ms sigma=0.6 max=2s", "half below the median, a long tail above", "the usual latency of a service", shape},
			{"delay exponential mean=40ms max=2s", "many short ones, few long ones", "waiting for something that happens at random", shape},
			{"delay pareto min=20ms alpha=1.5 max=2s", "the heaviest tail", "sizes and queues that know no typical value", shape},
			{"delay bimodal fast=10ms slow=300ms slow-p=0.1", "fast, or now and then slow", "a cold cache; one bad replica", shape},
			{"delay quantiles 0:10ms,0.5:30ms,0.9:100ms,1:400ms", "a distribution that was measured elsewhere", "your own dependency", shape},
		}, parseDelay},
		{"hang", "headers | body | accept", []Variant{
			{"hang headers", "the request is read and never answered; its work is not done", "a deadlock upstream", retryOrDegrade},
			{"hang body", "headers and half the body at once, then nothing", "a stuck stream", "its timeout covers the reading of the body, too; then as a timeout"},
			{"hang accept", "the connection is accepted and never read from", "a process that is frozen or overrun", retryOrDegrade},
		}, parseHang},
		{"drip", "[bytes=1] [gap=100ms]", []Variant{
			{"drip bytes=4 gap=20ms", "the body comes a few bytes at a time", "a bad link; slow loris", "bounds the whole call, not the time between two bytes; then as a timeout"},
		}, parseDrip},
		{"bandwidth", "BYTES per second", []Variant{
			{"bandwidth 1KiB", "the body comes at that rate", "a congested link", "bounds the whole call, not the time between two bytes; then as a timeout"},
		}, parseBandwidth},
		{"overload", "[base=TIME] [slope=TIME] [shed=N] [status=503]", []Variant{
			{"overload base=20ms slope=20ms", "latency grows with the requests in hand; abandoned ones count on", "a saturated server; a retry storm that feeds itself", "bounds its calls at once and its retries (a budget, back-off with jitter), so that the server recovers"},
			{"overload base=20ms slope=1ms shed=8", "beyond a number in hand: 503 with Retry-After: 1", "load shedding", "temporary: obeys Retry-After, within its own deadline"},
		}, parseOverload},
	}
}

func connections() []Row {
	return []Row{
		{"refuse", "", []Variant{
			{"refuse", "nobody listens; open connections are reset", "a deploy; a crash", retrySafe},
		}, func(*args) (Kind, error) { return RefuseConnections{}, nil }},
		{"close", "", []Variant{
			{"close", "the connection is closed without a byte of an answer; the work is not done", "a load balancer that recycles; a crash", retrySafe},
		}, func(*args) (Kind, error) { return Close{}, nil }},
		{"reset", "[before | headers | body]", []Variant{
			{"reset before", "a TCP reset without a byte of an answer; the work is not done", "a crash; a full table in a firewall", retrySafe},
			{"reset headers", "a TCP reset in the middle of the headers; the work is done", "a crash while answering", unknown},
			{"reset body", "a TCP reset in the middle of the body; the work is done", "a crash while answering", unknown},
		}, parseReset},
		{"idleclose", "", []Variant{
			{"idleclose", "a kept-open connection is closed just as the client uses it again; fresh ones are spared", "an idle timeout shorter than the client's", "knows that its HTTP library tries again on its own: the server may count two hits for one call"},
		}, func(*args) (Kind, error) { return IdleClose{}, nil }},
		{"lost", "[reset | close | hang]", []Variant{
			{"lost reset", "the work is done, and the answer lost by a reset", "the reply that never arrives", unknown},
			{"lost close", "the work is done, and the connection closed without an answer", "the reply that never arrives", unknown},
			{"lost hang", "the work is done, and no answer comes", "the reply that never arrives", unknown},
		}, parseLost},
		{"garbage", "[bytes=512]", []Variant{
			{"garbage bytes=512", "random bytes instead of HTTP; the work is not done", "the wrong protocol on the port; a broken proxy", "temporary at most once, then goes on without this part"},
		}, parseGarbage},
	}
}

func transfers() []Row {
	return []Row{
		{"badchunk", "", []Variant{
			{"badchunk", "a chunk whose length is no number", "a broken proxy", retrySafe},
		}, func(*args) (Kind, error) { return BadChunk{}, nil }},
		{"cut", "length | chunked | silent", []Variant{
			{"cut length", "half of the promised length", "a crash while answering", retrySafe},
			{"cut chunked", "the last chunk is missing", "a crash while answering", retrySafe},
			{"cut silent", "half of the body, with nothing to tell it by: the client's library reports no error", "a proxy that buffers and gives up", degrade},
		}, parseCut},
		{"endless", "[bytes=1GiB]", []Variant{
			{"endless bytes=8MiB", "a body without end", "a hostile or broken upstream", bounded},
		}, parseEndless},
		{"gzipbomb", "[bytes=1GiB]", []Variant{
			{"gzipbomb bytes=8MiB", "a small body that is large when unpacked", "a hostile upstream", "limits what it reads after unpacking; " + permanent},
		}, parseGzipBomb},
		{"bigheader", "[bytes=1MiB]", []Variant{
			{"bigheader bytes=1MiB", "one header of that size", "a broken proxy; cookies run wild", bounded},
		}, parseBigHeader},
	}
}

func answers() []Row {
	ignore := "temporary: falls back to its own back-off"
	return []Row{
		{"status", "CODE [html] [carried-out] [name=ERROR] [retry-after=VALUE|date+TIME|date-TIME]", []Variant{
			{"status 503", "that status, with the API's own error body; the work is not done", "408, 425, 429, 500, 502, 503, 504, 520–524: a crash, a deploy, throttling. Other 4xx, 501, 505: a key revoked, a route gone", "the first group: temporary, retries within its budget; the second: permanent, no retry; 401 and 403 end all use of the key"},
			{"status 422 name=invalid_from_address", "that error name in the body", "an API's way to tell apart what shares a status", "classifies by name first, then by status"},
			{"status 502 html", "an HTML page, no JSON", "a gateway in front of the API", retrySafe},
			{"status 504 html carried-out", "the work is done; the gateway gave up waiting", "a gateway's timeout", unknown},
			{"status 429 retry-after=2", "Retry-After in seconds", "throttling", "waits at least so long, within its own deadline"},
			{"status 503 retry-after=date+30s", "Retry-After as a date", "maintenance", "waits until then, within its own deadline"},
			{"status 503 retry-after=date-1h", "a date in the past", "clocks that disagree", ignore},
			{"status 429 retry-after=0", "Retry-After: 0", "a careless server", ignore},
			{"status 429 retry-after=-5", "a negative number", "a broken server", ignore},
			{"status 429 retry-after=soon", "no number and no date", "a broken server", ignore},
			{"status 429 retry-after=99999999999", "longer than anyone waits", "a broken server", "caps it by its own deadline"},
		}, parseStatus},
		{"redirect", "loop | host location=URL", []Variant{
			{"redirect loop", "307 to the same address", "a wrong route", "follows few redirects (ten hits for each call by default); permanent"},
			{"redirect host location=http://127.0.0.1:9", "307 to another host", "a wrong route; an attack on your network", "follows to no other host, and sends its key to none; permanent"},
		}, parseRedirect},
		{"wrong", "id | stale | duplicate", []Variant{
			{"wrong id", "a well-formed answer about something else", "a cache that mixes up its keys", "checks that the answer is about what it asked; permanent for this call"},
			{"wrong stale", "what was true once", "a stale cache; a lagging replica", "checks the age, if age matters"},
			{"wrong duplicate", "the previous answer again", "a broken proxy", "checks that the answer is about what it asked; permanent for this call"},
		}, parseWrong},
	}
}

func contents() []Row {
	var variants []Variant
	for _, v := range [][3]string{
		{"json malformed", "no JSON", "a bug"},
		{"json html", "an HTML page with status 200", "a captive portal; a maintenance page"},
		{"json types", "numbers as text, text as numbers", "a changed schema"},
		{"json null", "null instead of an object", "a bug"},
		{"json nulls", "every field null", "a changed schema"},
		{"json nan", "NaN instead of numbers, which is no JSON", "a division by zero upstream"},
		{"json huge", "numbers beyond any type", "a bug"},
		{"json deep depth=10000", "lists in lists", "an attack on the parser"},
		{"json duplicate", "every field twice, the second time null", "a bug; parsers that disagree"},
		{"json missing field=data", "a field left out", "a changed schema"},
		{"json empty", "status 200 without a body", "a bug"},
		{"json nocontent", "status 204", "nothing known"},
	} {
		variants = append(variants, Variant{v[0], v[1] + "; the work is done", v[2], degrade})
	}
	return []Row{{"json", "malformed | html | types | null | nulls | nan | huge | deep [depth=10000] | duplicate | missing [field=NAME] | empty | nocontent", variants, parseJSON}}
}
