package scaffold

import (
	"io/fs"
	"os/exec"
	"path"
	"slices"
	"strings"

	"holdfast.dev/holdfast/manifest"
	"holdfast.dev/holdfast/manifest/notation"
	"holdfast.dev/holdfast/openapi"
	"holdfast.dev/holdfast/traffic"
)

// Options are what a draft is made of beside the folder.
type Options struct {
	// Name is that of the service, made one where it is none: the folder's mostly.
	Name string
	// Dir is the folder, from that of the file; its own where it is empty.
	Dir string
	// Traffic is what was asked of the service, and API what it says of itself.
	Traffic []Traffic
	API     []*openapi.Description
	// Coverage is where a run finds them again, to tell what no scenario touches.
	Coverage manifest.Coverage
	// LookPath finds a program of this machine. Defaults to [exec.LookPath].
	LookPath func(string) (string, error)
}

// Traffic is what one input says was asked.
type Traffic struct {
	// Source is what comments call it: the name of the file.
	Source  string
	Summary traffic.Summary
}

// Drafted is a file with its comments.
type Drafted struct {
	File     manifest.File
	Comments map[string]string
	// FillIn is what could not be found out, Unread what was not read, and LeftOut the
	// names of what was taken out of the inputs for being secret or personal.
	FillIn, Unread, LeftOut []string
}

// Draft drafts the file of the service in a folder.
func Draft(fsys fs.FS, o Options) Drafted {
	if o.LookPath == nil {
		o.LookPath = exec.LookPath
	}
	root := folder{fsys: fsys, path: ".", log: &log{seen: map[string]bool{}}}
	d := &draft{options: o, root: root, comments: map[string][]string{}, leftOut: map[string]bool{}}
	d.file.Version, d.file.Name, d.file.Coverage = "1", serviceName(o.Name), o.Coverage
	d.find()
	d.processes()
	d.dependencies()
	d.variables()
	d.listening()
	d.exports()
	d.setup()
	d.load()
	d.scenarios()
	d.order()
	return d.drafted()
}

type processRow = notation.Row[manifest.Process]

// draft is a file as far as it is known.
type draft struct {
	options Options
	root    folder
	file    manifest.File

	chosen    []Finding // processes
	things    []thing   // dependencies
	steps     []Finding
	settings  []Finding // variables
	notes     []Finding
	databases string // the kind of the database that is meant by DB_HOST

	comments map[string][]string
	fillIn   []string
	leftOut  map[string]bool
	streams  []stream
}

func serviceName(text string) string { return strings.TrimPrefix(nameOf(text), "x-") }

// say puts a comment on a part of the file.
func (d *draft) say(path string, lines ...string) {
	for _, line := range lines {
		if line = shownComment(line); line != "" && !slices.Contains(d.comments[path], line) {
			d.comments[path] = append(d.comments[path], line)
		}
	}
}

// ask says on a part of the file what to fill in there.
func (d *draft) ask(path, what string) {
	d.say(path, "fill in: "+what)
	d.fillIn = append(d.fillIn, path+": "+what)
}

// find collects what stands in the folder, and in those below where it has no program
// itself.
func (d *draft) find() {
	found := look(d.root)
	if !slices.ContainsFunc(found, func(all []Finding) bool {
		return slices.ContainsFunc(all, func(f Finding) bool { return f.Process != nil })
	}) {
		for _, below := range d.root.folders() {
			found = mergeFolders(found, below)
		}
	}
	d.chosen = d.choose(found)
	for _, all := range found {
		for _, f := range all {
			switch {
			case f.Step != nil:
				d.steps = append(d.steps, f)
			case f.Variable != nil:
				d.settings = append(d.settings, f)
			case f.Note != "":
				d.notes = append(d.notes, f)
			}
		}
	}
	d.collect(found)
}

// mergeFolders adds what is found in a folder below: its programs are called as the
// folder is.
func mergeFolders(found [][]Finding, below folder) [][]Finding {
	for i, all := range look(below) {
		for _, f := range all {
			if f.Process != nil {
				name := path.Base(below.path)
				if f.Process.Name != "web" {
					name += "-" + f.Process.Name
				}
				f.Process.Name = name
			}
			found[i] = append(found[i], f)
		}
	}
	return found
}

// set is a row of a table, in place of the one of that name.
func set[T any](table *notation.Table[T], name string, value T) {
	for i := range *table {
		if (*table)[i].Name == name {
			(*table)[i].Value = value
			return
		}
	}
	*table = append(*table, notation.Row[T]{Name: name, Value: value})
}
