// Package view derives from a run all that its reports show, once: plain structs
// of words and numbers, in which nothing is left to compute. HTML, Markdown, JUnit
// and annotations only read them, so that they can't tell the same run in two ways.
//
// Enter at [Of]; [Drawn] adds the pictures, which only a page has. [OfComparison]
// and [OfHistory] do the same for what package reports writes of several runs.
// Every text of the run goes through [visible.Text] first.
package view
