package load_test

import (
	"fmt"
	"time"

	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/result"
)

// A load in its text form.
func ExampleParseProfile() {
	p, err := load.ParseProfile("50/s to 150/s over 10s, then bursts of 20 every 1s for 5s")
	fmt.Println(p, err)
	fmt.Println(load.Planned(p), "requests in", p.Duration())
	_, err = load.ParseProfile("200/s over 10s")
	fmt.Println(err)
	// Output:
	// 50/s to 150/s over 10s, then bursts of 20 every 1s for 5s <nil>
	// 1100 requests in 15s
	// profile "200/s over 10s": "over" stands where "for" should; write it as "200/s for 10s"
}

// A load that follows the phases of an experiment, whatever their length.
func ExamplePerPhase() {
	shape := load.PerPhase(40, map[string]float64{result.Inject: 200})
	fmt.Println(shape)
	fmt.Println(shape.Over([]result.Phase{
		{Name: result.Baseline, To: 2 * time.Second},
		{Name: result.Inject, From: 2 * time.Second, To: 5 * time.Second},
	}))
	// Output:
	// 40/s, 200/s in inject
	// 40/s for 2s, then 200/s for 3s
}

// Requests as data, the same for the same seed.
func ExampleTemplate() {
	next, err := load.Requests(1, load.Stream{
		Name: "checkout", Profile: load.Constant(40, 10*time.Second),
		Template: &load.Template{
			Method: "POST", Path: "/checkout?from={country}", Body: `{"cart": "{cart}", "qty": "{qty:int}"}`,
			Vars: map[string]load.Var{
				"cart":    {Unique: load.UniqueNumber},
				"country": {Words: []string{"Côte d'Ivoire"}},
				"qty":     {Integers: &load.Integers{Min: 3, Max: 3}},
			},
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	r := next(7)
	fmt.Println(r.Method, r.Path, string(r.Body))
	// Output: POST /checkout?from=C%C3%B4te+d%27Ivoire {"cart": "7", "qty": 3}
}
