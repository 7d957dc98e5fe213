package cluster

import (
	"runtime"
	"strconv"
)

// Setting is one server setting that differs from Postgres's default, and why.
type Setting struct {
	Name, Value, Why string
}

// Settings are the settings of every server that Holdfast starts itself, from
// binaries or in a container. Two rules keep it a real Postgres: what a COMMIT
// promises stays as it is by default (fsync, synchronous_commit and
// full_page_writes are on), and so does everything that the planner decides by,
// so that a plan seen here is a plan seen in production.
func Settings() []Setting {
	return []Setting{
		{"shared_buffers", "256MB", "the default of 128MB does not hold the bench data set with its indexes"},
		{"max_connections", "100", "the default, said aloud: scenarios count on running out of them"},
		{"maintenance_work_mem", "256MB", "index builds while seeding"},
		{"max_wal_size", "4GB", "no checkpoint in the middle of a measurement merely because a seeding wrote much"},
		{"min_wal_size", "256MB", "segments are recycled instead of zeroed anew"},
		{"checkpoint_timeout", "15min", "a bench fits between two checkpoints; a soak still sees them"},
		{"wal_compression", "pglz", "full pages after a checkpoint cost half the writing on a shared disk"},
		{"log_min_messages", "warning", "the log is read by people after something failed"},
		{"log_line_prefix", "%m [%p] %d ", "when, who, on which database"},
		{"timezone", "UTC", "the same text of a timestamp on every machine"},
		{"log_timezone", "UTC", "as above"},
	}
}

// placement is where a server from binaries listens: this machine only, by TCP
// only, since a socket in a shared directory would be open to others.
func placement(major int, port uint16) []Setting {
	settings := []Setting{
		{"listen_addresses", "127.0.0.1", "this machine only"},
		{"port", strconv.Itoa(int(port)), "one that was free"},
		{"unix_socket_directories", "", "no socket"},
		{"logging_collector", "off", "standard error goes to the cluster's log file"},
		{"log_destination", "stderr", "as above"},
	}
	if major >= 14 && runtime.GOOS == "linux" {
		settings = append(settings, Setting{"recovery_init_sync_method", "syncfs", "after a crash, one call instead of one for every file of every template"})
	}
	return settings
}
