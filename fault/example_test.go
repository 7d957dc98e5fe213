package fault_test

import (
	"fmt"

	"holdfast.dev/holdfast/fault"
)

func ExampleParse() {
	f, err := fault.Parse("p=0.1 503 retry-after=30 key=oracle-3")
	fmt.Println(f, err)
	f, err = fault.Parse("delay 200ms jitter=50ms")
	fmt.Println(f, err)
	_, err = fault.Parse("timeout 200ms")
	fmt.Println(err)
	// Output:
	// status 503 retry-after=30 p=0.1 key=oracle-3 <nil>
	// delay 200ms jitter 50ms <nil>
	// not a fault: "timeout 200ms": "timeout" is not a kind of fault; here it is called "black-hole" and written "black-hole [up|down|both] [lose] [upon TEXT]"
}
