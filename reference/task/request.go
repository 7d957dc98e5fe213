package task

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/riverqueue/river"
)

// What a request may hold.
const (
	maxBody     = 4 << 20 // bytes
	maxMessages = 1000    // of a batch; the API gets 100 of them at a time
)

// request is the body of POST /tasks.
type request struct {
	Kind      string         `json:"kind"`
	ProjectID *int64         `json:"project_id"`
	Messages  []batchMessage `json:"messages"`
}

// parse reads a request into a task's arguments. What it returns as an error is
// for the client to read. Whether an address is one is left to the API.
func parse(body io.Reader) (river.JobArgs, error) {
	var r request
	decoder := json.NewDecoder(body)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&r); err != nil {
		return nil, fmt.Errorf("the body is not a task: %w", err)
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil, errors.New("there is something after the task")
	}
	switch r.Kind {
	case kindNotify:
		if r.ProjectID == nil || *r.ProjectID < 1 || r.Messages != nil {
			return nil, errors.New(kindNotify + " wants a project_id of at least 1 and nothing else")
		}
		return notifyArgs{ProjectID: *r.ProjectID}, nil
	case kindBatch:
		if len(r.Messages) == 0 || len(r.Messages) > maxMessages || r.ProjectID != nil {
			return nil, fmt.Errorf("%s wants 1 to %d messages and nothing else", kindBatch, maxMessages)
		}
		for i, m := range r.Messages {
			if err := m.check(); err != nil {
				return nil, fmt.Errorf("message %d: %w", i, err)
			}
		}
		return batchArgs{Messages: r.Messages}, nil
	}
	return nil, fmt.Errorf("the kind is none of %s", strings.Join(taskKinds(), ", "))
}

// check reports what a message lacks, or that it holds what Postgres cannot
// store.
func (m batchMessage) check() error {
	for _, field := range []struct{ name, value string }{{"to", m.To}, {"subject", m.Subject}, {"body", m.Body}} {
		switch {
		case field.value == "":
			return fmt.Errorf("%q is missing", field.name)
		case strings.ContainsRune(field.value, 0):
			return fmt.Errorf("%q holds a NUL character", field.name)
		}
	}
	return nil
}
