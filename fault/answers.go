package fault

func answers() []Row {
	ignore := "temporary: falls back to its own back-off"
	return []Row{
		{"status", "status CODE [html] [carried-out] [name=ERROR] [retry-after=VALUE|date+TIME|date-TIME]", []Variant{
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
		{"redirect", "redirect loop | host location=URL", []Variant{
			{"redirect loop", "307 to the same address", "a wrong route", "follows few redirects (ten hits for each call by default); permanent"},
			{"redirect host location=http://127.0.0.1:9", "307 to another host; in a scenario location={api.url} is that of the dependency api", "a wrong route; an attack on your network", "follows to no other host, and sends its key to none; permanent"},
		}, parseRedirect},
		row("revoke-key", "revoke-key", always(RevokeKey{}),
			"the key that was good is refused, until another takes its place", "a key that was revoked, rotated or leaked",
			"takes it for permanent, keeps what it could not send, and goes on once it has the new key", "revoke-key"),
		{"hide-key", "hide-key [empty]", []Variant{
			{"hide-key", "the file with the key is gone, until it is put back", "a mounted secret that is being replaced, a volume that comes late",
				"takes it for temporary: tries again, and reads the file anew"},
			{"hide-key empty", "the file with the key is there and empty, until the key is in it again", "a secret that is written anew: emptied first, and filled then",
				"takes it for temporary: tries again, and reads the file anew; calls nobody without a key"},
		}, parseHideKey},
		{"wrong", "wrong id | other | stale | future | impossible | duplicate", []Variant{
			{"wrong id", "a well-formed answer about something else", "a cache that mixes up its keys", "checks that the answer is about what it asked; permanent for this call"},
			{"wrong other", "the right answer, under another's name", "a proxy that mixes up its upstreams", "checks whose answer it is; permanent for this call"},
			{"wrong stale", "what was true once", "a stale cache; a lagging replica", "checks the age, if age matters"},
			{"wrong future", "what is of a time that is to come", "a clock that is wrong; a forecast", "checks the time, if time matters"},
			{"wrong impossible", "one number that can't be, another with each answer", "a bug; an overflow", "checks that values are possible; permanent for this call"},
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
		{"json one", "one value, another with each answer, of another type, null or left out", "a changed schema; one row that is broken"},
		{"json null", "null instead of an object", "a bug"},
		{"json nulls", "every field null", "a changed schema"},
		{"json nan", "NaN instead of numbers, which is no JSON", "a division by zero upstream"},
		{"json huge", "numbers beyond any type", "a bug"},
		{"json deep depth=10000", "lists in lists", "an attack on the parser"},
		{"json duplicate", "every field twice, the second time null", "a bug; parsers that disagree"},
		{"json more", "the right answer, and another value after it", "a bug; two answers run together"},
		{"json missing field=data", "a field left out", "a changed schema"},
		{"json bytes", "texts that are no UTF-8", "an old database; a cut in the middle of a character"},
		{"json empty", "status 200 without a body", "a bug"},
		{"json nocontent", "status 204", "nothing known"},
	} {
		variants = append(variants, Variant{v[0], v[1] + "; the work is done", v[2], degrade})
	}
	return []Row{
		{"json", "json malformed | html | types | one | null | nulls | nan | huge | deep [depth=10000] | duplicate | more | missing [field=NAME] | bytes | empty | nocontent", variants, parseJSON},
		row("endless", "endless [bytes=1GiB]", parseEndless,
			"a body without end", "a hostile or broken upstream", readsBounded, "endless bytes=8MiB"),
		row("gzipbomb", "gzipbomb [bytes=1GiB]", parseGzipBomb,
			"a small body that is large when unpacked", "a hostile upstream", "limits what it reads after unpacking; "+permanent, "gzipbomb bytes=8MiB"),
		row("bigheader", "bigheader [bytes=1MiB]", parseBigHeader,
			"one header of that size", "a broken proxy; cookies run wild", readsBounded, "bigheader bytes=1MiB"),
	}
}

func processes() []Row {
	return []Row{
		{"pause", "pause [child]", []Variant{
			{"pause", "every thread of all of its processes stops; connections stay open and the kernel still takes new ones, until the backlog is full", "a long garbage collection, a virtual machine that is frozen or migrated, a starved CPU",
				"goes on where it was: what is past its deadline is dropped, not worked off; leases and locks that ran out are noticed"},
			{"pause child", "one process that it has started stops, the oldest that has no child of its own; the others go on", "a worker that hangs in a call that never returns",
				"is noticed by who looks after the workers, and replaced; what it had in hand is done by another, once"},
		}, parsePause},
		{"kill", "kill [child]", []Variant{
			{"kill", "the process is gone, with no chance to clean up", "the kernel's OOM killer, a node that dies, a panic",
				"accepted work is durable: after the restart nothing is lost and nothing happens twice"},
			{"kill child", "one process that it has started is gone, the oldest that has no child of its own", "a worker that crashes, or that the kernel kills for memory",
				"is started again by who looks after the workers; what it had in hand is done by another, once"},
		}, parseKill},
		{"terminate", "terminate [child|tree]", []Variant{
			{"terminate", "the process is asked to end and goes on until it does", "a deploy, a scale-down, a node that is drained",
				"takes no new work, finishes what it has within its grace, loses nothing that it accepted"},
			{"terminate child", "one process that it has started is asked to end, the oldest that has no child of its own", "a worker that is recycled",
				"finishes what it has in hand, and is replaced"},
			{"terminate tree", "the process and all that it has started are asked to end at the same time", "a container or a unit whose manager signals all of its processes",
				"is asked in two ways at once and loses nothing for that: workers finish what they have, and nobody starts them again"},
		}, parseTerminate},
		row("starve", "starve SHARE% | N cpus", parseStarve,
			"all of its processes together have that much of the processors' time, 20% being a fifth of one; beyond that they wait", "a noisy neighbour, a limit of CPU that is too low, a burst that used up its credits",
			"sheds what it cannot do in time, answers its health checks all the same, and is as it was when it has its time again", "starve 0.2 cpus"),
		row("squeeze", "squeeze BYTES", parseSqueeze,
			"all of its processes together have that much memory; the kernel takes back what it can and kills who needs more", "a limit of memory that is too low, a neighbour that grows",
			"bounds its caches, queues and request bodies, so that it lives within its limit; sheds before it is killed", "squeeze 64MiB"),
	}
}

func sessions() []Row {
	return []Row{
		{"lock-table", "lock-table [SCHEMA.]TABLE[,…] | *", []Variant{
			{"lock-table projects", "every statement on the table waits", "a migration (ALTER TABLE, VACUUM FULL) that waits or works while the service runs",
				"gives up by its own statement or lock timeout (55P03, 57014) and frees its connection; other tables' requests go on"},
			{"lock-table projects,owners", "every statement on any of the tables waits", "a migration of several tables in one transaction",
				"gives up by its own statement or lock timeout (55P03, 57014) and frees its connection; other tables' requests go on"},
			{"lock-table *", "every statement on a table that is no system's waits", "a restore; a migration of all",
				"gives up by its own statement or lock timeout (55P03, 57014) and frees its connection; what needs no database goes on"},
		}, parseLockTable},
		row("hold-connections", "hold-connections N", parseHoldConnections,
			"new sessions are refused (53300) once the server has none left", "a neighbour that leaks connections, too many replicas of a service, a pooler that is too small",
			"lives with the pool it has, bounds the wait for a connection, sheds with 503; 53300 is temporary, with backoff", "hold-connections 90"),
		row("crash", "crash", always(Crash{}),
			"every process of the server is killed; connections are reset, new ones refused, until it is started again at the same address and has recovered", "kill -9, a node that dies, a power cut that spares the disk",
			"temporary: backs off and reconnects by itself; a COMMIT under way is unknown; what was answered as done is there afterwards", "crash"),
		row("terminate-backends", "terminate-backends", always(TerminateBackends{}),
			"every session on the database ends at once (57P01); new ones are served as ever", "a failover, an administrator who kills sessions",
			"57P01 is temporary: a read is repeated on a new connection, a COMMIT under way is unknown", "terminate-backends"),
	}
}
