package fault

import "slices"

// Catalogue returns all kinds of faults, in the order of the manual.
func Catalogue() []Row {
	return slices.Concat(timing(), connections(), answers(), contents(), callbacks(), processes(), sessions())
}

func timing() []Row {
	return []Row{
		{"delay", "delay TIME [jitter TIME] | uniform min= max= | normal mean= sd= | lognormal median= sigma= [max=] | exponential mean= [max=] | pareto min= alpha= [max=] | bimodal fast= slow= slow-p= | quantiles Q:TIME,… [up|down|both]", []Variant{
			{"delay 200ms", "what is answered comes that much later", "a slow dependency; a pause for garbage collection; another zone", retryOrDegrade},
			{"delay 200ms jitter 50ms", "that much later, up to so much more or less", "a network with other traffic", asAnyDelay},
			{"delay uniform min=50ms max=150ms", "anything between the two", "jitter of a network", asAnyDelay},
			{"delay normal mean=80ms sd=10ms", "a bell curve, cut off at 0", "work of about the same size each time", asAnyDelay},
			{"delay lognormal median=40ms sigma=0.6 max=2s", "half below the median, a long tail above", "the usual latency of a service", asAnyDelay},
			{"delay exponential mean=40ms max=2s", "many short ones, few long ones", "waiting for something that happens at random", asAnyDelay},
			{"delay pareto min=20ms alpha=1.5 max=2s", "the heaviest tail", "sizes and queues that know no typical value", asAnyDelay},
			{"delay bimodal fast=10ms slow=300ms slow-p=0.1", "fast, or now and then slow", "a cold cache; one bad replica", asAnyDelay},
			{"delay quantiles 0:10ms,0.5:30ms,0.9:100ms,1:400ms", "a distribution that was measured elsewhere", "your own dependency", asAnyDelay},
		}, parseDelay},
		{"hang", "hang headers | body | accept", []Variant{
			{"hang headers", "the request is read and never answered; its work is not done", "a deadlock upstream", retryOrDegrade},
			{"hang body", "headers and half the body at once, then nothing", "a stuck stream", "its timeout covers the reading of the body, too; then as a timeout"},
			{"hang accept", "the connection is accepted and never read from", "a process that is frozen or overrun", retryOrDegrade},
		}, parseHang},
		row("slow-accept", "slow-accept TIME", parseSlowAccept,
			"connecting succeeds, and the server hears of it so much later", "a server that is slow to start sessions: fork storms, authentication that hangs, a full backlog",
			"bounds connecting as well as querying; keeps its connections instead of opening one per request", "slow-accept 500ms"),
		row("drip", "drip [bytes=1] [gap=100ms]", parseDrip,
			"the body comes a few bytes at a time", "a bad link; slow loris", wholeCall, "drip bytes=4 gap=20ms"),
		row("slicer", "slicer BYTES [gap TIME] [up|down|both]", parseSlicer,
			"messages come in small pieces, each on its own", "a dripping link, small segments: answers that arrive byte by byte",
			"puts messages together whatever their pieces; its deadline covers the whole answer, not the time between two bytes", "slicer 1B gap 2ms"),
		{"bandwidth", "bandwidth RATE [up|down|both], in bytes a second", []Variant{
			{"bandwidth 1KiB/s", "what is answered comes at that rate", "a congested link", wholeCall},
			{"bandwidth 64kB/s down", "replies alone come at that rate", "a line that is slower one way", "asks for no more rows than it needs; its deadline covers reading the answer, not only the first byte"},
		}, parseBandwidth},
		{"overload", "overload [base=TIME] [slope=TIME] [shed=N] [status=503]", []Variant{
			{"overload base=20ms slope=20ms", "latency grows with the requests in hand; abandoned ones count on", "a saturated server; a retry storm that feeds itself", "bounds its calls at once and its retries (a budget, back-off with jitter), so that the server recovers"},
			{"overload base=20ms slope=1ms shed=8", "beyond a number in hand: 503 with Retry-After: 1", "load shedding", "temporary: obeys Retry-After, within its own deadline"},
		}, parseOverload},
	}
}

