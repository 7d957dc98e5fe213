// Package examples is services in four languages, each with a holdfast.yaml beside its
// code: one scenario that holds, and one that fails until a protection is switched on; and
// one that has no scenario of its own, on which the catalogue is tried.
//
//	flask          one web process in Python, one outside API
//	node           a cluster of two workers, no packages
//	django-orders  web and Celery worker, Postgres and Redis, an outside API for mails
//	django-celery  the search, the oracles and the tasks that the protections were claimed of, in
//	               Django, Celery, Postgres and Redis: the catalogue
//	go             a module of its own, which runs its file from go test, too
//
// testdata/init has folders without a holdfast.yaml, as people have them, for which one is
// drafted. Its tests run them all: make examples. They also try what needs what the examples
// need: the hosts that are constants in code of several stacks, and Toxiproxy's own example.
package examples
