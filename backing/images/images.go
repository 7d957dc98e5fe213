// Package images makes dependencies of container images, for the programs that
// choose it: it brings Docker's own client along.
//
// Enter at [Docker], for backing.Config.Images.
package images

import (
	"holdfast.dev/holdfast/backing"
	"holdfast.dev/holdfast/harness/target"
	"holdfast.dev/holdfast/harness/target/docker"
)

// Docker runs images in containers of the engine at an address, for example
// "unix:///run/docker.sock". An empty one is DOCKER_HOST, then Docker's default. A
// program that uses it has the docker runtime among its own, whose undoers clear
// what a killed run leaves.
func Docker(engine string) func(backing.ImageSpec) (target.Launcher, error) {
	return func(s backing.ImageSpec) (target.Launcher, error) {
		return docker.Image(engine, docker.ImageConfig{
			ImageSpec: s.ImageSpec, Port: s.Port, Publish: s.Publish, Data: s.Data, Archive: s.Archive, Save: s.Save,
		})
	}
}
