// Package schema holds the database of the reference program: its tables, as
// numbered SQL files that are part of the binary, and data to fill them with.
//
// Enter at [Migrate], which a program calls when it starts, and at [Seed],
// which fills a fresh database with the same projects for the same [Params],
// among them the planted [Terms], whose number of matches is known beforehand.
// [DataSetKey] names what Seed builds, so that a finished database can be kept
// and copied.
//
// The runner of migrations is our own hundred lines rather than a library: all
// it must do is apply files in order, once, under a lock. Migrations are never
// changed after they were released, only added.
//
// # How a search document is stored
//
// A project's title, description, category, city and tags are kept a second
// time, as one normalised text (search_documents), with an index by word. A
// search for a part of a word first finds the whole words that hold it
// (search_words, by their one to three-character substrings) and then the
// documents by those words. The index is split by age: a word's entry in it is
// bound to a bucket of 16,384 consecutive project ids, so that a search that
// wants the newest hundred can read bucket after bucket and stop. Triggers keep
// both tables true to the projects, whoever writes those.
package schema
