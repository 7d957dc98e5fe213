package reports

import (
	"reflect"
	"time"

	"holdfast.dev/holdfast/harness/result"
)

// poison replaces every string and every key of a map in run, but what decides
// how the rest is read: verdicts, operators, units and the names of phases.
func poison(run *result.Run, text string) {
	poisonValue(reflect.ValueOf(run).Elem(), "", text)
}

func poisonValue(v reflect.Value, field, text string) {
	switch v.Kind() {
	case reflect.String:
		switch {
		case v.Type() == reflect.TypeFor[result.Verdict](), v.Type() == reflect.TypeFor[result.Outcome](), field == "Op", field == "Unit", field == "LevelUnit", field == "Schema":
		default:
			v.SetString(text)
		}
	case reflect.Pointer:
		if !v.IsNil() {
			poisonValue(v.Elem(), field, text)
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			return
		}
		for i := range v.NumField() {
			poisonValue(v.Field(i), v.Type().Field(i).Name, text)
		}
	case reflect.Slice:
		for i := range v.Len() {
			poisonValue(v.Index(i), field, text)
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			value := reflect.New(v.Type().Elem()).Elem()
			value.Set(v.MapIndex(key))
			poisonValue(value, "", text)
			v.SetMapIndex(key, reflect.Value{})
			v.SetMapIndex(reflect.ValueOf(key.String()+text), value)
		}
	}
}