func connections() []Row {
	return []Row{
		{"refuse", "refuse [cut]", []Variant{
			{"refuse", "nobody listens; open connections go on", "a deploy behind a connection that is kept open; a full backlog", "takes it for temporary: a request that was never sent may be repeated; backs off"},
			{"refuse cut", "nobody listens; open connections are reset", "a server that is down, a restart, a crash", retrySafe},
		}, parseRefuse},
		row("close", "close", always(Close{}),
			"the connection is closed without a byte of an answer; the work is not done", "a load balancer that recycles; a crash", retrySafe, "close"),
		{"reset", "reset [before|headers|body]", []Variant{
			{"reset", "a TCP reset without a byte of an answer", "a crash; a failover; a full table in a firewall, or a connection that it forgot", retrySafe},
			{"reset headers", "a TCP reset in the middle of the headers; the work is done", "a crash while answering", unknown},
			{"reset body", "a TCP reset in the middle of the body; the work is done", "a crash while answering", unknown},
		}, parseReset},
		row("idleclose", "idleclose", always(IdleClose{}),
			"a kept-open connection is closed just as the client uses it again; fresh ones are spared", "an idle timeout shorter than the client's",
			"knows that its HTTP library tries again on its own: the server may count two hits for one call", "idleclose"),
		{"lost", "lost [reset|close|hang]", []Variant{
			{"lost reset", "the work is done, and the answer lost by a reset", "the reply that never arrives", unknown},
			{"lost close", "the work is done, and the connection closed without an answer", "the reply that never arrives", unknown},
			{"lost hang", "the work is done, and no answer comes", "the reply that never arrives", unknown},
			{"lost", "of a callback: it is sent to nobody, and not again; of an answer: as by a reset", "a queue of the provider that was purged; an endpoint that it had disabled", "does not live by callbacks alone: asks the API itself what has become of what is still open"},
		}, parseLost},
		{"black-hole", "black-hole [up|down|both] [lose] [upon TEXT]", []Variant{
			{"black-hole", "no byte comes or goes, and the connection stands; afterwards all of them arrive", "a partition, a firewall that forgot the connection", "gives up at its deadline and frees what it holds; after a write the outcome is unknown; throws the connection away"},
			{"black-hole down lose upon COMMIT", "from that word on, replies are lost, and the connection is reset in the end", "a reply that is lost after the work was done", unknown},
		}, parseBlackHole},
		row("limit-data", "limit-data BYTES [up|down|both]", parseLimitData,
			"after so many bytes both ends see an orderly end, in the middle of a message", "a server or a middle box that goes away in mid-answer",
			"takes a cut answer for an error, never for a short one; the outcome of a write is unknown; goes on with a new connection", "limit-data 1kB"),
		row("cancel-lost", "cancel-lost", always(CancelLost{}),
			"a Postgres CancelRequest ends in order, and the server never hears of it", "a pooler or load balancer that takes the request to another server, which ignores it",
			"does not rely on cancelling: the server's own statement timeout ends the query, and the pool stays bounded", "cancel-lost"),
		{"sqlstate", "sqlstate CODE [on=connect|query|commit] [upon TEXT]", []Variant{
			{"sqlstate 53300", "FATAL: sorry, too many clients already, to each new session; open ones are left alone", "too many replicas of a service; a neighbour that leaks connections", "temporary: backs off, with a pool that is bounded; sheds with 503 meanwhile"},
			{"sqlstate 57P03", "FATAL: the database system is starting up", "a server that recovers after a crash", "temporary: backs off until it is there"},
			{"sqlstate 55000", "FATAL: the database is not currently accepting connections", "a database that is being moved or kept shut", "temporary: backs off; not an error of the caller"},
			{"sqlstate 40001", "ERROR: could not serialize access, to statements that read or write; the transaction is aborted", "contention", "temporary: repeats the whole transaction, within its budget"},
			{"sqlstate 40P01 upon projects", "ERROR: deadlock detected, to those with this text in their SQL", "transactions that lock in another order", "temporary: repeats the whole transaction, within its budget"},
			{"sqlstate 40001 on=commit", "COMMIT fails, and the transaction is rolled back", "a serializable transaction that lost", "temporary: what was to be committed is not; repeats the whole transaction"},
			{"sqlstate 57014 p=0.3", "ERROR: canceling statement due to statement timeout, to that share", "an overloaded server", "temporary at most once; never a storm of retries"},
			{"sqlstate 57P01 every=3", "FATAL: terminating connection due to administrator command, to each third statement; its session ends", "a failover, an administrator who kills sessions", "temporary: on a new connection"},
			{"sqlstate 53100", "ERROR: no space left on device", "a full disk", "temporary, but slow to mend: backs off for seconds, sheds meanwhile"},
			{"sqlstate 42P01", "ERROR: relation does not exist", "a migration that went wrong", permanent},
		}, parseSQLState},
		row("garbage", "garbage [bytes=512]", parseGarbage,
			"random bytes instead of HTTP; the work is not done", "the wrong protocol on the port; a broken proxy",
			"temporary at most once, then goes on without this part", "garbage bytes=512"),
		row("badchunk", "badchunk", always(BadChunk{}), "a chunk whose length is no number", "a broken proxy", retrySafe, "badchunk"),
		{"cut", "cut length | chunked | silent", []Variant{
			{"cut length", "half of the promised length", "a crash while answering", retrySafe},
			{"cut chunked", "the last chunk is missing", "a crash while answering", retrySafe},
			{"cut silent", "half of the body, with nothing to tell it by: the client's library reports no error", "a proxy that buffers and gives up", degrade},
		}, parseCut},
	}
}
