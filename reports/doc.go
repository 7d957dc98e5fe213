// Package reports draws the result of a run for people and for CI: [HTML] is
// the page that a team reads, [Markdown] the summary in a pull request, [JUnit]
// what CI systems understand. (JSON is result.Write.)
//
// Each is a pure function of the run: the same run gives the same bytes, and
// any of them can be drawn again from run.json at any time. None of them judges:
// verdicts come from the run and are only put in order. They fail closed, too:
// a run that says pass while a part of it does not is shown as that part.
//
// Everything in a run is treated as hostile text. Before anything is drawn, the
// run is copied with every control and direction character made visible.
package reports
