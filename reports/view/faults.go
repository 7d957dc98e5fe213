package view

import (
	"holdfast.dev/holdfast/harness/result"
)

// Fault is the receipt of one fault.
type Fault struct {
	ID, Name, Window, Fired, Missed, Declared, Measured, Undone, Error string
	Word                                                               string // of [Run.Words]
	Bad                                                                bool
}

// faults lists the receipts.
func faults(s result.Scenario) []Fault {
	var rows []Fault
	for _, f := range s.Faults {
		r := Fault{
			ID: f.ID, Name: faultName(f), Window: at(f.StartS) + " – no end", Fired: count(f.Fired), Missed: count(f.Missed),
			Declared: f.Declared, Measured: f.Measured, Error: f.Error, Undone: "not looked at",
		}
		if f.EndS != nil {
			r.Window = at(f.StartS) + " – " + at(*f.EndS)
		}
		if f.Undone != nil {
			r.Undone = map[bool]string{true: "yes, read back", false: "NO"}[*f.Undone]
		}
		r.Bad = f.Fired == 0 || f.Undone == nil || !*f.Undone || f.Error != ""
		rows = append(rows, r)
	}
	return rows
}

// faultName is what a fault does, and to what.
func faultName(f result.Fault) string {
	name := f.Kind
	if name == "" {
		name = f.ID
	}
	if f.On != "" {
		name += " on " + f.On
	}
	return name
}
