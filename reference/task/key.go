package task

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// maxKey is how long an API key may be, in bytes.
const maxKey = 4096

// apiKey returns the key to use now.
func (c Config) apiKey() (string, error) {
	if c.APIKeyFile == "" {
		if c.APIKey == "" {
			return "", &taskError{causeNoKey, "there is no API key: set " + envAPIKey + " or " + envAPIKeyFile}
		}
		return c.APIKey, nil
	}
	key, err := readKey(c.APIKeyFile)
	if err != nil {
		return "", &taskError{causeKeyFile, err.Error()}
	}
	return key, nil
}

// readKey reads a key from a file. Errors name neither the path nor the key:
// they are told to anybody who asks for the task.
func readKey(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("the API key's file cannot be opened: %w", withoutPath(err))
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxKey+1))
	if err != nil {
		return "", fmt.Errorf("the API key's file cannot be read: %w", withoutPath(err))
	}
	text = bytes.TrimSpace(text)
	unfit := func(r rune) bool { return r <= ' ' || r >= 0x7f }
	if len(text) == 0 || len(text) > maxKey || strings.ContainsFunc(string(text), unfit) {
		return "", errors.New("the API key's file holds no key")
	}
	return string(text), nil
}

func withoutPath(err error) error {
	if e, ok := errors.AsType[*os.PathError](err); ok {
		return e.Err
	}
	return err
}
