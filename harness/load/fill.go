package load

import "math/rand/v2"

// Fill is the request by itself, outside of any stream: with a value for each name that is
// given, and of a variable that varies its first. A name without a value stays as it is
// written.
func (t Template) Fill(values map[string]string) (Request, error) {
	c, err := t.compile()
	if err != nil {
		return Request{}, err
	}
	return c.request(0, rand.New(rand.NewPCG(0, 0)), func(name string) (string, bool) { value, ok := values[name]; return value, ok }), nil
}
