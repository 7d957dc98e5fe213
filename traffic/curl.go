package traffic

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"

	"holdfast.dev/holdfast/nearest"
	"holdfast.dev/holdfast/shellwords"
)

// mostCurl bounds a text of curl commands.
const mostCurl = 4 << 20

// ReadCurl reads curl commands, one or a file of them, as browsers and documents have
// them. Requests to other hosts than the first are in [Summary.Elsewhere].
func ReadCurl(r io.Reader) (Summary, error) {
	text, err := io.ReadAll(io.LimitReader(skipMark(r), mostCurl+1))
	if err != nil {
		return Summary{}, fmt.Errorf("read curl commands: %w", err)
	}
	if len(text) > mostCurl {
		return Summary{}, fmt.Errorf("curl commands of more than %d bytes are not read", mostCurl)
	}
	requests, err := ParseCurl(string(text))
	if err != nil {
		return Summary{}, err
	}
	c := newCollector()
	c.summary.Host = requests[0].Host
	for _, request := range requests {
		if request.Host != c.summary.Host {
			c.elsewhere(request.Host)
			continue
		}
		c.add(line{request: request})
	}
	if len(c.summary.Elsewhere) == 0 && c.summary.Skipped == c.summary.Lines {
		return Summary{}, errors.New("none of the curl commands asks for a path that can be")
	}
	return c.result(), nil
}

// ParseCurl reads the requests of curl commands. Nothing is taken out of them. Other
// commands in the text are passed over; options that say how curl prints and connects,
// too. What it cannot read is an error that names the line.
func ParseCurl(text string) ([]Request, error) {
	commands, err := shellwords.Split(text)
	if err != nil {
		return nil, fmt.Errorf("read curl commands: %w", err)
	}
	var all []Request
	for _, c := range commands {
		words := c.Words
		for len(words) > 0 && (words[0] == "$" || strings.Contains(words[0], "=")) { // a prompt, an assignment
			words = words[1:]
		}
		if len(words) == 0 || path.Base(words[0]) != "curl" && words[0] != "curl.exe" {
			continue
		}
		requests, err := curlRequests(words[1:])
		if err != nil {
			return nil, fmt.Errorf("read curl commands: line %d: %w", c.Line, err)
		}
		all = append(all, requests...)
	}
	if len(all) == 0 {
		return nil, errors.New("there is no curl command in it: curl 'https://host/path' -H 'Accept: application/json'")
	}
	return all, nil
}

// Options of curl: what takes a value that says something of the request, what takes
// one that does not, and short ones of both. All others are switches.
var (
	curlMeans   = map[string]bool{"request": true, "header": true, "data": true, "data-raw": true, "data-binary": true, "data-ascii": true, "data-urlencode": true, "json": true, "form": true, "form-string": true, "user": true, "cookie": true, "user-agent": true, "referer": true, "url": true, "oauth2-bearer": true, "url-query": true, "upload-file": true}
	curlValues  = words("output write-out max-time connect-timeout cookie-jar proxy cacert cert key resolve retry retry-delay retry-max-time range limit-rate interface dump-header config trace trace-ascii stderr max-redirs ciphers tls-max capath proxy-user netrc-file unix-socket connect-to dns-servers local-port keepalive-time rate parallel-max speed-limit speed-time time-cond aws-sigv4 proto proto-default proto-redir cert-type key-type pass max-filesize noproxy socks5 socks5-hostname socks4 output-dir variable expand-url")
	curlFlags   = words("get head insecure location location-trusted silent show-error fail fail-with-body verbose compressed include http1.0 http1.1 http2 http2-prior-knowledge http3 no-buffer globoff path-as-is ipv4 ipv6 remote-name remote-header-name remote-name-all progress-bar no-progress-meter create-dirs netrc netrc-optional anyauth basic digest ntlm negotiate tcp-nodelay tlsv1 tlsv1.0 tlsv1.1 tlsv1.2 tlsv1.3 ssl ssl-reqd ssl-no-revoke raw tr-encoding next parallel no-keepalive junk-session-cookies disable fail-early retry-all-errors retry-connrefused styled-output no-styled-output no-sessionid no-alpn append list-only proxytunnel post301 post302 post303 false-start suppress-connect-headers disallow-username-in-url")
	curlShort   = map[byte]string{'X': "request", 'H': "header", 'd': "data", 'F': "form", 'u': "user", 'b': "cookie", 'A': "user-agent", 'e': "referer", 'T': "upload-file", 'G': "get", 'I': "head", 'k': "insecure", 'L': "location", 's': "silent", 'S': "show-error", 'f': "fail", 'v': "verbose", 'i': "include", '0': "http1.0", 'N': "no-buffer", 'g': "globoff", '4': "ipv4", '6': "ipv6", 'O': "remote-name", 'J': "remote-header-name", '#': "progress-bar", 'n': "netrc", 'q': "disable", 'a': "append", 'l': "list-only", 'p': "proxytunnel", 'Z': "parallel", 'j': "junk-session-cookies", '1': "tlsv1", ':': "next", 'o': "output", 'w': "write-out", 'm': "max-time", 'c': "cookie-jar", 'x': "proxy", 'E': "cert", 'r': "range", 'D': "dump-header", 'K': "config", 'U': "proxy-user", 'y': "speed-time", 'Y': "speed-limit", 'z': "time-cond", 'P': "ftp-port", 'Q': "quote", 'C': "continue-at"}
	curlRefused = map[string]string{"config": "its requests stand in another file, which is not read", "upload-file": "the file that it sends is not read"}
)

