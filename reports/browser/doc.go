// Package browser tries the report's pages in a real Chromium: it has only
// tests. Its pages are the golden files of package reports, so that what is
// looked at is what that package writes.
//
// Without a Chromium the tests are skipped on a developer's machine and fail in CI. make
// report-test installs one and keeps screenshots.
package browser
