// Package shellwords splits commands into their words, as a POSIX shell and bash do:
// quotes, $'…', backslashes, comments, lines that go on. There is no more of a shell in
// it: a variable or another command in the text stays the letters that it is, and
// [Command.Shell] tells that there was one.
package shellwords

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Command is one command of a text. Commands end at the end of a line, and at ; & and
// |, whose right side is left out.
type Command struct {
	Line  int // in which it begins, from 1
	Words []string
	// Shell says that the words alone are not what a shell makes of it: there is a
	// variable, a pipe, a file for its output, a pattern of names.
	Shell bool
}

// Split splits a text into its commands.
func Split(text string) ([]Command, error) {
	s := splitter{text: text, line: 1}
	if err := s.all(); err != nil {
		return nil, err
	}
	return s.commands, nil
}

type splitter struct {
	text     string
	at, line int
	commands []Command
	now      Command
	word     strings.Builder
	inWord   bool
	piped    bool // what comes is what another command does with the answer
}

func (s *splitter) all() error {
	for s.at < len(s.text) {
		c := s.text[s.at]
		s.at++
		switch {
		case c == '\\':
			s.escaped()
		case c == '\'':
			if err := s.quoted('\''); err != nil {
				return err
			}
		case c == '"':
			if err := s.quoted('"'); err != nil {
				return err
			}
		case c == '$' && strings.HasPrefix(s.text[s.at:], "'"):
			s.at++
			if err := s.ansi(); err != nil {
				return err
			}
		case c == '#' && !s.inWord:
			s.at += len(s.text[s.at:][:strings.IndexByte(s.text[s.at:]+"\n", '\n')])
		case strings.IndexByte(" \t\r\n;&|", c) >= 0:
			s.between(c)
		default:
			s.plain(c)
		}
	}
	s.endCommand()
	return nil
}

// plain is a letter outside of quotes.
func (s *splitter) plain(c byte) {
	if !s.piped && (strings.IndexByte("$`<>()*", c) >= 0 || c == '~' && !s.inWord) {
		s.now.Shell = true
	}
	s.letter(c)
}

func (s *splitter) letter(c byte) {
	if !s.inWord && len(s.now.Words) == 0 {
		s.now.Line = s.line
	}
	s.inWord = true
	s.word.WriteByte(c)
	if c == '\n' {
		s.line++
	}
}

// between is what stands between words or commands.
func (s *splitter) between(c byte) {
	s.endWord()
	switch c {
	case '\n':
		s.endCommand()
		s.line++
	case ';':
		s.endCommand()
	case '|':
		s.piped, s.now.Shell = true, true
	case '&':
		s.endCommand()
	}
}

func (s *splitter) endWord() {
	if s.inWord && !s.piped {
		s.now.Words = append(s.now.Words, s.word.String())
	}
	s.word.Reset()
	s.inWord = false
}

func (s *splitter) endCommand() {
	s.endWord()
	if len(s.now.Words) > 0 {
		s.commands = append(s.commands, s.now)
	}
	s.now, s.piped = Command{}, false
}

// escaped is what stands after a backslash: a line that goes on, or a letter.
func (s *splitter) escaped() {
	switch {
	case strings.HasPrefix(s.text[s.at:], "\r\n"):
		s.at += 2
		s.line++
	case strings.HasPrefix(s.text[s.at:], "\n"):
		s.at++
		s.line++
	case s.at < len(s.text):
		s.letter(s.text[s.at])
		s.at++
	}
}

func (s *splitter) quoted(quote byte) error {
	began := s.line
	s.begin()
	for s.at < len(s.text) {
		c := s.text[s.at]
		s.at++
		switch {
		case c == quote:
			return nil
		case c == '\\' && quote == '"' && s.at < len(s.text) && strings.IndexByte("\"\\$`\n", s.text[s.at]) >= 0:
			if s.text[s.at] == '\n' {
				s.line++
			} else {
				s.letter(s.text[s.at])
			}
			s.at++
		default:
			s.now.Shell = s.now.Shell || quote == '"' && (c == '$' || c == '`')
			s.letter(c)
		}
	}
	return unclosed(began, quote)
}

// begin begins a word, be it empty.
func (s *splitter) begin() {
	if !s.inWord && len(s.now.Words) == 0 {
		s.now.Line = s.line
	}
	s.inWord = true
}

func unclosed(line int, quote byte) error {
	return &syntaxError{line, fmt.Sprintf("a quote %c is not closed", quote)}
}

// syntaxError is what is wrong with a line of commands.
type syntaxError struct {
	line int
	text string
}

func (e *syntaxError) Error() string { return fmt.Sprintf("line %d: %s", e.line, e.text) }

// ansi is bash's $'…', which browsers write where a body has special characters.
func (s *splitter) ansi() error {
	began := s.line
	s.begin()
	for s.at < len(s.text) {
		c := s.text[s.at]
		s.at++
		if c == '\'' {
			return nil
		}
		if c != '\\' || s.at >= len(s.text) {
			s.letter(c)
			continue
		}
		if err := s.ansiEscape(); err != nil {
			return &syntaxError{s.line, err.Error()}
		}
	}
	return unclosed(began, '\'')
}

func (s *splitter) ansiEscape() error {
	c := s.text[s.at]
	s.at++
	if at := strings.IndexByte(`abefnrtv\'"?`, c); at >= 0 {
		s.letter("\a\b\x1b\f\n\r\t\v\\'\"?"[at])
		return nil
	}
	digits := map[byte]int{'x': 2, 'u': 4, 'U': 8}[c]
	if digits == 0 {
		s.letter('\\')
		s.letter(c)
		return nil
	}
	rest := s.text[s.at:]
	rest = rest[:min(digits, len(rest))]
	n := len(rest) - len(strings.TrimLeft(rest, "0123456789abcdefABCDEF"))
	value, err := strconv.ParseUint(rest[:n], 16, 32)
	if err != nil {
		return errors.New(`a \` + string(c) + ` without a number`)
	}
	s.at += n
	if c == 'x' {
		s.letter(byte(value))
		return nil
	}
	for _, b := range []byte(string(rune(value))) {
		s.letter(b)
	}
	return nil
}
