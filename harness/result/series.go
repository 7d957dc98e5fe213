package result

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Series is one quantity over time. T and V have the same length; where
// nothing was measured there is no point.
//
// In the file each is one text with a space between two numbers: of the many
// numbers of a run most are here, and a list of its own line each is three times as
// long, and ten times as long to read.
type Series struct {
	Name string    `json:"name"`
	Unit string    `json:"unit"`
	T    []float64 `json:"t_s"`
	V    []float64 `json:"v"`
	// Limit is a line to draw, for example a container's memory limit.
	Limit *float64 `json:"limit,omitempty"`
	// Reduced says how a longer series was reduced, for example "max per 0.25 s".
	Reduced string `json:"reduced,omitempty"`
}

// seriesText is a series as it stands in the file.
type seriesText struct {
	Name    string   `json:"name"`
	Unit    string   `json:"unit"`
	T       numbers  `json:"t_s"`
	V       numbers  `json:"v"`
	Limit   *float64 `json:"limit,omitempty"`
	Reduced string   `json:"reduced,omitempty"`
}

// MarshalJSON implements [json.Marshaler].
func (s Series) MarshalJSON() ([]byte, error) {
	return json.Marshal(seriesText{s.Name, s.Unit, s.T, s.V, s.Limit, s.Reduced})
}

// UnmarshalJSON implements [json.Unmarshaler]. It takes lists of numbers, too, as
// files of [schemaTwo] have them.
func (s *Series) UnmarshalJSON(data []byte) error {
	var text seriesText
	if err := json.Unmarshal(data, &text); err != nil {
		return err
	}
	*s = Series{text.Name, text.Unit, text.T, text.V, text.Limit, text.Reduced}
	return nil
}

// numbers are written as one text.
type numbers []float64

func (n numbers) MarshalJSON() ([]byte, error) {
	text := make([]byte, 0, 8*len(n)+2)
	text = append(text, '"')
	for i, v := range n {
		if i > 0 {
			text = append(text, ' ')
		}
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, fmt.Errorf("%v is no number of a series", v)
		}
		text = strconv.AppendFloat(text, v, formOf(v), -1, 64)
	}
	return append(text, '"'), nil
}

// formOf is how JSON writes a number: with an exponent where it is very large or
// very small.
func formOf(v float64) byte {
	if abs := math.Abs(v); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		return 'e'
	}
	return 'f'
}

func (n *numbers) UnmarshalJSON(data []byte) error {
	if !bytes.HasPrefix(data, []byte{'"'}) {
		return json.Unmarshal(data, (*[]float64)(n))
	}
	var text string
	if err := json.Unmarshal(data, &text); err != nil {
		return err
	}
	*n = nil
	if text == "" {
		return nil
	}
	*n = make(numbers, 0, strings.Count(text, " ")+1)
	for word := range strings.SplitSeq(text, " ") {
		v, err := strconv.ParseFloat(word, 64)
		if err == nil && (math.IsNaN(v) || math.IsInf(v, 0)) {
			err = errors.New("no number of a series")
		}
		if err != nil {
			return fmt.Errorf("a series has %.40q among its numbers: %w", word, err)
		}
		*n = append(*n, v)
	}
	return nil
}
