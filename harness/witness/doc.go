// Package witness tells what took time from an experiment from outside: another
// process, a hypervisor, a quota, a signal that stopped the harness or its
// database, a clock that was set.
//
// Enter at [Disturbances], which reads the record of a run and says when it was
// disturbed and by what. The rest are probes for that record:
//
//	probe         series                                              every
//	[Canary]      canary.lag, canary.work, clock.jump                 50 ms
//	[Processes]   machine.own, machine.target, machine.foreign,       500 ms
//	              disk.foreign, memory.own
//	[Pressure]    pressure.cpu, .io, .memory, quota.cores,            500 ms
//	              quota.throttled, memory.free
//	[Heartbeat]   NAME.heartbeat, NAME.heartbeat.cpu, .stopped        100 ms
//
// Only what comes from outside is a disturbance. The run's own processes (the
// harness with its fakes and proxies, the target with all that it started, the
// database as far as it serves this run) are told from all others, and lateness
// that they can have caused themselves is theirs: a target that burns every core
// makes the canary late, and excuses nothing.
//
// The package judges no check: what a disturbance excuses is for the package
// verdict.
package witness