func words(text string) map[string]bool {
	all := map[string]bool{}
	for _, word := range strings.Fields(text) {
		all[word] = true
	}
	return all
}

// curlCommand is what the options of one command say.
type curlCommand struct {
	urls, data, query []string
	method            string
	header            http.Header
	form, get         bool
	requests          []Request
}

// curlRequests reads the words after curl.
func curlRequests(args []string) ([]Request, error) {
	c := &curlCommand{header: http.Header{}}
	for len(args) > 0 {
		word := args[0]
		args = args[1:]
		if !strings.HasPrefix(word, "-") || word == "-" {
			if strings.HasPrefix(word, ">") || strings.HasPrefix(word, "<") || strings.HasPrefix(word, "2>") {
				break // where the answer goes
			}
			c.urls = append(c.urls, word)
			continue
		}
		var err error
		if args, err = c.option(word, args); err != nil {
			return nil, err
		}
	}
	if err := c.next(); err != nil {
		return nil, err
	}
	return c.requests, nil
}

// option takes one word that begins with a dash, with its value.
func (c *curlCommand) option(word string, rest []string) ([]string, error) {
	if name, ok := strings.CutPrefix(word, "--"); ok {
		return c.long(name, rest)
	}
	for at := 1; at < len(word); at++ {
		name, known := curlShort[word[at]]
		if !known {
			return nil, fmt.Errorf("curl has no option %q, or it is not known here", "-"+word[at:at+1])
		}
		if curlMeans[name] || !curlFlags[name] {
			if tail := word[at+1:]; tail != "" {
				return rest, c.take(name, tail)
			}
			return c.value(name, rest)
		}
		if err := c.flag(name); err != nil {
			return nil, err
		}
	}
	return rest, nil
}

func (c *curlCommand) long(name string, rest []string) ([]string, error) {
	switch {
	case curlMeans[name] || curlValues[name]:
		return c.value(name, rest)
	case curlFlags[name] || curlFlags[strings.TrimPrefix(name, "no-")]:
		return rest, c.flag(name)
	}
	known := slices.Concat(sorted(curlMeans), sorted(curlValues), sorted(curlFlags))
	if len(name) > 40 || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-.") != "" {
		return nil, errors.New("curl has no such long option; write its value behind a space")
	}
	return nil, fmt.Errorf("curl has no option --%s, or it is not known here%s", name, nearest.Hint(name, known))
}

func (c *curlCommand) value(name string, rest []string) ([]string, error) {
	if len(rest) == 0 {
		return nil, fmt.Errorf("--%s has no value", name)
	}
	return rest[1:], c.take(name, rest[0])
}

func (c *curlCommand) flag(name string) error {
	switch name {
	case "get":
		c.get = true
	case "head":
		c.method = http.MethodHead
	case "next":
		return c.next()
	}
	return nil
}

