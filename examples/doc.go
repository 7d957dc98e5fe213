// Package examples is services in four languages, each with a holdfast.yaml beside its
// code: one scenario that holds, and one that fails until a protection is switched on.
//
//	flask          one web process in Python, one outside API
//	node           a cluster of two workers, no packages
//	django-celery  web and worker, Postgres and Redis, an outside API for mails
//	go             a module of its own, which runs its file from go test, too
//
// Its tests run them all: make examples.
package examples
