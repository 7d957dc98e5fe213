// Package scaffold drafts a holdfast.yaml of what is found: in a service's folder, in
// descriptions of its API, in traffic that it had.
//
// Enter at [Draft]. What is looked for in a folder is a table of detectors, a file each,
// whose findings say what there is, where it stands and how to show it. The findings of
// all become one [manifest.File] with a comment on each guess, and each thing that
// nobody could find out is a comment that says what to fill in.
//
// Nothing of a folder is carried out, nothing outside of it is read, and a file only up to
// a bound. No secret and nothing about a person is copied: what was left out is listed.
package scaffold
