package settings

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
)

// tag ties a field of a configuration to a setting: `setting:"NAME"`.
const tag = "setting"

// Read returns the configuration that an environment says: C is a struct with
// one field for each setting of the table, tagged with its name. What getenv
// returns "" for is the default; surrounding spaces are ignored. The error is
// all that is wrong at once, each with its variable's name, and then there is no
// configuration.
func Read[C any](t Table, getenv func(string) string) (C, error) {
	var c C
	var problems []error
	fields := t.fields(reflect.ValueOf(&c).Elem())
	for i, s := range t {
		written := strings.TrimSpace(getenv(s.Name))
		if written == "" {
			written = s.Default
		}
		if written == "" {
			if s.required != "" {
				problems = append(problems, fmt.Errorf("%s: must be set: %s", s.Name, s.required))
			}
			continue
		}
		value, err := s.read(written)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		fields[i].Set(reflect.ValueOf(value).Convert(fields[i].Type()))
	}
	if err := errors.Join(problems...); err != nil {
		return *new(C), err
	}
	return c, nil
}

// Defaults returns the configuration of an environment that says nothing. A
// table with a setting that must be set has none, and panics.
func Defaults[C any](t Table) C {
	c, err := Read[C](t, func(string) string { return "" })
	if err != nil {
		panic(fmt.Sprintf("settings: the defaults: %v", err))
	}
	return c
}

// Validate reports all that is wrong with a configuration that was made in Go,
// each with the variable that sets it.
func Validate[C any](t Table, c C) error {
	var problems []error
	fields := t.fields(reflect.ValueOf(c))
	for i, s := range t {
		problems = append(problems, s.accept(fields[i].Convert(goType[s.kind]).Interface()))
	}
	return errors.Join(problems...)
}

// goType is what a value of each kind is read as.
var goType = map[kind]reflect.Type{
	text: reflect.TypeFor[string](), number: reflect.TypeFor[int64](), share: reflect.TypeFor[float64](),
	boolean: reflect.TypeFor[bool](), duration: reflect.TypeFor[time.Duration](),
}

// fields returns the field of each setting, in the table's order. A setting
// without a field of its type, or a field without a setting, is a mistake in the
// code, which the first start would show: it panics.
func (t Table) fields(config reflect.Value) []reflect.Value {
	of := config.Type()
	fields := make([]reflect.Value, len(t))
	for i := range of.NumField() {
		at := slices.Index(t.names(), of.Field(i).Tag.Get(tag))
		if at < 0 || fields[at].IsValid() || !t[at].kind.fills(of.Field(i).Type) {
			panic(fmt.Sprintf("settings: the field %s of %v is not that of one setting of its type", of.Field(i).Name, of))
		}
		fields[at] = config.Field(i)
	}
	for i, field := range fields {
		if !field.IsValid() {
			panic(fmt.Sprintf("settings: %v has no field for %s", of, t[i].Name))
		}
	}
	return fields
}

// fills tells whether a value of the kind can be put into a field of the type.
func (k kind) fills(field reflect.Type) bool {
	return field == goType[k] || k == number && field.Kind() == reflect.Int
}
