package oracle

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"time"
	"unicode/utf8"
)

// Bounds of what an oracle may say.
const (
	mostBeneficiaries = 10_000_000_000          // there are fewer people
	mostCO2Kg         = 1e15                    // more than the world emits in a decade, in either direction
	mostAhead         = 24 * time.Hour          // a clock that is wrong, or a date without a time
	day               = float64(24 * time.Hour) // in the unit of time.Duration
)

// strict reads answers of the documented shape and no others: valid UTF-8; one
// JSON object and nothing after it; each field once, under its exact name, of
// its type and not null; about what was asked; with possible values. Fields that
// are not in the documentation are left out.
type strict struct {
	maxAge time.Duration // of as_of; 0 is any
	now    func() time.Time
}

func (s strict) data(q question, body []byte) (json.RawMessage, error) {
	if !utf8.Valid(body) {
		return nil, errors.New("the body is not UTF-8")
	}
	answer, err := object(body)
	if err != nil {
		return nil, err
	}
	var project int64
	var name string
	if err := errors.Join(field(answer, "project_id", &project), field(answer, "oracle", &name)); err != nil {
		return nil, err
	}
	if project != q.project {
		return nil, errors.New("the answer is about another project")
	}
	if name != q.oracle {
		return nil, errors.New("the answer is another oracle's")
	}
	data, err := s.impact(answer["data"])
	if err != nil {
		return nil, err
	}
	return json.Marshal(data)
}

// impact reads and checks the data of an answer.
func (s strict) impact(raw json.RawMessage) (impact, error) {
	var d impact
	fields, err := object(raw)
	if err != nil {
		return d, fmt.Errorf("data: %w", err)
	}
	if err := errors.Join(
		field(fields, "as_of", &d.AsOf),
		field(fields, "beneficiaries", &d.Beneficiaries),
		field(fields, "co2_kg", &d.CO2Kg),
		field(fields, "score", &d.Score),
	); err != nil {
		return d, err
	}
	switch {
	case d.Beneficiaries < 0 || d.Beneficiaries > mostBeneficiaries:
		return d, errors.New("beneficiaries is no possible number of people")
	case math.Abs(d.CO2Kg) > mostCO2Kg:
		return d, errors.New("co2_kg is no possible mass")
	case d.Score < 0 || d.Score > 1:
		return d, errors.New("score is not between 0 and 1")
	}
	return d, s.timely(d.AsOf)
}

// timely checks the time that data are of.
func (s strict) timely(asOf string) error {
	at, err := time.Parse(time.RFC3339, asOf)
	if err != nil {
		return errors.New("as_of is no time as in RFC 3339")
	}
	age := s.now().Sub(at)
	if age < -mostAhead {
		return errors.New("as_of is in the future")
	}
	if s.maxAge > 0 && age > s.maxAge {
		return fmt.Errorf("the data are %.0f days old", math.Floor(float64(age)/day))
	}
	return nil
}

// object returns the fields of the JSON object that raw is. encoding/json alone
// would let the last of two fields win, and take names in any case.
func object(raw []byte) (map[string]json.RawMessage, error) {
	if len(bytes.TrimSpace(raw)) == 0 {
		return nil, errors.New("there is no object")
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	notJSON := errors.New("the body is not JSON")
	open, err := d.Token()
	if err != nil {
		return nil, notJSON
	}
	if open != json.Delim('{') {
		return nil, errors.New("there is another value where an object was wanted")
	}
	fields := map[string]json.RawMessage{}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, notJSON
		}
		name, _ := key.(string) // the decoder lets nothing else be a key
		if _, twice := fields[name]; twice {
			return nil, errors.New("there is a field twice")
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, notJSON
		}
		fields[name] = value
	}
	if _, err := d.Token(); err != nil { // the closing brace
		return nil, notJSON
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("there is more than one value")
	}
	return fields, nil
}

// field reads one field into a value, whose type it must have.
func field[T any](fields map[string]json.RawMessage, name string, into *T) error {
	raw, there := fields[name]
	if !there {
		return fmt.Errorf("%s is missing", name)
	}
	var value *T // stays nil for null
	if err := json.Unmarshal(raw, &value); err != nil || value == nil {
		return fmt.Errorf("%s has another type", name)
	}
	*into = *value
	return nil
}
