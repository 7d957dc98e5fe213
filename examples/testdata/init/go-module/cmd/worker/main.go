package main

import "time"

// It listens nowhere, and goes on until it is told to end.
func main() {
	for {
		time.Sleep(time.Minute)
	}
}
