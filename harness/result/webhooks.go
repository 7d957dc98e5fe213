package result

// Webhooks is what an API that is played here has sent to the target for one of its
// routes, and what came of it.
type Webhooks struct {
	At         string `json:"at"`         // the place of their faults, for example stripe.charge.webhook
	Due        int64  `json:"due"`        // callbacks that fell due
	Delivered  int64  `json:"delivered"`  // answered with 2xx
	Failed     int64  `json:"failed"`     // sent, and not answered with 2xx
	Lost       int64  `json:"lost"`       // sent to nobody, by a fault
	Duplicates int64  `json:"duplicates"` // deliveries answered with 2xx beyond the first of their callback
	// Callbacks are some of them, in the order in which they fell due: the first few of
	// each story.
	Callbacks []Callback `json:"callbacks"`
}

// Callback is one request to the target that fell due, and what became of it.
type Callback struct {
	Key  string  `json:"key"` // that of the request which caused it
	DueS float64 `json:"due_s"`
	// Faults are those that acted on it, as they were asked for.
	Faults []string `json:"faults,omitempty"`
	Lost   bool     `json:"lost,omitempty"` // a fault had it sent to nobody
	// Pending says that it was still to be sent when the experiment was over.
	Pending    bool       `json:"pending,omitempty"`
	Deliveries []Delivery `json:"deliveries"`
}

// Delivery is one time that a callback was sent.
type Delivery struct {
	Attempt int     `json:"attempt"`          // from 1
	Again   bool    `json:"again,omitempty"`  // sent by a fault beside the one that was to be sent
	Forged  bool    `json:"forged,omitempty"` // with a wrong signature
	SentS   float64 `json:"sent_s"`
	TookMS  float64 `json:"took_ms"`
	Status  int     `json:"status"` // of the target's answer; 0: there was none
	Error   string  `json:"error,omitempty"`
}
