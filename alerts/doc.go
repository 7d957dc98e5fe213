// Package alerts is tests only: the reference's own rules, dashboard and matrix are held
// against a metrics page and against faults that were recorded. Enter at package lint or
// package matrix; docs/alerts.md says what for.
package alerts
