// Package httpfault carries faults of [fault] out on the answers of an HTTP
// server.
//
// A server holds a [Set], to which faults are added and from which they are
// lifted while it runs. For each request it asks [Set.Plan] what is to happen,
// and lets the plan wait, change the answer and send it. Lifting a fault lets go
// of everything that it holds. [Support] is the table of what it can carry out.
//
// Every draw comes from the seed, the fault, the request's key and its attempt.
// So the order in which requests happen to arrive changes nothing: the same seed
// makes the same faults for the same requests.
//
// Several faults may act on one request. Waits add up, changes are applied in
// the order of the set, and the first that sends the answer in a way of its own
// is the one that does.
package httpfault
