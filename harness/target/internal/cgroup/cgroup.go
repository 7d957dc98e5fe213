// Package cgroup finds cgroups of Linux, of version 1 or 2: where this process may
// make some, and which one another process is in.
//
// Enter at [Own] and [DirOf].
package cgroup
