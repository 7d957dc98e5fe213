package harness

import (
	"context"
	"os"

	"github.com/jackc/pgx/v5"

	"holdfast.dev/holdfast/harness/probe"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/witness"
)

// heartOfData is what the database's heartbeat is called.
const heartOfData = "db"

// witnesses are the probes that tell what is not the run's own doing. Where this
// system does not tell, there are fewer.
func (st *setup) witnesses() []probe.Probe {
	all := []probe.Probe{witness.Canary(st.canary)}
	if _, err := os.Stat("/proc/stat"); err == nil {
		all = append(all, witness.Processes(st.run()), witness.Pressure())
	}
	if st.data != nil {
		all = append(all, witness.Heartbeat(st.heart()))
	}
	return all
}

// run says which processes are the run's own.
func (st *setup) run() witness.Run {
	r := witness.Run{Target: st.target.PID, Company: st.others}
	for _, i := range st.instances {
		if i.Target != st.target {
			r.Others = append(r.Others, i.PID)
		}
	}
	if st.data != nil {
		r.Database = st.data.Name()
	}
	return r
}

// heart is the database, asked past every fault on a connection of its own.
func (st *setup) heart() witness.Heart {
	var conn *pgx.Conn
	return witness.Heart{
		Name: heartOfData,
		Run:  st.run(),
		Beat: func(ctx context.Context) (err error) {
			if conn == nil || conn.IsClosed() {
				if conn, err = pgx.Connect(ctx, st.data.DSN()); err != nil {
					return err
				}
			}
			_, err = conn.Exec(ctx, "SELECT 1")
			return err
		},
		Close: func(ctx context.Context) error {
			if conn == nil {
				return nil
			}
			return conn.Close(ctx)
		},
	}
}

// witnessSeries are the series that the witnesses of a scenario yield.
func witnessSeries(s Scenario) []probe.Series {
	all := witness.Series()
	if s.World.hasData() {
		all = append(all, witness.HeartSeries(heartOfData)...)
	}
	return all
}

// disturbances are what took time from the run from outside.
func disturbances(seen *LoadSeen) []result.Disturbance {
	if seen == nil {
		return nil
	}
	return witness.Disturbances(seen.Record)
}