// take takes one option's value.
func (c *curlCommand) take(name, value string) error {
	if why := curlRefused[name]; why != "" {
		return fmt.Errorf("--%s: %s", name, why)
	}
	switch name {
	case "request":
		c.method = strings.ToUpper(value)
	case "url":
		c.urls = append(c.urls, value)
	case "header":
		return c.headerLine(value)
	case "user-agent":
		c.header.Set("User-Agent", value)
	case "referer":
		c.header.Set("Referer", value)
	case "cookie":
		c.header.Set("Cookie", value)
	case "user":
		c.header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(value)))
	case "oauth2-bearer":
		c.header.Set("Authorization", "Bearer "+value)
	case "url-query":
		c.query = append(c.query, strings.TrimPrefix(value, "+"))
	case "form", "form-string":
		c.form = true
	default:
		return c.addData(name, value)
	}
	return nil
}

func (c *curlCommand) headerLine(value string) error {
	name, text, ok := strings.Cut(value, ":")
	if strings.HasPrefix(value, "@") {
		return errors.New("--header: the file that it names is not read")
	}
	if ok {
		c.header.Add(strings.TrimSpace(name), strings.TrimSpace(text))
	}
	return nil
}

func (c *curlCommand) addData(name, value string) error {
	switch name {
	case "json":
		c.header.Set("Content-Type", "application/json")
		c.header.Set("Accept", "application/json")
	case "data-urlencode":
		key, text, ok := strings.Cut(value, "=")
		if !ok {
			key, text = "", value
		}
		if value = url.QueryEscape(text); key != "" {
			value = key + "=" + value
		}
	case "data", "data-ascii", "data-binary", "data-raw":
	default:
		return nil
	}
	if strings.HasPrefix(value, "@") && name != "data-raw" {
		return fmt.Errorf("--%s: the file that it names is not read; put its text in the place of it", name)
	}
	c.data = append(c.data, value)
	return nil
}

// next ends one set of options: each of its addresses is asked.
func (c *curlCommand) next() error {
	if len(c.urls) == 0 {
		return errors.New("a curl command names no address")
	}
	for _, address := range c.urls {
		r, err := c.request(address)
		if err != nil {
			return err
		}
		c.requests = append(c.requests, r)
	}
	*c = curlCommand{header: http.Header{}, requests: c.requests}
	return nil
}

func (c *curlCommand) request(address string) (Request, error) {
	if !strings.Contains(address, "://") {
		address = "http://" + address
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return Request{}, errors.New("a curl command has an address that is none")
	}
	r := requestOf(c.methodOf(), u.RequestURI())
	r.Host = u.Host
	for name, values := range c.header {
		for _, value := range values {
			r.setHeader(name, value)
		}
	}
	if u.User != nil {
		password, _ := u.User.Password()
		r.setHeader("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(u.User.Username()+":"+password)))
	}
	query := c.query
	if c.get {
		query = append(query, c.data...)
	} else if len(c.data) > 0 {
		r.Body = strings.Join(c.data, "&")
		if c.header.Get("Content-Type") == "application/json" {
			r.Body = strings.Join(c.data, "") // as --json joins them
		}
		if r.Header.Get("Content-Type") == "" {
			r.setHeader("Content-Type", "application/x-www-form-urlencoded")
		}
	}
	if c.form {
		r.setHeader("Content-Type", "multipart/form-data")
	}
	r.Query = strings.Trim(strings.Join(append([]string{r.Query}, query...), "&"), "&")
	return r, nil
}

func (c *curlCommand) methodOf() string {
	switch {
	case c.method != "":
		return c.method
	case (len(c.data) > 0 || c.form) && !c.get:
		return http.MethodPost
	}
	return http.MethodGet
}

// skipMark passes over the byte order mark that Windows puts before a text.
func skipMark(r io.Reader) io.Reader {
	head := make([]byte, 3)
	n, _ := io.ReadFull(r, head)
	if bytes.Equal(head[:n], []byte("\xef\xbb\xbf")) {
		return r
	}
	return io.MultiReader(bytes.NewReader(head[:n]), r)
}
