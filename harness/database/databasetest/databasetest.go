// Package databasetest helps tests that need a Postgres, or an image of one, on
// machines that differ in what they have.
//
// [Binaries] is for tests that run the machine's own Postgres; [Image] for tests
// of containers, also where no registry can be reached: there it makes an image
// out of the machine's Postgres.
package databasetest

import (
	"context"
	"os"
	"testing"
	"time"

	"holdfast.dev/holdfast/harness/database/container"
	"holdfast.dev/holdfast/harness/database/internal/cluster"
	"holdfast.dev/holdfast/harness/database/internal/engine"
)

// install is what to type where a machine has no Postgres.
const install = "install a Postgres: apt-get install postgresql postgresql-contrib, or brew install postgresql@17"

// Binaries returns the folder with the machine's postgres and initdb. Without
// them the test fails, and says what to install.
func Binaries(t testing.TB) string {
	t.Helper()
	return binaries(t).Dir
}

func binaries(t testing.TB) cluster.Binaries {
	t.Helper()
	b, err := cluster.Find(t.Context())
	if err != nil {
		t.Fatalf("this test needs a real Postgres: %v; %s", err, install)
	}
	return b
}

// Image returns the name of a Postgres image that the Docker engine has:
// HOLDFAST_POSTGRES_IMAGE, or the default one if it is there, or one made from
// the machine's own Postgres, which is kept for the next time. (To remove those:
// docker image rm $(docker image ls -q --filter label=holdfast.test).)
//
// Without a Docker engine the test is skipped, since not every machine has one; that
// is said. With one, whatever goes wrong is a failure, in CI and elsewhere.
func Image(t testing.TB) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	e, err := engine.Connect(ctx)
	if err != nil {
		t.Skipf("no container test: %v", err)
	}
	defer e.Close()
	for _, image := range []string{os.Getenv(container.ImageVariable), container.DefaultImage} {
		if image == "" {
			continue
		}
		has, err := e.Has(ctx, image)
		if err != nil {
			t.Fatal(err)
		}
		if has {
			return image
		}
	}
	image, err := madeImage(ctx, e, binaries(t))
	if err != nil {
		t.Fatalf("make an image from the machine's Postgres: %v", err)
	}
	return image
}
