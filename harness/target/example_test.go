package target_test

import (
	"context"
	"fmt"
	"os"
	"time"

	"holdfast.dev/holdfast/harness/target"
	"holdfast.dev/holdfast/harness/undo"
)

// A service of a store and two workers, which start when the store is ready.
func ExampleSystem() {
	dir, _ := os.MkdirTemp("", "undo")
	defer os.RemoveAll(dir)
	journal, err := undo.Open(dir, "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer journal.Close()
	s, err := target.NewSystem(target.SystemConfig{
		Processes: []target.Process{
			{
				Name: "worker", Replicas: 2, DependsOn: []string{"store"}, Restart: target.RestartOnFailure,
				Command: []string{"sh", "-c", `echo "worker $NUMBER is up"; exec sleep 60`},
				Env:     map[string]string{"NUMBER": "{replica}", "STORE": "{store.address}"},
				Ready:   target.Ready{Log: "is up"},
			},
			{Name: "store", Command: []string{"sleep", "60"}},
		},
		Start: time.Now(), Journal: journal,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	if err := s.Start(ctx); err != nil {
		fmt.Println(err)
		return
	}
	for _, i := range s.Instances() {
		fmt.Println(i.Name(), i.Log())
	}
	if err := s.Stop(ctx); err != nil {
		fmt.Println(err)
	}
	for _, i := range s.Instances() {
		fmt.Println(i.Name(), "was", i.Ends()[0])
	}
	// Output:
	// worker [worker 1 is up]
	// worker.2 [worker 2 is up]
	// store []
	// worker was stopped by the harness (terminated)
	// worker.2 was stopped by the harness (terminated)
	// store was stopped by the harness (terminated)
}
