// Package browser tries the report's pages in a real Chromium: it has only
// tests. Its pages are the golden files of package reports, so that what is
// looked at is what that package writes.
//
// Without a Chromium the tests are skipped at a desk and fail in CI. make
// report-test installs one and keeps screenshots.
package browser
