// Package importer makes of the files of other tools what Holdfast reads: of a load
// test (k6, Artillery, Vegeta) and of Toxiproxy's proxies a holdfast.yaml, of WireMock's
// mappings a file of routes. A tool has a package of its own below, each with one
// function, a [Reader]; they know no command and open no file but through
// [Options.Beside].
//
// Nothing is dropped in silence, by the way in which files are read: a [Node] is a part
// of a file that remembers whether it was used. What a reader takes of it is used; what
// it can't carry over it leaves with the reason ([Node.Leave]); and what it never asked
// for is found by [Report.Unasked] and told with its line.
package importer
