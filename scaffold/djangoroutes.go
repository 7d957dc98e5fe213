package scaffold

import (
	"regexp"
	"strings"
)

var (
	rootURLs   = regexp.MustCompile(`(?m)^\s*ROOT_URLCONF\s*=\s*["']([A-Za-z_][\w.]*)["']`)
	djangoPath = regexp.MustCompile(`\bpath\(\s*r?["']([^"'\n]*)["']\s*,\s*(?:include\(\s*\(?\s*(?:["']([A-Za-z_][\w.]*)["']|(\w+\.urls))|(admin\.site\.urls))?`)
	ofRouter   = regexp.MustCompile(`\.register\(\s*r?["']([^"'\n]*)["']`)
	isRouter   = regexp.MustCompile(`(?m)^urlpatterns\s*\+?=\s*\w+\.urls\b`)
)

// djangoRoutes visits what a Django program answers, by its files of routes: each with
// where it stands.
func djangoRoutes(f folder, visit func(route string, at Finding)) {
	root := ""
	f.sources(func(_, text string) {
		if m := rootURLs.FindStringSubmatch(text); m != nil && root == "" {
			root = m[1]
		}
	})
	if root != "" {
		urls := djangoURLs{f, visit, mostFolders}
		urls.read(root, "/")
	}
}

// djangoURLs reads files of routes, which lead to each other, maybe in a circle.
type djangoURLs struct {
	folder folder
	visit  func(route string, at Finding)
	left   int // files that are still read
}

// read visits the routes of one module below a prefix. What a router of Django REST
// framework has is listed at its name.
func (d *djangoURLs) read(module, prefix string) {
	if d.left--; d.left < 0 {
		return
	}
	file := strings.ReplaceAll(module, ".", "/") + ".py"
	text, ok := d.folder.read(file)
	if !ok {
		return
	}
	at := func(offset int) Finding {
		return Finding{File: d.folder.name(file), Line: 1 + strings.Count(text[:offset], "\n")}
	}
	routers := func(prefix string) {
		for _, m := range ofRouter.FindAllStringSubmatchIndex(text, mostRoutes) {
			d.visit(prefix+text[m[2]:m[3]]+"/", at(m[0]))
		}
	}
	for _, m := range djangoPath.FindAllStringSubmatchIndex(text, mostRoutes) {
		route := prefix + text[m[2]:m[3]]
		switch {
		case m[4] >= 0:
			d.read(text[m[4]:m[5]], route)
		case m[6] >= 0:
			routers(route)
		case m[8] < 0: // nor the pages of the administrator
			d.visit(route, at(m[0]))
		}
	}
	if isRouter.MatchString(text) {
		routers(prefix)
	}
}
