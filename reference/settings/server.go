package settings

// Server returns the settings of the program itself.
func Server() Table {
	return Table{
		{Name: "DATABASE_URL", kind: text, required: connectionString,
			Meaning: "Postgres connection string; required."},
		{Name: "LISTEN_ADDR", kind: text, Default: "127.0.0.1:8080",
			Meaning: "Address to serve HTTP on; with port 0 a free one is chosen and logged."},
		{Name: "DB_POOL_MAX", kind: number, Default: "10", min: "1", max: "1000",
			Meaning: "Most database connections of all services but the tasks, which have their own."},
		{Name: "APP_MEMORY_LIMIT_BYTES", kind: number,
			Meaning: "The memory limit that this process runs under, for app_memory_limit_bytes; it is not enforced here."},
		{Name: "SHUTDOWN_GRACE", kind: duration, Default: "10s",
			Meaning: "How long requests in flight may take to end when the program is told to stop."},
		{Name: "LOG_LEVEL", kind: text, Default: "info", form: logLevel,
			Meaning: "Least severe log lines to write: debug, info, warn or error."},
	}
}
