package result

import "holdfast.dev/holdfast/redact"

// Redacted returns a copy of v, a [Run] or a part of one, in which no text holds
// a credential that can be told as one: see [redact.Text] and [redact.Value].
// [Write] does the same, so that no file ever holds them. v stays as it is;
// numbers are shared with it.
func Redacted[T any](v *T) *T {
	return rewritten(v, rewriting{text: redact.Text, value: redact.Value})
}

// Without returns a copy of v, a [Run] or a part of one, in which none of the texts
// stands, in whatever form: secrets that nobody could tell as such.
func Without[T any](v *T, secrets []string) *T {
	return rewritten(v, rewriting{text: redact.Know(secrets...).Text})
}
