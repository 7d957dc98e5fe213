package result

import (
	"reflect"
	"time"
)

// Rewritten returns a copy of v in which every string, those that are keys and
// values of maps too, is what text makes of it. Numbers are shared with v, which
// stays as it is; fields that are not exported stay empty.
func Rewritten[T any](v *T, text func(string) string) *T {
	return rewritten(v, rewriting{text: text})
}

// rewriting is how a copy differs from what it is made of.
type rewriting struct {
	text func(string) string
	// value is what a text of a map is made of, by its key. Optional: text.
	value func(key, text string) string
}

func rewritten[T any](v *T, r rewriting) *T {
	out := new(T)
	r.copy(reflect.ValueOf(out).Elem(), reflect.ValueOf(v).Elem())
	return out
}

func (r rewriting) copy(dst, src reflect.Value) {
	switch src.Kind() {
	case reflect.String:
		dst.SetString(r.text(src.String()))
	case reflect.Pointer:
		if !src.IsNil() {
			dst.Set(reflect.New(src.Type().Elem()))
			r.copy(dst.Elem(), src.Elem())
		}
	case reflect.Struct:
		if src.Type() == reflect.TypeFor[time.Time]() {
			dst.Set(src)
			return
		}
		for i := range src.NumField() {
			if src.Type().Field(i).IsExported() {
				r.copy(dst.Field(i), src.Field(i))
			}
		}
	case reflect.Slice:
		if src.IsNil() || src.Type().Elem().Kind() == reflect.Float64 {
			dst.Set(src)
			return
		}
		dst.Set(reflect.MakeSlice(src.Type(), src.Len(), src.Len()))
		for i := range src.Len() {
			r.copy(dst.Index(i), src.Index(i))
		}
	case reflect.Map:
		r.copyMap(dst, src)
	default:
		dst.Set(src)
	}
}

func (r rewriting) copyMap(dst, src reflect.Value) {
	if src.IsNil() {
		return
	}
	dst.Set(reflect.MakeMapWithSize(src.Type(), src.Len()))
	for it := src.MapRange(); it.Next(); {
		key, value := reflect.New(src.Type().Key()).Elem(), reflect.New(src.Type().Elem()).Elem()
		r.copy(key, it.Key())
		r.copy(value, it.Value())
		if r.value != nil && value.Kind() == reflect.String && key.Kind() == reflect.String {
			value.SetString(r.value(it.Key().String(), it.Value().String()))
		}
		dst.SetMapIndex(key, value)
	}
}
