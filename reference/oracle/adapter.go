package oracle

import (
	"encoding/json"
	"errors"
	"time"

	"holdfast.dev/holdfast/reference/schema"
)

// question is what an oracle was asked.
type question struct {
	project int64
	oracle  string
}

// adapter turns the body of an oracle's answer into its data. The error, if
// there is one, says what is wrong with the answer in words that may be shown.
type adapter interface {
	data(q question, body []byte) (json.RawMessage, error)
}

// adapters returns the adapters by the names that the database has for them.
func adapters(c Config) map[string]adapter {
	var v1 adapter = passing{}
	if c.ValidateAnswers {
		v1 = strict{maxAge: c.MaxAge, now: time.Now}
	}
	return map[string]adapter{schema.AdapterV1: v1, schema.AdapterLegacy: legacy{}}
}

// passing passes on whatever came: an object's data, or all of it if it has
// none, or the text of what is no JSON.
type passing struct{}

func (passing) data(_ question, body []byte) (json.RawMessage, error) {
	var answer struct {
		Data json.RawMessage `json:"data"`
	}
	if json.Unmarshal(body, &answer) == nil && answer.Data != nil {
		return answer.Data, nil
	}
	if json.Valid(body) {
		return body, nil
	}
	text, err := json.Marshal(string(body))
	return text, err
}

// legacy reads the answers of old oracles in the way of the client that came
// with them: it takes for granted that each value has the type that it always
// had. An answer where one has not, or where there is null, makes it panic,
// which is what [Config.IsolatePanics] is for. It is not to be mended here: code
// from outside that panics is what a service must be able to live with.
type legacy struct{}

func (legacy) data(_ question, body []byte) (json.RawMessage, error) {
	var answer map[string]any
	if err := json.Unmarshal(body, &answer); err != nil {
		return nil, errors.New("the body is not JSON")
	}
	data := answer["data"].(map[string]any)
	return json.Marshal(impact{
		AsOf:          data["as_of"].(string),
		Beneficiaries: int64(data["beneficiaries"].(float64)),
		CO2Kg:         data["co2_kg"].(float64),
		Score:         data["score"].(float64),
	})
}

// impact is the data of an answer.
type impact struct {
	AsOf          string  `json:"as_of"`
	Beneficiaries int64   `json:"beneficiaries"`
	CO2Kg         float64 `json:"co2_kg"`
	Score         float64 `json:"score"`
}
