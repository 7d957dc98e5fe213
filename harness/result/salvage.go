package result

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// ErrCut is what [Salvage] wraps when so little of a file is left that nothing
// can be said.
var ErrCut = errors.New("the file is cut off before anything was written of the run")

// Salvage reads what is left of a run.json that was cut off, by a full disk or a
// broken upload: all values that are whole. The run that it returns is partial.
// It keeps no verdict but a failure, and none at all of the scenario that the
// cut goes through, whose checks may be behind it.
//
// [Read] refuses such a file; Salvage is for showing one, never for judging it.
func Salvage(r io.Reader) (*Run, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("read result: %w", err)
	}
	whole, depth := wholePart(data)
	run, err := Read(bytes.NewReader(whole))
	if err != nil {
		return nil, err
	}
	if run.ID == "" || run.Started.IsZero() {
		return nil, fmt.Errorf("read result: %w", ErrCut)
	}
	if n := len(run.Scenarios); n > 0 && depth > insideScenarios {
		run.Scenarios[n-1].Verdict, run.Scenarios[n-1].Reason = "", ""
	}
	if run.Verdict != Fail {
		run.Verdict = ""
	}
	run.Complete = false
	run.Reason = strings.TrimSpace(fmt.Sprintf("The file is cut off after %s: what stood behind is lost. %s", Bytes(float64(len(data))), run.Reason))
	return run, nil
}

// insideScenarios is how many brackets are open between two scenarios: that of
// the run and that of the list.
const insideScenarios = 2

// wholePart is the longest beginning of a JSON text that is JSON once the
// brackets that are open are closed, with those closed; depth is how many.
func wholePart(data []byte) (whole []byte, depth int) {
	var open, kept []byte // closing brackets that are due, now and at the end of whole
	end := 0
	inString := false
	for i := 0; i < len(data); i++ {
		switch c := data[i]; {
		case inString:
			if c == '\\' {
				i++
			} else if c == '"' {
				inString = false
			}
		case c == '"':
			inString = true
		case c == '{', c == '[':
			open = append(open, c+2) // } and ] stand two behind
			end, kept = i+1, append(kept[:0], open...)
		case (c == '}' || c == ']') && len(open) > 0:
			open = open[:len(open)-1]
			end, kept = i+1, append(kept[:0], open...)
		case c == ',':
			end, kept = i, append(kept[:0], open...)
		}
	}
	whole = append(whole, data[:end]...)
	for i := len(kept) - 1; i >= 0; i-- {
		whole = append(whole, kept[i])
	}
	return whole, len(kept)
}

// Cut reports whether data is JSON that ends too early, as against something
// that is none.
func Cut(data []byte) bool {
	err := json.NewDecoder(bytes.NewReader(data)).Decode(new(json.RawMessage))
	return errors.Is(err, io.ErrUnexpectedEOF)
}
